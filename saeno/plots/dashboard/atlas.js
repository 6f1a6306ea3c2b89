// The atlas: cards of all concepts, found, sorted and walked through by keyboard; and the concept that was chosen.

const SORTS = [
  ["usage", "usage", (c) => -data.concepts.usage[c]],
  ["energy", "energy", (c) => -data.concepts.energy[c]],
  ["frequency", "frequency", (c) => data.atoms.frequency[c]],
  ["effect", "effect on the output", (c) => -effect(c)],
  ["alike", "likeness to the chosen one", null],
  ["number", "number", (c) => c],
];

// The largest effect of a concept on the output, over all doses; −1 where it was not steered.
function effect(concept) {
  const place = data.steering.concepts.indexOf(concept);
  return place < 0 ? -1 : Math.max(...data.steering.effect[place].map((one) => one ?? 0));
}

let shown = []; // concepts, in the order of their cards

function buildAtlas() {
  for (const [value, said] of SORTS) {
    if ((value === "frequency" && !FUNCTIONS) || (value === "effect" && !data.steering)) continue;
    $("sort").append(el("option", { value }, said));
  }
  const fresh = () => { list(); $("cards").scrollTop = 0; };
  $("find").addEventListener("input", fresh);
  $("sort").addEventListener("change", fresh);
  $("tools").addEventListener("submit", (event) => {
    event.preventDefault();
    if (shown.length) choose(shown[0], true);
  });
  $("cards").addEventListener("keydown", walk);
  listeners.push((concept) => { mark(concept); describe(concept); });
  list();
}

// Whether a concept is looked for: by its number, or by words in its label.
function wanted(concept, text) {
  if (/^\d+$/.test(text)) return String(concept).startsWith(text) || labelled(concept).toLowerCase().includes(text);
  return text.split(/\s+/).every((word) => named(concept).toLowerCase().includes(word));
}

function list() {
  const text = $("find").value.trim().toLowerCase(), [sort, , key] = SORTS.find(([name]) => name === $("sort").value);
  const all = key ? [...Array(COUNT).keys()].sort((a, b) => key(a) - key(b) || a - b) : [state.concept, ...data.atoms.alike[state.concept]];
  shown = all.filter((concept) => wanted(concept, text));
  $("cards").replaceChildren(...shown.map((concept) => el("li", {}, card(concept))));
  const few = sort === "alike" && all.length < COUNT ? `, those most alike concept ${state.concept}` : "";
  $("count").textContent = `${shown.length} of ${COUNT} concepts${few}`;
  mark(state.concept);
}

function card(concept) {
  const usage = data.concepts.usage[concept], label = labelled(concept);
  const said = usage ? `used in ${percent(usage)} of signals` : "never used";
  return el("button", { type: "button", "data-concept": concept, class: usage ? "" : "dead", "aria-label": `${named(concept)}, ${said}`, tabindex: -1, onclick: () => choose(concept, true) },
    thumbnail(concept),
    el("span", { class: "said" }, el("b", {}, `${concept}`), el("span", {}, usage ? percent(usage) : "never used")),
    label ? el("span", { class: "name", title: label }, label) : null,
    el("span", { class: "meter" }, el("i", { style: `width:${100 * usage}%` })));
}

// Which card is the chosen one, and which one the Tab key reaches.
function mark(concept) {
  const cards = [...$("cards").querySelectorAll("button")];
  for (const one of cards) {
    const here = Number(one.dataset.concept) === concept;
    one.setAttribute("aria-current", here);
    one.tabIndex = here ? 0 : -1;
  }
  if (cards.length && !shown.includes(concept)) cards[0].tabIndex = 0;
}

// Arrow keys go from card to card, as the eye does.
function walk(event) {
  const cards = [...$("cards").querySelectorAll("button")], here = cards.indexOf(document.activeElement);
  if (here < 0) return;
  const columns = cards.filter((one) => one.offsetTop === cards[0].offsetTop).length;
  const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, Home: -here, End: cards.length - 1 - here }[event.key];
  if (by === undefined) return;
  event.preventDefault();
  const next = cards[here + by];
  if (!next) return;
  next.focus();
  // What is pointed at is shown beside the cards; a phone has no room for both, and waits for Enter.
  if ($("concept").offsetParent) choose(Number(next.dataset.concept));
}

// --- one concept

function describe(concept) {
  const share = data.concepts.energy.reduce((sum, one) => sum + one, 0);
  const counted = data.concepts, usage = counted.usage[concept];
  const numbers = [
    ["signals that use it", percent(usage)],
    ["mass, where used", usage ? number(counted.mass[concept]) : "–"],
    ["largest mass", usage ? number(counted.largest[concept]) : "–"],
    ["share of energy", percent(share ? counted.energy[concept] / share : 0)],
    FUNCTIONS ? ["mean frequency", number(data.atoms.frequency[concept])] : null,
    data.signed ? ["negative mass", usage ? percent(counted.negative[concept]) : "–"] : null,
    data.steering ? ["largest effect", effect(concept) < 0 ? "–" : percent(effect(concept))] : null,
  ].filter(Boolean);
  const step = (by) => choose((concept + by + COUNT) % COUNT);
  $("concept").replaceChildren(
    el("div", { class: "row" },
      el("button", { type: "button", class: "back", onclick: leave }, "← All concepts"),
      el("h2", { id: "concept-name" }, named(concept)),
      el("button", { type: "button", "aria-label": "Concept before", onclick: () => step(-1) }, "‹"),
      el("button", { type: "button", "aria-label": "Next concept", onclick: () => step(1) }, "›")),
    portrait(concept),
    el("dl", { class: "numbers" }, ...numbers.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
    FUNCTIONS ? el("div", { class: "figures" }, spectrum(concept), usage ? places(concept) : null) : "",
    ...examples(concept),
    data.steering && effect(concept) >= 0 ? el("p", {}, el("button", { type: "button", onclick: () => show("steering") }, "Steer this concept")) : "",
    data.atoms.alike[concept].length ? el("h3", {}, "Atoms alike") : "",
    atoms(data.atoms.alike[concept].slice(0, 8), data.atoms.cosine[concept].map((one) => `cosine ${one.toFixed(2).replace("-", "−")}`)));
  $("concept").scrollTop = 0;
}

// On a phone: back to the cards, to the one that was open.
function leave() {
  $("view-atlas").classList.remove("chosen");
  ($("cards").querySelector('[aria-current="true"]') ?? $("find")).focus();
}

// The atom: a channel of it, and all channels at once where they are many.
function portrait(concept) {
  const holder = el("div", { class: "portrait" }), channels = data.atoms.channels[concept];
  const fill = (place) => {
    const { values, grid } = closer(atom(concept, place, 0.5)), most = number(largest(values));
    const which = data.channels > 1 && FUNCTIONS ? `Channel ${channels[place]}, which has ${percent(data.atoms.share[concept][place])} of its energy. ` : "";
    const words = `The atom of concept ${concept}. ${which}Largest value ${most}.`;
    const draw = FLAT ? (pen, w, h) => drawPicture(pen, w, h, values, grid) : (pen, w, h) => drawCurves(pen, w, h, [{ values, colour: "found", width: 2, fill: FUNCTIONS }]);
    const said = FLAT ? `${which}Strongest colour ±${most}: blue above zero, orange below.${zoomed()}` : which;
    holder.replaceChildren(
      el("h3", {}, "Its atom"),
      figure(plot(draw, words, ratio(grid, 2.4)), ...(said ? [said] : [])),
      channelChoice(channels, data.channels, place, fill, "Show") ?? "",
      data.kind === "line" && channels.length > 4 ? fingerprint(concept, channels) : "");
  };
  fill(strongest(concept));
  return holder;
}

// All channels of a function on one axis, each a row.
function fingerprint(concept, channels) {
  const rows = channels.map((channel, place) => [channel, atom(concept, place, 0.5).values]).sort(([a], [b]) => a - b);
  const columns = rows[0][1].length, all = new Float32Array(rows.length * columns);
  rows.forEach(([, values], i) => all.set(values, i * columns));
  return figure(plot((pen, w, h) => drawPicture(pen, w, h, all, [rows.length, columns]), `All ${rows.length} channels of the atom as rows of colour`, 2.6),
    `Its ${rows.length} channels, a row for each: blue above zero, orange below.`);
}

function spectrum(concept) {
  const bars = Array.from(unpacked(data.atoms.spectrum).at(concept));
  const last = Math.max(4, bars.findLastIndex((value) => value > 1e-3) + 1); // beyond it there is nothing to see
  const mean = number(data.atoms.frequency[concept]);
  return figure(plot((pen, w, h) => drawBars(pen, w, h, bars.slice(0, last + 1), ["0", `frequency ${last}`]), `Energy of the atom by frequency, mean ${mean}`, 1.7),
    "Energy of the atom by frequency");
}

// Where on the domain the concept is used.
function places(concept) {
  const { shape, at } = unpacked(data.concepts.where), values = Array.from(at(concept)), grid = shape.slice(1);
  const most = values.indexOf(Math.max(...values)), middle = (i, n) => (i + 0.5) / n;
  const top = grid.length === 1 ? [middle(most, grid[0])] : [middle(Math.floor(most / grid[1]), grid[0]), middle(most % grid[1], grid[1])];
  const draw = grid.length === 1 ? (pen, w, h) => drawBars(pen, w, h, values, ["0", "place 1"]) : (pen, w, h) => drawPicture(pen, w, h, values, grid);
  return figure(plot(draw, `Mass by place, most of it near ${placed(top)}`, grid.length === 1 ? 1.7 : ratio(grid)), "Mass by place, over all signals");
}

// The signals in which the concept is largest, with what it adds there.
function examples(concept) {
  const found = data.examples.of[concept];
  if (!found.length) return [el("p", { class: "quiet" }, "It is active in none of the signals.")];
  const pictures = unpacked(data.examples.picture), grid = pictures.shape.slice(1);
  const made = found.map((one) => {
    const [signal, picture, ...rest] = one, mass = rest.pop(), values = pictures.at(picture);
    const where = FUNCTIONS ? ` at ${placed(rest)}` : "", words = `Signal ${signal}, where the concept has the mass ${number(mass)}${where}`;
    const middle = FUNCTIONS ? rest.map((place, axis) => (place + data.atoms.centre[concept][axis]) % 1) : null;
    const draw = FLAT
      ? (pen, w, h) => { drawPicture(pen, w, h, values, grid); if (FUNCTIONS && data.atoms.spread[concept] < 0.95) ring(pen, w, h, middle); }
      : (pen, w, h) => drawCurves(pen, w, h, [{ values, colour: "quiet", width: 3.5 }, { values: added(concept, rest, mass).values, colour: "found", width: 2 }]);
    return figure(plot(draw, words, ratio(grid, 1.6)), `Signal ${signal}: mass ${number(mass)}${where}`);
  });
  const channel = data.channels > 1 && FUNCTIONS ? ` In channel ${data.examples.channel[concept]}.` : "";
  const key = FLAT ? (FUNCTIONS ? "The ring is where it is." : "") : "Grey: the signal. Blue: what the concept adds to it.";
  return [el("h3", {}, "Signals in which it is largest"), el("p", { class: "quiet" }, key + channel), el("div", { class: "figures" }, ...made)];
}
