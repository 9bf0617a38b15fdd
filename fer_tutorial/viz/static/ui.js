// What every figure is made of.  Python puts this file in front of the frame and of the figure's own module.
const ui = {
  // An SVG element with its attributes.
  svg(tag, attributes = {}, ...children) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  },
  // An HTML element with its properties.
  html(tag, properties = {}, ...children) {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  },
  // A drawing, so many units wide and high, that shrinks with the page; the figure gives it an aria-label.
  picture(width, height, attributes = {}) {
    return ui.svg("svg", { viewBox: `0 0 ${width} ${height}`, width, role: "img", ...attributes });
  },
  slider(properties) {
    return ui.html("input", { type: "range", ...properties });
  },
  // A list to choose from: [[value, text], ...].
  choice(options) {
    return ui.html("select", {}, ...options.map(([value, text]) => ui.html("option", { value, textContent: text })));
  },
  // A paragraph that is read out when it changes.
  spoken() {
    const node = ui.html("p");
    node.setAttribute("aria-live", "polite");
    return node;
  },
};
