// What importance does inside the softmax: probabilities, loss and gradient of one sample as α changes.
// data: logits [K], names [K], label, importance

const WIDTH = 420;
const ROW = 26;

export default {
  render({ model, el }) {
    const data = model.get("data");
    const bars = ui.picture(WIDTH, ROW * data.names.length);
    const alpha = ui.slider({ min: 0.01, max: 1, step: 0.01, value: data.importance });
    const label = ui.choice(data.names.map((name, k) => [k, name]));
    label.value = data.label;
    const value = ui.html("output");
    const controls = ui.html("div", { style: "display: flex; flex-wrap: wrap; gap: 1.2rem; margin-bottom: 0.5rem;" });
    for (const [text, ...nodes] of [["importance α ", alpha, value], ["label ", label]]) {
      const field = ui.html("label");
      field.append(text, ...nodes);
      controls.append(field);
    }
    const report = ui.spoken();
    el.replaceChildren(controls, bars, report);

    function draw() {
      const a = Number(alpha.value);
      const y = Number(label.value);
      const powers = data.logits.map((z) => Math.exp(a * z));
      const total = powers.reduce((sum, power) => sum + power, 0);
      const p = powers.map((power) => power / total);
      // Gradient of the loss to the logits: α (p − one-hot).
      const gradient = Math.hypot(...p.map((value_, k) => a * (value_ - (k === y ? 1 : 0))));
      value.textContent = ` ${a.toFixed(2)}`;
      bars.replaceChildren();
      data.names.forEach((name, k) => {
        const top = k * ROW;
        bars.append(ui.svg("text", { x: 92, y: top + 17, "text-anchor": "end", "font-size": 12 }, name));
        bars.append(ui.svg("rect", { x: 100, y: top + 5, width: 260 * p[k], height: ROW - 10, fill: k === y ? "var(--fer-c1)" : "var(--fer-c0)" }));
        bars.append(ui.svg("text", { x: 106 + 260 * p[k], y: top + 17, "font-size": 12 }, p[k].toFixed(2)));
      });
      report.textContent = `p of the label "${data.names[y]}" = ${p[y].toFixed(3)}; loss ${(-Math.log(p[y])).toFixed(3)}; `
        + `length of the gradient to the logits ${gradient.toFixed(3)}.`;
      bars.setAttribute("aria-label", `Probabilities of ${data.names.length} classes. ${report.textContent}`);
    }
    alpha.addEventListener("input", draw);
    label.addEventListener("change", draw);
    draw();
  },
};
