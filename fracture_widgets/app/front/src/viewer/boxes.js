// Boxes that Python names, over the picture: the joints that were examined, what a reader marked,
// what the network found, and where the fracture is. A box without extent is a point.

import { toPane } from "./geometry.js";

const BOX_COLOURS = { reader: "#7fd1ff", truth: "#8ff0a4", network: "#ffc15e", joint: "#b4c2ce" };

const GROUND = "#0b1117b3"; // behind the name of a joint, which may lie on white
const LINE = 17; // CSS pixels from one name to the next

export function drawBoxes(context, boxes, size, view, pixelRatio) {
  const taken = [];
  const wide = context.canvas.width / pixelRatio;
  context.save();
  context.scale(pixelRatio, pixelRatio);
  context.font = "600 13px system-ui, sans-serif";
  context.shadowColor = "#000";
  context.shadowBlur = 3;
  for (const { box: [x0, y0, x1, y1], name, tone } of boxes) {
    const a = toPane(view, { x: x0 * size.width, y: y0 * size.height });
    const b = toPane(view, { x: x1 * size.width, y: y1 * size.height });
    context.strokeStyle = context.fillStyle = BOX_COLOURS[tone];
    context.lineWidth = tone === "joint" ? 1 : 2;
    context.setLineDash(tone === "truth" ? [7, 4] : []);
    context.beginPath();
    if (x0 === x1 || y0 === y1) {
      context.arc(a.x, a.y, 9, 0, 2 * Math.PI);
      context.moveTo(a.x - 14, a.y);
      context.lineTo(a.x + 14, a.y);
      context.moveTo(a.x, a.y - 14);
      context.lineTo(a.x, a.y + 14);
    } else {
      context.rect(a.x, a.y, b.x - a.x, b.y - a.y);
    }
    context.stroke();
    // The names of the truth and of joints stand above their boxes and the others below, each where
    // no other one stands.
    const above = tone === "truth" || tone === "joint";
    const { width } = context.measureText(name);
    const x = !above && a.x === b.x ? a.x + 16 : a.x;
    const place = {
      x: a.x < wide ? Math.min(x, Math.max(0, wide - width - 4)) : x,
      y: above ? Math.max(14, a.y - 7) : b.y + 17,
      width,
    };
    while (taken.some((other) => overlap(place, other))) place.y += LINE;
    taken.push(place);
    if (tone === "joint") {
      context.fillStyle = GROUND;
      context.fillRect(place.x - 3, place.y - 13, width + 6, LINE);
      context.fillStyle = BOX_COLOURS.joint;
    }
    context.fillText(name, place.x, place.y);
  }
  context.restore();
}

function overlap(one, other) {
  return one.x < other.x + other.width && other.x < one.x + one.width
    && Math.abs(one.y - other.y) < LINE;
}
