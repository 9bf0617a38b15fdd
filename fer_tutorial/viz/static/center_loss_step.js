// How far a center has come towards its class, step by step, under four rules.
// data: { points: [n][2], start: [2], batch: m, alpha, weight }
const STEPS = 20;
const SIDE = 330;
// Each rule multiplies the distance to the mean of the class by 1 - r in every step.
const RULES = [
  { name: "paper, Eq. (4)", color: "var(--fer-c0)", dash: "", r: ({ alpha, n }) => (alpha * n) / (1 + n) },
  { name: "autograd of λ·½ Σ", color: "var(--fer-c1)", dash: "7 3", r: ({ alpha, n, weight }) => alpha * weight * n },
  { name: "autograd of λ·1/(2m) Σ", color: "var(--fer-c2)", dash: "2 3", r: ({ alpha, n, weight, m }) => (alpha * weight * n) / m },
  { name: "autograd of λ·1/m Σ", color: "var(--fer-c3)", dash: "9 3 2 3", r: ({ alpha, n, weight, m }) => (2 * alpha * weight * n) / m },
];

export default {
  render({ model, el, report }) {
    const data = model.get("data");
    const steps = ui.slider("steps", { min: 0, max: STEPS, step: 1, value: 5 });
    const alpha = ui.slider("α", { min: 0, max: 1, step: 0.05, value: data.alpha }, (value) => value.toFixed(2));
    const count = ui.slider("faces of the class, n", { min: 1, max: data.points.length, step: 1, value: 4 });
    const power = ui.slider("λ", { min: -3, max: 0, step: 0.25, value: Math.log10(data.weight) }, (value) => (10 ** value).toPrecision(2));
    const plane = ui.picture(SIDE, SIDE, "The faces of one class, their mean, and the path of the center under each rule");
    const curves = ui.picture(SIDE, SIDE, "The share of the distance left against the steps, a line for each rule");
    const reach = 1.15 * Math.max(...data.points.concat([data.start]).flat().map(Math.abs));

    const draw = () => {
      const [n, now] = [count.value, steps.value];
      const setting = { alpha: alpha.value, n, weight: 10 ** power.value, m: data.batch };
      const mine = data.points.slice(0, n);
      const mean = [0, 1].map((axis) => mine.reduce((sum, p) => sum + p[axis], 0) / n);
      const on = ui.axes(plane, { from: -reach, to: reach }, { from: -reach, to: reach });
      const place = ([x, y]) => [on.x(x), on.y(y)];
      const at = ui.axes(curves, { from: 0, to: STEPS, ticks: [0, [STEPS, `${STEPS} steps`]] },
        { from: 0, to: 1, ticks: [0, 0.5, 1], title: "share of the distance left" });
      const [[mx, my], [sx, sy]] = [place(mean), place(data.start)];
      plane.append(
        ...mine.map(place).map(([cx, cy]) => ui.svg("circle", { cx, cy, r: 4, fill: "var(--fer-muted)" })),
        ui.svg("path", { d: `M${mx - 7},${my} h14 m-7,-7 v14`, stroke: "var(--fer-fg)", "stroke-width": 1.5 }),
        ui.svg("circle", { cx: sx, cy: sy, r: 5, fill: "none", stroke: "var(--fer-fg)" }));
      curves.append(ui.line([[at.x(now), at.y(1)], [at.x(now), at.y(0)]], { stroke: "var(--fer-muted)", "stroke-width": 1 }));
      const words = RULES.map(({ name, color, dash, r }) => {
        const factor = 1 - r(setting);
        const left = (step) => Math.max(-1, Math.min(1, factor ** step));
        const look = { stroke: color, "stroke-dasharray": dash };
        const trail = Array.from({ length: now + 1 }, (_, step) => place(mean.map((m, axis) => m + left(step) * (data.start[axis] - m))));
        const [cx, cy] = trail[now];
        plane.append(ui.line(trail, look), ui.svg("circle", { cx, cy, r: 5, fill: color, stroke: "var(--fer-fg)" }));
        curves.append(ui.line(Array.from({ length: STEPS + 1 }, (_, step) => [at.x(step), at.y(Math.abs(left(step)))]), look));
        return `${name} ${Math.abs(factor) > 1 ? "overshoots more at every step" : `${(100 * Math.abs(left(now))).toFixed(1)} %`}`;
      });
      plane.append(ui.text(mx + 9, my - 7, "mean"), ui.text(sx + 8, sy + 18, "start"));
      report(`Of the way from start to mean is left after ${now} steps with ${n} faces, α = ${setting.alpha.toFixed(2)} and `
        + `λ = ${setting.weight.toPrecision(2)}: ${words.join("; ")}.`);
    };
    el.append(ui.controls(steps, count, alpha, power), ui.box("pair", plane, curves),
      ui.legend(RULES.map(({ name, color, dash }) => [name, color, dash])));
    el.addEventListener("input", draw);
    draw();
  },
};
