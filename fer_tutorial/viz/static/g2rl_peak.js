// A Gaussian target on a row of pixels, and what two ways of reading it say.
// data: pixels, point, intensity, sigma (to start with)

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [420, 230, 44, 28, 12];

function shape(kind, attributes, parent, text) {
  const node = document.createElementNS(SVG, kind);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

export default {
  render({ model, el }) {
    const data = model.get("data");
    const row = document.createElement("div");
    row.style.cssText = "display: flex; gap: 1rem; flex-wrap: wrap; align-items: flex-start;";
    const plot = document.createElementNS(SVG, "svg");
    plot.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    plot.setAttribute("width", WIDTH);
    plot.setAttribute("role", "img");
    const panel = document.createElement("div");
    panel.style.cssText = "flex: 1 1 14rem; min-width: 13rem;";
    const slider = (text, min, max, step, value) => {
      const input = Object.assign(document.createElement("input"), { type: "range", min, max, step, value });
      const output = document.createElement("output");
      const label = document.createElement("label");
      label.style.cssText = "display: flex; gap: 0.5rem; align-items: center; flex-wrap: wrap; margin: 0.3rem 0;";
      label.append(text, input, output);
      panel.append(label);
      input.addEventListener("input", draw);
      return { input, output };
    };
    const point = slider("place of the point", 2, data.pixels - 3, 0.05, data.point);
    const intensity = slider("intensity I", 0.5, 5, 0.1, data.intensity);
    const sigma = slider("σ", 0.7, 3, 0.1, data.sigma);
    const density = Object.assign(document.createElement("input"), { type: "checkbox" });
    density.addEventListener("input", draw);
    const label = document.createElement("label");
    label.append(density, " peak I/(2πσ²), as the paper writes it");
    const report = document.createElement("p");
    report.setAttribute("aria-live", "polite");
    panel.append(label, report);
    row.append(plot, panel);
    el.replaceChildren(row);

    function draw() {
      const [x, i, s] = [point, intensity, sigma].map(({ input }) => Number(input.value));
      point.output.textContent = x.toFixed(2);
      intensity.output.textContent = i.toFixed(1);
      sigma.output.textContent = s.toFixed(1);
      const factor = density.checked ? 1 / (2 * Math.PI * s * s) : 1;
      const at = (place) => factor * i * Math.exp(-((place - x) ** 2) / (2 * s * s));
      const values = Array.from({ length: data.pixels }, (_, p) => at(p));
      const best = values.indexOf(Math.max(...values));
      const [before, top, after] = [values[best - 1], values[best], values[best + 1]].map(Math.log);
      const shift = (after - before) / (2 * (2 * top - before - after));
      const peak = Math.exp(top + ((after - before) * shift) / 4);

      const limit = density.checked ? Math.max(...values) * 1.25 : 5.5;
      const px = (place) => LEFT + ((place + 0.5) / data.pixels) * (WIDTH - LEFT - 6);
      const py = (value) => HEIGHT - BOTTOM - (value / limit) * (HEIGHT - BOTTOM - TOP);
      plot.replaceChildren();
      for (const value of [0, limit / 2, limit]) {
        shape("text", { x: LEFT - 4, y: py(value) + 4, "text-anchor": "end", "font-size": 11 }, plot, value.toFixed(2));
        shape("line", { x1: LEFT, x2: WIDTH - 6, y1: py(value), y2: py(value), stroke: "var(--fer-line)" }, plot);
      }
      const width = 0.7 * (px(1) - px(0));
      values.forEach((value, p) => {
        shape("rect", {
          x: px(p) - width / 2, y: py(value), width, height: Math.max(0, py(0) - py(value)),
          fill: p === best ? "var(--fer-c1)" : "var(--fer-c5)",
        }, plot);
        if (p % 2 === 0) shape("text", { x: px(p), y: HEIGHT - BOTTOM + 14, "text-anchor": "middle", "font-size": 10 }, plot, p);
      });
      const curve = Array.from({ length: 201 }, (_, k) => (k / 200) * (data.pixels - 1));
      shape("polyline", {
        points: curve.map((place) => `${px(place)},${py(at(place))}`).join(" "), fill: "none", stroke: "var(--fer-c0)", "stroke-width": 2,
      }, plot);
      shape("circle", { cx: px(best + shift), cy: py(peak), r: 4.5, fill: "var(--fer-c3)", stroke: "var(--fer-fg)" }, plot);
      report.textContent = `The highest pixel says: place ${best}, intensity ${values[best].toFixed(3)}. `
        + `Sub-pixel reading says: place ${(best + shift).toFixed(2)}, height ${peak.toFixed(3)}`
        + (density.checked ? `, times 2πσ² = ${(peak / factor).toFixed(2)}.` : ".");
      plot.setAttribute("aria-label", `A row of ${data.pixels} pixels with a Gaussian. ${report.textContent}`);
    }
    draw();
  },
};
