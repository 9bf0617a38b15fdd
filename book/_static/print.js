// Paper is white: a dark page prints as the light one does, figures included, and is dark again afterwards.
const paper = matchMedia("print");
let before = null;

paper.addEventListener("change", () => {
  const page = document.documentElement.dataset;
  if (paper.matches) {
    before = page.theme;
    page.theme = "light";
  } else if (before) {
    page.theme = before;
  }
});
