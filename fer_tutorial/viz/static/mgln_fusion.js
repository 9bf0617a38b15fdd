// Decision-level fusion by hand: accuracy over the weight, and the confusion matrix at the chosen weight.
// data: names [K], labels [n], global [[K] n], local [[K] n] (scores), weight (to start with)

const [WIDTH, HEIGHT, LEFT, BOTTOM] = [340, 190, 40, 30];

export default {
  render({ model, el }) {
    const data = model.get("data");
    const n = data.labels.length;
    const predictions = (weight) => data.labels.map((_, i) => {
      let best = 0;
      const fused = data.global[i].map((g, k) => weight * g + (1 - weight) * data.local[i][k]);
      fused.forEach((value, k) => { if (value > fused[best]) best = k; });
      return best;
    });
    const accuracy = (predicted) => predicted.filter((k, i) => k === data.labels[i]).length / n;
    const steps = Array.from({ length: 41 }, (_, i) => i / 40);
    const curve = steps.map((weight) => accuracy(predictions(weight)));
    const [low, high] = [Math.min(...curve) - 0.02, Math.max(...curve) + 0.02];

    const row = ui.html("div", { style: "display: flex; gap: 1.5rem; flex-wrap: wrap; align-items: flex-start;" });
    const left = ui.html("div");
    left.style.maxWidth = `${WIDTH}px`;
    const plot = ui.picture(WIDTH, HEIGHT);
    const slider = ui.slider({ min: 0, max: 1, step: 0.025, value: data.weight });
    slider.style.width = "12rem";
    const label = ui.html("label");
    label.style.display = "block";
    label.append("weight of the global scores ", slider);
    const report = ui.spoken();
    left.append(plot, label, report);
    const table = ui.html("table", { style: "border-collapse: collapse; font-size: 0.8rem; text-align: right;" });
    row.append(left, table);
    el.replaceChildren(row);

    const px = (weight) => LEFT + weight * (WIDTH - LEFT - 10);
    const py = (value) => HEIGHT - BOTTOM - ((value - low) / (high - low)) * (HEIGHT - BOTTOM - 10);

    function draw() {
      const weight = Number(slider.value);
      const predicted = predictions(weight);
      plot.replaceChildren();
      plot.append(ui.svg("line", { x1: LEFT, y1: HEIGHT - BOTTOM, x2: WIDTH - 10, y2: HEIGHT - BOTTOM, stroke: "var(--fer-line)" }));
      for (const value of [low, (low + high) / 2, high]) {
        plot.append(ui.svg("text", { x: LEFT - 4, y: py(value) + 4, "text-anchor": "end", "font-size": 11 }, value.toFixed(2)));
      }
      for (const value of [0, 0.5, 1]) {
        plot.append(ui.svg("text", { x: px(value), y: HEIGHT - BOTTOM + 15, "text-anchor": "middle", "font-size": 11 }, value));
      }
      plot.append(ui.svg("text", { x: px(0) + 4, y: 12, "font-size": 11 }, "accuracy"));
      plot.append(ui.svg("text", { x: px(0.03), y: HEIGHT - 3, "font-size": 11 }, "local alone"));
      plot.append(ui.svg("text", { x: px(1), y: HEIGHT - 3, "text-anchor": "end", "font-size": 11 }, "global alone"));
      plot.append(ui.svg("polyline", {
        points: steps.map((w, i) => `${px(w)},${py(curve[i])}`).join(" "), fill: "none", stroke: "var(--fer-c0)", "stroke-width": 2,
      }));
      const now = accuracy(predicted);
      plot.append(ui.svg("circle", { cx: px(weight), cy: py(now), r: 5, fill: "var(--fer-c1)", stroke: "var(--fer-fg)" }));
      report.textContent = `Weight ${weight.toFixed(3)}: ${Math.round(now * n)} of ${n} sequences right (${(100 * now).toFixed(1)} %).`;
      plot.setAttribute("aria-label", `Accuracy over the fusion weight. ${report.textContent}`);

      table.replaceChildren();
      const head = table.insertRow();
      head.append(ui.html("th", { textContent: "true \\ predicted" }));
      for (const name of data.names) head.append(ui.html("th", { textContent: name.slice(0, 3), title: name, scope: "col" }));
      data.names.forEach((name, k) => {
        const line = table.insertRow();
        line.append(ui.html("th", { textContent: name, scope: "row" }));
        const mine = predicted.filter((_, i) => data.labels[i] === k);
        data.names.forEach((_, j) => {
          const count = mine.filter((p) => p === j).length;
          const cell = line.insertCell();
          cell.textContent = count || "·";
          cell.style.cssText = "padding: 0.15rem 0.4rem; min-width: 1.4rem;";
          const share = mine.length ? Math.round((100 * count) / mine.length) : 0;
          cell.style.background = `color-mix(in srgb, var(--fer-${j === k ? "c0" : "c1"}) ${Math.round(0.6 * share)}%, transparent)`;
        });
      });
    }
    slider.addEventListener("input", draw);
    draw();
  },
};
