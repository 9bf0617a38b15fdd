// Run by a page that has no kernel: hands the baked-in state to the same module that the live widget runs.
const root = document.querySelector("#FIGURE:not([data-drawn])");
const state = JSON.parse(document.getElementById("FIGURE-state").textContent);
const listeners = {};
const model = {
  get: (key) => state[key],
  set: (key, value) => {
    state[key] = value;
    for (const event of [`change:${key}`, "change"]) for (const listener of listeners[event] ?? []) listener();
  },
  on: (event, listener) => { (listeners[event] ??= []).push(listener); },
  off: (event, listener) => { listeners[event] = (listeners[event] ?? []).filter((known) => listener && known !== listener); },
  save_changes: () => {},
};
root.dataset.drawn = "";
const module = await import(`data:text/javascript;charset=utf-8,${encodeURIComponent(state.module)}`);
await module.default.render({ model, el: root });
