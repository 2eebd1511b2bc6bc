// Boxes that Python names, over the picture: what a reader marked, what the network found, and where
// the fracture is. A box without extent is a point.

import { toPane } from "./geometry.js";

const BOX_COLOURS = { reader: "#7fd1ff", truth: "#8ff0a4", network: "#ffc15e" };

export function drawBoxes(context, boxes, size, view, pixelRatio) {
  context.save();
  context.scale(pixelRatio, pixelRatio);
  context.font = "600 13px system-ui, sans-serif";
  context.lineWidth = 2;
  context.shadowColor = "#000";
  context.shadowBlur = 3;
  for (const { box: [x0, y0, x1, y1], name, tone } of boxes) {
    const a = toPane(view, { x: x0 * size.width, y: y0 * size.height });
    const b = toPane(view, { x: x1 * size.width, y: y1 * size.height });
    context.strokeStyle = context.fillStyle = BOX_COLOURS[tone];
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
    // The truth's name stands above its box and the reader's below, so that neither hides the other.
    if (tone === "truth") context.fillText(name, a.x, Math.max(14, a.y - 7));
    else context.fillText(name, a.x === b.x ? a.x + 16 : a.x, b.y + 17);
  }
  context.restore();
}
