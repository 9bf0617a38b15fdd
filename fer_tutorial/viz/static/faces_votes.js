// Ten annotators look at a face: their votes, and the label that different rules make of them.
// data: { sheet: image address (tiles in a row), size: pixels of a tile, names: [K], votes: [n][K], shown: [n] (class) }
const total = (votes) => votes.reduce((sum, count) => sum + count, 0);
const best = (votes) => votes.indexOf(Math.max(...votes));
const winner = (votes) => votes.map((_, k) => (k === best(votes) ? 1 : 0));

// Each rule turns votes (K) into target shares (K), or null where it drops the face.
const RULES = {
  "most votes": winner,
  "more than half of the votes, else dropped": (votes) => (Math.max(...votes) > total(votes) / 2 ? winner(votes) : null),
  "at least 8 of 10, else dropped": (votes) => (Math.max(...votes) >= 0.8 * total(votes) ? winner(votes) : null),
  "the shares of the votes": (votes) => votes.map((count) => count / total(votes)),
};

export default {
  render({ model, el, report }) {
    const data = model.get("data");
    const faces = data.votes.length;
    const number = ui.slider("face", { min: 0, max: faces - 1, step: 1, value: 0 }, (value) => `${value + 1} of ${faces}`);
    const rule = ui.choice("rule", Object.entries(RULES).map(([name, apply]) => [apply, name]), winner);
    const face = ui.face(180, "The face that the annotators saw");
    const bars = ui.picture(340, 24 * data.names.length + 22, "Bars: the votes and the training target of each class");

    const draw = () => {
      const votes = data.votes[number.value];
      const target = rule.value(votes);
      face.show(data.sheet, undefined, { left: number.value * data.size, size: data.size });
      ui.bars(bars, data.names, [
        { title: "votes", shares: votes.map((count) => count / total(votes)), words: (k) => votes[k] || "", color: () => "var(--fer-c5)" },
        { title: "training target", shares: target, words: (k) => target[k] || "", color: () => "var(--fer-c1)" },
      ]);
      const targets = data.votes.map(rule.value);
      const kept = targets.filter((made) => made).length;
      const agreed = targets.filter((made, i) => made && best(made) === data.shown[i]).length;
      const given = data.names.flatMap((name, k) => (votes[k] ? [`${name} ${votes[k]}`] : [])).join(", ");
      report(`Face ${number.value + 1} was drawn to show ${data.names[data.shown[number.value]]}; votes: ${given}. `
        + `${target ? `Its largest target is ${data.names[best(target)]}` : "This face is dropped"}. This rule keeps ${kept} of these `
        + `${faces} faces; the largest target is what was drawn for ${agreed} of them.`);
    };
    el.append(ui.controls(number, rule), ui.box("row", face.node, bars));
    el.addEventListener("input", draw);
    draw();
  },
};
