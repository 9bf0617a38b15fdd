// What every figure is made of.  Python puts this file in front of the frame and of the figure's own module.
const ui = {
  // An SVG element with its attributes.
  svg(tag, attributes = {}, ...children) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  },
  // An HTML element with its properties; what is no property (role, aria-label, ...) becomes an attribute.
  html(tag, properties = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name in node) node[name] = value;
      else node.setAttribute(name, value);
    }
    node.append(...children);
    return node;
  },
  // A part of a figure, laid out by frame.css: "controls", "row" (a picture and what belongs to it) or "pair" (two pictures).
  box(layout, ...children) {
    return ui.html("div", { className: `fer-${layout}` }, ...children);
  },

  // Controls.  Each is { node, value }: the figure reads and sets `value`, puts `node` on the page, and listens to "input".

  // A slider over { min, max, step, value } whose value is shown, and told to screen readers, in words.
  slider(label, range, words = String) {
    const input = ui.html("input", { type: "range", ...range });
    const shown = ui.html("span", { className: "fer-value", "aria-hidden": "true" });
    const tell = () => {
      shown.textContent = words(input.valueAsNumber);
      input.setAttribute("aria-valuetext", shown.textContent);
    };
    input.addEventListener("input", tell);
    tell();
    // As wide as its longest value, so that the slider keeps its place while it is moved, and sliders below one another end alike.
    let longest = 0;
    for (let value = range.min; value <= range.max; value += range.step) longest = Math.max(longest, words(value).length);
    shown.style.minWidth = `${Math.min(Math.max(longest, 6), 16)}ch`;
    return {
      node: ui.html("label", { className: "fer-control" }, ui.html("span", {}, label), input, shown),
      get value() { return input.valueAsNumber; },
      set value(value) { input.value = value; tell(); },
    };
  },
  // A list to choose from, [[value, text], ...], or { group: [[value, text], ...] }.
  choice(label, options, value) {
    const groups = Array.isArray(options) ? [[null, options]] : Object.entries(options);
    const values = groups.flatMap(([, group]) => group.map(([each]) => each));
    const select = ui.html("select", {}, ...groups.flatMap(([name, group]) => {
      const items = group.map(([, text]) => ui.html("option", {}, text));
      return name === null ? items : [ui.html("optgroup", { label: name }, ...items)];
    }));
    select.selectedIndex = values.indexOf(value);
    return {
      node: ui.html("label", { className: "fer-control" }, ui.html("span", {}, label), select),
      get value() { return values[select.selectedIndex]; },
      set value(value) { select.selectedIndex = values.indexOf(value); },
      get text() { return select.selectedOptions[0].text; },
      set disabled(disabled) { select.disabled = disabled; },
    };
  },
  check(label, checked = false) {
    const input = ui.html("input", { type: "checkbox", checked });
    return {
      node: ui.html("label", { className: "fer-check" }, input, ui.html("span", {}, label)),
      get value() { return input.checked; },
    };
  },
  button(text, press) {
    const node = ui.html("button", { type: "button" }, text);
    node.addEventListener("click", press);
    return { node };
  },
  // Some of the above together.
  controls(...controls) {
    return ui.box("controls", ...controls.map(({ node }) => node));
  },

  // Pictures.

  // A drawing, so many units wide and high, that shrinks with the page, while its letters stay readable.
  picture(width, height, label) {
    const node = ui.svg("svg", { viewBox: `0 0 ${width} ${height}`, width, role: "img", "aria-label": label });
    const readable = ([{ contentRect }]) => { node.style.fontSize = `${Math.max(12, (10.5 * width) / contentRect.width)}px`; };
    new ResizeObserver(readable).observe(node);
    return node;
  },
  text(x, y, text, attributes = {}) {
    return ui.svg("text", { x, y, ...attributes }, String(text));
  },
  // A line through points [[x, y], ...].
  line(points, attributes = {}) {
    return ui.svg("polyline", { points: points.map((point) => point.join(",")).join(" "), fill: "none", "stroke-width": 2, ...attributes });
  },
  star([x, y], radius, color) {
    const points = Array.from({ length: 10 }, (_, i) => {
      const [length, angle] = [i % 2 ? 0.45 * radius : radius, (i * Math.PI) / 5 - Math.PI / 2];
      return [x + length * Math.cos(angle), y + length * Math.sin(angle)].join(",");
    });
    return ui.svg("polygon", { points: points.join(" "), fill: color, stroke: "var(--fer-fg)", "stroke-width": 1.2 });
  },
  // Clears a picture and draws axes into it, x and y each { from, to, ticks: [value or [value, text]], title (y alone) }.
  // Gives back how numbers become places in the picture: { x, y }.
  axes(picture, x, y) {
    const { width, height } = picture.viewBox.baseVal;
    const [left, right] = y.ticks ? [42, width - 6] : [1, width - 1];
    const [top, bottom] = [y.title ? 24 : 6, height - (x.ticks ? 28 : 1)];
    const scale = ({ from, to }, low, high) => (value) => low + ((value - from) / (to - from)) * (high - low);
    const at = { x: scale(x, left, right), y: scale(y, bottom, top) };
    picture.replaceChildren(
      ui.svg("rect", { x: left, y: top, width: right - left, height: bottom - top, fill: "none", stroke: "var(--fer-line)" }));
    const ticks = (axis) => (axis.ticks ?? []).map((tick) => (Array.isArray(tick) ? tick : [tick, tick]));
    for (const [value, text] of ticks(y)) {
      picture.append(
        ui.svg("line", { x1: left, x2: right, y1: at.y(value), y2: at.y(value), stroke: "var(--fer-line)", opacity: 0.5 }),
        ui.text(left - 5, at.y(value), text, { dy: "0.35em", "text-anchor": "end" }));
    }
    for (const [value, text] of ticks(x)) {
      // A long text would leave the picture at either end.
      const anchor = String(text).length < 4 ? "middle" : at.x(value) > (left + right) / 2 ? "end" : "start";
      picture.append(ui.text(at.x(value), bottom, text, { dy: "1.2em", "text-anchor": anchor }));
    }
    if (y.title) picture.append(ui.text(1, 0, y.title, { dy: "1em" }));
    return at;
  },
  // Clears a picture and draws rows of bars into it: a name, then a bar for each column { title, shares, words, color }, where
  // words and color are functions of the row and shares, from 0 to 1, may be missing.
  bars(picture, names, columns) {
    const [left, row, top] = [84, 24, columns.some(({ title }) => title) ? 22 : 0];
    const step = (picture.viewBox.baseVal.width - left) / columns.length;
    picture.replaceChildren(...names.map((name, k) => ui.text(left - 6, top + row * k + 15, name, { "text-anchor": "end" })));
    columns.forEach(({ title, shares, words, color }, j) => {
      const x = left + j * step;
      if (title) picture.append(ui.text(x, 13, title));
      (shares ?? []).forEach((share, k) => {
        const width = share * (step - 44); // the rest is for the words, as many as 100 %
        picture.append(
          ui.svg("rect", { x, y: top + row * k + 3, width, height: row - 7, fill: color(k) }),
          ui.text(x + width + 5, top + row * k + 15, words(k)));
      });
    });
  },
  // A face on a canvas that looks `side` pixels wide.  show(address, over, tile) draws it and then calls over(brush, scale), where scale
  // is how large a pixel of the face becomes; tile = { left, top, size } if the face is a part of a larger picture.  Without a label
  // the face is described by what stands around it.
  face(side, label) {
    const told = label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" };
    const canvas = ui.html("canvas", { width: 2 * side, height: 2 * side, className: "fer-face", ...told });
    canvas.style.width = `${side}px`;
    const picture = new Image();
    let paint;
    picture.addEventListener("load", () => paint());
    const show = (address, over = () => {}, { left = 0, top = 0, size } = {}) => {
      paint = () => {
        const brush = canvas.getContext("2d");
        const width = size ?? picture.naturalWidth;
        brush.imageSmoothingEnabled = width > 48; // smaller faces are shown as the networks see them, in squares
        brush.drawImage(picture, left, top, width, width, 0, 0, canvas.width, canvas.width);
        brush.imageSmoothingEnabled = true;
        over(brush, canvas.width / width);
      };
      if (picture.src !== address) picture.src = address;
      else if (picture.complete) paint();
    };
    return { node: canvas, show };
  },

  // Words and numbers.

  // A key to colors and lines: [[what it stands for, color, dash], ...]; without a dash, a dot.
  legend(entries) {
    return ui.box("legend", ...entries.map(([name, color, dash]) => ui.html("span", {},
      ui.svg("svg", { width: dash === undefined ? 12 : 34, height: 12, "aria-hidden": "true" }, dash === undefined
        ? ui.svg("circle", { cx: 6, cy: 6, r: 5.5, fill: color })
        : ui.svg("line", { x1: 0, x2: 34, y1: 6, y2: 6, stroke: color, "stroke-width": 2, "stroke-dasharray": dash })),
      name)));
  },
  // A table; the first entry of every row is its heading.  cells(row, column) gives a cell its text, a node or [text, background].
  table(columns, rows, cells) {
    const heading = (text, scope) => ui.html("th", { scope }, text);
    return ui.html("table", {},
      ui.html("tr", {}, ...columns.map((column) => heading(column, "col"))),
      ...rows.map((row, i) => ui.html("tr", {}, heading(row, "row"), ...columns.slice(1).map((_, j) => {
        const [content, background = ""] = [cells(i, j)].flat();
        const cell = ui.html("td", {}, content);
        cell.style.background = background;
        return cell;
      }))));
  },
};
