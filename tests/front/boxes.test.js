// Boxes over the picture: where their names stand.

import assert from "node:assert/strict";
import { test } from "node:test";
import { drawBoxes } from "../../fracture_widgets/app/front/src/viewer/boxes.js";

// A canvas of 200 pixels that keeps the names it was told to write; each letter is 6 pixels wide.
function written(boxes) {
  const names = [];
  const context = new Proxy({ canvas: { width: 200 } }, {
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

test("a joint's name stands above its box and a finding's below", () => {
  const [hand, found] = written([
    joint([0.1, 0.5, 0.4, 0.8], "Hand"),
    { box: [0.2, 0.6, 0.3, 0.7], name: "Fracture", tone: "network" },
  ]);
  assert.deepEqual([hand.x, hand.y], [20, 93]);
  assert.deepEqual([found.x, found.y], [40, 157]);
  assert.notEqual(hand.tone, found.tone);
});

test("names of neighbours stand one below the other", () => {
  const names = written([
    joint([0.1, 0.5, 0.3, 0.8], "Hand: none seen"),
    joint([0.3, 0.5, 0.5, 0.8], "Hand: fracture"),
  ]);
  assert.deepEqual(names.map(({ y }) => y), [93, 110]);
});

test("a name stays on the picture", () => {
  const [name] = written([joint([0.9, 0, 1, 0.2], "Shoulder: none seen")]);
  assert.deepEqual([name.x, name.y], [200 - 4 - 6 * 19, 14]);
});
