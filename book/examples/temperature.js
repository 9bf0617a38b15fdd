// Softmax with a temperature: the hotter, the more alike the probabilities.  data: names [K], logits [K]

export default {
  render({ model, el, report }) {
    const { names, logits } = model.get("data");
    const bars = ui.picture(340, 24 * names.length, `Bars: the probabilities of ${names.length} classes`);
    const temperature = ui.slider("temperature", { min: 0.2, max: 5, step: 0.1, value: 1 }, (value) => value.toFixed(1));

    function draw() {
      const powers = logits.map((z) => Math.exp(z / temperature.value));
      const total = powers.reduce((sum, power) => sum + power, 0);
      const p = powers.map((power) => power / total);
      ui.bars(bars, names, [{ shares: p, words: (k) => p[k].toFixed(2), color: () => "var(--fer-c0)" }]);
      const best = p.indexOf(Math.max(...p));
      report(`At temperature ${temperature.value.toFixed(1)} ${names[best]} has probability ${p[best].toFixed(2)}.`);
    }
    el.append(ui.box("row", bars, ui.controls(temperature)));
    el.addEventListener("input", draw);
    draw();
  },
};
