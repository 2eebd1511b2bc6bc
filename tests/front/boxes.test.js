// Boxes over the picture: where their names stand.

import assert from "node:assert/strict";
import { test } from "node:test";
import { drawBoxes, labelPlaces } from "../../fracture_widgets/app/front/src/viewer/boxes.js";

// A canvas of 200 pixels that keeps the names it was told to write; each letter is 6 pixels wide.
function written(boxes) {
  const names = [];
  const context = new Proxy({ canvas: { width: 200, height: 200 } }, {
    get: (known, name) => {
      if (name === "fillText") return (text, x, y) => names.push({ text, x, y, tone: known.fillStyle });
      if (name === "measureText") return (text) => ({ width: 6 * text.length });
      return known[name] ?? (() => {});
    },
  });
  drawBoxes(context, boxes, { width: 100, height: 100 }, { scale: 2, x: 0, y: 0 }, 1);
  return names;
}

const joint = (box, name) => ({ box, name, tone: "joint" });

test("a joint's name stands above its box and a finding's below, beside and not over it", () => {
  const [hand, found] = written([
    joint([0.1, 0.5, 0.4, 0.8], "Hand"),
    { box: [0.2, 0.6, 0.3, 0.7], name: "1 Fracture", tone: "network" },
  ]);
  assert.ok(hand.y < 100);
  assert.ok(found.y > 140 && found.y < 165);
  assert.notEqual(hand.tone, found.tone);
});

test("no name lies over another one or over what was found", () => {
  const found = [0, 1, 2].map((n) => ({
    box: [0.2 + n / 50, 0.4, 0.4 + n / 50, 0.6], name: `${n} Fracture 50.0 %`, tone: "network",
  }));
  const boxes = [...found, joint([0.1, 0.3, 0.6, 0.7], "A Hand: fracture"), joint([0.12, 0.3, 0.6, 0.7], "B Hand: doubt")]
    .map(({ box: [x0, y0, x1, y1], ...said }) => (
      { ...said, x: 200 * x0, y: 200 * y0, width: 200 * (x1 - x0), height: 200 * (y1 - y0) }));
  const places = labelPlaces(boxes, boxes.map(() => 90), { x: 0, y: 0, width: 200, height: 200 });
  const apart = (a, b) => a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
  places.forEach((place, index) => {
    assert.ok(place.x >= 0 && place.y >= 0 && place.x + 90 <= 200 && place.y + place.height <= 200);
    for (const other of [...places.slice(0, index), ...boxes.slice(0, 3)]) assert.ok(apart(place, other));
  });
});

test("a name stays on the picture, and none is written for what is out of sight", () => {
  const names = written([
    joint([0.9, 0, 1, 0.2], "Shoulder: none seen"), joint([1.2, 0.2, 1.4, 0.5], "Hand"),
  ]);
  assert.equal(names.length, 1);
  assert.ok(names[0].x + 6 * 19 <= 200 && names[0].y > 0);
});
