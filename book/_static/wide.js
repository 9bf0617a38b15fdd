// What is wider than its column is reached and scrolled by the keyboard, is named, and fades where more follows.
// Whether it is too wide depends on the screen, so that only the browser can tell.
const kinds = [
  [".bd-article .cell_input pre, .bd-article div[class*='highlight-'] pre", "code"],
  [".bd-article .cell_output pre", "output"],
  [".bd-article .formula", "formula"],
  [".bd-article .pst-scrollable-table-container, .bd-article .text_html > div:has(> table.dataframe)", "table"],
];

function mark(box, name) {
  const hidden = box.scrollWidth - box.clientWidth;
  if (hidden > 1) {
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", `${name}, wider than the page: scroll sideways`);
  } else {
    ["tabindex", "role", "aria-label"].forEach((attribute) => box.removeAttribute(attribute));
  }
  box.classList.toggle("more-to-the-right", box.scrollLeft < hidden - 1);
}

addEventListener("DOMContentLoaded", () => {
  const names = new Map();
  const sizes = new ResizeObserver((changes) => changes.forEach(({ target }) => mark(target, names.get(target))));
  for (const [selector, name] of kinds) {
    for (const box of document.querySelectorAll(selector)) {
      if (names.has(box)) continue;
      names.set(box, name);
      sizes.observe(box);
      box.addEventListener("scroll", () => mark(box, name), { passive: true });
    }
  }
});
