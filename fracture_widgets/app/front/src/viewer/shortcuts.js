// The keys of the picture: what each does, and what the list of keys says of it. An action that
// returns false has nothing to do, and the key is left to the page.
import { gettext } from "../base/language.js";

const arrow = (x, y) => (on, { shiftKey }) => on.arrow({ x, y }, shiftKey);

// `marking` says it otherwise where places are marked: there, figures are answers.
export const SHORTCUTS = [
  {
    name: "← and →", words: gettext("the radiograph before or after, while this one is seen whole"), steps: true, keys: {},
  },
  {
    name: "Arrows", words: gettext("move the picture, or the end of what is drawn; with Shift its start"),
    keys: { ArrowLeft: arrow(-1, 0), ArrowRight: arrow(1, 0), ArrowUp: arrow(0, -1), ArrowDown: arrow(0, 1) },
  },
  {
    name: "P and N", words: gettext("the radiograph before; the one after"), steps: true,
    keys: { p: (on) => on.step(-1), n: (on) => on.step(1) },
  },
  {
    name: "C", words: gettext("another radiograph beside this one, and away"), steps: true,
    keys: { c: (on) => on.compare() },
  },
  {
    name: "+ and −", words: gettext("zoom; so does the wheel while the picture has the focus, or with Ctrl"),
    keys: { "+": (on) => on.zoomMiddle(1.25), "=": (on) => on.zoomMiddle(1.25), "-": (on) => on.zoomMiddle(0.8) },
  },
  {
    name: "0 and 1", words: gettext("the whole picture; one pixel to one"), marking: ["0", gettext("the whole picture")],
    keys: { 0: (on) => on.fit(), 1: (on) => on.actual() },
  },
  {
    name: "F", words: gettext("the picture on the whole screen, and back"),
    keys: { f: (on) => on.fullScreen() },
  },
  {
    name: "T and L", words: gettext("turn to the right, with Shift to the left; flip left to right"),
    keys: { t: (on, { shiftKey }) => on.turn(shiftKey ? -1 : 1), l: (on) => on.flip() },
  },
  {
    name: "[ and ]", words: gettext("more and less contrast; with Shift darker and brighter"),
    keys: {
      "[": (on) => on.window(-20, 0), "]": (on) => on.window(20, 0),
      "{": (on) => on.window(0, -20), "}": (on) => on.window(0, 20),
    },
  },
  {
    name: "A", words: gettext("all values of the file, and back to how it was read"), values: true,
    keys: { a: (on) => on.wholeRange() },
  },
  { name: "I", words: gettext("invert"), keys: { i: (on) => on.invert() } },
  {
    name: "B and H", words: gettext("boxes on and off; the map on and off"),
    keys: { b: (on) => on.toggleBoxes(), h: (on) => on.toggleMap() },
  },
  {
    name: "M", words: gettext("a ruler: set its ends, Enter keeps it, Esc drops it"),
    keys: { m: (on) => on.markByKeys("measure") },
  },
  {
    name: "R", words: gettext("a region: set its corners, Enter keeps it, Enter again examines it"),
    marking: ["R", gettext("a mark: set its corners, Enter keeps it")],
    keys: { r: (on) => on.markByKeys("region") },
  },
  {
    name: "V and W", words: gettext("what dragging does: move, or window. The right button always windows"),
    keys: { v: (on) => on.choose("move"), w: (on) => on.choose("window") },
  },
  {
    name: "Enter and Esc", words: gettext("keep what is drawn; drop it"),
    keys: { Enter: (on) => on.confirm(), Escape: (on) => on.dismiss() },
  },
  { name: "Backspace", words: gettext("all as it was at first"), keys: { Backspace: (on) => on.reset() } },
];

const ACTIONS = new Map(SHORTCUTS.flatMap(({ keys }) => Object.entries(keys)));

// What a key does, given the actions and the event; nothing for other keys.
export const actionOf = (key) => ACTIONS.get(key.length === 1 ? key.toLowerCase() : key);
