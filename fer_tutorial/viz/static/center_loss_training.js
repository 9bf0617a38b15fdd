// Two-dimensional embeddings over training: softmax loss and center loss side by side, an epoch at a time.
// data: { names: [K], epochs: [E], sets: [{ name, labels: [n] }] (S of them), panels: [{ title,
//         points: [S][E][n][2], centers: [E][K][2] or null, notes: [S][E] (a line of text for each) }] }
const SIDE = 280;
const MARGIN = 34;
const FRAME_MS = 700;

// One scale for all epochs of a panel, so that growth and shrinking can be seen.
function limitsOf(panel) {
  const all = panel.points.flat(2).concat((panel.centers ?? []).flat());
  const [xs, ys] = [all.map((p) => p[0]), all.map((p) => p[1])];
  const middle = [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2];
  const reach = 0.53 * Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
  return { middle, reach };
}

function ticks(middle, reach) {
  const raw = reach / 2;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((s) => s * power).find((s) => s >= raw);
  const values = [];
  for (let t = Math.ceil((middle - reach) / step); t * step <= middle + reach; t += 1) values.push(t * step);
  return values.map((value) => Number(value.toPrecision(6)));
}

function drawPanel(panel, data) {
  const { middle, reach } = limitsOf(panel);
  const x = (value) => MARGIN + ((value - middle[0] + reach) / (2 * reach)) * (SIDE - MARGIN - 6);
  const y = (value) => 6 + ((middle[1] + reach - value) / (2 * reach)) * (SIDE - MARGIN - 6);
  const bottom = SIDE - MARGIN;
  const picture = ui.picture(SIDE, SIDE - 12);
  picture.append(ui.svg("rect", {
    x: MARGIN, y: 6, width: SIDE - MARGIN - 6, height: bottom - 6, fill: "none", stroke: "var(--fer-line)",
  }));
  const label = (text, at) => ui.svg("text", { "font-size": 10, ...at }, String(text));
  for (const value of ticks(middle[0], reach)) picture.append(label(value, { x: x(value), y: bottom + 13, "text-anchor": "middle" }));
  for (const value of ticks(middle[1], reach)) picture.append(label(value, { x: MARGIN - 4, y: y(value) + 3, "text-anchor": "end" }));
  const dots = ui.svg("g", {});
  const stars = data.names.map((_, k) => ui.svg("path", {
    d: "M0,-9 L2.6,-2.8 9,-2.8 3.9,1.6 5.6,8 0,4.2 -5.6,8 -3.9,1.6 -9,-2.8 -2.6,-2.8 Z",
    fill: `var(--fer-c${k})`, stroke: "var(--fer-fg)", "stroke-width": 1.2,
  }));
  picture.append(dots, ...(panel.centers ? stars : []));
  const note = ui.html("div", { style: "color: var(--fer-muted); font-size: 0.85em; min-height: 2.6em" });
  const column = ui.html("div", { style: `width: ${SIDE}px; max-width: 100%` },
    ui.html("strong", {}, panel.title), picture, note);
  const update = (set, epoch, chosen) => {
    dots.replaceChildren(...data.sets[set].labels.map((k, i) => ui.svg("circle", {
      cx: x(panel.points[set][epoch][i][0]), cy: y(panel.points[set][epoch][i][1]), r: 2.6,
      fill: `var(--fer-c${k})`, opacity: chosen < 0 || chosen === k ? 0.8 : 0.08,
    })));
    if (panel.centers) {
      stars.forEach((star, k) => {
        star.setAttribute("transform", `translate(${x(panel.centers[epoch][k][0])},${y(panel.centers[epoch][k][1])})`);
        star.setAttribute("opacity", chosen < 0 || chosen === k ? 1 : 0.15);
      });
    }
    picture.setAttribute("aria-label", `${panel.title}: ${panel.notes[set][epoch]}`);
    note.textContent = panel.notes[set][epoch];
  };
  return { column, update };
}

export default {
  render({ model, el }) {
    const data = model.get("data");
    const last = data.epochs.length - 1;
    const panels = data.panels.map((panel) => drawPanel(panel, data));
    const slider = ui.slider({ min: 0, max: last, value: last, step: 1 });
    const shown = ui.html("output", { style: "display: inline-block; min-width: 5.5em" });
    const play = ui.html("button", { type: "button" }, "Play");
    const choice = ui.choice([[-1, "all classes"], ...data.names.map((name, k) => [k, name])]);
    const faces = ui.choice(data.sets.map((set, i) => [i, set.name]));
    const legend = ui.html("div", { style: "display: flex; flex-wrap: wrap; gap: 0.2em 1em; margin-top: 0.3em" },
      ...data.names.map((name, k) => {
        const swatch = ui.html("span", { style: `display: inline-block; width: 0.8em; height: 0.8em; border-radius: 50%; background: var(--fer-c${k}); margin-right: 0.35em` });
        return ui.html("span", {}, swatch, name);
      }));
    let timer = null;
    const stop = () => {
      clearInterval(timer);
      timer = null;
      play.textContent = "Play";
    };
    const draw = () => {
      const epoch = Number(slider.value);
      shown.textContent = `after epoch ${data.epochs[epoch]}`;
      slider.setAttribute("aria-valuetext", shown.textContent);
      for (const panel of panels) panel.update(Number(faces.value), epoch, Number(choice.value));
    };
    slider.addEventListener("input", () => { stop(); draw(); });
    choice.addEventListener("input", draw);
    faces.addEventListener("input", draw);
    play.addEventListener("click", () => {
      if (timer) {
        stop();
        return;
      }
      if (Number(slider.value) === last) slider.value = 0;
      play.textContent = "Pause";
      draw();
      timer = setInterval(() => {
        slider.value = Number(slider.value) + 1;
        draw();
        if (Number(slider.value) === last) stop();
      }, FRAME_MS);
    });
    el.append(
      ui.html("div", { style: "display: flex; flex-wrap: wrap; gap: 0.4em 1em; align-items: center; margin-bottom: 0.6em" },
        play, ui.html("label", {}, "Epoch ", slider), shown, ui.html("label", {}, "Faces ", faces), ui.html("label", {}, "Show ", choice)),
      ui.html("div", { style: "display: flex; flex-wrap: wrap; gap: 1em" }, ...panels.map((panel) => panel.column)),
      legend,
    );
    draw();
    return stop;
  },
};
