// Windows over a DICOM file's own values, as imaging/stored_values.py has them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { greyTable } from "../../fracture_widgets/app/front/src/viewer/picture.js";
import { dragged, inGreys, inValues, typedWindow, wholeOf, windowNumbers } from "../../fracture_widgets/app/front/src/viewer/values.js";

const FULL = { width: 1, level: 0.5 };
const scale = {
  first: -1000, step: 1, top: 4095, edge: 1, blank: false, falling: false,
  usual: [2000, 500], whole: [4096, 1048], windows: [],
};
const greys = (own, window, inverted = false) => [...greyTable(own.scale.top, window, inverted, own)].map((value) => value & 255);

test("as it was read, a window shows what its numbers say", () => {
  const shown = greys({ scale }, FULL);
  assert.equal(shown[500], 0); // the value -500
  assert.ok(shown[501] <= 1 && shown[2498] >= 254);
  assert.equal(shown[2499], 255); // the value 1,499
  assert.deepEqual(shown, greys({ scale }, inValues(scale, FULL)));
  assert.deepEqual(windowNumbers(scale, FULL), ["2000", "500"]);
});

test("the whole range tells all values apart that a screen can", () => {
  const shown = greys({ scale }, wholeOf(scale));
  assert.deepEqual([shown[0], shown.at(-1)], [0, 255]);
  assert.ok(shown[3400] < shown[3900]);
  assert.equal(new Set(shown).size, 256);
});

test("where the greatest values are black, they are in every window", () => {
  const falling = { ...scale, falling: true };
  for (const window of [FULL, wholeOf(falling)]) {
    const shown = greys({ scale: falling }, window);
    assert.deepEqual([shown[0], shown.at(-1)], [255, 0]);
  }
  assert.deepEqual(greys({ scale: falling }, FULL), greys({ scale: falling }, FULL, true).map((grey) => 255 - grey));
});

test("what stands for no value is black in every window", () => {
  const blank = { ...scale, blank: true, falling: true };
  for (const window of [FULL, wholeOf(blank)]) assert.equal(greys({ scale: blank }, window)[0], 0);
});

test("a curve is shown as it was read, and left for a window", () => {
  const curved = { ...scale, usual: null };
  const curve = Uint16Array.from({ length: 4096 }, (_, number) => 65535 * (number / 4095) ** 2);
  const own = { scale: curved, curve };
  assert.ok(Math.abs(greys(own, FULL)[2048] - 64) <= 1);
  assert.ok(Math.abs(greys(own, wholeOf(curved))[2048] - 128) <= 1);
  assert.deepEqual(windowNumbers(curved, FULL), ["100 %", "50 %"]);
  assert.deepEqual(inGreys(curved, wholeOf(curved)), FULL);
});

test("a preview is shown through the same window as far as its greys go", () => {
  for (const falling of [false, true]) {
    const own = { ...scale, falling };
    const there = inGreys(own, { width: 1001, level: 800, stored: true });
    const back = inValues(own, there);
    assert.ok(Math.abs(back.width - 1001) < 1e-6 && Math.abs(back.level - 800) < 1e-6);
  }
});

test("dragging goes beyond the file's window, and not beyond reason", () => {
  let window = inValues(scale, FULL);
  for (let i = 0; i < 200; i += 1) window = dragged(scale, window, 100, -100);
  assert.ok(window.width > 4096 && window.width <= 2 * 4096);
  for (let i = 0; i < 200; i += 1) window = dragged(scale, window, -100, 100);
  assert.ok(window.width >= 2 && Number.isFinite(window.level));
});

test("numbers have the marks of the language, and no more digits than are read", (t) => {
  const fine = { ...scale, usual: null };
  const said = (width, level) => windowNumbers(fine, { width, level, stored: true });
  assert.deepEqual(said(2400.75, -1500.5), ["2401", "-1501"]);
  assert.deepEqual(said(3.5849, 0.000012345), ["3.58", "0.0000123"]);
  globalThis.document = { documentElement: { lang: "de" } };
  t.after(() => { delete globalThis.document; });
  assert.deepEqual(said(3.5849, 12000), ["3,58", "12000"]);
});

test("of a window one number is typed, and the other stays as it is", () => {
  const off = { width: 3000.25, level: 2296.5, stored: true };
  assert.deepEqual(typedWindow(scale, off, 0, "200.5"), { ...off, width: 200.5 });
  assert.deepEqual(typedWindow(scale, FULL, 1, "-300"), { width: 2000, level: -300, stored: true });
  const curved = { ...scale, usual: null };
  assert.deepEqual(typedWindow(curved, FULL, 1, "300"), { width: 4096, level: 300, stored: true });
  assert.deepEqual(typedWindow(curved, FULL, 0, "200"), { width: 200, level: 1048, stored: true });
  for (const [which, text] of [[0, ""], [0, "0"], [0, "-5"], [1, "x"], [1, ""]]) {
    assert.equal(typedWindow(scale, off, which, text), null);
  }
});
