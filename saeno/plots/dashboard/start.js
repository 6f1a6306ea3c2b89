// Words about the model, colours, keys, and the first concept.

function about() {
  const many = data.grid.length ? ` on ${data.grid.join(" × ")} nodes` : "";
  const channels = `${data.channels} channel${data.channels === 1 ? "" : "s"}${many}`;
  const fit = data.fvu === null ? "" : ` It leaves ${percent(data.fvu)} of their variance unexplained`;
  const code = `${fit ? "," : ""} with ${number(data.entries)} entries of a code that are not zero, on average.`;
  $("about").append(`${COUNT} concepts, seen in ${data.signals} signals (${channels}).${fit}${code} `,
    `The model: ${data.model.dictionary[0]} and ${data.model.inference[0]}.`);
}

function help() {
  const mass = FUNCTIONS ? "The code of a concept, summed over places. One event of mass m adds m times the atom." : "The entry of the code: the concept adds so many times its atom.";
  const words = [
    ["Concept, atom", "A concept is something the model looks for. Its atom is what the concept adds to a signal."],
    ["Signals that use it", "The part of the signals in which the concept is active at all."],
    ["Mass", `${mass} “Mass, where used” is the mean, over the signals that use it, of the sum of sizes.`],
    ["Energy", "The mean square of what the concept adds, over all signals; its share is that of the sum over concepts."],
    FUNCTIONS ? ["Frequency", "Waves per domain. The mean is over the energy of the atom."] : null,
    FUNCTIONS ? ["Centred", "Atoms of functions can stand anywhere. They are drawn with the middle of their energy in the middle."] : null,
    ["What is left", "The square of the difference of signal and reconstruction, over the same with no concept at all."],
    data.steering ? ["Dose", "What the concept adds is multiplied by it: 1 is the signal as it is, 0 takes the concept out."] : null,
    ["Exactness", `Numbers have seven digits. Pictures of atoms are kept ${data.atoms.picture.kind === "f4" ? "exactly" : `in ${data.atoms.picture.kind === "i2" ? 16 : 8} bits`}${FUNCTIONS && data.atoms.picture.shape.slice(2).join() !== data.grid.join() ? ", and not at every node" : ""}.`],
  ].filter(Boolean);
  const keys = [["/", "find a concept"], ["← → ↑ ↓", "from card to card, or from atom to atom on the map"], ["Enter", "open it"], ["Esc", "back to the cards"]];
  $("view-help").append(el("div", { class: "panel" },
    el("h2", {}, "Words"), el("dl", {}, ...words.flatMap(([word, meaning]) => [el("dt", {}, word), el("dd", {}, meaning)])),
    el("h2", {}, "The model"), el("p", {}, el("code", {}, data.model.dictionary[1])), el("p", {}, el("code", {}, data.model.inference[1])),
    el("h2", {}, "Keys"), el("ul", {}, ...keys.map(([key, does]) => el("li", {}, el("kbd", {}, key), ` ${does}`)))));
}

// Light or dark: as the reader's system is, or as the page of the book around it says.
function follow() {
  const dark = matchMedia("(prefers-color-scheme: dark)"), root = document.documentElement;
  let around = null;
  try { around = parent !== window ? parent.document.documentElement : null; } catch { /* a page that is not ours to ask */ }
  const apply = () => {
    root.dataset.theme = around?.dataset.theme || (dark.matches ? "dark" : "light");
    recolour();
  };
  dark.addEventListener("change", apply);
  if (around) new MutationObserver(apply).observe(around, { attributeFilter: ["data-theme"] });
  apply();
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches?.("input, select, textarea");
  if (event.key === "/" && !(typing && event.target.type !== "range") && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    show("atlas");
    $("view-atlas").classList.remove("chosen");
    $("find").focus();
    $("find").select();
  }
  if (event.key === "Escape" && state.view === "atlas") {
    if ($("find").value && document.activeElement === $("find")) { $("find").value = ""; list(); } else leave();
  }
});

follow();
about();
help();
buildTabs();
buildAtlas();
show("atlas");
// The address may name a concept, as the one that somebody sent.
function addressed() {
  const named = /^#concept-(\d+)$/.exec(location.hash);
  if (!named || named[1] >= COUNT) return false;
  show("atlas");
  $("view-atlas").classList.add("chosen");
  choose(Number(named[1]));
  return true;
}
addEventListener("hashchange", addressed);
if (!addressed()) choose(shown[0]);
