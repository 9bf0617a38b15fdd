// Where a triplet-center loss finds its negative in two dimensions: four strategies, one sample, K centers.
// data: centers [[c1, c2], ...], names [K], sample [x1, x2], label, logits_weights [[w1, w2], ...], margin, strategy

const SIZE = 380;
const LIMIT = 4; // the plane runs from -LIMIT to LIMIT in both dimensions
const STRATEGIES = [
  ["nearest", "nearest"], ["fully_synthesized", "fully synthesized"],
  ["semi_synthesized", "semi-synthesized"], ["prediction_based", "prediction-based"],
];

const toPixel = (value) => SIZE / 2 + (value / LIMIT) * (SIZE / 2 - 6);
const toPlane = (pixel) => ((pixel - SIZE / 2) / (SIZE / 2 - 6)) * LIMIT;
const distance = (x, c) => 0.5 * ((x[0] - c[0]) ** 2 + (x[1] - c[1]) ** 2);
const clamp = (value) => Math.min(LIMIT, Math.max(-LIMIT, value));

function least(values, own) {
  let best = -1;
  values.forEach((value, k) => { if (k !== own && (best < 0 || value < values[best])) best = k; });
  return best;
}

export default {
  render({ model, el }) {
    const data = model.get("data");
    const x = [...data.sample];
    const row = ui.html("div", { style: "display: flex; gap: 1rem; flex-wrap: wrap; align-items: flex-start;" });
    const plane = ui.picture(SIZE, SIZE);
    plane.style.cursor = "crosshair";
    const panel = ui.html("div", { style: "flex: 1 1 15rem; min-width: 14rem; display: grid; gap: 0.4rem;" });

    const field = (text, ...nodes) => {
      const label = ui.html("label", { style: "display: flex; gap: 0.5rem; align-items: center; flex-wrap: wrap;" });
      label.append(text, ...nodes);
      panel.append(label);
    };
    const choice = (text, options, value) => {
      const select = ui.choice(options);
      select.value = value;
      select.addEventListener("change", draw);
      field(text, select);
      return select;
    };
    const slider = (text, value, min, max, onInput) => {
      const input = ui.slider({ min, max, step: 0.05, value });
      const output = ui.html("output");
      input.addEventListener("input", () => { onInput(Number(input.value)); draw(); });
      field(text, input, output);
      return { input, output };
    };
    const strategy = choice("negative:", STRATEGIES, data.strategy);
    const own = choice("class of the sample:", data.names.map((name, k) => [k, name]), data.label);
    const selected = choice("attention selects:", [[0, "x1"], [1, "x2"]], 0);
    const sliders = [0, 1].map((j) => slider(`x${j + 1}`, x[j], -LIMIT, LIMIT, (value) => { x[j] = value; }));
    let margin = data.margin;
    const marginSlider = slider("margin", margin, 0.05, 8, (value) => { margin = value; });
    const report = ui.spoken();
    panel.append(report);
    row.append(plane, panel);
    el.replaceChildren(row);
    plane.addEventListener("click", (event) => {
      const box = plane.getBoundingClientRect();
      const scale = SIZE / box.width;
      x[0] = clamp(toPlane((event.clientX - box.left) * scale));
      x[1] = clamp(-toPlane((event.clientY - box.top) * scale));
      draw();
    });

    function negative(point, y) {
      const c = data.centers;
      const nearest = least(c.map((center) => distance(point, center)), y);
      const perDimension = [0, 1].map((j) => least(c.map((center) => Math.abs(point[j] - center[j])), y));
      const likeliest = least(data.logits_weights.map((w) => -(w[0] * point[0] + w[1] * point[1])), y);
      const chosen = {
        nearest: [nearest, nearest], prediction_based: [likeliest, likeliest], fully_synthesized: perDimension,
        semi_synthesized: [0, 1].map((j) => (j === Number(selected.value) ? perDimension[j] : nearest)),
      }[strategy.value];
      return { classes: chosen, at: chosen.map((k, j) => c[k][j]) };
    }

    function draw() {
      const y = Number(own.value);
      plane.replaceChildren();
      // The background shows which class the negative would come from (its first coordinate's), were the sample there.
      const step = SIZE / 38;
      for (let px = 0; px < SIZE - 1; px += step) {
        for (let py = 0; py < SIZE - 1; py += step) {
          const { classes } = negative([toPlane(px + step / 2), -toPlane(py + step / 2)], y);
          classes.forEach((k, j) => plane.append(ui.svg("rect", {
            x: px + (j * step) / 2, y: py, width: step / 2 + 0.4, height: step + 0.4, fill: `var(--fer-c${k})`, opacity: 0.2,
          })));
        }
      }
      const here = negative(x, y);
      const pixels = (point) => [toPixel(point[0]), toPixel(-point[1])];
      const [sx, sy] = pixels(x);
      const [nx, ny] = pixels(here.at);
      const [ox, oy] = pixels(data.centers[y]);
      plane.append(ui.svg("line", { x1: sx, y1: sy, x2: ox, y2: oy, stroke: "var(--fer-fg)", "stroke-width": 2 }));
      plane.append(ui.svg("line", { x1: sx, y1: sy, x2: nx, y2: ny, stroke: "var(--fer-fg)", "stroke-width": 2, "stroke-dasharray": "5 4" }));
      if (here.classes[0] !== here.classes[1]) {
        here.classes.forEach((k, j) => {
          const [cx, cy] = pixels(data.centers[k]);
          const end = j === 0 ? { x2: nx, y2: cy } : { x2: cx, y2: ny };
          plane.append(ui.svg("line", { x1: cx, y1: cy, ...end, stroke: `var(--fer-c${k})`, "stroke-width": 1.5, "stroke-dasharray": "2 3" }));
          plane.append(ui.svg("line", { x1: end.x2, y1: end.y2, x2: nx, y2: ny, stroke: `var(--fer-c${k})`, "stroke-width": 1.5, "stroke-dasharray": "2 3" }));
        });
      }
      data.centers.forEach((center, k) => {
        const [cx, cy] = pixels(center);
        plane.append(ui.svg("rect", { x: cx - 7, y: cy - 7, width: 14, height: 14, fill: `var(--fer-c${k})`, stroke: "var(--fer-fg)", transform: `rotate(45 ${cx} ${cy})` }));
        plane.append(ui.svg("text", { x: cx + 12, y: cy - 8, "font-size": 12 }, data.names[k]));
      });
      plane.append(ui.svg("circle", { cx: nx, cy: ny, r: 7, fill: "none", stroke: "var(--fer-fg)", "stroke-width": 2.5 }));
      plane.append(ui.svg("text", { x: nx + 10, y: ny + 14, "font-size": 12 }, "negative"));
      plane.append(ui.svg("circle", { cx: sx, cy: sy, r: 6, fill: `var(--fer-c${y})`, stroke: "var(--fer-fg)", "stroke-width": 2 }));

      const [near, far] = [distance(x, data.centers[y]), distance(x, here.at)];
      sliders.forEach(({ input, output }, j) => { input.value = x[j]; output.textContent = x[j].toFixed(2); });
      marginSlider.output.textContent = margin.toFixed(2);
      const from = here.classes[0] === here.classes[1]
        ? `the center of ${data.names[here.classes[0]]}`
        : `x1 of ${data.names[here.classes[0]]} with x2 of ${data.names[here.classes[1]]}`;
      report.textContent = `Negative: ${from}. D to the own center ${near.toFixed(2)}, to the negative ${far.toFixed(2)}; `
        + `loss max(0, ${near.toFixed(2)} + ${margin.toFixed(2)} − ${far.toFixed(2)}) = ${Math.max(0, near + margin - far).toFixed(2)}.`;
      plane.setAttribute("aria-label", `A plane with ${data.centers.length} class centers, a sample of ${data.names[y]} and its negative. ${report.textContent}`);
    }
    draw();
  },
};
