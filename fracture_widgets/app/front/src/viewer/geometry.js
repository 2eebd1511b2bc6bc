// Where a picture lies on the screen. A view is { scale, x, y }: a point of the picture, in its own
// pixels, is shown at (x + scale * px, y + scale * py) of the pane, in CSS pixels.

const LEAST_ZOOM = 0.5; // of the scale at which the whole picture is seen
const MOST_SCALE = 32;
const KEPT_IN_SIGHT = 40; // CSS pixels of the picture that no panning takes away

export function fitView(picture, pane) {
  const scale = Math.min(pane.width / picture.width, pane.height / picture.height);
  return {
    scale,
    x: (pane.width - scale * picture.width) / 2,
    y: (pane.height - scale * picture.height) / 2,
  };
}

export function toPicture(view, point) {
  return { x: (point.x - view.x) / view.scale, y: (point.y - view.y) / view.scale };
}

export function toPane(view, point) {
  return { x: view.x + view.scale * point.x, y: view.y + view.scale * point.y };
}

export const between = (value, low, high) => Math.min(Math.max(value, low), high);

// The same view with the picture, or a strip of it, kept in sight.
export function within(view, picture, pane) {
  const along = (start, size, room) => {
    const strip = Math.min(KEPT_IN_SIGHT, size);
    return between(start, strip - size, room - strip);
  };
  return {
    scale: view.scale,
    x: along(view.x, view.scale * picture.width, pane.width),
    y: along(view.y, view.scale * picture.height, pane.height),
  };
}

// Zooms by a factor; what is shown at `point` of the pane stays there.
export function zoomedAt(view, point, factor, picture, pane) {
  const least = LEAST_ZOOM * fitView(picture, pane).scale;
  const scale = between(view.scale * factor, Math.min(least, MOST_SCALE), MOST_SCALE);
  const fixed = toPicture(view, point);
  return within(
    { scale, x: point.x - scale * fixed.x, y: point.y - scale * fixed.y }, picture, pane,
  );
}

export function panned(view, dx, dy, picture, pane) {
  return within({ ...view, x: view.x + dx, y: view.y + dy }, picture, pane);
}

// The view after the pane has changed its size: the same place in its middle, the whole picture
// where the whole picture was seen.
export function resized(view, picture, before, after) {
  const fitted = fitView(picture, before);
  if (Math.abs(view.scale - fitted.scale) < 1e-9) return fitView(picture, after);
  const middle = toPicture(view, { x: before.width / 2, y: before.height / 2 });
  return within({
    scale: view.scale,
    x: after.width / 2 - view.scale * middle.x,
    y: after.height / 2 - view.scale * middle.y,
  }, picture, after);
}

// The length between two points of a picture; `spacing` is the distance of neighbouring rows and
// of neighbouring columns in mm, which may differ, or null; then where that holds, if not in the limb.
export function distance(from, to, spacing) {
  const [row, column] = spacing ?? [1, 1];
  return Math.hypot((to.x - from.x) * column, (to.y - from.y) * row);
}

export function lengthInWords(from, to, spacing) {
  const length = distance(from, to, spacing);
  if (!spacing) return `${Math.round(length)} pixels`;
  return `${length.toFixed(1)} mm${spacing[2] ? ` ${spacing[2]}` : ""}`;
}

// The box between two points, cut to the picture: fractions of its width and height.
export function boxBetween(from, to, picture) {
  const x = [from.x, to.x].map((one) => between(one / picture.width, 0, 1)).sort((a, b) => a - b);
  const y = [from.y, to.y].map((one) => between(one / picture.height, 0, 1)).sort((a, b) => a - b);
  return [x[0], y[0], x[1], y[1]];
}
