// Where the offset layers of MGLN read: a grid of places on the face, and the points they are moved to.
// data: faces [{ name, image, layers: [[channel: [[dx, dy], ...h*w], ...], ...] }], side (map), stride, size (image)

const VIEW = 360;

function control(text, input, panel) {
  const label = ui.html("label", { style: "display: flex; gap: 0.5rem; align-items: center; flex-wrap: wrap; margin: 0.3rem 0;" });
  const value = ui.html("output");
  label.append(text, input, value);
  panel.append(label);
  return { input, value };
}

export default {
  render({ model, el }) {
    const data = model.get("data");
    const scale = VIEW / data.size;
    const row = ui.html("div", { style: "display: flex; gap: 1rem; flex-wrap: wrap; align-items: flex-start;" });
    const plane = ui.picture(VIEW, VIEW);
    const panel = ui.html("div", { style: "flex: 1 1 14rem; min-width: 12rem;" });
    const face = control("face", ui.choice(data.faces.map((f, i) => [i, f.name])), panel);
    const layer = control("offset layer", ui.choice(data.faces[0].layers.map((_, i) => [i, `${i + 1}`])), panel);
    const range = (max, value) => ui.slider({ min: 0, max, step: 1, value });
    const channel = control("channel", range(data.faces[0].layers[0].length - 1, 0), panel);
    const push = control("show offsets", range(4, 1), panel);
    push.input.setAttribute("aria-label", "how many times the offsets are enlarged");
    const report = ui.spoken();
    panel.append(report);
    row.append(plane, panel);
    el.replaceChildren(row);

    // The center of map pixel p lies at image pixel (p + 1/2) stride - 1/2; the picture's edge is at -1/2.
    const toView = (p) => (p + 0.5) * data.stride * scale;

    function draw() {
      const offsets = data.faces[face.input.value].layers[layer.input.value][channel.input.value];
      const factor = Number(push.input.value);
      channel.value.textContent = `${Number(channel.input.value) + 1} of ${data.faces[0].layers[0].length}`;
      push.value.textContent = factor === 0 ? "not at all" : `${factor} times as long`;
      plane.replaceChildren();
      plane.append(ui.svg("image", { href: data.faces[face.input.value].image, width: VIEW, height: VIEW, style: "image-rendering: pixelated;" }));
      let total = 0;
      offsets.forEach(([dx, dy], i) => {
        const [x, y] = [i % data.side, Math.floor(i / data.side)];
        const [x1, y1] = [toView(x), toView(y)];
        const [x2, y2] = [toView(x + factor * dx), toView(y + factor * dy)];
        total += Math.hypot(dx, dy);
        plane.append(ui.svg("circle", { cx: x1, cy: y1, r: 3, fill: "none", stroke: "#ffffff", "stroke-width": 1.5 }));
        plane.append(ui.svg("line", { x1, y1, x2, y2, stroke: "#56B4E9", "stroke-width": 2 }));
        plane.append(ui.svg("circle", { cx: x2, cy: y2, r: 4, fill: "#E69F00", stroke: "#000000", "stroke-width": 0.7 }));
      });
      const mean = (total / offsets.length).toFixed(2);
      report.textContent = `The points lie ${mean} map pixels from their places on average, that is ${(mean * data.stride).toFixed(1)} image pixels.`;
      plane.setAttribute("aria-label", `A face with ${offsets.length} places and the points that are read instead. ${report.textContent}`);
    }
    for (const { input } of [face, layer, channel, push]) input.addEventListener("input", draw);
    draw();
  },
};
