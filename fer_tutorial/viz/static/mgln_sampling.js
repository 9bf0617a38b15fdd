// Where the offset layers of MGLN read: a grid of places on the face, and the points they are moved to.
// data: faces [{ name, image, layers: [[channel: [[dx, dy], ...h*w], ...], ...] }], side (map), stride, size (image)

const VIEW = 340;
const LONGER = ["hidden", "as they are", "× 2", "× 3", "× 4"];

export default {
  render({ model, el, report }) {
    const data = model.get("data");
    const channels = data.faces[0].layers[0].length;
    const plane = ui.picture(VIEW, VIEW, `A face with ${data.side ** 2} places and the points that are read instead`);
    const face = ui.choice("face", data.faces.map(({ name }, i) => [i, name]), 0);
    const layer = ui.choice("offset layer", data.faces[0].layers.map((_, i) => [i, String(i + 1)]), 0);
    const channel = ui.slider("channel", { min: 0, max: channels - 1, step: 1, value: 0 }, (value) => `${value + 1} of ${channels}`);
    const longer = ui.slider("show offsets", { min: 0, max: LONGER.length - 1, step: 1, value: 1 }, (value) => LONGER[value]);

    // The center of map pixel p lies at image pixel (p + 1/2) stride - 1/2; the picture's edge is at -1/2.
    const toView = (p) => ((p + 0.5) * data.stride * VIEW) / data.size;

    function draw() {
      const { name, image, layers } = data.faces[face.value];
      const offsets = layers[layer.value][channel.value];
      plane.replaceChildren(ui.svg("image", { href: image, width: VIEW, height: VIEW, style: "image-rendering: pixelated" }));
      offsets.forEach(([dx, dy], i) => {
        const [x, y] = [i % data.side, Math.floor(i / data.side)];
        const [x1, y1] = [toView(x), toView(y)];
        const [x2, y2] = [toView(x + longer.value * dx), toView(y + longer.value * dy)];
        // On a face, not on the page: the same colors in both themes.
        plane.append(
          ui.svg("circle", { cx: x1, cy: y1, r: 3, fill: "none", stroke: "#ffffff", "stroke-width": 1.5 }),
          ui.line([[x1, y1], [x2, y2]], { stroke: "#56b4e9" }),
          ui.svg("circle", { cx: x2, cy: y2, r: 4, fill: "#e69f00", stroke: "#000000", "stroke-width": 0.7 }));
      });
      const mean = offsets.reduce((sum, [dx, dy]) => sum + Math.hypot(dx, dy), 0) / offsets.length;
      report(`The face shows ${name}; layer ${layer.value + 1}, channel ${channel.value + 1}, offsets ${LONGER[longer.value]}. The `
        + `points lie ${mean.toFixed(2)} map pixels from their places on average, that is ${(mean * data.stride).toFixed(1)} image pixels.`);
    }
    el.append(ui.box("row", plane, ui.controls(face, layer, channel, longer)));
    el.addEventListener("input", draw);
    draw();
  },
};
