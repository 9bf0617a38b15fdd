// One batch under SCN's eyes: faces by importance, the two groups, the rank regularization and the relabelling.
// data: faces [{ image, given, truth, importance, probabilities [K] }], names [K], beta, delta_1, delta_2, group

function labelled(text, input, after = []) {
  const label = ui.html("label", { style: "display: grid; grid-template-columns: 9.5rem minmax(6rem, 1fr) 3.2rem; gap: 0.5rem; align-items: center;" });
  label.append(text, input, ...after);
  return label;
}

function line(parent, text, color) {
  const node = ui.html("div");
  node.textContent = text;
  node.style.color = color ?? "var(--fer-fg)";
  parent.append(node);
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

export default {
  render({ model, el }) {
    const data = model.get("data");
    const faces = [...data.faces].sort((a, b) => b.importance - a.importance);
    const controls = ui.html("div", { style: "display: grid; gap: 0.35rem; max-width: 30rem; margin-bottom: 0.6rem;" });
    const slider = (text, value, min, max, step) => {
      const input = ui.slider({ min, max, step, value });
      const output = ui.html("output");
      input.addEventListener("input", draw);
      controls.append(labelled(text, input, [output]));
      return () => { output.textContent = Number(input.value).toFixed(2); return Number(input.value); };
    };
    const beta = slider("β, share of the high group", data.beta, 0.05, 0.95, 0.05);
    const delta1 = slider("δ1, rank margin", data.delta_1, 0, 0.6, 0.01);
    const delta2 = slider("δ2, relabel margin", data.delta_2, 0, 0.95, 0.05);
    const group = ui.choice([["low", "low group (paper)"], ["all", "whole batch (official code)"]]);
    group.value = data.group;
    group.addEventListener("change", draw);
    controls.append(labelled("who may be relabelled", group));

    const report = ui.spoken();
    const cards = ui.html("div", { style: "display: flex; flex-wrap: wrap; gap: 0.5rem;" });
    el.replaceChildren(controls, report, cards);

    function draw() {
      const [share, margin1, margin2] = [beta(), delta1(), delta2()];
      const high = Math.max(1, Math.min(Math.floor(share * faces.length + 1e-9), faces.length - 1));
      const border = faces[high - 1].importance;
      const alpha = faces.map((face) => face.importance);
      const gap = mean(alpha.slice(0, high)) - mean(alpha.slice(high));
      const loss = Math.max(0, margin1 - gap);
      const count = { right: 0, wrong: 0, missed: 0 };
      cards.replaceChildren();
      faces.forEach((face, i) => {
        const low = face.importance < border;
        const largest = Math.max(...face.probabilities);
        const favourite = face.probabilities.indexOf(largest);
        const changed = (low || group.value === "all") && largest - face.probabilities[face.given] > margin2;
        const now = changed ? favourite : face.given;
        let verdict = "";
        if (changed) verdict = now === face.truth ? "right" : "wrong";
        else if (face.given !== face.truth) verdict = "missed";
        if (verdict) count[verdict] += 1;

        const card = ui.html("div", { style: "width: 6.4rem; padding: 0.3rem; border-radius: 4px; font-size: 0.75rem; line-height: 1.3;" });
        card.style.border = `2px ${i < high ? "solid" : "dashed"} var(${i < high ? "--fer-c0" : "--fer-c1"})`;
        const picture = ui.html("img", {
          src: face.image, alt: `a face showing ${data.names[face.truth]}`,
        });
        picture.style.cssText = "width: 100%; image-rendering: pixelated; display: block;";
        const bar = ui.html("div", { style: `height: 0.4rem; margin: 0.2rem 0; width: ${100 * face.importance}%;` });
        bar.style.background = `var(${i < high ? "--fer-c0" : "--fer-c1"})`;
        card.append(picture, bar);
        line(card, `α = ${face.importance.toFixed(2)} (${i < high ? "high" : "low"})`);
        line(card, `label: ${data.names[face.given]}`, face.given === face.truth ? undefined : "var(--fer-c3)");
        line(card, `network: ${data.names[favourite]} ${largest.toFixed(2)}`);
        line(card, `label's p: ${face.probabilities[face.given].toFixed(2)}`);
        if (changed) line(card, `→ ${data.names[now]}, ${verdict}`, `var(${verdict === "right" ? "--fer-c2" : "--fer-c3"})`);
        else if (verdict) line(card, "wrong label, missed", "var(--fer-muted)");
        cards.append(card);
      });
      report.textContent = `M = ${high} of ${faces.length} faces are high (solid frames). Mean importances differ by `
        + `${gap.toFixed(3)}, so the rank regularization is ${loss.toFixed(3)}. `
        + `Relabelled: ${count.right} right, ${count.wrong} wrong; ${count.missed} wrong labels missed.`;
    }
    draw();
  },
};
