// Where a picture lies on the screen. A view is { scale, x, y, turn, flipped }: a point of the
// picture, in its own pixels, is mirrored left to right where it is flipped, turned clockwise by
// so many quarters, scaled, and shown so far from (x, y) of the pane, in CSS pixels.

import { gettext, numberWords } from "../base/language.js";

const LEAST_ZOOM = 0.5; // of the scale at which the whole picture is seen
const MOST_SCALE = 32;
const KEPT_IN_SIGHT = 40; // CSS pixels of the picture that no panning takes away
const QUARTERS = [[1, 0, 0, 1], [0, -1, 1, 0], [-1, 0, 0, -1], [0, 1, -1, 0]];
const DEGREES = ["", gettext("turned 90° to the right"), gettext("turned 180°"), gettext("turned 90° to the left")];

export const UPRIGHT = { turn: 0, flipped: false };
export const turnedRight = ({ turn, flipped }, quarters) => ({ turn: (turn + quarters + 4) % 4, flipped });
export const flippedOver = ({ turn, flipped }) => ({ turn: (4 - turn) % 4, flipped: !flipped });

// How a picture is turned, in words; empty where it is as in its file.
export function turnInWords({ turn, flipped }) {
  return [flipped && gettext("flipped left to right"), DEGREES[turn]].filter(Boolean).join(", ");
}

// [a, b, c, d], where a point of the picture goes to (a x + b y, c x + d y).
export function matrixOf({ turn = 0, flipped = false }) {
  const [a, b, c, d] = QUARTERS[turn];
  return flipped ? [-a, b, -c, d] : [a, b, c, d];
}

export function toPicture(view, point) {
  const [a, b, c, d] = matrixOf(view);
  const [x, y] = [(point.x - view.x) / view.scale, (point.y - view.y) / view.scale];
  return { x: a * x + c * y, y: b * x + d * y };
}

export function toPane(view, point) {
  const [a, b, c, d] = matrixOf(view);
  return {
    x: view.x + view.scale * (a * point.x + b * point.y),
    y: view.y + view.scale * (c * point.x + d * point.y),
  };
}

// The rectangle of the pane in which that between two points of the picture is shown.
export function rectangle(view, from, to) {
  const [a, b] = [toPane(view, from), toPane(view, to)];
  return {
    x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), width: Math.abs(a.x - b.x), height: Math.abs(a.y - b.y),
  };
}

const whole = (view, { width, height }) => rectangle(view, { x: 0, y: 0 }, { x: width, y: height });
const middleOf = ({ width, height }) => ({ x: width / 2, y: height / 2 });

// The view with the picture's left and top edge there.
function placed(left, top, view, picture) {
  const { x, y } = whole(view, picture);
  return { ...view, x: view.x + left - x, y: view.y + top - y };
}

// The view with a point of the picture shown at a point of the pane.
function pinned(view, fixed, point) {
  const now = toPane(view, fixed);
  return { ...view, x: view.x + point.x - now.x, y: view.y + point.y - now.y };
}

export function fitView(picture, pane, { turn = 0, flipped = false } = UPRIGHT) {
  const { width, height } = whole({ scale: 1, x: 0, y: 0, turn, flipped }, picture);
  const scale = Math.min(pane.width / width, pane.height / height);
  const [left, top] = [(pane.width - scale * width) / 2, (pane.height - scale * height) / 2];
  return placed(left, top, { scale, x: 0, y: 0, turn, flipped }, picture);
}

export const isFitted = (view, picture, pane) => (
  Math.abs(view.scale - fitView(picture, pane, view).scale) < 1e-9
);

export const between = (value, low, high) => Math.min(Math.max(value, low), high);

// The same view with the picture, or a strip of it, kept in sight.
export function within(view, picture, pane) {
  const along = (start, size, room) => {
    const strip = Math.min(KEPT_IN_SIGHT, size);
    return between(start, strip - size, room - strip);
  };
  const { x, y, width, height } = whole(view, picture);
  return placed(along(x, width, pane.width), along(y, height, pane.height), view, picture);
}

// Zooms by a factor; what is shown at `point` of the pane stays there.
export function zoomedAt(view, point, factor, picture, pane) {
  const least = LEAST_ZOOM * fitView(picture, pane, view).scale;
  const scale = between(view.scale * factor, Math.min(least, MOST_SCALE), MOST_SCALE);
  return within(pinned({ ...view, scale }, toPicture(view, point), point), picture, pane);
}

export function panned(view, dx, dy, picture, pane) {
  return within({ ...view, x: view.x + dx, y: view.y + dy }, picture, pane);
}

// What was done between two views of a picture, so that another can follow: it was fitted, or all
// of its pane zoomed from the middle and moved.
export function change(before, after, picture, pane) {
  const factor = after.scale / before.scale;
  const middle = middleOf(pane);
  return {
    fit: isFitted(after, picture, pane), factor,
    dx: after.x - middle.x - factor * (before.x - middle.x), dy: after.y - middle.y - factor * (before.y - middle.y),
  };
}

export function followed(view, { fit, factor, dx, dy }, picture, pane) {
  if (fit) return fitView(picture, pane, view);
  return panned(zoomedAt(view, middleOf(pane), factor, picture, pane), dx, dy, picture, pane);
}

// The view after the pane has changed its size, or the picture is turned: the same place in its
// middle, the whole picture where the whole picture was seen.
export function resized(view, picture, before, after, turned = view) {
  if (isFitted(view, picture, before)) return fitView(picture, after, turned);
  const { turn, flipped } = turned;
  const middle = toPicture(view, middleOf(before));
  return within(pinned({ ...view, turn, flipped }, middle, middleOf(after)), picture, after);
}

// The length between two points of a picture; `spacing` is the distance of neighbouring rows and
// of neighbouring columns in mm, which may differ, or null; then where that holds, if not in the limb.
export function distance(from, to, spacing) {
  const [row, column] = spacing ?? [1, 1];
  return Math.hypot((to.x - from.x) * column, (to.y - from.y) * row);
}

export function lengthInWords(from, to, spacing) {
  const length = distance(from, to, spacing);
  if (!spacing) return gettext("{n} pixels", { n: Math.round(length) });
  return `${numberWords(length, { minimumFractionDigits: 1, maximumFractionDigits: 1, useGrouping: false })} mm${spacing[2] ? ` ${spacing[2]}` : ""}`;
}

// The box between two points, cut to the picture: fractions of its width and height.
export function boxBetween(from, to, picture) {
  const x = [from.x, to.x].map((one) => between(one / picture.width, 0, 1)).sort((a, b) => a - b);
  const y = [from.y, to.y].map((one) => between(one / picture.height, 0, 1)).sort((a, b) => a - b);
  return [x[0], y[0], x[1], y[1]];
}
