// The frame around every interactive figure.  Python puts ui.js and the figure's own module, as `figure`, in front.
// It adds caption, description, the state in words and a button that starts again, reports theme changes, keeps the
// keys of controls from JupyterLab, and shows the description if the figure fails.

function watchTheme(notify) {
  // Figures on a canvas redraw on this event; SVG and HTML follow the CSS variables by themselves.
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

// JupyterLab takes keys for its own (arrows go to another cell, x cuts it) unless the very element in focus forbids it.
function keepKeys(el) {
  const mark = () => {
    for (const control of el.querySelectorAll("input, select, button, summary, [tabindex]")) control.dataset.lmSuppressShortcuts = "true";
  };
  const observer = new MutationObserver(mark); // figures make controls later, too
  observer.observe(el, { childList: true, subtree: true });
  mark();
  return () => observer.disconnect();
}

// report(words): what the figure shows now, read out at once.  In a film, report(words, pause) is read out once in so many
// milliseconds and only shown in between, since nobody could listen to every frame.
function reporter(status, description) {
  let spoken = 0;
  return (words, pause = 0) => {
    const due = Date.now() - spoken >= pause;
    if (due) spoken = Date.now();
    status.setAttribute("aria-live", due ? "polite" : "off");
    status.textContent = words;
    description.textContent = `Now: ${words}`;
  };
}

export default {
  async render({ model, el }) {
    let stage = ui.html("div");
    let cleanup;
    const status = ui.html("p", { className: "fer-status", role: "status" });
    const now = ui.html("p");
    const description = ui.html(
      "details", { className: "fer-description" },
      ui.html("summary", {}, "Description in words"), ui.html("p", {}, model.get("alt")), now,
    );
    const report = reporter(status, now);
    const start = async () => {
      cleanup?.();
      const empty = ui.html("div", { className: "fer-stage" });
      stage.replaceWith(empty);
      stage = empty;
      try {
        cleanup = await figure.render({ model, el: stage, report });
      } catch (error) {
        description.open = true;
        stage.replaceChildren(ui.html("p", { className: "fer-error" }, `This figure could not be drawn: ${error.message}`));
        throw error;
      }
    };
    el.classList.add("fer-figure");
    el.setAttribute("role", "group");
    el.setAttribute("aria-label", model.get("caption"));
    el.replaceChildren(
      stage, status, ui.html("p", { className: "fer-caption" }, model.get("caption")),
      ui.box("foot", description, ui.button("Start again", start).node),
    );
    const endings = [watchTheme(() => stage.dispatchEvent(new Event("fer-theme"))), keepKeys(el), () => cleanup?.()];
    await start();
    return () => { for (const end of endings) end(); };
  },
};
