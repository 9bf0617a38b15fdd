// What importance does inside the softmax: probabilities, loss and gradient of one sample as α changes.
// data: logits [K], names [K], label, importance

const WIDTH = 420;
const ROW = 26;
const SVG = "http://www.w3.org/2000/svg";

function shape(kind, attributes, parent, text) {
  const node = document.createElementNS(SVG, kind);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
}

export default {
  render({ model, el }) {
    const data = model.get("data");
    const bars = document.createElementNS(SVG, "svg");
    bars.setAttribute("viewBox", `0 0 ${WIDTH} ${ROW * data.names.length}`);
    bars.setAttribute("width", WIDTH);
    bars.setAttribute("role", "img");
    const alpha = Object.assign(document.createElement("input"), { type: "range", min: 0.01, max: 1, step: 0.01, value: data.importance });
    const label = document.createElement("select");
    data.names.forEach((name, k) => label.append(Object.assign(document.createElement("option"), { value: k, textContent: name })));
    label.value = data.label;
    const value = document.createElement("output");
    const controls = document.createElement("div");
    controls.style.cssText = "display: flex; flex-wrap: wrap; gap: 1.2rem; margin-bottom: 0.5rem;";
    for (const [text, ...nodes] of [["importance α ", alpha, value], ["label ", label]]) {
      const field = document.createElement("label");
      field.append(text, ...nodes);
      controls.append(field);
    }
    const report = document.createElement("p");
    report.setAttribute("aria-live", "polite");
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
        shape("text", { x: 92, y: top + 17, "text-anchor": "end", "font-size": 12 }, bars, name);
        shape("rect", { x: 100, y: top + 5, width: 260 * p[k], height: ROW - 10, fill: k === y ? "var(--fer-c1)" : "var(--fer-c0)" }, bars);
        shape("text", { x: 106 + 260 * p[k], y: top + 17, "font-size": 12 }, bars, p[k].toFixed(2));
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
