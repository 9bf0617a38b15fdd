// What the sparse center loss does to one class in two dimensions: arrows, loss and steps for a chosen attention.
// data: points [[x1, x2], ...], center [c1, c2], attention [a1, a2], alpha, feature_rate, attention_rate, names [2]

const SIZE = 340;
const LIMIT = 3; // the plane runs from -LIMIT to LIMIT in both dimensions

const toPixel = (value) => SIZE / 2 + (value / LIMIT) * (SIZE / 2 - 8);
const sigmoid = (t) => 1 / (1 + Math.exp(-t));
const logit = (p) => Math.log(p / (1 - p));
const clamp = (p) => Math.min(0.99, Math.max(0.01, p));

function arrow(from, to, color, parent) {
  const [x1, y1, x2, y2] = [toPixel(from[0]), toPixel(-from[1]), toPixel(to[0]), toPixel(-to[1])];
  const length = Math.hypot(x2 - x1, y2 - y1);
  parent.append(ui.svg("line", { x1, y1, x2, y2, stroke: color, "stroke-width": 2 }));
  if (length < 5) return;
  const [ux, uy] = [(x2 - x1) / length, (y2 - y1) / length];
  const head = [[x2, y2], [x2 - 6 * ux - 3 * uy, y2 - 6 * uy + 3 * ux], [x2 - 6 * ux + 3 * uy, y2 - 6 * uy - 3 * ux]];
  parent.append(ui.svg("polygon", { points: head.map((point) => point.join(",")).join(" "), fill: color }));
}

function star(at, parent) {
  const [cx, cy] = [toPixel(at[0]), toPixel(-at[1])];
  const points = Array.from({ length: 10 }, (_, i) => {
    const [radius, angle] = [i % 2 ? 4.5 : 10, (i * Math.PI) / 5 - Math.PI / 2];
    return `${cx + radius * Math.cos(angle)},${cy + radius * Math.sin(angle)}`;
  });
  parent.append(ui.svg("polygon", { points: points.join(" "), fill: "var(--fer-c1)", stroke: "var(--fer-fg)" }));
}

function labelled(text, input, after = []) {
  const label = ui.html("label", { style: "display: flex; gap: 0.5rem; align-items: center; flex-wrap: wrap; margin: 0.3rem 0;" });
  label.append(text, input, ...after);
  return label;
}

export default {
  render({ model, el }) {
    const data = model.get("data");
    const start = () => ({
      points: data.points.map((point) => [...point]), center: [...data.center], attention: [...data.attention], steps: 0,
    });
    let state = start();

    const row = ui.html("div", { style: "display: flex; gap: 1rem; flex-wrap: wrap; align-items: flex-start;" });
    const plane = ui.picture(SIZE, SIZE);
    const panel = ui.html("div", { style: "flex: 1 1 15rem; min-width: 13rem;" });

    const sliders = data.names.map((name, j) => {
      const input = ui.slider({ min: 0.01, max: 0.99, step: 0.01 });
      const value = ui.html("output");
      input.addEventListener("input", () => { state.attention[j] = Number(input.value); draw(); });
      panel.append(labelled(`attention a${j + 1} (${name})`, input, [value]));
      return { input, value };
    });
    const learns = ui.html("input", { type: "checkbox" });
    panel.append(labelled(learns, "let the attention learn, too"));
    const buttons = ui.html("div", { style: "display: flex; gap: 0.5rem; margin: 0.5rem 0;" });
    for (const [text, action] of [["One step", () => step(1)], ["Ten steps", () => step(10)], ["Start again", () => { state = start(); }]]) {
      const button = ui.html("button", { type: "button", textContent: text });
      button.addEventListener("click", () => { action(); draw(); });
      buttons.append(button);
    }
    const report = ui.spoken();
    panel.append(buttons, report);
    row.append(plane, panel);
    el.replaceChildren(row);

    // The formulas of the chapter, for one class: n = m samples, and all share one attention.
    const differences = () => state.points.map((point) => point.map((x, j) => x - state.center[j]));
    const loss = () => differences().reduce(
      (sum, difference) => sum + difference.reduce((part, value, j) => part + state.attention[j] * value * value, 0), 0,
    ) / (2 * state.points.length);
    const toAttention = () => [0, 1].map(
      (j) => differences().reduce((sum, difference) => sum + difference[j] ** 2, 0) / (2 * state.points.length),
    );
    const centerStep = () => [0, 1].map((j) => {
      const sum = differences().reduce((part, difference) => part - state.attention[j] * difference[j], 0);
      return (data.alpha * sum) / (1 + state.points.length); // α Δc
    });

    function step(times) {
      for (let time = 0; time < times; time += 1) {
        const [change, gradient, moves] = [centerStep(), toAttention(), differences()];
        state.points = state.points.map((point, i) => point.map(
          (x, j) => x - data.feature_rate * state.attention[j] * moves[i][j],
        ));
        state.center = state.center.map((c, j) => c - change[j]);
        if (learns.checked) {
          state.attention = state.attention.map(
            (a, j) => clamp(sigmoid(logit(clamp(a)) - data.attention_rate * a * (1 - a) * gradient[j])),
          );
        }
        state.steps += 1;
      }
    }

    function draw() {
      plane.replaceChildren();
      const middle = SIZE / 2;
      for (const line of [{ x1: 0, y1: middle, x2: SIZE, y2: middle }, { x1: middle, y1: 0, x2: middle, y2: SIZE }]) {
        plane.append(ui.svg("line", { ...line, stroke: "var(--fer-line)" }));
      }
      plane.append(ui.svg("text", { x: SIZE - 4, y: SIZE - 6, "text-anchor": "end", "font-size": 12 }, `x1: ${data.names[0]} →`));
      plane.append(ui.svg("text", { x: middle + 6, y: 14, "font-size": 12 }, `↑ x2: ${data.names[1]}`));
      const moves = differences();
      state.points.forEach((point, i) => {
        const pull = point.map((x, j) => x - data.feature_rate * state.attention[j] * moves[i][j]);
        arrow(point, pull, "var(--fer-c0)", plane);
        plane.append(ui.svg("circle", { cx: toPixel(point[0]), cy: toPixel(-point[1]), r: 4, fill: "var(--fer-c0)" }));
      });
      const change = centerStep();
      arrow(state.center, state.center.map((c, j) => c - change[j]), "var(--fer-c1)", plane);
      star(state.center, plane);
      sliders.forEach(({ input, value }, j) => {
        input.value = state.attention[j];
        value.textContent = state.attention[j].toFixed(2);
      });
      const gradient = toAttention();
      report.textContent = `After ${state.steps} steps: sparse center loss ${loss().toFixed(3)}; `
        + `its slope in a1 ${gradient[0].toFixed(3)}, in a2 ${gradient[1].toFixed(3)}.`;
      plane.setAttribute("aria-label", `${state.points.length} embeddings with arrows to their class center. ${report.textContent}`);
    }
    draw();
  },
};
