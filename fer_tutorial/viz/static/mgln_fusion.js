// Decision-level fusion by hand: accuracy over the weight, and the confusion matrix at the chosen weight.
// data: names [K], labels [n], global [[K] n], local [[K] n] (scores), weight (to start with)

export default {
  render({ model, el, report }) {
    const data = model.get("data");
    const n = data.labels.length;
    const predictions = (weight) => data.labels.map((_, i) => {
      const fused = data.global[i].map((g, k) => weight * g + (1 - weight) * data.local[i][k]);
      return fused.indexOf(Math.max(...fused));
    });
    const accuracy = (predicted) => predicted.filter((k, i) => k === data.labels[i]).length / n;
    const steps = Array.from({ length: 41 }, (_, i) => i / 40);
    const curve = steps.map((weight) => accuracy(predictions(weight)));
    const [low, high] = [Math.min(...curve) - 0.02, Math.max(...curve) + 0.02];

    const weight = ui.slider("weight of the global scores", { min: 0, max: 1, step: 0.025, value: data.weight }, (w) => w.toFixed(3));
    const plot = ui.picture(300, 230, "A curve: accuracy over the fusion weight, with a dot at the chosen one");
    const table = ui.html("div");

    function draw() {
      const predicted = predictions(weight.value);
      const now = accuracy(predicted);
      const at = ui.axes(plot, { from: 0, to: 1, ticks: [[0, "local alone"], 0.5, [1, "global alone"]] },
        { from: low, to: high, ticks: [low, (low + high) / 2, high].map((tick) => [tick, tick.toFixed(2)]), title: "accuracy" });
      plot.append(
        ui.line(steps.map((w, i) => [at.x(w), at.y(curve[i])]), { stroke: "var(--fer-c0)" }),
        ui.svg("circle", { cx: at.x(weight.value), cy: at.y(now), r: 5, fill: "var(--fer-c1)", stroke: "var(--fer-fg)" }));

      const counts = data.names.map((_, k) => data.names.map((__, j) => predicted.filter((p, i) => p === j && data.labels[i] === k).length));
      const short = data.names.map((name) => ui.html("abbr", { title: name }, name.slice(0, 3)));
      table.replaceChildren(ui.table(["true", ...short], data.names, (k, j) => {
        const share = counts[k][j] / Math.max(1, counts[k].reduce((sum, count) => sum + count, 0));
        const color = `var(--fer-${j === k ? "c0" : "c1"})`;
        return [String(counts[k][j] || "·"), `color-mix(in srgb, ${color} ${Math.round(50 * share)}%, transparent)`];
      }));
      const wrong = counts.flatMap((row, k) => row.map((count, j) => ({ count: j === k ? 0 : count, k, j })));
      const { count, k, j } = wrong.reduce((worst, each) => (each.count > worst.count ? each : worst));
      report(`Weight ${weight.value.toFixed(3)}: ${Math.round(now * n)} of ${n} sequences right (${(100 * now).toFixed(1)} %). `
        + `Most often, ${count} times, ${data.names[k]} is taken for ${data.names[j]}.`);
    }
    el.append(ui.controls(weight), ui.box("row", plot, table));
    el.addEventListener("input", draw);
    draw();
  },
};
