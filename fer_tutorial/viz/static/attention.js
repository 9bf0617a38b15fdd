// A network that can be questioned: its probabilities for a face and its maps over it, and what becomes of both when a part
// of the face is hidden, or all of it moved, blurred, brightened, made noisy or mirrored.
// data: names [K], size (pixels of a face's side), task { face, to, smallest } or null, faces [{ image, label }],
//       networks [{ name, maps: [[its name, output, whether there is one a class]],
//       numbers: [[its name, output]], known: [{ output: numbers } a face],
//       graph, or address and megabytes }].  What is known is of the faces as they are, so that the networks are loaded
//       when they are first asked about something else.

const FOR = [230, 159, 0]; // orange and blue are told apart by everybody, and lie over a gray face
const AGAINST = [0, 114, 178];
const GRAY = 0.5; // of the patch
const SWEPT = 8; // pixels of the patch of a sweep, while none is chosen
const CELLS = 12; // places of a sweep in a row
const SIDE = 264;

const signed = (value, digits = 2) => {
  const size = Math.abs(value).toFixed(digits);
  return Number(size) === 0 ? size : `${value < 0 ? "−" : "+"}${size}`;
};
const short = (value) => value.toFixed(value < 0.1 ? 3 : 2); // as exact as what is known of the faces
const percent = (share) => `${Math.round(100 * share)} %`;
const nextTurn = () => new Promise((resolve) => { setTimeout(resolve); });
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

function softmax(logits) {
  const highest = Math.max(...logits);
  const powers = Array.from(logits, (value) => Math.exp(value - highest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

const best = (values) => values.reduce((found, value, k) => (value > values[found] ? k : found), 0);

// Pixels of normal distribution, the same at every call.
function noiseOf(count) {
  let state = 1;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return Float32Array.from({ length: count }, () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()));
}

// A face (3 · size · size, from 0 to 1) as the reader has changed it; beyond its edges the outermost pixels go on.
function changedFace(face, size, { mirror, right, down, blur, brightness, noise }, grains) {
  const inside = (i) => clamp(i, 0, size - 1);
  const moved = (from, place) => {
    const to = new Float32Array(from.length);
    for (let c = 0, i = 0; c < 3; c += 1) {
      for (let y = 0; y < size; y += 1) for (let x = 0; x < size; x += 1, i += 1) to[i] = place(from, c * size * size, x, y);
    }
    return to;
  };
  let pixels = face;
  if (mirror) pixels = moved(pixels, (from, start, x, y) => from[start + y * size + size - 1 - x]);
  if (right || down) pixels = moved(pixels, (from, start, x, y) => from[start + inside(y - down) * size + inside(x - right)]);
  if (blur) {
    const reach = Math.ceil(3 * blur);
    const bell = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * blur ** 2)));
    const total = bell.reduce((sum, weight) => sum + weight, 0);
    const along = (from, at) => bell.reduce((sum, weight, i) => sum + weight * from[at(i - reach)], 0) / total;
    pixels = moved(pixels, (from, start, x, y) => along(from, (i) => start + y * size + inside(x + i)));
    pixels = moved(pixels, (from, start, x, y) => along(from, (i) => start + inside(y + i) * size + x));
  }
  if (brightness || noise) pixels = pixels.map((value, i) => clamp(value * (1 + brightness) + noise * grains[i], 0, 1));
  return pixels;
}

// The square, so many pixels wide, around a pixel: [left, top, right, bottom], cut off at the face's edges.
function square(size, width, { x, y }) {
  const edges = (center) => [center - Math.floor(width / 2), center - Math.floor(width / 2) + width].map((edge) => clamp(edge, 0, size));
  const [[left, right], [top, bottom]] = [edges(x), edges(y)];
  return [left, top, right, bottom];
}

function hidden(pixels, size, [left, top, right, bottom]) {
  const out = pixels.slice();
  for (let c = 0; c < 3; c += 1) {
    for (let y = top; y < bottom; y += 1) out.fill(GRAY, (c * size + y) * size + left, (c * size + y) * size + right);
  }
  return out;
}

// Pixels as a small canvas.
function canvasOf(side, colorOf) {
  const canvas = ui.html("canvas", { width: side, height: side });
  const image = new ImageData(side, side);
  for (let i = 0; i < side * side; i += 1) image.data.set(colorOf(i), 4 * i);
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

export default {
  async render({ model, el, report }) {
    const { names, size, faces, networks, task } = model.get("data");
    const originals = await Promise.all(faces.map(({ image }) => Network.pixels(image)));
    const grains = noiseOf(3 * size * size);
    const loaded = {};
    const sweeps = {};
    let [place, kept] = [{ x: size >> 1, y: size >> 1 }, { x: size >> 1, y: size >> 1 }]; // pointed at; chosen
    let turn = 0; // counts what is drawn, so that what took longer does not overwrite what came later
    let ended = false;
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

    // --- what is asked ---

    const shown = ui.choice("face", faces.map(({ label }, i) => [i, `${i + 1}: ${names[label]}`]), task?.face ?? 0);
    const asked = ui.choice("network", networks.map(({ name }, n) => [n, name]), networks.length - 1);
    const explained = ui.choice("class", [[-1, "the predicted one"], ...names.map((name, k) => [k, name])], -1);
    const mapNames = [...new Set(networks.flatMap(({ maps }) => maps.map(([name]) => name)))];
    const shownMap = ui.choice("map", [...mapNames, "occlusion", "none"].map((name) => [name, name]), mapNames[0]);
    const blend = ui.slider("strength", { min: 0, max: 1, step: 0.1, value: 0.7 }, percent);
    const pixelsWide = (value) => (value ? `${value} px` : "none");
    const patch = ui.slider("gray patch", { min: 0, max: Math.floor(size / 2 / 2) * 2, step: 2, value: 0 }, pixelsWide);
    const far = Math.round(size / 6);
    const shift = { min: -far, max: far, step: 1, value: 0 };
    const right = ui.slider("shift right", shift, (value) => `${value} px`);
    const down = ui.slider("shift down", shift, (value) => `${value} px`);
    const blur = ui.slider("blur", { min: 0, max: 3, step: 0.25, value: 0 }, (value) => `${value} px`);
    const noise = ui.slider("noise", { min: 0, max: 0.4, step: 0.02, value: 0 }, percent);
    const brightness = ui.slider("brightness", { min: -0.6, max: 0.6, step: 0.1, value: 0 }, (value) => `${signed(100 * value, 0)} %`);
    const mirror = ui.check("mirror");

    // --- what is seen ---

    const canvas = ui.html("canvas", {
      width: 2 * SIDE, height: 2 * SIDE, className: "fer-face", tabIndex: 0, role: "application",
      "aria-label": "The face under its map; arrow keys move the place that is read, and the patch",
    });
    canvas.style.width = `${SIDE}px`;
    canvas.style.cursor = "crosshair";
    const legend = ui.html("div");
    const bars = ui.picture(360, 22 + 24 * names.length, `Bars: the probabilities of ${names.length} classes, for the face as it is and as it was changed`);
    const gauges = ui.picture(360, 22 + 24 * Math.max(1, ...networks.map(({ numbers }) => numbers.length)), "Bars: what else the network says of the face");
    const tiles = faces.map((face, i) => {
      const { node, show } = ui.face(44);
      show(face.image);
      const mark = ui.html("span");
      const tile = ui.html("div", { className: "fer-tile" }, node, mark);
      tile.addEventListener("click", () => { shown.value = i; draw(); });
      return { tile, mark };
    });
    const strip = ui.html("div", { className: "fer-strip", "aria-hidden": "true" }, ...tiles.map(({ tile }) => tile)); // told by "face"

    // --- asking the network ---

    async function networkOf(n) {
      const live = () => new Promise((resolve) => {
        const answered = () => {
          const { graph } = model.get("data").networks[n];
          if (!graph) return;
          model.off("change:data", answered);
          resolve(new Network(graph));
        };
        model.on("change:data", answered);
        model.set("request", { network: n });
        model.save_changes();
      });
      const { graph, address } = networks[n];
      if (graph) loaded[n] ??= Promise.resolve(new Network(graph));
      loaded[n] ??= model.get("live") ? live() : Network.load(address);
      return loaded[n];
    }

    const changes = () => ({
      mirror: mirror.value, right: right.value, down: down.value, blur: blur.value, brightness: brightness.value, noise: noise.value,
    });

    function changesInWords() {
      const words = [];
      if (patch.value) words.push(`a patch of ${patch.value} pixels around column ${place.x + 1}, row ${place.y + 1}`);
      if (right.value) words.push(`shifted ${Math.abs(right.value)} pixels to the ${right.value > 0 ? "right" : "left"}`);
      if (down.value) words.push(`shifted ${Math.abs(down.value)} pixels ${down.value > 0 ? "down" : "up"}`);
      if (blur.value) words.push(`blurred by ${blur.value} pixels`);
      if (noise.value) words.push(`noise of ${percent(noise.value)}`);
      if (brightness.value) words.push(`brightness ${signed(100 * brightness.value, 0)} %`);
      if (mirror.value) words.push("mirrored");
      return words.join(", ");
    }

    // Hides every place in turn: the probabilities of all classes, a row of CELLS after the other.
    async function sweep(network, pixels, key) {
      const found = { probabilities: [], done: 0 };
      sweeps[key] = found;
      const cell = size / CELLS;
      const width = patch.value || SWEPT;
      for (let i = 0; i < CELLS * CELLS; i += 1) {
        const center = { x: Math.floor((i % CELLS + 0.5) * cell), y: Math.floor((Math.floor(i / CELLS) + 0.5) * cell) };
        const { logits } = network.run({ pixels: hidden(pixels, size, square(size, width, center)) }, ["logits"]);
        found.probabilities.push(softmax(logits.data));
        await nextTurn();
        if (ended || key !== sweepKey()) {
          delete sweeps[key]; // it begins anew when it is asked for again
          return;
        }
        found.done = (i + 1) / CELLS ** 2;
        if (found.done === 1 || ((i + 1) % CELLS === 0 && !still)) draw(2000);
      }
    }

    const sweepKey = () => (shownMap.value === "occlusion"
      ? JSON.stringify([shown.value, asked.value, patch.value || SWEPT, changes()]) : null);

    // --- drawing ---

    // { values, side, scale, unit, cellOf } of the map that is shown, or null.
    function mapOf({ maps }, results, k, reference) {
      if (shownMap.value === "none") return null;
      if (shownMap.value === "occlusion") {
        const { probabilities, done } = sweeps[sweepKey()] ?? { probabilities: [], done: 0 };
        const values = Array.from({ length: CELLS ** 2 }, (_, i) => (probabilities[i] ? reference[k] - probabilities[i][k] : 0));
        return { values, side: CELLS, scale: Math.max(0.01, ...values.map(Math.abs)), done };
      }
      const [, output, perClass] = maps.find(([name]) => name === shownMap.value) ?? [];
      if (!output) return null;
      const all = results[output];
      const area = perClass ? all.length / names.length : all.length;
      const values = Array.from(perClass ? all.slice(k * area, (k + 1) * area) : all);
      const mean = values.reduce((sum, value) => sum + value, 0) / area;
      return { values, side: Math.sqrt(area), scale: Math.max(1e-9, ...values.map(Math.abs)), mean, perClass };
    }

    const at = ({ values, side }) => values[Math.floor((place.y * side) / size) * side + Math.floor((place.x * side) / size)];

    function paint(pixels, map) {
      const [brush, whole, area] = [canvas.getContext("2d"), canvas.width, size * size];
      const strength = map ? blend.value : 0;
      const over = (small, smooth, opacity = 1) => {
        brush.imageSmoothingEnabled = smooth;
        brush.globalAlpha = opacity;
        brush.drawImage(small, 0, 0, whole, whole);
        brush.globalAlpha = 1;
      };
      over(canvasOf(size, (i) => [0, 1, 2].map((c) => {
        const gray = 0.3 * pixels[i] + 0.59 * pixels[i + area] + 0.11 * pixels[i + 2 * area];
        return 255 * (strength * gray + (1 - strength) * pixels[i + c * area]); // colors of a face would be taken for the map's
      }).concat(255)), size > 48);
      if (map) over(canvasOf(map.side, (i) => [...(map.values[i] > 0 ? FOR : AGAINST), 255 * strength * Math.abs(map.values[i] / map.scale)]), false);
      const scale = whole / size;
      const [left, top, until, bottom] = square(size, patch.value || 1, place);
      for (const [color, width] of [["#000", 5], ["#fff", 2]]) {
        brush.strokeStyle = color;
        brush.lineWidth = width;
        brush.strokeRect(left * scale, top * scale, (until - left) * scale, (bottom - top) * scale);
      }
    }

    // Which place a number has among those of all faces as they are, from below: 1 is the least.
    const placeOf = (value, { known }, output) => 1 + known.filter((other, i) => i !== shown.value && other[output][0] < value).length;

    function tell({ network, results, now, before, map, k, pause }) {
      const { label } = faces[shown.value];
      const guess = best(now);
      const verdict = guess === label ? `recognized with ${percent(now[label])}` : `taken for ${names[guess]} with ${percent(now[guess])}, ${names[label]} has ${percent(now[label])}`;
      const words = [`Face ${shown.value + 1}, ${names[label]}: ${verdict} by ${network.name}.`];
      const changed = changesInWords();
      if (changed) words.push(`Changed: ${changed}; ${names[k]} goes from ${percent(before[k])} to ${percent(now[k])}.`);
      for (const [title, output] of network.numbers) {
        const ranked = (value) => `${short(value)}, number ${placeOf(value, network, output)} of ${faces.length} from below`;
        const [was, is] = [network.known[shown.value][output][0], results[output][0]];
        words.push(changed ? `Its ${title} goes from ${ranked(was)}, to ${ranked(is)}.` : `Its ${title} is ${ranked(was)}.`);
      }
      const spot = `At column ${place.x + 1}, row ${place.y + 1}`;
      if (!map) words.push(`${shownMap.value === "none" ? "No map is shown" : `${network.name} has no such map`} (map at ${percent(blend.value)}).`);
      else if (shownMap.value === "occlusion") {
        words.push(map.done < 1 ? `Sweeping a patch of ${patch.value || SWEPT} pixels: ${percent(map.done)}, map at ${percent(blend.value)}.`
          : `${spot}, hiding ${patch.value || SWEPT} pixels changes ${names[k]} by ${signed(-100 * at(map), 0)} points (map at ${percent(blend.value)}).`);
      } else if (map.perClass) {
        words.push(`${spot}, the ${shownMap.value} of ${names[k]} is ${signed(at(map))}; its mean is ${signed(map.mean)} (map at ${percent(blend.value)}).`);
      } else words.push(`${spot}, the ${shownMap.value} is ${(100 * at(map)).toFixed(1)} % (map at ${percent(blend.value)}).`);
      const alone = patch.value && Object.values(changes()).every((value) => !value);
      if (task && shown.value === task.face && asked.value === task.network && alone && guess === task.to) {
        const width = patch.value;
        words.push(`✓ A patch of ${width} pixels makes ${names[task.to]} of it; ${width <= task.smallest ? "none that is smaller does" : "a smaller one does, too"}.`);
      }
      report(words.join(" "), pause);
    }

    function drawStrip(network) {
      tiles.forEach(({ tile, mark }, i) => {
        const guess = best(network.known[i].logits);
        tile.classList.toggle("fer-chosen", i === shown.value);
        const [number] = network.numbers;
        mark.textContent = `${guess === faces[i].label ? "✓" : "✗"}${number ? ` ${short(network.known[i][number[1]][0])}` : ""}`;
        mark.className = guess === faces[i].label ? "fer-good" : "fer-warn";
      });
    }

    async function draw(pause = 0) {
      turn += 1;
      const mine = turn;
      const [network, n, made] = [networks[asked.value], asked.value, changes()];
      const known = network.known[shown.value];
      const touched = patch.value > 0 || Object.values(made).some(Boolean);
      const whole = changedFace(originals[shown.value], size, made, grains);
      const pixels = patch.value ? hidden(whole, size, square(size, patch.value, place)) : whole;
      let [results, running] = [known, null];
      if (touched || shownMap.value === "occlusion") {
        if (!loaded[n]) report(`The network of ${network.name} is loaded${network.megabytes ? ` (${network.megabytes} MB)` : ""} …`);
        try {
          running = await networkOf(n);
        } catch {
          delete loaded[n];
          report(`The network of ${network.name} is not there (${network.address}), so this can only be asked where the book is whole.`);
          return;
        }
        if (mine !== turn || ended) return;
      }
      if (touched) {
        const wanted = ["logits", ...[...network.maps, ...network.numbers].map(([, output]) => output)];
        results = Object.fromEntries(Object.entries(running.run({ pixels }, wanted)).map(([name, { data }]) => [name, data]));
      }
      const [before, now] = [softmax(known.logits), softmax(results.logits)];
      const k = explained.value < 0 ? best(now) : explained.value;
      let reference = before; // of an occlusion map: the face with all changes but the patch
      const key = sweepKey();
      if (key !== null) {
        if (Object.values(made).some(Boolean)) reference = softmax(running.run({ pixels: whole }, ["logits"]).logits.data);
        if (!sweeps[key]) sweep(running, whole, key);
      }
      const map = mapOf(network, results, k, reference);

      paint(pixels, map);
      drawStrip(network);
      const colored = (c) => `rgb(${c.join(" ")})`;
      const strongest = map && (shownMap.value === "occlusion" ? `${Math.round(100 * map.scale)} points` : map.perClass ? map.scale.toPrecision(3) : percent(map.scale));
      legend.replaceChildren(map ? ui.legend(map.perClass === false ? [[`weighs most: ${strongest}`, colored(FOR)]]
        : [[`for ${names[k]}, up to ${strongest}`, colored(FOR)], ["against it", colored(AGAINST)]]) : "");
      const columns = (shares, of) => [["as it is", before], ["changed", now]].map(([title, values], j) => ({
        title, shares: j && !touched ? null : shares(values, j), words: (row) => of(values, row, j), color: (row) => (row === k ? "var(--fer-c1)" : "var(--fer-c0)"),
      }));
      ui.bars(bars, names, columns((values) => values, (values, row) => percent(values[row])));
      gauges.style.display = network.numbers.length ? "" : "none";
      if (network.numbers.length) {
        const value = (row, j) => (j ? results : known)[network.numbers[row][1]][0];
        ui.bars(gauges, network.numbers.map(([name]) => name), [0, 1].map((j) => ({
          title: "", shares: j && !touched ? null : network.numbers.map((_, row) => value(row, j)),
          words: (row) => short(value(row, j)), color: () => "var(--fer-c2)",
        })));
      }
      tell({ network, results, now, before, map, k, pause });
    }

    // --- operating it ---

    // Pointing shows the place under the pointer; a press, a finger or a key chooses it.
    const pixelUnder = (event) => {
      const box = canvas.getBoundingClientRect();
      const pixel = (offset, length) => clamp(Math.floor((offset / length) * size), 0, size - 1);
      return { x: pixel(event.clientX - box.left, box.width), y: pixel(event.clientY - box.top, box.height) };
    };
    let waiting = false; // at most one drawing a frame, however fast the pointer is
    const goTo = (to, choose) => {
      place = to;
      if (choose) kept = to;
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => { waiting = false; if (!ended) draw(500); });
    };
    canvas.addEventListener("pointerdown", (event) => goTo(pixelUnder(event), true));
    canvas.addEventListener("pointermove", (event) => goTo(pixelUnder(event), event.buttons > 0));
    canvas.addEventListener("pointerleave", () => goTo(kept, false));
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!step) return;
      event.preventDefault();
      const far_ = event.shiftKey ? 4 : 1;
      goTo({ x: clamp(place.x + far_ * step[0], 0, size - 1), y: clamp(place.y + far_ * step[1], 0, size - 1) }, true);
    });
    const touchMoves = () => { canvas.style.touchAction = patch.value ? "none" : "auto"; }; // a finger moves the patch, not the page
    el.append(
      strip,
      ui.box("row",
        ui.html("div", { className: "fer-hold" }, canvas, legend),
        ui.html("div", {}, ui.controls(shown, asked, explained, shownMap, blend), bars, gauges,
          ui.controls(patch, right, down, blur, noise, brightness, mirror))),
    );
    el.addEventListener("input", () => { touchMoves(); draw(); });
    await draw();
    return () => { ended = true; };
  },
};
