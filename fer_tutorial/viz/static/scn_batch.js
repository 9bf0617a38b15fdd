// One batch under SCN's eyes: faces by importance, the two groups, the rank regularization and the relabeling.
// data: faces [{ image, given, truth, importance, probabilities [K] }], names [K], beta, delta_1, delta_2, group

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const hundredths = (value) => value.toFixed(2);

export default {
  render({ model, el, report }) {
    const data = model.get("data");
    const faces = [...data.faces].sort((a, b) => b.importance - a.importance);
    const beta = ui.slider("β, share of the high group", { min: 0.05, max: 0.95, step: 0.05, value: data.beta }, hundredths);
    const delta1 = ui.slider("δ1, rank margin", { min: 0, max: 0.6, step: 0.01, value: data.delta_1 }, hundredths);
    const delta2 = ui.slider("δ2, relabel margin", { min: 0, max: 0.95, step: 0.05, value: data.delta_2 }, hundredths);
    const group = ui.choice("who may be relabeled", [["low", "low group (paper)"], ["all", "whole batch (official code)"]], data.group);
    const cards = faces.map(({ image, truth }) => {
      const face = ui.face(96);
      face.show(image);
      const words = ui.html("div");
      return { node: ui.html("div", { className: "fer-card", role: "img" }, face.node, words), words, shows: data.names[truth] };
    });

    function draw() {
      const high = Math.max(1, Math.min(Math.floor(beta.value * faces.length + 1e-9), faces.length - 1));
      const border = faces[high - 1].importance;
      const alpha = faces.map(({ importance }) => importance);
      const gap = mean(alpha.slice(0, high)) - mean(alpha.slice(high));
      const count = { right: 0, wrong: 0, missed: 0 };
      faces.forEach(({ given, truth, importance, probabilities }, i) => {
        const largest = Math.max(...probabilities);
        const favorite = probabilities.indexOf(largest);
        const changed = (importance < border || group.value === "all") && largest - probabilities[given] > delta2.value;
        const label = changed ? favorite : given;
        const verdict = changed ? (label === truth ? "right" : "wrong") : given === truth ? "" : "missed";
        if (verdict) count[verdict] += 1;

        const { node, words, shows } = cards[i];
        const [label_, network] = [data.names[given], data.names[favorite]];
        const ps = [probabilities[given], largest].map(hundredths);
        const color = `var(--fer-c${i < high ? 0 : 1})`;
        const line = (text, className = "") => ui.html("div", { className }, text);
        node.style.border = `2px ${i < high ? "solid" : "dashed"} ${color}`;
        words.replaceChildren(
          ui.html("div", { style: `height: 0.4rem; width: ${100 * importance}%; background: ${color}` }),
          line(`α ${hundredths(importance)}`),
          line(label_, given === truth ? "" : "fer-warn"),
          line(network),
          line(ps.join(" | ")),
          line(changed ? `→ ${verdict}` : verdict, verdict === "right" ? "fer-good" : "fer-warn"));
        node.setAttribute("aria-label", `A face showing ${shows}, α ${hundredths(importance)}, ${i < high ? "high" : "low"} group. Label: `
          + `${label_}, p ${ps[0]}. Network: ${network}, p ${ps[1]}. ${changed ? `Relabeled, ${verdict}.` : verdict && "Wrong label, missed."}`);
      });
      report(`M = ${high} of ${faces.length} faces are high (solid frames). Mean importances differ by `
        + `${gap.toFixed(3)}, so the rank regularization is ${Math.max(0, delta1.value - gap).toFixed(3)}. Relabeled from the `
        + `${group.value === "all" ? "whole batch" : "low group"} above a margin of ${hundredths(delta2.value)}: `
        + `${count.right} right, ${count.wrong} wrong; ${count.missed} wrong labels missed.`);
    }
    el.append(ui.controls(beta, delta1, delta2, group), ui.box("cards", ...cards.map(({ node }) => node)),
      ui.html("div", { className: "fer-key" }, "Under each face: α, its label, the network's favorite class, the probabilities "
        + "of both; → says that the favorite becomes the label, missed that a wrong label stays."));
    el.addEventListener("input", draw);
    draw();
  },
};
