// Where a picture lies in its pane, for pictures, panes and views of every kind.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  boxBetween, fitView, lengthInWords, panned, resized, toPane, toPicture, within, zoomedAt,
} from "../../fracture_widgets/app/front/src/viewer/geometry.js";
import { near, seeded } from "./seeded.js";

const draw = seeded(0);
const CASES = Array.from({ length: 300 }, () => ({
  picture: { width: draw.integer(16, 5000), height: draw.integer(16, 5000) },
  pane: { width: draw.integer(100, 2000), height: draw.integer(100, 1200) },
  view: { scale: draw.uniform(0.05, 20), x: draw.uniform(-900, 900), y: draw.uniform(-900, 900) },
  point: { x: draw.uniform(0, 100), y: draw.uniform(0, 100) },
  factor: draw.uniform(0.2, 5),
}));
const SIDES = [["width", "x"], ["height", "y"]];

function samePoint(point, wanted) {
  near(point.x, wanted.x);
  near(point.y, wanted.y);
}

test("a fitted picture is whole and in the middle", () => {
  for (const { picture, pane } of CASES) {
    const view = fitView(picture, pane);
    for (const [side, start] of SIDES) {
      const shown = view.scale * picture[side];
      assert.ok(shown <= pane[side] + 1e-6);
      near(view[start], (pane[side] - shown) / 2);
    }
  }
});

test("pane and picture are one another's inverse", () => {
  for (const { view, point } of CASES) samePoint(toPane(view, toPicture(view, point)), point);
});

test("zooming keeps what is under the pointer", () => {
  for (const { picture, pane, factor } of CASES) {
    const before = fitView(picture, pane);
    const point = toPane(before, { x: picture.width * 0.4, y: picture.height * 0.7 });
    const after = zoomedAt(before, point, 1 + factor, picture, pane);
    samePoint(toPicture(after, point), toPicture(before, point));
    if (after.scale !== 32) near(after.scale / before.scale, 1 + factor);
  }
});

test("a picture cannot be lost from sight", () => {
  for (const { picture, pane, view } of CASES) {
    for (const kept of [within(view, picture, pane), panned(view, 9e5, -9e5, picture, pane)]) {
      for (const [side, start] of SIDES) {
        const shown = kept.scale * picture[side];
        const strip = Math.min(40, shown) - 1e-6;
        assert.ok(kept[start] + shown >= strip);
        assert.ok(kept[start] <= pane[side] - strip);
      }
    }
  }
});

test("a pane that changes its size shows the same place", () => {
  const middle = (pane) => ({ x: pane.width / 2, y: pane.height / 2 });
  for (const { picture, pane } of CASES) {
    const after = { width: pane.width * 0.8 + 60, height: pane.height };
    const close = zoomedAt(fitView(picture, pane), middle(pane), 4, picture, pane);
    samePoint(
      toPicture(resized(close, picture, pane, after), middle(after)),
      toPicture(close, middle(pane)),
    );
    const whole = resized(fitView(picture, pane), picture, pane, after);
    samePoint(whole, fitView(picture, after));
    near(whole.scale, fitView(picture, after).scale);
  }
});

test("lengths know that rows and columns may differ", () => {
  const length = (spacing) => lengthInWords({ x: 10, y: 20 }, { x: 40, y: 60 }, spacing);
  assert.equal(length(null), "50 pixels");
  assert.equal(length([0.2, 0.2]), "10.0 mm");
  assert.equal(length([0.5, 0.1]), "20.2 mm");
  assert.equal(length([0.1, 0.5]), "15.5 mm");
  assert.equal(length([0.2, 0.2, "at the detector"]), "10.0 mm at the detector");
});

test("a box lies inside the picture whichever way it was drawn", () => {
  const picture = { width: 200, height: 100 };
  assert.deepEqual(boxBetween({ x: 150, y: 20 }, { x: -30, y: 90 }, picture), [0, 0.2, 0.75, 0.9]);
  assert.deepEqual(boxBetween({ x: 50, y: 500 }, { x: 100, y: 50 }, picture), [0.25, 0.5, 0.5, 1]);
});
