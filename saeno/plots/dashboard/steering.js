// Steering: what comes of a signal when a concept in it is taken out, made stronger, or turned around.

whenShown.steering = () => {
  const { doses, concepts } = data.steering, view = $("view-steering");
  const order = [...concepts].sort((a, b) => effect(b) - effect(a) || a - b);
  const select = el("select", { id: "steered", onchange: () => choose(Number(select.value)) },
    ...order.map((concept) => el("option", { value: concept }, `${named(concept)} (${percent(effect(concept))})`)));
  const slider = el("input", { type: "range", id: "dose", min: 0, max: doses.length - 1, step: 1, value: Math.max(doses.indexOf(0), 0), autocomplete: "off" });
  const said = el("output", { for: "dose" }), body = el("div", {});
  const steer = () => {
    const place = concepts.indexOf(Number(select.value)), dose = Number(slider.value);
    const changed = data.steering.effect[place][dose];
    said.value = `${number(doses[dose])} × its mass: the output moves by ${percent(changed)}`;
    slider.setAttribute("aria-valuetext", said.value);
    body.replaceChildren(steered(place, dose));
  };
  slider.addEventListener("input", steer);
  listeners.push((concept) => { if (concepts.includes(concept)) { select.value = concept; steer(); } });
  view.append(
    el("p", { class: "quiet" }, `Each concept is steered in the signal in which it is largest: ${data.steering.whole ? "all that it adds there" : "the event at its place"} is multiplied by the dose, and nothing else is changed. The list begins with the largest effect.`),
    el("div", { class: "row" }, el("label", {}, "Steer", select), el("label", { class: "wide" }, "Dose", slider), said),
    body);
  select.value = concepts.includes(state.concept) ? state.concept : order[0];
  steer();
};

function steered(place, dose) {
  const { doses, concepts, effect: effects, channels, picture } = data.steering, concept = concepts[place];
  const { shape, at } = unpacked(picture), grid = shape.slice(3), natural = doses.indexOf(1);
  const [signal, example, ...where] = data.examples.of[concept][0], mass = where.pop();
  const values = unpacked(data.examples.picture).at(example), inputGrid = unpacked(data.examples.picture).shape.slice(1);
  const left = [el("h2", {}, `In: signal ${signal}` + (data.channels > 1 && FUNCTIONS ? `, channel ${data.examples.channel[concept]}` : ""))];
  const more = data.steering.whole || inputGrid.join() !== atom(concept).grid.join() ? null : added(concept, where, mass).values.map((value) => value * (doses[dose] - 1));
  const before = { values, colour: "quiet", width: 4 };
  if (FLAT) {
    const limit = 2 * largest(values) || 1, after = more && values.map((value, i) => value + more[i]);
    const ringed = (pen, w, h) => { if (FUNCTIONS && data.atoms.spread[concept] < 0.95) ring(pen, w, h, where.map((one, axis) => (one + data.atoms.centre[concept][axis]) % 1)); };
    const show = (shown, words) => figure(plot((pen, w, h) => { drawPicture(pen, w, h, shown, inputGrid, limit / 2); ringed(pen, w, h); }, words, ratio(inputGrid)), words);
    left.push(el("div", { class: "figures" }, show(values, "As it is"), after ? show(after, `At dose ${number(doses[dose])}`) : ""));
  } else {
    const after = more && { values: values.map((value, i) => value + more[i]), colour: "found", width: 2 };
    left.push(figure(plot((pen, w, h) => drawCurves(pen, w, h, after ? [before, after] : [before]), `Signal ${signal} as it is, and at dose ${number(doses[dose])}`, 2)),
      legend(["quiet", "", 4, "as it is"], ...(after ? [["found", "", 2, `at dose ${number(doses[dose])}`]] : [])));
  }
  return el("div", { class: "split" },
    el("div", { class: "panel figures wide" }, el("div", {}, ...left), el("div", {}, el("h2", {}, "Out"), ...outputs(place, dose, natural, at, grid, channels[place]))),
    el("div", { class: "panel" }, el("h2", {}, "Dose and effect"), response(effects[place], dose),
      el("p", { class: "quiet" }, "The effect is the norm of the change of the output, over the norm of the output as it is."),
      el("h3", {}, "Its atom"), thumbnailButton(concept)));
}

const thumbnailButton = (concept) => el("ul", { class: "atoms" }, el("li", {}, el("button", { type: "button", "aria-label": `${named(concept)}, open in the atlas`, onclick: () => choose(concept, true) }, thumbnail(concept), el("span", { class: "said" }, named(concept)))));

// The outputs: curves or pictures of a few channels; of a vector its entries.
function outputs(place, dose, natural, at, grid, channels) {
  const { doses, picture, vector } = data.steering, count = vector ? 1 : picture.shape[2];
  const words = `the output as it is, and at dose ${number(doses[dose])}`;
  const each = [];
  for (let channel = 0; channel < count; channel++) {
    const before = at(place, natural, channel), after = at(place, dose, channel);
    const name = !vector && count > 1 ? `Channel ${channels[channel]}. ` : "";
    if (grid.length === 2) {
      const limit = Math.max(largest(before), largest(after)) || 1, moved = after.map((value, i) => value - before[i]);
      const show = (values, said, top) => figure(plot((pen, w, h) => drawPicture(pen, w, h, values, grid, top), `${name}${said}`, ratio(grid)), `${name}${said}, ±${number(top)}`);
      each.push(el("div", { class: "figures three" }, show(before, "As it is", limit), show(after, `At dose ${number(doses[dose])}`, limit), show(moved, "Its change", largest(moved) || limit)));
    } else {
      const all = doses.flatMap((_, i) => Array.from(at(place, i, channel))), limit = [Math.min(0, ...all), Math.max(0, ...all)]; // one scale for all doses
      each.push(figure(plot((pen, w, h) => drawCurves(pen, w, h, [{ values: before, colour: "quiet", width: 4 }, { values: after, colour: "found", width: 2 }], { limit }), name + words, 2), ...(name ? [name] : [])));
    }
  }
  const said = vector && channels.length > 1 ? el("p", { class: "quiet" }, `Entries ${channels.length > 12 ? `${channels[0]} to ${channels.at(-1)}` : channels.join(", ")} of the output, from left to right.`) : "";
  return [...each, grid.length === 2 ? "" : legend(["quiet", "", 4, "as it is"], ["found", "", 2, `at dose ${number(doses[dose])}`]), said];
}

// Effects over doses, as a line with the dose that is shown.
function response(effects, dose) {
  const { doses } = data.steering, most = Math.max(...effects.map((one) => one ?? 0)) || 1;
  const words = doses.map((one, i) => `dose ${number(one)}: ${percent(effects[i])}`).join("; ");
  return figure(plot((pen, w, h) => {
    const x = (one) => 46 + ((one - doses[0]) / (doses.at(-1) - doses[0])) * (w - 66), y = (one) => 10 + (1 - (one ?? 0) / most) * (h - 34);
    letters(pen);
    pen.textAlign = "right";
    [0, most].forEach((one) => pen.fillText(percent(one), 40, y(one)));
    pen.textAlign = "center";
    doses.forEach((one) => pen.fillText(number(one), x(one), h - 8));
    pen.strokeStyle = colour("line");
    line(pen, [[46, y(0)], [w - 8, y(0)]]);
    pen.strokeStyle = pen.fillStyle = colour("found");
    pen.lineWidth = 2;
    line(pen, doses.map((one, i) => [x(one), y(effects[i])]));
    doses.forEach((one, i) => {
      pen.fillStyle = colour(i === dose ? "against" : "found");
      pen.beginPath();
      pen.arc(x(one), y(effects[i]), i === dose ? 7 : 4, 0, 2 * Math.PI);
      pen.fill();
    });
    pen.lineWidth = 1;
  }, `Effect on the output: ${words}`, 1.6), "Effect by dose; the large point is the dose shown.");
}
