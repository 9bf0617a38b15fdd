// What is left of a prediction when a part of the face is hidden, computed in the page.  data: network, face, names [K]

const PART = 12; // pixels that are hidden, along each side

export default {
  async render({ model, el, report }) {
    const { network: exported, face, names } = model.get("data");
    const network = new Network(exported);
    const [, , , side] = network.inputs.pixels;
    const pixels = await Network.pixels(face); // red, green, blue: 3 · side · side numbers from 0 to 1
    const [row, column] = ["down", "to the right"].map((way) => {
      return ui.slider(`pixels ${way}`, { min: 0, max: side - PART, step: 2, value: 0 });
    });
    const picture = ui.picture(240, 240, "A face, a part of which is hidden");
    const bars = ui.picture(340, 24 * names.length, `Bars: the probabilities of ${names.length} classes`);

    function draw() {
      const hidden = pixels.map((value, i) => {
        const [y, x] = [Math.floor(i / side) % side, i % side];
        const inside = y >= row.value && y < row.value + PART && x >= column.value && x < column.value + PART;
        return inside ? 0.5 : value;
      });
      const chances = network.run({ pixels: hidden }, ["chances"]).chances.data;
      const [unit, best] = [240 / side, chances.indexOf(Math.max(...chances))];
      picture.replaceChildren(
        ui.svg("image", { href: face, width: 240, height: 240, style: "image-rendering: pixelated" }),
        ui.svg("rect", { x: unit * column.value, y: unit * row.value, width: unit * PART, height: unit * PART, fill: "#808080" }));
      ui.bars(bars, names, [{ shares: Array.from(chances), words: (k) => chances[k].toFixed(2), color: () => "var(--fer-c0)" }]);
      report(`Hidden from ${column.value}, ${row.value} on, the face is most probably ${names[best]}: ${chances[best].toFixed(2)}.`);
    }
    el.append(ui.box("row", picture, bars), ui.controls(row, column));
    el.addEventListener("input", draw);
    draw();
  },
};
