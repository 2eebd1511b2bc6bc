// Boxes that Python names, over the picture: the joints that were examined, what a reader marked,
// what the network found, and where the fracture is. A box without extent is a point. They are drawn
// as figures/marks.py draws them for paper: light lines with a dark casing, a joint's corners alone,
// a finding broken where it is in doubt, and names beside what was found and never over it.

import { rectangle } from "./geometry.js";

const BOX_COLOURS = { reader: "#7fd1ff", truth: "#8ff0a4", network: "#ffc15e", joint: "#b4c2ce" };
const CASING = "#0b1117";
const GROUND = "#0b1117d9"; // behind a name, which may lie on white
const [LINE, OUTER] = [1.5, 4.5]; // CSS pixels
const RING = 9;
const CORNER = 0.25; // of the shorter side
const ROW = 19;
const [PAD, APART] = [4, 3];

export function drawBoxes(context, boxes, size, view, pixelRatio) {
  const pane = {
    x: 0, y: 0, width: context.canvas.width / pixelRatio, height: context.canvas.height / pixelRatio,
  };
  context.save();
  context.scale(pixelRatio, pixelRatio);
  context.font = "600 13px system-ui, sans-serif";
  const drawn = boxes.map(({ box: [x0, y0, x1, y1], ...said }) => {
    const [from, to] = [[x0, y0], [x1, y1]].map(([x, y]) => ({ x: x * size.width, y: y * size.height }));
    return { ...said, ...rectangle(view, from, to) };
  });
  for (const one of drawn) {
    for (const [width, colour] of [[OUTER, CASING], [LINE, BOX_COLOURS[one.tone]]]) {
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.beginPath();
      outline(context, one);
      context.stroke();
    }
  }
  const named = drawn.filter((one) => overlap(one, pane) || (one.width === 0 && overlap(grown(one, RING), pane)));
  const widths = named.map(({ name }) => context.measureText(name).width + 2 * PAD);
  labelPlaces(named, widths, pane).forEach((place, index) => {
    const { name, tone } = named[index];
    context.fillStyle = GROUND;
    context.fillRect(place.x, place.y, place.width, place.height);
    context.fillStyle = BOX_COLOURS[tone];
    context.fillText(name, place.x + PAD, place.y + ROW - 5);
  });
  context.restore();
}

function outline(context, { x, y, width, height, tone, doubt }) {
  context.setLineDash([]);
  if (!width || !height) {
    context.arc(x, y, RING, 0, 2 * Math.PI);
  } else if (tone === "joint") {
    const arm = CORNER * Math.min(width, height);
    for (const [cx, cy, dx, dy] of [
      [x, y, 1, 1], [x + width, y, -1, 1], [x + width, y + height, -1, -1], [x, y + height, 1, -1],
    ]) {
      context.moveTo(cx + dx * arm, cy);
      context.lineTo(cx, cy);
      context.lineTo(cx, cy + dy * arm);
    }
  } else if (doubt || tone === "truth") {
    for (const [from, to] of [
      [[x, y], [x + width, y]], [[x, y + height], [x + width, y + height]],
      [[x, y], [x, y + height]], [[x + width, y], [x + width, y + height]],
    ]) dashes(context, from, to);
  } else {
    context.rect(x, y, width, height);
  }
}

// A broken line that begins and ends with a dash, so that the corners are always seen.
function dashes(context, [x0, y0], [x1, y1]) {
  const length = Math.hypot(x1 - x0, y1 - y0);
  const dash = Math.min(6, length / 4);
  const gaps = Math.max(1, Math.round((length - dash) / (dash * (5 / 3))));
  const step = (length - dash) / gaps;
  const at = (part) => [x0 + ((x1 - x0) * part) / length, y0 + ((y1 - y0) * part) / length];
  for (let n = 0; n <= gaps; n += 1) {
    context.moveTo(...at(n * step));
    context.lineTo(...at(n * step + dash));
  }
}

// Where names of these widths stand. Findings choose first; where all beside is taken, a name
// stands in the column below the others.
export function labelPlaces(boxes, widths, pane) {
  const clear = boxes.filter(({ tone }) => tone !== "joint").map((one) => grown(one, one.width ? 2 : RING));
  const places = new Map();
  const order = boxes.map((_, index) => index)
    .sort((a, b) => (boxes[a].tone === "joint") - (boxes[b].tone === "joint") || a - b);
  for (const index of order) {
    const offered = beside(boxes[index], widths[index], pane);
    const taken = [...clear, ...places.values()];
    const free = [...offered, ...column(offered[0], pane)]
      .find((place) => !taken.some((other) => overlap(place, other)));
    places.set(index, free ?? offered[0]);
  }
  return boxes.map((_, index) => places.get(index));
}

function beside({ x, y, width: w, height: h, tone }, width, pane) {
  const around = w ? 0 : RING;
  const left = Math.max(pane.x, Math.min(x, pane.x + pane.width - width));
  const top = Math.max(pane.y, Math.min(y, pane.y + pane.height - ROW));
  const over = [left, y - around - APART - ROW];
  const under = [left, y + h + around + APART];
  const inside = [left, Math.max(pane.y, Math.min(y + APART, pane.y + pane.height - ROW))];
  const above = tone === "joint" || tone === "truth";
  const corners = [
    ...(above ? [over, under] : [under, over]), [x + w + around + APART, top],
    [x - around - APART - width, top], inside,
  ];
  const places = corners.map(([px, py]) => ({ x: px, y: py, width, height: ROW }));
  const within = places.filter((place) => place.x >= pane.x && place.y >= pane.y
    && place.x + width <= pane.x + pane.width && place.y + ROW <= pane.y + pane.height);
  return within.length ? within : places.slice(-1);
}

function* column(place, pane) {
  for (let y = place.y + ROW; y + ROW <= pane.y + pane.height; y += ROW) yield { ...place, y };
  for (let y = place.y - ROW; y >= pane.y; y -= ROW) yield { ...place, y };
}

function grown({ x, y, width, height }, by) {
  return { x: x - by, y: y - by, width: width + 2 * by, height: height + 2 * by };
}

function overlap(one, other) {
  return one.x < other.x + other.width && other.x < one.x + one.width
    && one.y < other.y + other.height && other.y < one.y + one.height;
}
