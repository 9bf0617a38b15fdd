// Where a triplet-center loss finds its negative in two dimensions: four strategies, one sample, K centers.
// data: centers [[c1, c2], ...], names [K], sample [x1, x2], label, logits_weights [[w1, w2], ...], margin, strategy

const SIZE = 340;
const LIMIT = 4; // the plane runs from -LIMIT to LIMIT in both dimensions
const CELLS = 20; // of the background, in a row
const STRATEGIES = [
  ["nearest", "nearest"], ["fully_synthesized", "fully synthesized"],
  ["semi_synthesized", "semi-synthesized"], ["prediction_based", "prediction-based"],
];

const distance = (x, c) => 0.5 * ((x[0] - c[0]) ** 2 + (x[1] - c[1]) ** 2);
const clamp = (value) => Math.min(LIMIT, Math.max(-LIMIT, value));

function least(values, own) {
  let best = -1;
  values.forEach((value, k) => { if (k !== own && (best < 0 || value < values[best])) best = k; });
  return best;
}

export default {
  render({ model, el, report }) {
    const data = model.get("data");
    const c = data.centers;
    const plane = ui.picture(SIZE, SIZE, `A plane with ${c.length} class centers, a sample and its negative`);
    plane.style.cursor = "crosshair";
    const strategy = ui.choice("negative", STRATEGIES, data.strategy);
    const own = ui.choice("class of the sample", data.names.map((name, k) => [k, name]), data.label);
    const selected = ui.choice("attention selects", [[0, "x1"], [1, "x2"]], 0);
    const sliders = [0, 1].map((j) => ui.slider(`x${j + 1}`, { min: -LIMIT, max: LIMIT, step: 0.05, value: data.sample[j] }, (v) => v.toFixed(2)));
    const margin = ui.slider("margin", { min: 0.05, max: 8, step: 0.05, value: data.margin }, (value) => value.toFixed(2));

    function negative(point, y) {
      const nearest = least(c.map((center) => distance(point, center)), y);
      const perDimension = [0, 1].map((j) => least(c.map((center) => Math.abs(point[j] - center[j])), y));
      const likeliest = least(data.logits_weights.map((w) => -(w[0] * point[0] + w[1] * point[1])), y);
      const classes = {
        nearest: [nearest, nearest], prediction_based: [likeliest, likeliest], fully_synthesized: perDimension,
        semi_synthesized: [0, 1].map((j) => (j === selected.value ? perDimension[j] : nearest)),
      }[strategy.value];
      return { classes, at: classes.map((k, j) => c[k][j]) };
    }

    function draw() {
      const [x, y] = [sliders.map(({ value }) => value), own.value];
      selected.disabled = strategy.value !== "semi_synthesized"; // it acts in no other
      const on = ui.axes(plane, { from: -LIMIT, to: LIMIT }, { from: -LIMIT, to: LIMIT });
      const place = (point) => [on.x(point[0]), on.y(point[1])];
      // The background: of which classes the negative would be made, were the sample in this cell.
      const step = (2 * LIMIT) / CELLS;
      const [left, top, width] = [on.x(-LIMIT), on.y(LIMIT), on.x(step) - on.x(0)];
      for (let i = 0; i < CELLS * CELLS; i += 1) {
        const [column, row] = [i % CELLS, Math.floor(i / CELLS)];
        const { classes } = negative([-LIMIT + (column + 0.5) * step, LIMIT - (row + 0.5) * step], y);
        // A cell of one class is filled; one of two classes is two halves with a gap around them.
        const cell = { y: top + row * width, height: width, x: left + column * width, width };
        const gap = { y: cell.y + 1, height: width - 2 };
        const parts = classes[0] === classes[1] ? [cell] : [0, 1].map((j) => ({ ...gap, x: cell.x + 1 + (j * (width - 2)) / 2, width: width / 2 - 1 }));
        plane.append(...parts.map((part, j) => ui.svg("rect", { ...part, class: "fer-tint", fill: `var(--fer-c${classes[j]})` })));
      }
      const here = negative(x, y);
      const [sample, made, mine] = [x, here.at, c[y]].map(place);
      const ink = { stroke: "var(--fer-fg)" };
      plane.append(ui.line([sample, mine], ink), ui.line([sample, made], { ...ink, "stroke-dasharray": "5 4" }));
      if (here.classes[0] !== here.classes[1]) {
        // From either center along the coordinate it gives.
        here.classes.forEach((k, j) => {
          const corner = [0, 1].map((axis) => (axis === j ? made : place(c[k]))[axis]);
          plane.append(ui.line([place(c[k]), corner, made], { ...ink, "stroke-width": 1.5, "stroke-dasharray": "2 3" }));
        });
      }
      c.forEach((center, k) => {
        const [cx, cy] = place(center);
        plane.append(ui.svg("rect", {
          x: cx - 7, y: cy - 7, width: 14, height: 14, transform: `rotate(45 ${cx} ${cy})`, fill: `var(--fer-c${k})`, ...ink,
        }));
      });
      plane.append(
        ui.svg("circle", { cx: made[0], cy: made[1], r: 8, fill: "none", ...ink, "stroke-width": 2.5 }),
        ui.svg("circle", { cx: sample[0], cy: sample[1], r: 6, fill: `var(--fer-c${y})`, ...ink, "stroke-width": 2 }),
        // Names stand above or below their centers, away from the sample and its lines.
        ...c.map((center, k) => {
          const [cx, cy] = place(center);
          return ui.text(cx, cy, data.names[k], { dy: cy <= sample[1] ? "-1.1em" : "1.9em", "text-anchor": "middle" });
        }),
        ui.text(made[0], made[1], "negative", { dy: made[1] <= sample[1] ? "-1.1em" : "1.9em", "text-anchor": "middle" }));

      const [near, far] = [distance(x, c[y]), distance(x, here.at)];
      const from = here.classes[0] === here.classes[1]
        ? `the center of ${data.names[here.classes[0]]}`
        : `x1 of ${data.names[here.classes[0]]} with x2 of ${data.names[here.classes[1]]}`;
      report(`The sample of ${data.names[y]} lies at (${x.map((value) => value.toFixed(2)).join(", ")}). Its ${strategy.text} negative is ${from}. `
        + `D to the own center ${near.toFixed(2)}, to the negative ${far.toFixed(2)}; loss max(0, ${near.toFixed(2)} + `
        + `${margin.value.toFixed(2)} − ${far.toFixed(2)}) = ${Math.max(0, near + margin.value - far).toFixed(2)}.`);
    }

    const moveTo = (event) => {
      const box = plane.getBoundingClientRect();
      sliders[0].value = clamp((2 * (event.clientX - box.left) / box.width - 1) * LIMIT);
      sliders[1].value = clamp((1 - 2 * (event.clientY - box.top) / box.height) * LIMIT);
      draw();
    };
    plane.addEventListener("click", moveTo);
    plane.addEventListener("pointermove", (event) => { if (event.pointerType === "mouse" && event.buttons) moveTo(event); });
    el.append(ui.box("row", plane, ui.controls(strategy, own, selected, ...sliders, margin)));
    el.addEventListener("input", draw);
    draw();
  },
};
