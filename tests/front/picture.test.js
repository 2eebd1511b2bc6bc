// Grey values in the browser: levels of half the size, windows, colours, rulers and regions.

import assert from "node:assert/strict";
import { test } from "node:test";
import { COLOURS, colourAt } from "../../fracture_widgets/app/front/src/viewer/colours.js";
import { marks } from "../../fracture_widgets/app/front/src/viewer/marks.js";
import { greyTable, halved, pyramid, unpack } from "../../fracture_widgets/app/front/src/viewer/picture.js";

test("half the size is the mean of four", () => {
  const values = Uint8Array.from({ length: 15 }, (_, index) => index);
  const half = halved({ width: 5, height: 3, values, top: 255 });
  assert.deepEqual({ ...half, values: [...half.values] }, { width: 2, height: 1, values: [3, 5], top: 255 });
});

test("padding has no part in a mean, on any level", () => {
  const own = { scale: { blank: true } };
  const values = Uint16Array.from({ length: 1024 * 8 }, (_, index) => (index % 1024 < 333 ? 0 : 4000));
  for (const level of pyramid({ width: 1024, height: 8, values, top: 4095, own })) {
    assert.deepEqual([...new Set(level.values)], [0, 4000]);
  }
});

test("levels go down until one fits on a screen", () => {
  const picture = { width: 3000, height: 900, values: new Uint16Array(3000 * 900), top: 65535 };
  assert.deepEqual(pyramid(picture).map(({ width }) => width), [3000, 1500, 750, 375]);
});

test("a window of greys cuts off what lies beyond", () => {
  const greys = (window, inverted) => [...greyTable(255, window, inverted)].map((value) => value & 255);
  const full = greys({ width: 1, level: 0.5 }, false);
  const half = greys({ width: 0.5, level: 0.5 }, false);
  assert.deepEqual(full, Array.from({ length: 256 }, (_, value) => value));
  assert.ok(half.slice(0, 64).every((value) => value === 0));
  assert.ok(half.slice(192).every((value) => value === 255));
  assert.ok(Math.abs(half[127] - 127) <= 1);
  assert.deepEqual(greys({ width: 1, level: 0.5 }, true), full.toReversed());
});

test("colours run from the first stop to the last", () => {
  const bytes = (text) => [...Buffer.from(text, "hex")];
  assert.equal(Object.keys(COLOURS).length, 3);
  for (const stops of Object.values(COLOURS)) {
    assert.deepEqual(colourAt(stops, 0), bytes(stops.slice(0, 6)));
    assert.deepEqual(colourAt(stops, 1), bytes(stops.slice(-6)));
  }
});

test("a ruler that was only a click is none", () => {
  const drawn = marks();
  drawn.begin("measure", { x: 5, y: 5 });
  drawn.keep();
  assert.equal(drawn.rulers.length, 0);
  drawn.begin("measure", { x: 5, y: 5 });
  drawn.move("to", { x: 9, y: 5 });
  drawn.keep();
  drawn.begin("region", { x: 1, y: 1 }, { x: 8, y: 8 });
  drawn.keep();
  assert.deepEqual(drawn.rulers.map(({ id }) => id), [1]);
  assert.ok(drawn.region);
  drawn.remove(1);
  drawn.clearRegion();
  assert.equal(drawn.all.length, 0);
});

test("a picture that is cut short is refused", async () => {
  const stream = new Blob([new Uint8Array(9)]).stream().pipeThrough(new CompressionStream("deflate"));
  const packed = new Uint8Array(await new Response(stream).arrayBuffer());
  await assert.rejects(unpack(packed, { width: 5, height: 2, depth: 8 }), /not whole/);
});
