// How far a center has come towards its class, step by step, under four rules.
// data: { points: [n][2], start: [2], batch: m, alpha, weight }
const STEPS = 20;
const SIDE = 280;
// Each rule multiplies the distance to the mean of the class by 1 - r in every step.
const RULES = [
  { name: "paper, Eq. (4)", color: 0, dash: "", r: ({ alpha, n }) => (alpha * n) / (1 + n) },
  { name: "autograd of λ·½ Σ", color: 1, dash: "7 3", r: ({ alpha, n, weight }) => alpha * weight * n },
  { name: "autograd of λ·1/(2m) Σ", color: 2, dash: "2 3", r: ({ alpha, n, weight, m }) => (alpha * weight * n) / m },
  { name: "autograd of λ·1/m Σ", color: 3, dash: "9 3 2 3", r: ({ alpha, n, weight, m }) => (2 * alpha * weight * n) / m },
];

function control(label, options, format) {
  const input = ui.slider(options);
  const shown = ui.html("output", { style: "display: inline-block; min-width: 3.5em" });
  const show = () => {
    shown.textContent = format(Number(input.value));
    input.setAttribute("aria-valuetext", shown.textContent);
  };
  input.addEventListener("input", show);
  show();
  return { input, row: ui.html("label", { style: "display: inline-flex; gap: 0.5em; align-items: center" }, label, input, shown) };
}

export default {
  render({ model, el }) {
    const data = model.get("data");
    const alpha = control("α", { min: 0, max: 1, step: 0.05, value: data.alpha }, (v) => v.toFixed(2));
    const count = control("faces of the class, n", { min: 1, max: data.points.length, step: 1, value: 4 }, String);
    const weight = control("λ", { min: -3, max: 0, step: 0.25, value: Math.log10(data.weight) }, (v) => (10 ** v).toPrecision(2));
    const steps = control("steps", { min: 0, max: STEPS, step: 1, value: 5 }, String);
    const plane = ui.picture(SIDE, SIDE, { "aria-label": "Faces of one class and the center under each rule" });
    const curves = ui.picture(SIDE, SIDE, { "aria-label": "Distance left against steps" });
    const table = ui.html("table", { style: "border-collapse: collapse; margin-top: 0.4em" });
    const reach = 1.15 * Math.max(...data.points.concat([data.start]).flat().map(Math.abs));
    const px = (v) => ((v + reach) / (2 * reach)) * SIDE;
    const py = (v) => ((reach - v) / (2 * reach)) * SIDE;
    const cx = (step) => 34 + (step / STEPS) * (SIDE - 44);
    const cy = (left) => 26 + (1 - left) * (SIDE - 66);

    const draw = () => {
      const n = Number(count.input.value);
      const setting = { alpha: Number(alpha.input.value), n, weight: 10 ** Number(weight.input.value), m: data.batch };
      const now = Number(steps.input.value);
      const mine = data.points.slice(0, n);
      const mean = [0, 1].map((axis) => mine.reduce((sum, p) => sum + p[axis], 0) / n);
      plane.replaceChildren(ui.svg("rect", { x: 0.5, y: 0.5, width: SIDE - 1, height: SIDE - 1, fill: "none", stroke: "var(--fer-line)" }));
      for (const p of mine) plane.append(ui.svg("circle", { cx: px(p[0]), cy: py(p[1]), r: 4, fill: "var(--fer-muted)" }));
      plane.append(ui.svg("path", { d: `M${px(mean[0]) - 7},${py(mean[1])} h14 m-7,-7 v14`, stroke: "var(--fer-fg)", "stroke-width": 1.5 }));
      plane.append(ui.svg("text", { x: px(mean[0]) + 9, y: py(mean[1]) - 7, "font-size": 11 }, "mean"));
      plane.append(ui.svg("circle", { cx: px(data.start[0]), cy: py(data.start[1]), r: 5, fill: "none", stroke: "var(--fer-fg)" }));
      plane.append(ui.svg("text", { x: px(data.start[0]) + 8, y: py(data.start[1]) + 14, "font-size": 11 }, "start"));
      curves.replaceChildren(
        ui.svg("path", { d: `M${cx(0)},${cy(1)} V${cy(0)} H${cx(STEPS)}`, fill: "none", stroke: "var(--fer-muted)" }),
        ui.svg("line", { x1: cx(now), x2: cx(now), y1: cy(1), y2: cy(0), stroke: "var(--fer-line)" }),
        ui.svg("text", { x: cx(0) - 5, y: cy(1) + 4, "font-size": 10, "text-anchor": "end" }, "1"),
        ui.svg("text", { x: cx(0) - 5, y: cy(0) + 4, "font-size": 10, "text-anchor": "end" }, "0"),
        ui.svg("text", { x: cx(0), y: cy(0) + 15, "font-size": 10, "text-anchor": "middle" }, "0"),
        ui.svg("text", { x: cx(STEPS), y: cy(0) + 15, "font-size": 10, "text-anchor": "end" }, `${STEPS} steps`),
        ui.svg("text", { x: cx(0) - 24, y: 12, "font-size": 11 }, "share of the distance left"),
      );
      table.replaceChildren();
      for (const rule of RULES) {
        const left = 1 - rule.r(setting);
        const at = (step) => Math.max(-1, Math.min(1, left ** step));
        const color = `var(--fer-c${rule.color})`;
        const trail = Array.from({ length: now + 1 }, (_, step) => [0, 1].map((axis) => mean[axis] + at(step) * (data.start[axis] - mean[axis])));
        const line = { fill: "none", stroke: color, "stroke-width": 2, "stroke-dasharray": rule.dash };
        plane.append(ui.svg("polyline", { points: trail.map((p) => `${px(p[0])},${py(p[1])}`).join(" "), ...line }));
        const end = trail[now];
        plane.append(ui.svg("circle", { cx: px(end[0]), cy: py(end[1]), r: 5, fill: color, stroke: "var(--fer-fg)" }));
        const path = Array.from({ length: STEPS + 1 }, (_, step) => `${cx(step)},${cy(Math.abs(at(step)))}`).join(" ");
        curves.append(ui.svg("polyline", { points: path, ...line }));
        const key = ui.svg("svg", { width: 34, height: 10 }, ui.svg("line", { x1: 0, x2: 34, y1: 5, y2: 5, ...line }));
        const report = Math.abs(left) > 1 ? "overshoots more at every step" : `${(100 * Math.abs(at(now))).toFixed(1)} % of the way left`;
        const cell = (...content) => ui.html("td", { style: "padding: 0.1em 0.8em 0.1em 0; border: 0" }, ...content);
        table.append(ui.html("tr", {}, cell(key), cell(rule.name), cell(report)));
      }
    };
    for (const { input } of [alpha, count, weight, steps]) input.addEventListener("input", draw);
    el.append(
      ui.html("div", { style: "display: flex; flex-wrap: wrap; gap: 0.3em 1.4em; margin-bottom: 0.6em" },
        steps.row, alpha.row, count.row, weight.row),
      ui.html("div", { style: "display: flex; flex-wrap: wrap; gap: 1em" }, plane, curves),
      table,
    );
    draw();
  },
};
