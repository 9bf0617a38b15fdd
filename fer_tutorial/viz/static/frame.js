// The frame around every interactive figure.  Python puts ui.js and the figure's own module, as `figure`, in front.
// It adds caption and description, reports theme changes and shows the description if the figure fails.

function watchTheme(stage) {
  // Figures on a canvas redraw on this event; SVG and HTML follow the CSS variables by themselves.
  const notify = () => stage.dispatchEvent(new Event("fer-theme"));
  const observer = new MutationObserver(notify);
  const options = { attributes: true, attributeFilter: ["class", "data-theme", "theme", "data-jp-theme-light"] };
  for (const node of [document.documentElement, document.body]) observer.observe(node, options);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", notify);
  return () => {
    observer.disconnect();
    dark.removeEventListener("change", notify);
  };
}

export default {
  async render({ model, el }) {
    const stage = ui.html("div", { className: "fer-stage" });
    const description = ui.html(
      "details", { className: "fer-description" },
      ui.html("summary", {}, "Description in words"), ui.html("p", {}, model.get("alt")),
    );
    el.classList.add("fer-figure");
    el.setAttribute("role", "group");
    el.setAttribute("aria-label", model.get("caption"));
    el.replaceChildren(stage, ui.html("p", { className: "fer-caption" }, model.get("caption")), description);
    const forget = watchTheme(stage);
    try {
      const cleanup = await figure.render({ model, el: stage });
      return () => {
        forget();
        if (typeof cleanup === "function") cleanup();
      };
    } catch (error) {
      description.open = true;
      stage.replaceChildren(ui.html("p", { className: "fer-error" }, `This figure could not be drawn: ${error.message}`));
      throw error;
    }
  },
};
