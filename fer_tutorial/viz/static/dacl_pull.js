// What the sparse center loss does to one class in two dimensions: arrows, loss and steps for a chosen attention.
// data: points [[x1, x2], ...], center [c1, c2], attention [a1, a2], alpha, feature_rate, attention_rate, names [2]

const SIZE = 340;
const LIMIT = 3; // the plane runs from -LIMIT to LIMIT in both dimensions

const sigmoid = (t) => 1 / (1 + Math.exp(-t));
const logit = (p) => Math.log(p / (1 - p));
const clamp = (p) => Math.min(0.99, Math.max(0.01, p));

function arrow([x1, y1], [x2, y2], color) {
  const length = Math.hypot(x2 - x1, y2 - y1);
  const shaft = ui.line([[x1, y1], [x2, y2]], { stroke: color });
  if (length < 5) return [shaft];
  const [ux, uy] = [(x2 - x1) / length, (y2 - y1) / length];
  const head = [[x2, y2], [x2 - 6 * ux - 3 * uy, y2 - 6 * uy + 3 * ux], [x2 - 6 * ux + 3 * uy, y2 - 6 * uy - 3 * ux]];
  return [shaft, ui.svg("polygon", { points: head.map((point) => point.join(",")).join(" "), fill: color })];
}

export default {
  render({ model, el, report }) {
    const data = model.get("data");
    let points = data.points;
    let center = data.center;
    let steps = 0;
    const plane = ui.picture(SIZE, SIZE, `${points.length} embeddings with arrows to their class center`);
    const sliders = data.names.map((name, j) => ui.slider(`attention a${j + 1} (${name})`,
      { min: 0.01, max: 0.99, step: 0.01, value: data.attention[j] }, (value) => value.toFixed(2)));
    // The slider shows hundredths, learning goes on with all digits.
    let attention = data.attention;
    sliders.forEach(({ node }, j) => node.addEventListener("input", () => { attention = attention.with(j, sliders[j].value); }));
    const learns = ui.check("let the attention learn, too");
    const buttons = [["One step", 1], ["Ten steps", 10]].map(([text, times]) => ui.button(text, () => step(times)));

    // The formulas of the chapter, for one class: n = m samples, and all share one attention.
    const differences = () => points.map((point) => point.map((x, j) => x - center[j]));
    const loss = () => differences().reduce(
      (sum, difference) => sum + difference.reduce((part, value, j) => part + attention[j] * value * value, 0), 0,
    ) / (2 * points.length);
    const toAttention = () => [0, 1].map(
      (j) => differences().reduce((sum, difference) => sum + difference[j] ** 2, 0) / (2 * points.length),
    );
    const movedCenter = () => center.map((c, j) => {
      const sum = differences().reduce((part, difference) => part - attention[j] * difference[j], 0);
      return c - (data.alpha * sum) / (1 + points.length); // c − α Δc
    });
    const movedPoints = () => {
      const moves = differences();
      return points.map((point, i) => point.map((x, j) => x - data.feature_rate * attention[j] * moves[i][j]));
    };

    function step(times) {
      for (let time = 0; time < times; time += 1) {
        const gradient = toAttention();
        [points, center] = [movedPoints(), movedCenter()];
        if (learns.value) {
          attention = attention.map((a, j) => clamp(sigmoid(logit(clamp(a)) - data.attention_rate * a * (1 - a) * gradient[j])));
        }
        steps += 1;
      }
      draw();
    }

    function draw() {
      const at = ui.axes(plane, { from: -LIMIT, to: LIMIT }, { from: -LIMIT, to: LIMIT });
      const place = ([x, y]) => [at.x(x), at.y(y)];
      for (const [from, to] of [[[-LIMIT, 0], [LIMIT, 0]], [[0, -LIMIT], [0, LIMIT]]]) {
        plane.append(ui.line([place(from), place(to)], { stroke: "var(--fer-line)", "stroke-width": 1 }));
      }
      const moved = movedPoints();
      points.forEach((point, i) => {
        const [cx, cy] = place(point);
        plane.append(...arrow([cx, cy], place(moved[i]), "var(--fer-c0)"), ui.svg("circle", { cx, cy, r: 4, fill: "var(--fer-c0)" }));
      });
      plane.append(...arrow(place(center), place(movedCenter()), "var(--fer-c1)"), ui.star(place(center), 10, "var(--fer-c1)"),
        ui.text(SIZE - 6, SIZE - 8, `x1: ${data.names[0]} →`, { "text-anchor": "end" }), ui.text(at.x(0) + 6, 16, `↑ x2: ${data.names[1]}`));
      sliders.forEach((slider, j) => { slider.value = attention[j]; });
      const gradient = toAttention();
      report(`After ${steps} steps: attention a1 ${attention[0].toFixed(2)}, a2 ${attention[1].toFixed(2)}, `
        + `${learns.value ? "learning" : "held"}; sparse center loss ${loss().toFixed(3)}; `
        + `its slope in a1 ${gradient[0].toFixed(3)}, in a2 ${gradient[1].toFixed(3)}.`);
    }
    el.append(ui.box("row", plane, ui.html("div", {}, ui.controls(...sliders, learns), ui.box("buttons", ...buttons.map(({ node }) => node)))));
    el.addEventListener("input", draw);
    draw();
  },
};
