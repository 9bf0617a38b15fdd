// One person with one action unit, or one expression, at intensities 0 to 5, beside the same person at rest.
// data: { sheet: image address (a row for each entry, a column for each intensity), size: pixels of a tile,
//         entries: [{ group, name, about, landmarks: [6][68][2] }], chains: [[landmark numbers of a line]] }
const SIDE = 240;
const LEVELS = ["absent", "A, trace", "B, slight", "C, marked", "D, severe", "E, maximum"];
const [LINE, MOVED, POINT] = ["#ffffff", "#d55e00", "#f0e442"]; // on a face, not on the page: the same in both themes

// The landmarks `points` and their chains; red lines from where they were `before`, if they moved.
function drawLandmarks(brush, scale, chains, points, before) {
  const place = ([x, y]) => [(x + 0.5) * scale, (y + 0.5) * scale];
  const stroke = (path, color, width) => {
    brush.strokeStyle = color;
    brush.lineWidth = width;
    brush.beginPath();
    path.map(place).forEach((at, i) => (i ? brush.lineTo(...at) : brush.moveTo(...at)));
    brush.stroke();
  };
  for (const chain of chains) stroke(chain.map((i) => points[i]), LINE, 2);
  points.forEach((point, i) => {
    if (Math.hypot(point[0] - before[i][0], point[1] - before[i][1]) >= 0.4) stroke([before[i], point], MOVED, 4);
  });
  brush.fillStyle = POINT;
  for (const point of points) {
    brush.beginPath();
    brush.arc(...place(point), 3.2, 0, 7);
    brush.fill();
  }
}

export default {
  render({ model, el, report }) {
    const data = model.get("data");
    const options = {};
    data.entries.forEach(({ group, name }, i) => { (options[group] ??= []).push([i, name]); });
    const chosen = ui.choice("show", options, data.entries.findIndex(({ name }) => name.startsWith("AU 12")));
    const level = ui.slider("intensity", { min: 0, max: 5, step: 1, value: 4 }, (value) => `${value} (${LEVELS[value]})`);
    const landmarks = ui.check("landmarks", true);
    const [still, moving] = ["at rest", "moved"].map((name) => ({ name, ...ui.face(SIDE, `The face ${name}`) }));

    const draw = () => {
      const entry = data.entries[chosen.value];
      const [rest, now] = [entry.landmarks[0], entry.landmarks[level.value]];
      for (const [face, column, points] of [[still, 0, rest], [moving, level.value, now]]) {
        face.show(data.sheet, (brush, scale) => landmarks.value && drawLandmarks(brush, scale, data.chains, points, rest),
          { left: column * data.size, top: chosen.value * data.size, size: data.size });
      }
      const moves = now.map(([x, y], i) => Math.hypot(x - rest[i][0], y - rest[i][1]));
      const most = moves.indexOf(Math.max(...moves));
      report(`${entry.about} At intensity ${level.value} ${level.value === 0
        ? "nothing moves" : `landmark ${most} moves most, by ${moves[most].toFixed(1)} pixels of ${data.size}`}; landmarks ${
        landmarks.value ? "drawn" : "hidden"}.`);
    };
    el.append(ui.controls(chosen, level, landmarks), ui.box("pair", ...[still, moving].map(({ name, node }) => ui.html("div", {}, node, name))));
    el.addEventListener("input", draw);
    draw();
  },
};
