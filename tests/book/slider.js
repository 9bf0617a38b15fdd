// The figure the page tests operate: a slider, a button and a label that follows both.
export default {
  render({ model, el }) {
    const { words } = model.get("data");
    const slider = document.createElement("input");
    Object.assign(slider, { type: "range", min: 0, max: words.length - 1, value: 0 });
    slider.setAttribute("aria-label", "word");
    const button = document.createElement("button");
    button.textContent = "reset";
    const label = document.createElement("output");
    label.style.color = "var(--fer-fg)";
    const show = () => {
      model.set("shown", Number(slider.value));
      model.save_changes();
    };
    model.on("change:shown", () => { label.textContent = words[model.get("shown")]; });
    slider.addEventListener("input", show);
    button.addEventListener("click", () => { slider.value = 0; show(); });
    el.addEventListener("fer-theme", () => { el.dataset.redrawn = String(Number(el.dataset.redrawn ?? 0) + 1); });
    el.append(slider, button, label);
    show();
  },
};
