// A Gaussian target on a row of pixels, and what two ways of reading it say.
// data: pixels, point, intensity, sigma (to start with)

export default {
  render({ model, el, report }) {
    const data = model.get("data");
    const plot = ui.picture(340, 230, `Bars, a curve and a dot: a row of ${data.pixels} pixels, the Gaussian, and its peak as it is read`);
    const point = ui.slider("place of the point", { min: 2, max: data.pixels - 3, step: 0.05, value: data.point }, (x) => x.toFixed(2));
    const intensity = ui.slider("intensity I", { min: 0.5, max: 5, step: 0.1, value: data.intensity }, (i) => i.toFixed(1));
    const sigma = ui.slider("σ", { min: 0.7, max: 3, step: 0.1, value: data.sigma }, (s) => s.toFixed(1));
    const density = ui.check("peak I/(2πσ²), as the paper writes it");

    function draw() {
      const [x, i, s] = [point, intensity, sigma].map(({ value }) => value);
      const factor = density.value ? 1 / (2 * Math.PI * s * s) : 1;
      const value = (place) => factor * i * Math.exp(-((place - x) ** 2) / (2 * s * s));
      const pixels = Array.from({ length: data.pixels }, (_, p) => p);
      const values = pixels.map(value);
      const best = values.indexOf(Math.max(...values));
      const [before, top, after] = [values[best - 1], values[best], values[best + 1]].map(Math.log);
      const shift = (after - before) / (2 * (2 * top - before - after));
      const peak = Math.exp(top + ((after - before) * shift) / 4);

      const limit = density.value ? Math.max(...values) * 1.25 : 5.5;
      const at = ui.axes(plot, { from: -0.5, to: data.pixels - 0.5, ticks: pixels.filter((p) => p % 2 === 0) },
        { from: 0, to: limit, ticks: [0, limit / 2, limit].map((tick) => [tick, tick.toFixed(2)]) });
      const width = 0.7 * (at.x(1) - at.x(0));
      const curve = Array.from({ length: 201 }, (_, k) => (k / 200) * (data.pixels - 1));
      plot.append(
        ...pixels.map((p) => ui.svg("rect", {
          x: at.x(p) - width / 2, y: at.y(values[p]), width, height: at.y(0) - at.y(values[p]),
          fill: p === best ? "var(--fer-c1)" : "var(--fer-c5)",
        })),
        ui.line(curve.map((place) => [at.x(place), at.y(value(place))]), { stroke: "var(--fer-c0)" }),
        ui.svg("circle", { cx: at.x(best + shift), cy: at.y(peak), r: 4.5, fill: "var(--fer-c3)", stroke: "var(--fer-fg)" }));
      report(`The point lies at ${x.toFixed(2)} with intensity ${i.toFixed(1)}. The highest pixel says: place ${best}, `
        + `intensity ${values[best].toFixed(3)}. Sub-pixel reading says: place ${(best + shift).toFixed(2)}, height ${peak.toFixed(3)}`
        + (density.value ? `, times 2πσ² = ${(peak / factor).toFixed(2)}.` : "."));
    }
    el.append(ui.box("row", plot, ui.controls(point, intensity, sigma, density)));
    el.addEventListener("input", draw);
    draw();
  },
};
