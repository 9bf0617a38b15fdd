// What importance does inside the softmax: probabilities, loss and gradient of one sample as α changes.
// data: logits [K], names [K], label, importance

export default {
  render({ model, el, report }) {
    const data = model.get("data");
    const bars = ui.picture(340, 24 * data.names.length, `Bars: the probabilities of ${data.names.length} classes`);
    const alpha = ui.slider("importance α", { min: 0.01, max: 1, step: 0.01, value: data.importance }, (value) => value.toFixed(2));
    const label = ui.choice("label", data.names.map((name, k) => [k, name]), data.label);

    function draw() {
      const [a, y] = [alpha.value, label.value];
      const powers = data.logits.map((z) => Math.exp(a * z));
      const total = powers.reduce((sum, power) => sum + power, 0);
      const p = powers.map((power) => power / total);
      // Gradient of the loss to the logits: α (p − one-hot).
      const gradient = Math.hypot(...p.map((share, k) => a * (share - (k === y ? 1 : 0))));
      ui.bars(bars, data.names, [{ shares: p, words: (k) => p[k].toFixed(2), color: (k) => `var(--fer-c${k === y ? 1 : 0})` }]);
      report(`At importance ${a.toFixed(2)}, p of the label "${data.names[y]}" = ${p[y].toFixed(3)}; loss ${(-Math.log(p[y])).toFixed(3)}; `
        + `length of the gradient to the logits ${gradient.toFixed(3)}.`);
    }
    el.append(ui.box("row", bars, ui.controls(alpha, label)));
    el.addEventListener("input", draw);
    draw();
  },
};
