// The values of a DICOM file: what the numbers of its picture stand for, and windows over them.
//
// `scale` comes from imaging/stored_values.py. A window with `stored` is one of values; any other
// is in parts of the greys that the radiograph was read in, and so is what it is at first.

import { h, offer } from "../base/dom.js";
import { gettext, numberWords } from "../base/language.js";
import { between } from "./geometry.js";

const pair = ([width, level]) => ({ width, level, stored: true });
const isUsual = ({ width, level, stored }) => !stored && width === 1 && level === 0.5;

export const wholeOf = (scale) => pair(scale.whole);

// How light a value is, from 0 to 1.
function shareOf(scale, value, { width, level }) {
  const span = Math.max(width - scale.edge, 1e-9);
  const share = between((value - (level - scale.edge / 2)) / span + 0.5, 0, 1);
  return scale.falling ? 1 - share : share;
}

// From the numbers of a picture to the greys that it was read in.
export function readGreys(scale, curve) {
  return (number) => {
    if (number === 0 && scale.blank) return 0;
    if (scale.usual) return shareOf(scale, scale.first + scale.step * number, pair(scale.usual));
    return (curve?.[number] ?? 65535 * (number / scale.top)) / 65535;
  };
}

export function shareOfNumber(scale, number, window) {
  return number === 0 && scale.blank ? 0 : shareOf(scale, scale.first + scale.step * number, window);
}

// A window in parts of greys as one of values, where the greys follow the values in a line.
export function inValues(scale, window) {
  if (window.stored || !scale?.usual) return window;
  const [width, level] = scale.usual;
  const span = width - scale.edge;
  const off = (window.level - 0.5) * span * (scale.falling ? -1 : 1);
  return { width: window.width * span + scale.edge, level: level + off, stored: true };
}

// The same the other way round: what shows a picture of which only the greys are here.
export function inGreys(scale, window) {
  if (!window.stored) return window;
  if (!scale?.usual) return { width: 1, level: 0.5 };
  const [width, level] = scale.usual;
  const span = Math.max(width - scale.edge, 1e-9);
  const off = ((window.level - level) / span) * (scale.falling ? -1 : 1);
  return { width: Math.max(1e-6, (window.width - scale.edge) / span), level: 0.5 + off };
}

// A window of values after dragging: sideways for contrast, up for brightness.
export function dragged(scale, { width, level }, dx, dy) {
  const [widest, middle] = scale.whole;
  const narrowest = scale.edge + Math.abs(scale.step);
  const wider = between(width * Math.exp(dx / 150), Math.min(narrowest, widest), 2 * widest);
  const moved = level - (dy / 400) * wider * (scale.falling ? -1 : 1);
  return { width: wider, level: between(moved, middle - widest, middle + widest), stored: true };
}

const rounded = (value) => (Math.abs(value) >= 100 ? Number(value.toFixed(0)) : Number(value.toPrecision(3)));
const written = (value) => numberWords(rounded(value), { useGrouping: false, maximumSignificantDigits: 15 });
const same = (one, other) => one.stored === other.stored && [one.width - other.width, one.level - other.level].every((off) => Math.abs(off) < 1e-6);

// Width and level as people read them: values of the file, or percent of the greys.
export function windowNumbers(scale, window) {
  const { width, level, stored } = inValues(scale, window);
  return [width, level].map((one) => (stored ? written(one) : `${numberWords(Math.round(100 * one))} %`));
}

// The window whose width (0) or level (1) was typed; the other stays, and is that of the whole range
// where the greys were a curve. Nothing where what was typed is no number.
export function typedWindow(scale, window, which, text) {
  const { width, level, stored } = inValues(scale, window);
  const numbers = stored ? [width, level] : [...scale.whole];
  numbers[which] = Number.parseFloat(text);
  if (!Number.isFinite(numbers[which]) || !(numbers[0] > 0)) return null;
  return { width: between(numbers[0], 1e-6, 1e9), level: between(numbers[1], -1e9, 1e9), stored: true };
}

// Windows to choose from, and the numbers of the one that is there, to be typed.
export function valueControls(on) {
  const select = h("select", { "aria-label": gettext("Window of values"), onchange: chosen });
  const number = (label, spoken) => {
    const input = h("input", { type: "number", step: "any", "aria-label": spoken, onchange: (event) => typed(event) });
    return { input, named: h("label", {}, h("span", {}, label), input) };
  };
  const width = number(gettext("Width"), gettext("Width of the window, in the file's own values"));
  const level = number(gettext("Centre"), gettext("Centre of the window, in the file's own values"));
  const bar = h(
    "div", { class: "fw-pictures fw-values", role: "group", "aria-label": gettext("Window of the file's own values"), hidden: true },
    h("label", {}, h("span", {}, gettext("Window of values")), select), level.named, width.named,
  );
  let offered = [];
  let now = {};

  function chosen() {
    const one = offered[Number(select.value)]?.window;
    if (one) on.windowSo(one);
  }

  const typed = ({ target }) => on.windowSo(typedWindow(now.scale, now.window, Number(target === level.input), target.value));

  function show(scale, window) {
    bar.hidden = !scale;
    now = { scale, window };
    if (!scale) return;
    offered = [
      { words: gettext("As it was read"), window: { width: 1, level: 0.5 } },
      ...scale.windows.map(([title, ...numbers]) => ({ words: title, window: pair(numbers) })),
      { words: gettext("The whole range of the file"), window: wholeOf(scale) },
    ];
    const at = isUsual(window) ? 0 : offered.findIndex((one) => same({ stored: false, ...one.window }, { stored: false, ...window }));
    const own = at < 0 ? [["-1", gettext("Your own")]] : [];
    offer(select, [...offered.map(({ words }, index) => [String(index), words]), ...own]);
    select.value = String(at);
    const shown = inValues(scale, window);
    const [w, l] = shown.stored ? [shown.width, shown.level].map((one) => String(rounded(one))) : ["", ""];
    for (const [{ input }, value] of [[width, w], [level, l]]) {
      if (input.getRootNode().activeElement !== input || Number(input.value) !== Number(value)) input.value = value;
    }
  }

  return { bar, show };
}
