// A sequence, frame by frame, beside what has changed since its first frame, and how much of that lies in the parts.
// data: size (pixels of a frame), sequences [{ name, sheet: image address (a column for each frame), frames,
//       boxes: { part: [left, top, right, bottom] } }], parts in pixels of a frame
const SIDE = 220;
const WHICH = ["first", "second", "third", "fourth", "fifth", "sixth"];
const COLORS = { eyes: "#56b4e9", nose: "#009e73", mouth: "#e69f00" }; // on a picture, not on the page: the same in both themes

// The pixels of a sheet's frames, each a flat array of red, green, blue and alpha.
async function framesOf({ sheet, frames }, size) {
  const picture = new Image();
  picture.src = sheet;
  await picture.decode();
  const brush = ui.html("canvas", { width: frames * size, height: size }).getContext("2d", { willReadFrequently: true });
  brush.drawImage(picture, 0, 0);
  return Array.from({ length: frames }, (_, t) => brush.getImageData(t * size, 0, size, size).data);
}

// How much each pixel has changed: the mean over the colors of |now - first|, from 0 to 255.
function change(first, now) {
  return Float32Array.from({ length: first.length / 4 }, (_, i) =>
    [0, 1, 2].reduce((sum, color) => sum + Math.abs(now[4 * i + color] - first[4 * i + color]) / 3, 0));
}

export default {
  async render({ model, el, report }) {
    const data = model.get("data");
    const sequences = await Promise.all(data.sequences.map((sequence) => framesOf(sequence, data.size)));
    const last = data.sequences[0].frames - 1;
    const chosen = ui.choice("person", data.sequences.map((_, i) => [i, WHICH[i]]), 0);
    const time = ui.slider("frame", { min: 0, max: last, step: 1, value: last }, (t) => `${t + 1} of ${last + 1}`);
    const boxes = ui.check("parts", true);
    const answer = ui.check("tell the expression");
    const face = ui.face(SIDE, "The face in this frame");
    const moved = ui.html("canvas", {
      width: SIDE * 2, height: SIDE * 2, className: "fer-face", role: "img", "aria-label": "What has changed since the first frame",
    });
    moved.style.width = `${SIDE}px`;
    const below = ui.html("div");

    function draw() {
      const { name, sheet, boxes: parts } = data.sequences[chosen.value];
      const [size, t] = [data.size, time.value];
      below.textContent = answer.value ? `on the way to ${name}` : "this frame";
      const outline = (brush, scale) => {
        if (!boxes.value) return;
        brush.lineWidth = 3;
        for (const [part, color] of Object.entries(COLORS)) {
          const [left, top, right, bottom] = parts[part];
          brush.strokeStyle = color;
          brush.strokeRect(left * scale, top * scale, (right - left) * scale, (bottom - top) * scale);
        }
      };
      face.show(sheet, outline, { left: t * size, size });

      const changed = change(sequences[chosen.value][0], sequences[chosen.value][t]);
      const brush = moved.getContext("2d");
      const scale = moved.width / size;
      const inside = ([left, top, right, bottom], x, y) => x >= left && x < right && y >= top && y < bottom;
      const sums = Object.fromEntries(Object.keys(COLORS).map((part) => [part, 0]));
      let [all, together, covered] = [0, 0, 0];
      changed.forEach((value, i) => {
        const [x, y] = [i % size, Math.floor(i / size)];
        const gray = Math.min(255, 3 * value); // three times as bright as it is
        brush.fillStyle = `rgb(${gray} ${gray} ${gray})`;
        brush.fillRect(x * scale, y * scale, scale + 1, scale + 1);
        const hit = Object.keys(COLORS).filter((part) => inside(parts[part], x, y));
        for (const part of hit) sums[part] += value;
        all += value;
        if (hit.length) [together, covered] = [together + value, covered + 1];
      });
      outline(brush, scale);
      const percent = (share) => `${Math.round(100 * share)} %`;
      const each = Object.entries(sums).map(([part, sum]) => `${part} ${percent(sum / all)}`).join(", ");
      report(`Frame ${t + 1} of ${last + 1}${answer.value ? ` of a sequence that ends in ${name}` : ""}. ${t === 0
        ? "Nothing has changed yet."
        : `The parts cover ${percent(covered / changed.length)} of the picture and hold ${percent(together / all)} of the change (${each}).`} Their boxes are ${boxes.value ? "drawn" : "hidden"}.`);
    }
    el.append(ui.controls(chosen, time, boxes, answer), ui.box("pair",
      ui.html("div", {}, face.node, below), ui.html("div", {}, moved, "the change so far")));
    el.addEventListener("input", draw);
    draw();
  },
};
