// A picture's grey values in the browser: unpacked, and drawn through a window of greys.

import { gettext } from "../base/language.js";
import { colourAt } from "./colours.js";
import { matrixOf, toPicture } from "./geometry.js";
import { readGreys, shareOfNumber } from "./values.js";

// Undoes app/widgets/picture.py: inflates, joins the planes of bytes, adds up along the rows.
export async function unpack(bytes, { width, height, depth }) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const plain = new Uint8Array(await new Response(stream).arrayBuffer());
  const count = width * height;
  if (plain.length !== count * (depth / 8)) throw new Error(gettext("The picture is not whole."));
  const values = depth === 8 ? plain : new Uint16Array(count);
  if (depth === 16) {
    for (let i = 0; i < count; i += 1) values[i] = (plain[i] << 8) | plain[count + i];
  }
  for (let row = 0; row < height; row += 1) {
    for (let i = row * width + 1; i < (row + 1) * width; i += 1) values[i] += values[i - 1];
  }
  return { width, height, values, top: depth === 8 ? 255 : 65535 };
}

// A decoded preview as the same kind of picture.
export async function fromPreview(blob) {
  const bitmap = await createImageBitmap(blob);
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const values = new Uint8Array(width * height);
  for (let i = 0; i < values.length; i += 1) values[i] = data[4 * i];
  return { width, height, values, top: 255 };
}

// Half the size, each value the mean of four: what is drawn small is taken from these, so that
// drawing costs what the screen shows, however large the picture is. What stands for no value has no
// part in a mean: beside values that are black, a mean of both would be a bright line.
export function halved({ width, height, values, top, own }) {
  const [w, h] = [Math.max(1, width >> 1), Math.max(1, height >> 1)];
  const half = new values.constructor(w * h);
  for (let y = 0; y < h; y += 1) {
    const one = Math.min(2 * y, height - 1) * width;
    const other = Math.min(2 * y + 1, height - 1) * width;
    for (let x = 0; x < w; x += 1) {
      const left = Math.min(2 * x, width - 1);
      const right = Math.min(2 * x + 1, width - 1);
      const [a, b, c, d] = [values[one + left], values[one + right], values[other + left], values[other + right]];
      const many = own?.scale.blank ? (a > 0) + (b > 0) + (c > 0) + (d > 0) || 1 : 4;
      half[y * w + x] = Math.floor((a + b + c + d) / many + 0.5);
    }
  }
  return { width: w, height: h, values: half, top, ...(own && { own }) };
}

export function pyramid(picture) {
  const levels = [picture];
  while (Math.max(levels.at(-1).width, levels.at(-1).height) > 512) levels.push(halved(levels.at(-1)));
  return levels;
}

// From a number of a picture to an opaque grey as ImageData stores it. The window is
// { width, level } in parts of the whole range of greys, what lies beyond is black or white; or it
// is one of the file's own values, whose scale `own` holds.
export function greyTable(top, window, inverted, own = null) {
  const table = new Uint32Array(top + 1);
  const { width, level } = window;
  const low = level - width / 2;
  const read = own ? readGreys(own.scale, own.curve) : (value) => value / top;
  const through = window.stored
    ? (value) => shareOfNumber(own.scale, value, window)
    : (value) => Math.min(Math.max((read(value) - low) / width, 0), 1);
  for (let value = 0; value <= top; value += 1) {
    const share = through(value);
    const grey = Math.round(255 * (inverted ? 1 - share : share));
    table[value] = 0xff000000 | (grey << 16) | (grey << 8) | grey;
  }
  return table;
}

// Draws the part of a picture that a pane shows. `view` is that of the whole picture, `size`.
export function drawPicture(context, levels, size, view, table, pixelRatio) {
  const { canvas } = context;
  const scale = view.scale * pixelRatio;
  const wanted = levels.findIndex((one) => one.width / size.width <= 2 * scale);
  const level = levels[wanted < 0 ? levels.length - 1 : wanted];
  const [across, down] = [level.width / size.width, level.height / size.height];
  const corners = [{ x: 0, y: 0 }, { x: canvas.width / pixelRatio, y: canvas.height / pixelRatio }]
    .map((corner) => toPicture(view, corner));
  const [xs, ys] = [corners.map(({ x }) => x), corners.map(({ y }) => y)];
  const left = Math.max(0, Math.floor(Math.min(...xs) * across));
  const top = Math.max(0, Math.floor(Math.min(...ys) * down));
  const right = Math.min(level.width, Math.ceil(Math.max(...xs) * across));
  const bottom = Math.min(level.height, Math.ceil(Math.max(...ys) * down));
  const [width, height] = [right - left, bottom - top];
  if (width <= 0 || height <= 0) return;
  const part = new OffscreenCanvas(width, height);
  const greys = new Uint32Array(width * height);
  for (let y = 0; y < height; y += 1) {
    const from = (top + y) * level.width + left;
    const to = y * width;
    for (let x = 0; x < width; x += 1) greys[to + x] = table[level.values[from + x]];
  }
  const image = new ImageData(new Uint8ClampedArray(greys.buffer), width, height);
  part.getContext("2d").putImageData(image, 0, 0);
  context.save();
  overPicture(context, view, pixelRatio);
  context.imageSmoothingEnabled = scale < 6; // beyond, the pixels themselves are looked at
  context.imageSmoothingQuality = "high";
  context.drawImage(part, left / across, top / down, width / across, height / down);
  context.restore();
}

// Has what is drawn next lie where the picture lies, in the picture's own pixels.
function overPicture(context, view, pixelRatio) {
  const scale = view.scale * pixelRatio;
  const [a, b, c, d] = matrixOf(view).map((part) => scale * part);
  context.setTransform(a, c, b, d, view.x * pixelRatio, view.y * pixelRatio);
}

// A map as a small picture in colour: the higher the lighter and the more opaque; 0 is clear.
export function colouredMap({ width, height }, values, colours) {
  const canvas = new OffscreenCanvas(width, height);
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i += 1) {
    const share = values[i] / 255;
    image.data.set(colourAt(colours, share), 4 * i);
    image.data[4 * i + 3] = Math.round(255 * Math.sqrt(share));
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

export function drawMap(context, map, size, view, opacity, pixelRatio) {
  if (!map || opacity <= 0) return;
  context.save();
  overPicture(context, view, pixelRatio);
  context.globalAlpha = opacity;
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(map, 0, 0, size.width, size.height);
  context.restore();
}
