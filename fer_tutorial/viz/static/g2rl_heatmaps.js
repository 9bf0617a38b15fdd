// Heatmaps over a face whose action units the reader sets: what was wanted and what the network predicts.
// data: sliders [{ unit, name, levels }], start (which slider is raised at first), units [A], names [A], side, sigma, states
//       { "i,j,k": { image, truth [A], predicted [A], points [[x, y] 2A] in map pixels, maps [A][side * side] in hundredths of an intensity } }

export default {
  render({ model, el, report }) {
    const data = model.get("data");
    const face = ui.face(320, "A face with the heatmap of one action unit over it");
    const table = ui.html("div");
    const sliders = data.sliders.map(({ unit, name, levels }, i) => ui.slider(`AU ${unit}, ${name}`,
      { min: 0, max: levels.length - 1, step: 1, value: i === data.start ? levels.length - 1 : 0 }, (value) => String(levels[value])));
    const shown = ui.choice("heatmap of", data.units.map((unit, a) => [a, `AU ${unit}, ${data.names[a]}`]),
      data.units.indexOf(data.sliders[data.start].unit));
    const source = ui.choice("show", ["prediction", "target", "none"].map((text) => [text, text]), "prediction");

    const target = ({ points, truth }, a) => Array.from({ length: data.side * data.side }, (_, i) => {
      const [x, y] = [i % data.side, Math.floor(i / data.side)];
      return points.slice(2 * a, 2 * a + 2).reduce(
        (sum, [px, py]) => sum + 100 * truth[a] * Math.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * data.sigma ** 2)), 0,
      );
    });

    function glow(map) {
      const small = ui.html("canvas", { width: data.side, height: data.side });
      const pixels = new ImageData(data.side, data.side);
      map.forEach((value, i) => {
        const share = Math.min(1, Math.max(0, value / 500));
        pixels.data.set([230, 159, 0, Math.round(230 * Math.sqrt(share))], 4 * i);
      });
      small.getContext("2d").putImageData(pixels, 0, 0);
      return small;
    }

    function draw() {
      const state = data.states[sliders.map(({ value }) => value).join(",")];
      const { truth, predicted, image } = state;
      const a = shown.value;
      face.show(image, (brush) => {
        if (source.value === "none") return;
        brush.drawImage(glow(source.value === "target" ? target(state, a) : state.maps[a]), 0, 0, brush.canvas.width, brush.canvas.height);
      });
      const bar = (value) => ui.html("div", { style: `width: ${1.2 * value}rem; height: 0.6rem; background: var(--fer-c1)` });
      table.replaceChildren(ui.table(["unit", "true", "predicted", "as a bar"], data.units.map((unit) => `AU ${unit}`),
        (i, column) => [truth[i].toFixed(1), predicted[i].toFixed(1), bar(predicted[i])][column]));
      const set = data.sliders.map(({ unit, levels }, i) => `AU ${unit} at ${levels[sliders[i].value]}`).join(", ");
      report(`Set: ${set}. AU ${data.units[a]} (${data.names[a]}): true ${truth[a].toFixed(1)}, predicted ${predicted[a].toFixed(1)}; `
        + `${source.value === "none" ? "no heatmap is shown" : `its ${source.value} is shown`}.`);
    }
    el.append(ui.box("row", face.node, ui.html("div", {}, ui.controls(...sliders, shown, source), table)));
    el.addEventListener("input", draw);
    draw();
  },
};
