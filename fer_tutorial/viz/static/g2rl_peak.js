// A Gaussian target on a row of pixels, and what two ways of reading it say.
// data: pixels, point, intensity, sigma (to start with)

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [420, 230, 44, 28, 12];

export default {
  render({ model, el }) {
    const data = model.get("data");
    const row = ui.html("div", { style: "display: flex; gap: 1rem; flex-wrap: wrap; align-items: flex-start;" });
    const plot = ui.picture(WIDTH, HEIGHT);
    const panel = ui.html("div", { style: "flex: 1 1 14rem; min-width: 13rem;" });
    const slider = (text, min, max, step, value) => {
      const input = ui.slider({ min, max, step, value });
      const output = ui.html("output");
      const label = ui.html("label", { style: "display: flex; gap: 0.5rem; align-items: center; flex-wrap: wrap; margin: 0.3rem 0;" });
      label.append(text, input, output);
      panel.append(label);
      input.addEventListener("input", draw);
      return { input, output };
    };
    const point = slider("place of the point", 2, data.pixels - 3, 0.05, data.point);
    const intensity = slider("intensity I", 0.5, 5, 0.1, data.intensity);
    const sigma = slider("σ", 0.7, 3, 0.1, data.sigma);
    const density = ui.html("input", { type: "checkbox" });
    density.addEventListener("input", draw);
    const label = ui.html("label");
    label.append(density, " peak I/(2πσ²), as the paper writes it");
    const report = ui.spoken();
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
        plot.append(ui.svg("text", { x: LEFT - 4, y: py(value) + 4, "text-anchor": "end", "font-size": 11 }, value.toFixed(2)));
        plot.append(ui.svg("line", { x1: LEFT, x2: WIDTH - 6, y1: py(value), y2: py(value), stroke: "var(--fer-line)" }));
      }
      const width = 0.7 * (px(1) - px(0));
      values.forEach((value, p) => {
        plot.append(ui.svg("rect", {
          x: px(p) - width / 2, y: py(value), width, height: Math.max(0, py(0) - py(value)),
          fill: p === best ? "var(--fer-c1)" : "var(--fer-c5)",
        }));
        if (p % 2 === 0) plot.append(ui.svg("text", { x: px(p), y: HEIGHT - BOTTOM + 14, "text-anchor": "middle", "font-size": 10 }, p));
      });
      const curve = Array.from({ length: 201 }, (_, k) => (k / 200) * (data.pixels - 1));
      plot.append(ui.svg("polyline", {
        points: curve.map((place) => `${px(place)},${py(at(place))}`).join(" "), fill: "none", stroke: "var(--fer-c0)", "stroke-width": 2,
      }));
      plot.append(ui.svg("circle", { cx: px(best + shift), cy: py(peak), r: 4.5, fill: "var(--fer-c3)", stroke: "var(--fer-fg)" }));
      report.textContent = `The highest pixel says: place ${best}, intensity ${values[best].toFixed(3)}. `
        + `Sub-pixel reading says: place ${(best + shift).toFixed(2)}, height ${peak.toFixed(3)}`
        + (density.checked ? `, times 2πσ² = ${(peak / factor).toFixed(2)}.` : ".");
      plot.setAttribute("aria-label", `A row of ${data.pixels} pixels with a Gaussian. ${report.textContent}`);
    }
    draw();
  },
};
