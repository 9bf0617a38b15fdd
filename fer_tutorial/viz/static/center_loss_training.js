// Two-dimensional embeddings over training: softmax loss and center loss side by side, an epoch at a time.
// data: { names: [K], epochs: [E], sets: [{ name, labels: [n] }] (S of them), panels: [{ title,
//         points: [S][E][n][2], centers: [E][K][2] or null, notes: [S][E] (a line of text for each) }] }
const SIDE = 330;
const FRAME_MS = 700;
const SPOKEN_MS = 3000;

// One scale for all epochs of a panel, so that growth and shrinking can be seen.
function limitsOf(panel) {
  const all = panel.points.flat(2).concat((panel.centers ?? []).flat());
  const [xs, ys] = [all.map((p) => p[0]), all.map((p) => p[1])];
  const middle = [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2];
  const reach = 0.53 * Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
  return middle.map((m) => ({ from: m - reach, to: m + reach, ticks: ticks(m - reach, m + reach) }));
}

function ticks(from, to) {
  const raw = (to - from) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((s) => s * power).find((s) => s >= raw);
  const values = [];
  for (let t = Math.ceil(from / step); t * step <= to; t += 1) values.push(Number((t * step).toPrecision(6)));
  return values;
}

export default {
  render({ model, el, report }) {
    const data = model.get("data");
    const last = data.epochs.length - 1;
    // Who asked for less motion steps by hand: the same button, an epoch a press.
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const epoch = ui.slider("epoch", { min: 0, max: last, step: 1, value: last }, (value) => String(data.epochs[value]));
    const play = ui.button(calm ? "Play one epoch" : "Play", () => (timer ? stop() : start()));
    const set = ui.choice("faces", data.sets.map(({ name }, i) => [i, name]), 0);
    const chosen = ui.choice("show", [[-1, "all classes"], ...data.names.map((name, k) => [k, name])], -1);
    const panels = data.panels.map((panel) => {
      const [x, y] = limitsOf(panel);
      return { ...panel, x, y, picture: ui.picture(SIDE, SIDE - 20, `Embeddings and centers: ${panel.title}`) };
    });

    const draw = () => {
      const seen = (k, strong, weak) => (chosen.value < 0 || chosen.value === k ? strong : weak);
      for (const { picture, x, y, points, centers } of panels) {
        const at = ui.axes(picture, x, y);
        picture.append(...data.sets[set.value].labels.map((k, i) => {
          const [px, py] = points[set.value][epoch.value][i];
          return ui.svg("circle", { cx: at.x(px), cy: at.y(py), r: 2.8, fill: `var(--fer-c${k})`, opacity: seen(k, 0.8, 0.08) });
        }));
        (centers?.[epoch.value] ?? []).forEach(([cx, cy], k) => {
          const star = ui.star([at.x(cx), at.y(cy)], 9, `var(--fer-c${k})`);
          star.setAttribute("opacity", seen(k, 1, 0.15));
          picture.append(star);
        });
      }
      const notes = panels.map(({ title, notes: all }) => `${title}: ${all[set.value][epoch.value]}`);
      report(`After epoch ${data.epochs[epoch.value]}, ${set.text}, ${chosen.text}. ${notes.join(". ")}.`, timer ? SPOKEN_MS : 0);
    };

    let timer = null;
    const stop = () => {
      clearInterval(timer);
      timer = null;
      if (!calm) play.node.textContent = "Play";
      draw();
    };
    const next = () => {
      epoch.value = (epoch.value + 1) % (last + 1);
      if (epoch.value === last) stop();
      else draw();
    };
    const start = () => {
      if (!calm) {
        timer = setInterval(next, FRAME_MS);
        play.node.textContent = "Pause";
      }
      if (calm || epoch.value === last) next();
    };
    epoch.node.addEventListener("input", stop);
    el.append(
      ui.controls(epoch, play, set, chosen),
      ui.box("pair", ...panels.map(({ title, picture }) => ui.html("div", {}, ui.html("strong", {}, title), picture))),
      ui.legend(data.names.map((name, k) => [name, `var(--fer-c${k})`])));
    el.addEventListener("input", draw);
    draw();
    return () => clearInterval(timer);
  },
};
