// Where a picture lies in its pane, for pictures, panes and views of every kind.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  boxBetween, change, fitView, flippedOver, followed, lengthInWords, matrixOf, panned, rectangle, resized, toPane, toPicture, turnedRight,
  turnInWords, UPRIGHT, within, zoomedAt,
} from "../../fracture_widgets/app/front/src/viewer/geometry.js";
import { near, seeded } from "./seeded.js";

const draw = seeded(0);
const CASES = Array.from({ length: 300 }, () => ({
  picture: { width: draw.integer(16, 5000), height: draw.integer(16, 5000) },
  pane: { width: draw.integer(100, 2000), height: draw.integer(100, 1200) },
  view: {
    scale: draw.uniform(0.05, 20), x: draw.uniform(-900, 900), y: draw.uniform(-900, 900),
    turn: draw.integer(0, 3), flipped: draw.uniform(0, 1) < 0.5,
  },
  point: { x: draw.uniform(0, 100), y: draw.uniform(0, 100) },
  factor: draw.uniform(0.2, 5),
}));
const SIDES = [["width", "x"], ["height", "y"]];

function samePoint(point, wanted) {
  near(point.x, wanted.x);
  near(point.y, wanted.y);
}

// Where the whole picture is shown.
const shownAs = (view, { width, height }) => rectangle(view, { x: 0, y: 0 }, { x: width, y: height });

test("a fitted picture is whole and in the middle, however it is turned", () => {
  for (const { picture, pane, view: turned } of CASES) {
    const view = fitView(picture, pane, turned);
    assert.deepEqual([view.turn, view.flipped], [turned.turn, turned.flipped]);
    const shown = shownAs(view, picture);
    for (const [side, start] of SIDES) {
      assert.ok(shown[side] <= pane[side] + 1e-6);
      near(shown[start], (pane[side] - shown[side]) / 2);
    }
  }
});

test("turning goes to the right as it is seen, and flipping exchanges left and right as they are seen", () => {
  const seen = (view) => toPane({ ...view, scale: 1, x: 0, y: 0 }, { x: 3, y: 2 });
  samePoint(seen(UPRIGHT), { x: 3, y: 2 });
  for (const { view } of CASES) {
    const before = seen(view);
    samePoint(seen(turnedRight(view, 1)), { x: -before.y, y: before.x });
    samePoint(seen(turnedRight(view, -1)), { x: before.y, y: -before.x });
    samePoint(seen(flippedOver(view)), { x: -before.x, y: before.y });
    assert.deepEqual(matrixOf(turnedRight(turnedRight(view, 1), -1)), matrixOf(view));
    assert.deepEqual(matrixOf(flippedOver(flippedOver(view))), matrixOf(view));
  }
});

test("how a picture lies is said, and nothing of one that lies as in its file", () => {
  assert.equal(turnInWords(UPRIGHT), "");
  assert.equal(turnInWords(turnedRight(UPRIGHT, -1)), "turned 90° to the left");
  assert.equal(turnInWords(flippedOver(turnedRight(UPRIGHT, 1))), "flipped left to right, turned 90° to the left");
});

test("a picture that is turned keeps what is in the middle of the pane", () => {
  const middle = (pane) => ({ x: pane.width / 2, y: pane.height / 2 });
  for (const { picture, pane, view } of CASES) {
    const close = zoomedAt(fitView(picture, pane, view), middle(pane), 4, picture, pane);
    const after = resized(close, picture, pane, pane, flippedOver(turnedRight(close, 1)));
    samePoint(toPicture(after, middle(pane)), toPicture(close, middle(pane)));
  }
});

test("pane and picture are one another's inverse", () => {
  for (const { view, point } of CASES) samePoint(toPane(view, toPicture(view, point)), point);
});

test("zooming keeps what is under the pointer", () => {
  for (const { picture, pane, factor, view } of CASES) {
    const before = fitView(picture, pane, view);
    const point = toPane(before, { x: picture.width * 0.4, y: picture.height * 0.7 });
    const after = zoomedAt(before, point, 1 + factor, picture, pane);
    samePoint(toPicture(after, point), toPicture(before, point));
    if (after.scale !== 32) near(after.scale / before.scale, 1 + factor);
  }
});

test("a picture cannot be lost from sight", () => {
  for (const { picture, pane, view } of CASES) {
    for (const kept of [within(view, picture, pane), panned(view, 9e5, -9e5, picture, pane)]) {
      const shown = shownAs(kept, picture);
      for (const [side, start] of SIDES) {
        const strip = Math.min(40, shown[side]) - 1e-6;
        assert.ok(shown[start] + shown[side] >= strip);
        assert.ok(shown[start] <= pane[side] - strip);
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

test("a picture beside is zoomed and moved as this one is, and fitted with it", () => {
  for (const { picture, pane, view, factor } of CASES) {
    const before = fitView(picture, pane, view);
    const near_ = zoomedAt(before, { x: pane.width / 3, y: pane.height / 2 }, 1 + factor, picture, pane);
    const after = panned(near_, 7, -5, picture, pane);
    const same = followed(before, change(before, after, picture, pane), picture, pane);
    near(same.scale, after.scale);
    samePoint(same, after);
    const other = { width: picture.height, height: picture.width };
    const beside = fitView(other, pane);
    const followedTo = followed(beside, change(before, after, picture, pane), other, pane);
    if (followedTo.scale < 32 && after.scale < 32) near(followedTo.scale / beside.scale, after.scale / before.scale);
    samePoint(followed(followedTo, change(after, before, picture, pane), other, pane), beside);
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
