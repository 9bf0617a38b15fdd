// Heatmaps over a face whose action units the reader sets: what was wanted and what the network predicts.
// data: sliders [{ unit, name, levels }], units [A], names [A], side, states { "i,j,k": { image, truth [A], predicted [A],
//       points [[x, y] 2A] in map pixels, maps [A][side * side] in hundredths of an intensity } }, sigma

const VIEW = 330;

export default {
  render({ model, el }) {
    const data = model.get("data");
    const row = ui.html("div", { style: "display: flex; gap: 1.2rem; flex-wrap: wrap; align-items: flex-start;" });
    const canvas = ui.html("canvas", { width: VIEW, height: VIEW });
    canvas.setAttribute("role", "img");
    const panel = ui.html("div", { style: "flex: 1 1 16rem; min-width: 14rem;" });
    const labelled = (text, ...inputs) => {
      const label = ui.html("label", { style: "display: flex; gap: 0.5rem; align-items: center; flex-wrap: wrap; margin: 0.25rem 0;" });
      label.append(text, ...inputs);
      panel.append(label);
    };
    const sliders = data.sliders.map(({ unit, name, levels }) => {
      const input = ui.slider({ min: 0, max: levels.length - 1, step: 1, value: 0 });
      const output = ui.html("output");
      labelled(`AU ${unit}, ${name}`, input, output);
      input.addEventListener("input", draw);
      return { input, output, levels };
    });
    sliders[data.start].input.value = sliders[data.start].levels.length - 1;
    const unit = ui.choice(data.units.map((u, a) => [a, `AU ${u}, ${data.names[a]}`]));
    unit.value = data.units.indexOf(data.sliders[data.start].unit);
    labelled("heatmap of", unit);
    const source = ui.choice(["prediction", "target", "none"].map((text) => [text, text]));
    labelled("show", source);
    const table = ui.html("table", { style: "border-collapse: collapse; font-size: 0.85rem; margin-top: 0.4rem;" });
    const report = ui.spoken();
    panel.append(table, report);
    row.append(canvas, panel);
    el.replaceChildren(row);
    const picture = new Image();
    picture.addEventListener("load", paint);

    const state = () => data.states[sliders.map(({ input }) => input.value).join(",")];
    function target(a) {
      const { points, truth } = state();
      return Array.from({ length: data.side * data.side }, (_, i) => {
        const [x, y] = [i % data.side, Math.floor(i / data.side)];
        return points.slice(2 * a, 2 * a + 2).reduce(
          (sum, [px, py]) => sum + 100 * truth[a] * Math.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * data.sigma ** 2)), 0,
        );
      });
    }

    function paint() {
      const context = canvas.getContext("2d");
      context.imageSmoothingEnabled = false;
      context.drawImage(picture, 0, 0, VIEW, VIEW);
      const a = Number(unit.value);
      if (source.value === "none") return;
      const map = source.value === "target" ? target(a) : state().maps[a];
      const small = ui.html("canvas", { width: data.side, height: data.side });
      const pixels = new ImageData(data.side, data.side);
      map.forEach((value, i) => {
        const share = Math.min(1, Math.max(0, value / 500));
        pixels.data.set([230, 159, 0, Math.round(230 * Math.sqrt(share))], 4 * i);
      });
      small.getContext("2d").putImageData(pixels, 0, 0);
      context.imageSmoothingEnabled = true;
      context.drawImage(small, 0, 0, VIEW, VIEW);
    }

    function draw() {
      const { truth, predicted, image } = state();
      for (const { input, output, levels } of sliders) output.textContent = levels[input.value];
      table.replaceChildren();
      const head = table.insertRow();
      for (const text of ["", "true", "predicted", ""]) head.append(ui.html("th", { textContent: text, scope: "col" }));
      data.units.forEach((u, a) => {
        const line = table.insertRow();
        line.append(ui.html("th", { textContent: `AU ${u}`, scope: "row" }));
        for (const value of [truth[a], predicted[a]]) {
          const cell = line.insertCell();
          cell.textContent = value.toFixed(1);
          cell.style.cssText = "padding: 0 0.6rem; text-align: right;";
        }
        const bar = ui.html("span", { style: `display: inline-block; height: 0.6rem; width: ${1.6 * predicted[a]}rem; background: var(--fer-c1);` });
        line.insertCell().append(bar);
      });
      const a = Number(unit.value);
      report.textContent = `AU ${data.units[a]} (${data.names[a]}): true ${truth[a].toFixed(1)}, predicted ${predicted[a].toFixed(1)}.`;
      canvas.setAttribute("aria-label", `A face with the heatmap of one action unit. ${report.textContent}`);
      if (picture.src === image) paint();
      else picture.src = image;
    }
    unit.addEventListener("input", draw);
    source.addEventListener("input", draw);
    draw();
  },
};
