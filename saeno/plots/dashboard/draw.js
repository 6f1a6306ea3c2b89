// Curves, bars and pictures on a canvas, in the colours of the page.

let colours = {}; // of the style sheet; read anew when the page turns dark

function colour(name) {
  return (colours[name] ??= getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim());
}

const parts = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

// A canvas is drawn when it is seen the first time, when its size changes, and when the colours do.
const seen = new IntersectionObserver((found) => {
  for (const { target, isIntersecting } of found) if (isIntersecting && !target.drawn) redraw(target);
}, { rootMargin: "200px" });
const sized = new ResizeObserver((found) => {
  for (const { target } of found) if (target.drawn && target.clientWidth !== target.drawn) redraw(target);
});

function redraw(canvas) {
  const width = canvas.clientWidth, height = canvas.clientHeight;
  if (!width || !height) return;
  const fine = Math.min(window.devicePixelRatio || 1, 2);
  canvas.width = width * fine;
  canvas.height = height * fine;
  const pen = canvas.getContext("2d");
  pen.scale(fine, fine);
  canvas.drawn = width;
  canvas.draw(pen, width, height);
}

function recolour() {
  colours = {};
  for (const canvas of document.querySelectorAll("canvas")) if (canvas.drawn) redraw(canvas);
}

// words: what the picture shows; without them it only repeats what stands beside it. ratio: width over height.
function plot(draw, words = "", ratio = 2) {
  const canvas = document.createElement("canvas");
  canvas.draw = draw;
  canvas.style.aspectRatio = ratio;
  if (words) {
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", words);
  } else canvas.setAttribute("aria-hidden", "true");
  seen.observe(canvas);
  sized.observe(canvas);
  return canvas;
}

// Curves over [0, 1). curves: [{values, colour, width, dash, fill}]. Limits hold all of them, and zero.
function drawCurves(pen, width, height, curves, { plain = false, marks = [], limit = null } = {}) {
  const left = plain ? 1 : 46, bottom = plain ? 2 : 16, top = plain ? 2 : 6, right = plain ? 1 : 6;
  let low = 0, high = 0;
  for (const { values } of curves) for (const value of values) { low = Math.min(low, value); high = Math.max(high, value); }
  if (limit) [low, high] = limit;
  if (high === low) high = low + 1;
  const x = (part) => left + part * (width - left - right);
  const y = (value) => top + ((high - value) / (high - low)) * (height - top - bottom);
  pen.strokeStyle = colour("line");
  line(pen, [[left, y(0)], [width - right, y(0)]]);
  if (!plain) {
    letters(pen);
    pen.textAlign = "right";
    for (const value of new Set([low, 0, high])) if (value === 0 || Math.abs(y(value) - y(0)) > 12) pen.fillText(number(Number(value.toPrecision(2))), left - 4, Math.min(Math.max(y(value), 7), height - bottom));
    if (FUNCTIONS) ["0", "½", "1"].forEach((said, i) => {
      pen.textAlign = ["left", "center", "right"][i];
      pen.fillText(said, x(i / 2), height - 6);
    });
  }
  for (const place of marks) {
    pen.strokeStyle = colour("quiet");
    pen.setLineDash([3, 3]);
    line(pen, [[x(place), top], [x(place), height - bottom]]);
    pen.setLineDash([]);
  }
  for (const { values, colour: name, width: thick = 1.8, dash = [], fill = false } of curves) {
    const few = !FUNCTIONS && values.length <= 64; // channels of a vector, which have no values between them
    pen.strokeStyle = pen.fillStyle = colour(name);
    pen.lineWidth = thick;
    pen.setLineDash(dash);
    if (few && !dash.length) {
      const step = x(1 / values.length) - x(0);
      values.forEach((value, i) => {
        const wide = Math.max(1, step * (thick > 3 ? 0.8 : 0.4));
        pen.fillRect(x((i + 0.5) / values.length) - wide / 2, Math.min(y(0), y(value)), wide, Math.abs(y(value) - y(0)));
      });
    } else {
      const points = Array.from(values, (value, i) => [x((few ? i + 0.5 : i) / values.length), y(value)]);
      if (FUNCTIONS) points.push([x(1), y(values[0])]); // periodic
      if (fill) {
        pen.globalAlpha = 0.18;
        pen.beginPath();
        [[points[0][0], y(0)], ...points, [points.at(-1)[0], y(0)]].forEach(([a, b]) => pen.lineTo(a, b));
        pen.fill();
        pen.globalAlpha = 1;
      }
      line(pen, points);
    }
    pen.setLineDash([]);
    pen.lineWidth = 1;
  }
}

function line(pen, points) {
  pen.beginPath();
  for (const [x, y] of points) pen.lineTo(x, y);
  pen.stroke();
}

function letters(pen) {
  pen.fillStyle = colour("quiet");
  pen.font = "11px system-ui, sans-serif";
  pen.textBaseline = "middle";
}

// Rows of numbers as colours: blue above zero, orange below, the card at zero; strongest at ±limit.
function drawPicture(pen, width, height, values, [rows, columns], limit = largest(values) || 1) {
  const image = new ImageData(columns, rows);
  const card = parts(colour("card")), ends = [["against", "strong-against"], ["found", "strong"]];
  const steps = ends.map((pair) => pair.map((name) => parts(colour(name))));
  for (let i = 0; i < values.length; i++) {
    const size = Math.min(1, Math.abs(values[i]) / limit), [middle, end] = steps[values[i] > 0 ? 1 : 0];
    for (let c = 0; c < 3; c++) {
      image.data[4 * i + c] = size < 0.7 ? card[c] + (middle[c] - card[c]) * (size / 0.7) : middle[c] + (end[c] - middle[c]) * ((size - 0.7) / 0.3);
    }
    image.data[4 * i + 3] = 255;
  }
  const small = document.createElement("canvas");
  [small.width, small.height] = [columns, rows];
  small.getContext("2d").putImageData(image, 0, 0);
  pen.imageSmoothingEnabled = false; // a node is a square, and nothing is made up between nodes
  pen.drawImage(small, 0, 0, width, height);
  pen.strokeStyle = colour("line");
  pen.strokeRect(0.5, 0.5, width - 1, height - 1);
}

// A ring at a place of a picture, light and dark, so that it shows on any colour.
function ring(pen, width, height, [down, across], said = "") {
  const x = across * width, y = down * height;
  for (const [name, thick] of [["card", 5], ["ink", 2]]) {
    pen.strokeStyle = colour(name);
    pen.lineWidth = thick;
    pen.beginPath();
    pen.arc(x, y, 9, 0, 2 * Math.PI);
    pen.stroke();
  }
  if (said) {
    pen.font = "bold 11px system-ui, sans-serif";
    pen.textAlign = x > width - 40 ? "right" : "left";
    pen.textBaseline = "middle";
    pen.lineWidth = 3;
    pen.strokeStyle = colour("card");
    pen.fillStyle = colour("ink");
    const from = x > width - 40 ? x - 12 : x + 12;
    pen.strokeText(said, from, y);
    pen.fillText(said, from, y);
  }
  pen.lineWidth = 1;
}

// Bars side by side, from a line that is zero. bars: [value]; said: what stands under the first and last.
function drawBars(pen, width, height, bars, [first, last], name = "found") {
  const bottom = 16, most = Math.max(...bars, 0) || 1, step = width / bars.length;
  pen.fillStyle = colour(name);
  bars.forEach((value, i) => {
    const tall = ((height - bottom - 4) * value) / most;
    pen.fillRect(i * step + step * 0.1, height - bottom - tall, Math.max(1, step * 0.8), tall);
  });
  pen.strokeStyle = colour("line");
  line(pen, [[0, height - bottom + 0.5], [width, height - bottom + 0.5]]);
  letters(pen);
  pen.textAlign = "left";
  pen.fillText(first, 0, height - 6);
  pen.textAlign = "right";
  pen.fillText(last, width, height - 6);
}
