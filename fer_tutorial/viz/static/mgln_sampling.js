// Where the offset layers of MGLN read: a grid of places on the face, and the points they are moved to.
// data: faces [{ name, image, layers: [[channel: [[dx, dy], ...h*w], ...], ...] }], side (map), stride, size (image)

const VIEW = 360;
const SVG = "http://www.w3.org/2000/svg";

function shape(kind, attributes, parent) {
  const node = document.createElementNS(SVG, kind);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  parent.append(node);
  return node;
}

function control(text, input, panel) {
  const label = document.createElement("label");
  label.style.cssText = "display: flex; gap: 0.5rem; align-items: center; flex-wrap: wrap; margin: 0.3rem 0;";
  const value = document.createElement("output");
  label.append(text, input, value);
  panel.append(label);
  return { input, value };
}

function choice(options) {
  const select = document.createElement("select");
  options.forEach((text, i) => select.append(Object.assign(document.createElement("option"), { value: i, textContent: text })));
  return select;
}

export default {
  render({ model, el }) {
    const data = model.get("data");
    const scale = VIEW / data.size;
    const row = document.createElement("div");
    row.style.cssText = "display: flex; gap: 1rem; flex-wrap: wrap; align-items: flex-start;";
    const plane = document.createElementNS(SVG, "svg");
    plane.setAttribute("viewBox", `0 0 ${VIEW} ${VIEW}`);
    plane.setAttribute("width", VIEW);
    plane.setAttribute("role", "img");
    const panel = document.createElement("div");
    panel.style.cssText = "flex: 1 1 14rem; min-width: 12rem;";
    const face = control("face", choice(data.faces.map((f) => f.name)), panel);
    const layer = control("offset layer", choice(data.faces[0].layers.map((_, i) => `${i + 1}`)), panel);
    const range = (max, value) => Object.assign(document.createElement("input"), { type: "range", min: 0, max, step: 1, value });
    const channel = control("channel", range(data.faces[0].layers[0].length - 1, 0), panel);
    const push = control("show offsets", range(4, 1), panel);
    push.input.setAttribute("aria-label", "how many times the offsets are enlarged");
    const report = document.createElement("p");
    report.setAttribute("aria-live", "polite");
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
      shape("image", { href: data.faces[face.input.value].image, width: VIEW, height: VIEW, style: "image-rendering: pixelated;" }, plane);
      let total = 0;
      offsets.forEach(([dx, dy], i) => {
        const [x, y] = [i % data.side, Math.floor(i / data.side)];
        const [x1, y1] = [toView(x), toView(y)];
        const [x2, y2] = [toView(x + factor * dx), toView(y + factor * dy)];
        total += Math.hypot(dx, dy);
        shape("circle", { cx: x1, cy: y1, r: 3, fill: "none", stroke: "#ffffff", "stroke-width": 1.5 }, plane);
        shape("line", { x1, y1, x2, y2, stroke: "#56B4E9", "stroke-width": 2 }, plane);
        shape("circle", { cx: x2, cy: y2, r: 4, fill: "#E69F00", stroke: "#000000", "stroke-width": 0.7 }, plane);
      });
      const mean = (total / offsets.length).toFixed(2);
      report.textContent = `The points lie ${mean} map pixels from their places on average, that is ${(mean * data.stride).toFixed(1)} image pixels.`;
      plane.setAttribute("aria-label", `A face with ${offsets.length} places and the points that are read instead. ${report.textContent}`);
    }
    for (const { input } of [face, layer, channel, push]) input.addEventListener("input", draw);
    draw();
  },
};
