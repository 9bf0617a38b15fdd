// Ten annotators look at a face: their votes, and the label that different rules make of them.
// data: { sheet: image address (tiles in a row), size: pixels of a tile, names: [K], votes: [n][K], shown: [n] (class) }
const SHOWN = 170;
const WIDTH = 380;
const ROW = 24;

const total = (votes) => votes.reduce((sum, count) => sum + count, 0);
const best = (votes) => votes.indexOf(Math.max(...votes));

// Each rule turns votes (K) into target shares (K), or null where it drops the face.
const RULES = {
  "most votes": (votes) => votes.map((_, k) => (k === best(votes) ? 1 : 0)),
  "more than half of the votes, else dropped": (votes) =>
    (Math.max(...votes) > total(votes) / 2 ? votes.map((_, k) => (k === best(votes) ? 1 : 0)) : null),
  "at least 8 of 10, else dropped": (votes) =>
    (Math.max(...votes) >= 0.8 * total(votes) ? votes.map((_, k) => (k === best(votes) ? 1 : 0)) : null),
  "the shares of the votes": (votes) => votes.map((count) => count / total(votes)),
};

export default {
  render({ model, el }) {
    const data = model.get("data");
    const last = data.votes.length - 1;
    const face = ui.slider({ min: 0, max: last, value: 0, step: 1 });
    const number = ui.html("output", { style: "display: inline-block; min-width: 4.5em" });
    const rule = ui.choice(Object.keys(RULES).map((name) => [name, name]));
    const canvas = ui.html("canvas", { width: 2 * SHOWN, height: 2 * SHOWN, style: `width: ${SHOWN}px; height: ${SHOWN}px` });
    canvas.setAttribute("role", "img");
    const bars = ui.picture(WIDTH, ROW * data.names.length + 22);
    const summary = ui.html("p", { style: "margin: 0.5em 0 0; min-height: 2.8em" });
    const sheet = new Image();

    const draw = () => {
      const at = Number(face.value);
      const votes = data.votes[at];
      const target = RULES[rule.value](votes);
      number.textContent = `${at + 1} of ${last + 1}`;
      face.setAttribute("aria-valuetext", number.textContent);
      canvas.getContext("2d").drawImage(sheet, at * data.size, 0, data.size, data.size, 0, 0, canvas.width, canvas.height);
      canvas.setAttribute("aria-label", `Computed face showing ${data.names[data.shown[at]]}`);
      bars.replaceChildren(
        ui.svg("text", { x: 90, y: 12, "font-size": 12 }, "votes"), ui.svg("text", { x: 245, y: 12, "font-size": 12 }, "training target"));
      data.names.forEach((name, k) => {
        const y = 22 + k * ROW;
        bars.append(ui.svg("text", { x: 84, y: y + 14, "font-size": 12, "text-anchor": "end" }, name));
        bars.append(ui.svg("rect", { x: 90, y, width: 130 * (votes[k] / total(votes)), height: ROW - 8, fill: "var(--fer-c5)" }));
        if (votes[k]) bars.append(ui.svg("text", { x: 95 + 130 * (votes[k] / total(votes)), y: y + 13, "font-size": 11 }, String(votes[k])));
        if (target) bars.append(ui.svg("rect", { x: 245, y, width: 130 * target[k], height: ROW - 8, fill: "var(--fer-c1)" }));
      });
      bars.setAttribute("aria-label", data.names.map((name, k) => `${name} ${votes[k]}`).join(", "));
      const kept = data.votes.filter((row) => RULES[rule.value](row));
      const agreed = data.votes.filter((row, i) => {
        const made = RULES[rule.value](row);
        return made && best(made) === data.shown[i];
      });
      const here = target ? `Its largest target is ${data.names[best(target)]}` : "This face is dropped";
      summary.textContent = `The face was drawn to show ${data.names[data.shown[at]]}. ${here}. This rule keeps ${kept.length} of these `
        + `${last + 1} faces; the largest target is what was drawn for ${agreed.length} of them.`;
    };
    sheet.addEventListener("load", draw);
    sheet.src = data.sheet;
    face.addEventListener("input", draw);
    rule.addEventListener("input", draw);
    el.append(
      ui.html("div", { style: "display: flex; flex-wrap: wrap; gap: 0.4em 1.2em; align-items: center; margin-bottom: 0.6em" },
        ui.html("label", {}, "Face ", face), number, ui.html("label", {}, "Rule ", rule)),
      ui.html("div", { style: "display: flex; flex-wrap: wrap; gap: 1.2em" }, canvas, bars),
      summary,
    );
  },
};
