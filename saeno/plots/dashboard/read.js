"use strict";
// What the page shows, as the model had it. Tensors are unpacked when something asks for them the first time.
const data = JSON.parse(document.getElementById("data").textContent);
const COUNT = data.concepts.usage.length;
const FUNCTIONS = data.kind === "line" || data.kind === "map"; // else vectors, which have no places
const FLAT = data.kind === "map" || data.kind === "image"; // is drawn as a picture; else as a curve

const KINDS = { f4: Float32Array, i2: Int16Array, i1: Int8Array };

function bytes(text, Kind) {
  return new Kind(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
}

// {shape, at(i, j, …)}: the entries with these first indices, as a Float32Array.
function unpacked(packed) {
  if (packed.values === undefined) {
    let values = bytes(packed.data, KINDS[packed.kind]);
    if (packed.scale !== undefined) {
      const scale = bytes(packed.scale, Float32Array), row = values.length / scale.length;
      values = Float32Array.from(values, (value, i) => value * scale[Math.floor(i / row)]);
    }
    packed.values = values;
    delete packed.data; // the text is not needed again
  }
  const at = (...index) => {
    let size = packed.values.length, start = 0;
    index.forEach((i, axis) => { size /= packed.shape[axis]; start += i * size; });
    return packed.values.subarray(start, start + size);
  };
  return { shape: packed.shape, at };
}

const largest = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

// --- atoms

// The shown channel of an atom that has the largest share of its energy, by its place among those that are shown.
function strongest(concept) {
  const share = data.atoms.share[concept];
  return share.indexOf(Math.max(...share));
}

// One channel of an atom: its values, on a grid. Of a function the middle of its energy is moved to `centre`, in [0, 1).
function atom(concept, place = strongest(concept), centre = null) {
  const { shape, at } = unpacked(data.atoms.picture), grid = shape.slice(2);
  const values = at(concept, place);
  if (!FUNCTIONS || centre === null) return { values, grid };
  const middle = data.atoms.centre[concept];
  return rolled({ values, grid }, middle.map((one) => (data.atoms.spread[concept] > 0.95 ? 0 : centre - one)));
}

// A function moved around the torus: by parts of it, to the nearest node.
function rolled({ values, grid }, by) {
  const [rows, columns] = grid.length === 2 ? grid : [1, grid[0]];
  const [down, across] = grid.length === 2 ? by : [0, by[0]];
  const turn = (i, n, part) => (((i - Math.round(part * n)) % n) + n) % n;
  const moved = new Float32Array(values.length);
  for (let r = 0; r < rows; r++) {
    const from = turn(r, rows, down) * columns;
    for (let c = 0; c < columns; c++) moved[r * columns + c] = values[from + turn(c, columns, across)];
  }
  return { values: moved, grid };
}

// Atoms on two axes are drawn as close as the largest of them allows, all alike, so that small ones can be seen and
// sizes compared: this is the part of each axis that is drawn, about the middle.
let near = null;
function closeness() {
  if (data.kind !== "map") return 1;
  if (near !== null) return near;
  near = 0.2;
  for (let concept = 0; concept < COUNT && near < 1; concept++) {
    const { values, grid: [rows, columns] } = atom(concept, undefined, 0.5), least = 0.03 * largest(values);
    for (let i = 0; i < values.length; i++) {
      if (Math.abs(values[i]) < least || least === 0) continue;
      near = Math.max(near, Math.abs(2 * Math.floor(i / columns) / rows - 1), Math.abs((2 * (i % columns)) / columns - 1));
    }
  }
  near = near > 0.7 ? 1 : 1.2 * near;
  return near;
}

const zoomed = () => (closeness() < 1 ? ` The middle ${percent(closeness())} of each axis.` : "");

function closer({ values, grid }) {
  if (closeness() === 1) return { values, grid };
  const from = grid.map((n) => Math.floor((n * (1 - closeness())) / 2)), size = grid.map((n, axis) => n - 2 * from[axis]);
  const cut = new Float32Array(size[0] * size[1]);
  for (let r = 0; r < size[0]; r++) cut.set(values.subarray((r + from[0]) * grid[1] + from[1], (r + from[0]) * grid[1] + from[1] + size[1]), r * size[1]);
  return { values: cut, grid: size };
}

// What one event adds to a channel of a signal, in the unit of the signal.
function added(concept, place, mass) {
  const { values, grid } = FUNCTIONS ? rolled(atom(concept), place) : atom(concept);
  return { values: values.map((value) => value * mass * data.unit), grid };
}

// --- words

const labelled = (concept) => data.labels[concept] ?? "";
const named = (concept) => `Concept ${concept}` + (labelled(concept) ? `: ${labelled(concept)}` : "");

// A number with three digits, with a true minus.
function number(value) {
  if (value === null) return "–";
  const size = Math.abs(value);
  const text = value === 0 ? "0" : size >= 1e4 || size < 1e-3 ? value.toExponential(1) : Number(value.toPrecision(3)).toString();
  return text.replace("-", "−");
}

function percent(part) {
  if (part === null) return "–";
  const size = 100 * part;
  return (size === 0 ? "0" : size < 0.1 ? "< 0.1" : size < 9.95 ? size.toFixed(1) : size.toFixed(0)) + " %";
}

// A place on the torus.
function placed(place) {
  const said = place.map((one) => one.toFixed(2));
  return said.length === 1 ? said[0] : `(${said.join(", ")})`;
}
