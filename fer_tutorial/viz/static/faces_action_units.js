// One person with one action unit, or one expression, at intensities 0 to 5, beside the same person at rest.
// data: { sheet: image address (a row for each entry, a column for each intensity), size: pixels of a tile,
//         entries: [{ group, name, about, landmarks: [6][68][2] }], chains: [[landmark numbers of a line]] }
const SHOWN = 240;
const LEVELS = ["absent", "A, trace", "B, slight", "C, marked", "D, severe", "E, maximum"];

export default {
  render({ model, el }) {
    const data = model.get("data");
    const sheet = new Image();
    const groups = [...new Set(data.entries.map((entry) => entry.group))].map((group) => ui.html("optgroup", { label: group },
      ...data.entries.flatMap((entry, i) => (entry.group === group ? [ui.html("option", { value: i }, entry.name)] : []))));
    const choice = ui.html("select", {}, ...groups);
    choice.value = data.entries.findIndex((entry) => entry.name.startsWith("AU 12"));
    const level = ui.slider({ min: 0, max: 5, step: 1, value: 4 });
    const shown = ui.html("output", { style: "display: inline-block; min-width: 7.5em" });
    const points = ui.html("input", { type: "checkbox", checked: true });
    const about = ui.html("p", { style: "margin: 0.5em 0 0; min-height: 2.8em" });
    const canvases = ["at rest", "moved"].map((name) => {
      const canvas = ui.html("canvas", { width: 2 * SHOWN, height: 2 * SHOWN, style: `width: ${SHOWN}px; height: ${SHOWN}px` });
      canvas.setAttribute("role", "img");
      return { name, canvas, label: ui.html("div", { style: "color: var(--fer-muted); font-size: 0.85em" }, name) };
    });

    const draw = () => {
      const entry = data.entries[Number(choice.value)];
      const intensity = Number(level.value);
      shown.textContent = `${intensity} (${LEVELS[intensity]})`;
      level.setAttribute("aria-valuetext", shown.textContent);
      const [rest, now] = [entry.landmarks[0], entry.landmarks[intensity]];
      const moves = now.map((p, i) => Math.hypot(p[0] - rest[i][0], p[1] - rest[i][1]));
      const most = moves.indexOf(Math.max(...moves));
      const words = intensity === 0 ? "Nothing moves." : `Landmark ${most} moves most, by ${moves[most].toFixed(1)} pixels of ${data.size}.`;
      about.textContent = `${entry.about} ${words}`;
      canvases.forEach(({ name, canvas }, which) => {
        const brush = canvas.getContext("2d");
        const scale = canvas.width / data.size;
        const column = which === 0 ? 0 : intensity;
        brush.drawImage(sheet, column * data.size, Number(choice.value) * data.size, data.size, data.size, 0, 0, canvas.width, canvas.height);
        canvas.setAttribute("aria-label", `The face ${name}: ${entry.name}, intensity ${column}`);
        if (!points.checked) return;
        const place = (p) => [(p[0] + 0.5) * scale, (p[1] + 0.5) * scale];
        const set = which === 0 ? rest : now;
        brush.lineWidth = 2;
        brush.strokeStyle = "#ffffff";
        for (const chain of data.chains) {
          brush.beginPath();
          chain.forEach((i, k) => (k ? brush.lineTo(...place(set[i])) : brush.moveTo(...place(set[i]))));
          brush.stroke();
        }
        if (which === 1) {
          brush.strokeStyle = "#d55e00";
          brush.lineWidth = 4;
          rest.forEach((p, i) => {
            if (moves[i] < 0.4) return;
            brush.beginPath();
            brush.moveTo(...place(p));
            brush.lineTo(...place(now[i]));
            brush.stroke();
          });
        }
        brush.fillStyle = "#f0e442";
        for (const p of set) {
          brush.beginPath();
          brush.arc(...place(p), 3.2, 0, 7);
          brush.fill();
        }
      });
    };
    sheet.addEventListener("load", draw);
    sheet.src = data.sheet;
    for (const input of [choice, level, points]) input.addEventListener("input", draw);
    el.append(
      ui.html("div", { style: "display: flex; flex-wrap: wrap; gap: 0.4em 1.2em; align-items: center; margin-bottom: 0.6em" },
        ui.html("label", {}, "Show ", choice), ui.html("label", {}, "Intensity ", level), shown, ui.html("label", {}, points, " landmarks")),
      ui.html("div", { style: "display: flex; flex-wrap: wrap; gap: 1em" },
        ...canvases.map(({ canvas, label }) => ui.html("div", {}, canvas, label))),
      about,
    );
  },
};
