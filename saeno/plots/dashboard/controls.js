// What views share: elements, small pictures of atoms, what is chosen, and the tabs.

function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null)); // texts stay texts: a label is never read as HTML
  return made;
}

const $ = (id) => document.getElementById(id);

const figure = (canvas, ...said) => el("figure", {}, canvas, said.length ? el("figcaption", {}, ...said) : null);

// The ratio of pictures of signals.
function ratio(grid, wide = 2) {
  return grid.length === 2 ? grid[1] / grid[0] : wide;
}

// An atom without words: it stands in something that has them.
function thumbnail(concept) {
  const { values, grid } = closer(atom(concept, undefined, 0.5));
  const square = grid.length === 2;
  return plot((pen, width, height) => {
    if (square) drawPicture(pen, width, height, values, grid);
    else drawCurves(pen, width, height, [{ values, colour: "found", width: 1.6, fill: FUNCTIONS }], { plain: true, limit: [-1.05 * largest(values), 1.05 * largest(values)] });
  }, "", square ? ratio(grid) : 1.9);
}

// A list of atoms that lead to their concepts.
function atoms(concepts, said) {
  return el("ul", { class: "atoms" }, ...concepts.map((concept, i) =>
    el("li", {}, el("button", { type: "button", "aria-label": `${named(concept)}, ${said[i]}`, onclick: () => choose(concept, true) },
      thumbnail(concept), el("span", { class: "said" }, el("b", {}, `${concept}`), said[i].split(" ").at(-1))))));
}

// A choice of channels, if there is one; `change` is called with the place of the channel among those shown.
function channelChoice(channels, total, chosen, change, what) {
  if (channels.length < 2) return null;
  const options = channels.map((channel, i) => el("option", { value: i, selected: i === chosen }, `channel ${channel}`));
  const many = channels.length < total ? ` (the ${channels.length} strongest of ${total})` : "";
  return el("label", { class: "quiet" }, `${what}${many}`, el("select", { onchange: (event) => change(Number(event.target.value)) }, ...options));
}

// Samples of the lines of a picture, with what each is.
function legend(...lines) {
  return el("ul", { class: "legend" }, ...lines.map(([name, dash, width, said]) => {
    const item = el("li", {}, said);
    item.insertAdjacentHTML("afterbegin", `<svg width="30" height="8" aria-hidden="true"><path d="M0 4h30" fill="none" stroke="var(--${name})" stroke-width="${width}" stroke-dasharray="${dash}"/></svg>`);
    return item;
  }));
}

// --- what is chosen, in all views at once

const state = { concept: 0, view: "atlas" };
const listeners = []; // called when another concept is chosen

// open: whether the reader asked to see it, and not only to point at it.
function choose(concept, open = false) {
  state.concept = concept;
  for (const listener of listeners) listener(concept);
  if (open) {
    show("atlas");
    $("view-atlas").classList.add("chosen");
    $("concept").focus({ preventScroll: true });
    if ($("concept").getBoundingClientRect().top < 0) $("concept").scrollIntoView();
  }
  if (!data.embedded) history.replaceState(null, "", `#concept-${concept}`); // so that an address can be sent around
}

// --- tabs, by the pattern of the ARIA Authoring Practices

const VIEWS = [["atlas", "Atlas"], ["input", "One input"], ["steering", "Steering"], ["map", "Map of atoms"], ["help", "How to read this"]];
const views = VIEWS.filter(([name]) => name !== "steering" || data.steering);
const whenShown = {}; // view: what it does when it is shown the first time

function show(view) {
  state.view = view;
  for (const [name] of VIEWS) $(`view-${name}`).hidden = name !== view;
  for (const [name] of views) {
    $(`tab-${name}`).setAttribute("aria-selected", name === view);
    $(`tab-${name}`).tabIndex = name === view ? 0 : -1;
  }
  whenShown[view]?.();
  delete whenShown[view];
}

function buildTabs() {
  for (const [name, said] of views) {
    $("tabs").append(el("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `view-${name}`, onclick: () => show(name) }, said));
  }
  $("tabs").addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const here = views.findIndex(([name]) => name === state.view);
    const [next] = views[(here + by + views.length) % views.length];
    show(next);
    $(`tab-${next}`).focus();
    event.preventDefault();
  });
}
