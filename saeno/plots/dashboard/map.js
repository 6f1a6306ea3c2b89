// The map: atoms that are alike lie near each other. Arrow keys go to the nearest atom in their direction.

const SVG = "http://www.w3.org/2000/svg";
const SIZE = innerWidth < 600 ? [380, 420] : [720, 560], EDGE = 26;

function svg(tag, attributes, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

whenShown.map = () => {
  const points = data.atoms.map, spans = [0, 1].map((axis) => points.map((point) => point[axis]));
  const [low, high] = [spans.map((span) => Math.min(...span)), spans.map((span) => Math.max(...span))];
  // One scale for both axes, so that distances can be compared.
  const scale = Math.min(...[0, 1].map((axis) => (SIZE[axis] - 2 * EDGE) / (high[axis] - low[axis] || 1)));
  const place = (point) => [0, 1].map((axis) => SIZE[axis] / 2 + (axis ? -1 : 1) * scale * (point[axis] - (low[axis] + high[axis]) / 2));
  const spots = points.map(place), size = Math.max(4, Math.min(9, 110 / Math.sqrt(COUNT)));
  const marks = spots.map(([x, y], concept) => {
    const usage = data.concepts.usage[concept];
    const mark = svg("g", { role: "button", tabindex: -1, class: usage ? "" : "never", "aria-label": `${named(concept)}, ${usage ? `used in ${percent(usage)} of signals` : "never used"}` },
      svg("title", {}, named(concept)), svg("circle", { cx: x, cy: y, r: size * (0.6 + 0.8 * Math.sqrt(usage)) }),
      ...(COUNT <= 64 ? [svg("text", { x: x + size * (0.6 + 0.8 * Math.sqrt(usage)) + 4, y: y + 4 }, `${concept}`)] : []));
    mark.addEventListener("click", () => { point(concept); mark.focus(); });
    mark.addEventListener("keydown", (event) => step(event, concept));
    return mark;
  });
  const words = svg("text", { "text-anchor": "middle" });
  const halo = svg("circle", { class: "halo" }); // on top of all, and nothing to click on
  const drawing = svg("svg", { viewBox: `0 0 ${SIZE.join(" ")}`, role: "group", "aria-label": "Map of atoms" }, ...marks, halo, words);

  const step = (event, concept) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); return choose(concept, true); }
    const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[event.key];
    if (!way) return;
    event.preventDefault();
    const cost = spots.map(([x, y]) => {
      const dx = x - spots[concept][0], dy = y - spots[concept][1];
      const ahead = dx * way[0] + dy * way[1], aside = Math.abs(dx * way[1]) + Math.abs(dy * way[0]);
      return ahead > 1e-6 ? ahead + 2 * aside : Infinity;
    });
    const next = cost.indexOf(Math.min(...cost));
    if (Number.isFinite(cost[next])) { point(next); marks[next].focus(); }
  };
  const point = (concept) => { choose(concept); };
  const side = el("article", { class: "detail", "aria-live": "polite" });
  listeners.push((concept) => {
    marks.forEach((mark, i) => { mark.setAttribute("aria-current", i === concept); mark.setAttribute("tabindex", i === concept ? 0 : -1); });
    const [x, y] = spots[concept];
    for (const name of ["cx", "cy", "r"]) halo.setAttribute(name, marks[concept].querySelector("circle").getAttribute(name));
    words.textContent = COUNT <= 64 ? labelled(concept).slice(0, 30) : `${concept} ${labelled(concept).slice(0, 30)}`;
    words.setAttribute("x", Math.min(Math.max(x, 60), SIZE[0] - 60));
    words.setAttribute("y", y < 40 ? y + 30 : y - 16);
    const near = data.atoms.alike[concept].slice(0, 6);
    side.replaceChildren(el("h2", {}, named(concept)), thumbnail(concept),
      el("p", {}, data.concepts.usage[concept] ? `Used in ${percent(data.concepts.usage[concept])} of signals.` : "Never used."),
      el("p", {}, el("button", { type: "button", onclick: () => choose(concept, true) }, "Open in the atlas")),
      near.length ? el("h3", {}, "Most alike") : "", atoms(near, near.map((_, i) => `cosine ${data.atoms.cosine[concept][i].toFixed(2).replace("-", "−")}`)));
  });
  const kept = data.atoms.kept;
  const note = `Near is alike: the distance of two atoms is √(2 − 2 ${data.signed ? "|cosine|" : "cosine"})${FUNCTIONS ? ", at the shift where they are most alike" : ""}, as well as a plane can show it. It shows ${percent(kept)} of it; the rest lies in other directions, so look at the cosines too. A larger disk is used in more signals.`;
  $("view-map").append(el("div", { class: "panel", id: "map" }, drawing, el("p", { class: "quiet" }, note)), side);
  choose(state.concept);
};
