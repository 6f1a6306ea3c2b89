// One input: its code, and its reconstruction, which grows concept by concept.

const now = { input: 0, steps: 0, channel: 0 };

whenShown.input = () => {
  const view = $("view-input"), total = data.inputs.numbers.length;
  const options = data.inputs.numbers.map((signal, i) => el("option", { value: i }, `signal ${signal}`));
  const select = el("select", { id: "which", onchange: () => open(Number(select.value)) }, ...options);
  const step = (by) => { select.value = (now.input + by + total) % total; open(Number(select.value)); };
  const open = (input) => {
    Object.assign(now, { input, steps: data.inputs.parts[input].length, channel: widest(input) });
    showInput();
  };
  view.append(
    el("div", { class: "row" }, el("label", {}, "Show", select),
      el("button", { type: "button", "aria-label": "Signal before", onclick: () => step(-1) }, "‹"),
      el("button", { type: "button", "aria-label": "Next signal", onclick: () => step(1) }, "›"),
      el("span", { class: "quiet" }, `${total} of ${data.signals} signals can be taken apart here`)),
    el("div", { id: "input" }));
  open(0);
};

// The shown channel in which a signal is farthest from the constant.
function widest(input) {
  const { shape, at } = unpacked(data.inputs.picture);
  const away = Array.from({ length: shape[2] }, (_, channel) => {
    const constant = at(input, 1, channel);
    return at(input, 0, channel).reduce((sum, value, u) => sum + (value - constant[u]) ** 2, 0);
  });
  return away.indexOf(Math.max(...away));
}

function showInput() {
  const parts = data.inputs.parts[now.input], total = parts.length;
  const slider = el("input", { type: "range", min: 0, max: total + 1, step: 1, autocomplete: "off", id: "steps", value: now.steps });
  const said = el("output", { for: "steps" }), pictures = el("div", {}), list = el("ol", { class: "parts" });
  const move = () => {
    now.steps = Number(slider.value);
    const left = data.inputs.left[now.input][now.steps];
    const which = now.steps === 0 ? "no concept" : now.steps > total ? "all of its code" : `${now.steps} of ${total} concepts`;
    said.value = `${which}: ${percent(left)} is left`;
    slider.setAttribute("aria-valuetext", said.value);
    pictures.replaceChildren(...reconstruction());
    list.replaceChildren(...partList(slider, move));
  };
  slider.addEventListener("input", move);
  $("input").replaceChildren(el("div", { class: "split" },
    el("div", { class: "panel" },
      el("h2", {}, `Signal ${data.inputs.numbers[now.input]}, concept by concept`),
      el("div", { class: "row" }, el("label", { class: "wide" }, "Add concepts", slider), said),
      pictures, codePicture()),
    el("div", { class: "panel" }, el("h2", {}, "The concepts that made it"),
      el("p", { class: "quiet" }, "By the energy of what they add. Choose one to see its atom."), list)));
  move();
}

// The signal, what the concepts added so far make of it, and the last one of them. The sum runs over the shown parts.
function reconstruction() {
  const { shape, at } = unpacked(data.inputs.picture), grid = shape.slice(3), parts = data.inputs.parts[now.input];
  const piece = (what) => at(now.input, what, now.channel);
  const made = Float32Array.from(piece(1)), extra = shape[1] - 1, total = parts.length;
  for (let i = 0; i < Math.min(now.steps, total); i++) piece(2 + i).forEach((value, u) => { made[u] += value; });
  if (now.steps > total) piece(extra).forEach((value, u) => { made[u] += value; });
  const signal = piece(0), last = now.steps === 0 ? null : now.steps > total ? piece(extra) : piece(1 + now.steps);
  const channels = data.inputs.channels[now.input];
  const choice = channelChoice(channels, data.channels, now.channel, (channel) => { now.channel = channel; $("steps").dispatchEvent(new Event("input")); }, "Show");
  const left = percent(data.inputs.left[now.input][now.steps]);
  const name = now.steps > total ? "all other concepts together" : `concept ${parts[now.steps - 1]}`;
  if (FLAT) {
    const missed = signal.map((value, u) => value - made[u]), limit = Math.max(largest(signal), largest(made)) || 1;
    const picture = (values, said) => figure(plot((pen, w, h) => drawPicture(pen, w, h, values, grid, limit), `${said} of signal ${data.inputs.numbers[now.input]}`, ratio(grid)), said);
    return [el("div", { class: "figures three" }, picture(signal, "The signal"), picture(made, "What the concepts make"), picture(missed, "What is left")),
      el("p", { class: "quiet" }, `All with one scale, strongest colour ±${number(limit)}: blue above zero, orange below.`), choice ?? ""];
  }
  const curves = [{ values: signal, colour: "quiet", width: 4 }, ...(last ? [{ values: last, colour: "against", width: 1.8, dash: [6, 4] }] : []), { values: made, colour: "found", width: 2 }];
  const keys = [["quiet", "", 4, "the signal"], ["found", "", 2, "what the concepts make of it"], ...(last ? [["against", "6 4", 2, `the last one added: ${name}`]] : [])];
  return [figure(plot((pen, w, h) => drawCurves(pen, w, h, curves), `The signal and its reconstruction from ${now.steps} concepts, ${left} is left`, 2.4)), legend(...keys), choice ?? ""];
}

function partList(slider, move) {
  const parts = data.inputs.parts[now.input], left = data.inputs.left[now.input];
  return parts.map((concept, i) => {
    const inside = i < now.steps;
    return el("li", {}, el("button", { type: "button", class: inside ? "in" : "out", "aria-label": `${named(concept)}, ${inside ? "added" : "not added"}, ${percent(left[i + 1])} left with it`, onclick: () => choose(concept, true) },
      el("span", {}, inside ? "●" : "○"), thumbnail(concept), el("span", {}, named(concept)), el("small", {}, `${percent(left[i + 1])} left`)));
  });
}

// The code: masses at their places; of a vector the largest masses, in order.
function codePicture() {
  const entries = data.inputs.entries[now.input], head = el("h3", {}, "Its code");
  if (!entries.length) return el("div", {}, head, el("p", { class: "quiet" }, "Empty."));
  const count = `${entries.length} ${entries.length === 1 ? "entry" : "entries"}`;
  const most = largest(entries.map((one) => one.at(-1))), words = `The code: ${count}, largest mass ${number(most)} of concept ${entries[0][0]}`;
  if (data.kind === "map") {
    const draw = (pen, w, h) => {
      pen.strokeStyle = colour("line");
      pen.strokeRect(0.5, 0.5, w - 1, h - 1);
      entries.slice(0, 60).reverse().forEach(([concept, down, across, mass], i) => dot(pen, across * w, down * h, mass / most, i >= Math.min(entries.length, 60) - 16 ? `${concept}` : ""));
    };
    return el("div", {}, head, el("div", { class: "small" }, figure(plot(draw, words, ratio(data.codes)), "Each disk is an entry at its place, the larger the mass the larger; numbers are those of the largest.")));
  }
  if (data.kind === "line") {
    const draw = (pen, w, h) => stems(pen, w, h, entries, most);
    return el("div", {}, head, figure(plot(draw, words, 3), `${count} at their places, the height is the mass; numbers are those of concepts.`));
  }
  const top = entries.slice(0, 40);
  return el("div", {}, head, figure(plot((pen, w, h) => stems(pen, w, h, top.map(([concept, mass], i) => [concept, (i + 0.5) / top.length, mass]), most), words, 3),
    `The ${top.length} largest of ${entries.length === 200 ? "200 or more" : entries.length} entries, the height is the mass; numbers are those of concepts.`));
}

function stems(pen, width, height, entries, most) {
  const signed = entries.some((one) => one.at(-1) < 0), middle = signed ? height / 2 : height - 10;
  const tall = (signed ? height / 2 : height - 10) - 16;
  pen.strokeStyle = colour("line");
  line(pen, [[0, middle], [width, middle]]);
  let free = []; // where numbers stand already: the largest masses come first, and have theirs
  for (const [concept, place, mass] of entries) {
    const x = 8 + place * (width - 16), y = middle - (mass / most) * tall;
    pen.strokeStyle = pen.fillStyle = colour(mass > 0 ? "found" : "against");
    pen.lineWidth = 2;
    line(pen, [[x, middle], [x, y]]);
    pen.beginPath();
    pen.arc(x, y, 3, 0, 2 * Math.PI);
    pen.fill();
    const said = `${concept}`, box = [x - 4 * said.length - 2, x + 4 * said.length + 2, y + (mass > 0 ? -9 : 9)];
    if (free.some(([from, to, at]) => box[0] < to && from < box[1] && Math.abs(at - box[2]) < 13)) continue;
    free.push(box);
    letters(pen);
    pen.fillStyle = colour("ink");
    pen.textAlign = "center";
    pen.fillText(said, x, box[2]);
  }
  pen.lineWidth = 1;
}

function dot(pen, x, y, part, said) {
  pen.globalAlpha = 0.65;
  pen.fillStyle = colour(part > 0 ? "found" : "against");
  pen.beginPath();
  pen.arc(x, y, 2 + 9 * Math.sqrt(Math.abs(part)), 0, 2 * Math.PI);
  pen.fill();
  pen.globalAlpha = 1;
  pen.font = "bold 11px system-ui, sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.lineWidth = 3;
  pen.strokeStyle = colour("card");
  pen.fillStyle = colour("ink");
  pen.strokeText(said, x, y);
  pen.fillText(said, x, y);
  pen.lineWidth = 1;
}
