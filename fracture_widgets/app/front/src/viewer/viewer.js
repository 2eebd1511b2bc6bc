// The radiograph, to be looked at closely: zoom, window, measure, and the network's maps over it.
// All of it happens here; the kernel is asked for the picture once.

import { beforeLeaving, bytesOf, fullScreen, h, keepKeys, listen } from "../base/dom.js";
import { gettext } from "../base/language.js";
import { drawBoxes } from "./boxes.js";
import { pictureChoices } from "./choices.js";
import { COLOURS } from "./colours.js";
import {
  between, boxBetween, change, distance, fitView, flippedOver, followed, lengthInWords, panned, resized, toPane, toPicture, turnedRight,
  turnInWords, UPRIGHT, zoomedAt,
} from "./geometry.js";
import { listenToKeys, listenToPointers } from "./gestures.js";
import { drawMarks, marks } from "./marks.js";
import { colouredMap, drawMap, drawPicture, fromPreview, greyTable, pyramid, unpack } from "./picture.js";
import { puller } from "./pull.js";
import { mapControls, markList, viewerToolbar } from "./toolbar.js";
import { dragged, inGreys, inValues, valueControls, wholeOf, windowNumbers } from "./values.js";

const FULL_WINDOW = { width: 1, level: 0.5 };
const CLICK = 4; // CSS pixels: what is dragged less far was pressed and not drawn
const KEEP_AFTER = 400; // milliseconds of rest after which the kernel keeps window and marks
const SAY_AFTER = 700; // milliseconds of rest after which screen readers hear what has changed

function render({ model, el }) {
  const drawn = marks();
  const look = {
    tool: "move", view: { scale: 1, x: 0, y: 0, ...UPRIGHT }, window: FULL_WINDOW, inverted: false, split: false,
    colours: "Inferno", layer: 0, regions: false, marking: false, mapped: false, boxed: true,
  };
  let shown = { layers: [], key: null };
  let size = { width: 1, height: 1 };
  let pane = { width: 1, height: 1 };
  let levels = null;
  let maps = [];
  let pull = null;
  let opacity = model.get("opacity");
  let table = null;
  let framed = 0;
  let resting = null;
  let keeping = null;
  let keptLook = null;

  const act = {
    tool: () => look.tool,
    choose: (tool) => { look.tool = tool; changed(); },
    pan: (dx, dy) => moved(panned(look.view, dx, dy, size, pane)),
    zoom: (point, factor) => moved(zoomedAt(look.view, point, factor, size, pane)),
    zoomMiddle: (factor) => act.zoom({ x: pane.width / 2, y: pane.height / 2 }, factor),
    fit: () => moved(fitView(size, pane, look.view)),
    turn: (quarters) => turned(turnedRight(look.view, quarters)),
    flip: () => turned(flippedOver(look.view)),
    fullScreen: () => fullScreen(el.closest(".fw-pair") ?? el),
    compare: () => {
      if (model.get("compared") == null || !model.get("place")) return false;
      model.send({ type: "compare" });
      return true;
    },
    step: (by) => {
      if (!model.get("place")) return false;
      model.send({ type: "step", key: shown.key, by });
      return true;
    },
    actual: () => act.zoomMiddle(1 / window.devicePixelRatio / look.view.scale),
    toggleFit: (point) => {
      const fitted = fitView(size, pane, look.view);
      if (look.view.scale > 1.01 * fitted.scale) moved(fitted);
      else act.zoom(point, Math.max(2, 1 / look.view.scale));
    },
    window: (dx, dy) => {
      const { width, level, stored } = inValues(shown.values, look.window);
      act.windowSo(stored
        ? dragged(shown.values, { width, level }, dx, dy)
        : { width: between(width + dx / 250, 0.02, 2), level: between(level - dy / 400, 0, 1) });
    },
    // Nothing for a window: the one that is there is shown anew.
    windowSo: (greys) => { look.window = greys ?? look.window; table = null; changed(); act.settled(); },
    wholeRange: () => {
      if (!shown.values) return false;
      const whole = wholeOf(shown.values);
      const now = look.window;
      act.windowSo(now.stored && now.width === whole.width && now.level === whole.level ? FULL_WINDOW : whole);
      return true;
    },
    invert: () => { look.inverted = !look.inverted; table = null; changed(); },
    reset: () => { startView(); drawn.clear(); changed(); },
    beginMark: (point) => { drawn.begin(look.tool, inside(point)); changed(); },
    moveMark: (point) => { drawn.move("to", inside(point)); changed(); },
    keepMark: () => {
      if (shown.marking && drawn.draft?.kind === "region") act.sendPlace(drawn.draft);
      else drawn.keep();
      changed();
    },
    sendPlace: ({ from, to }) => {
      drawn.drop();
      const click = look.view.scale * distance(from, to, null) < CLICK;
      model.send({ type: "place", key: shown.key, box: boxBetween(from, click ? from : to, size) });
    },
    cancelDrag: () => { if (drawn.drop()) changed(); },
    markByKeys: (kind) => {
      if (kind === "region" && !look.regions) return false;
      look.tool = kind;
      const part = (share) => inside({ x: share * pane.width, y: share * pane.height });
      drawn.begin(kind, part(0.4), part(0.6));
      changed();
      return true;
    },
    arrow: ({ x, y }, shift) => {
      if (!drawn.draft) {
        if (!(x && isWhole() && act.step(x))) act.pan(-40 * x, -40 * y);
        return;
      }
      const end = shift ? "from" : "to";
      const at = toPane(look.view, drawn.draft[end]);
      drawn.move(end, inside({ x: at.x + 8 * x, y: at.y + 8 * y }));
      changed();
    },
    confirm: () => {
      if (drawn.draft) act.keepMark();
      else if (drawn.region) act.examineRegion();
      else return false;
      return true;
    },
    dismiss: () => {
      if (drawn.drop()) changed();
      else if (drawn.region) act.clearRegion();
      else return false;
      return true;
    },
    removeRuler: (id) => { drawn.remove(id); changed(); panes[0].pane.focus(); },
    clearRegion: () => { drawn.clearRegion(); changed(); panes[0].pane.focus(); },
    clearMarks: () => { drawn.clear(); changed(); panes[0].pane.focus(); },
    examineRegion: () => {
      const { from, to } = drawn.region;
      model.send({ type: "region", key: shown.key, box: boxBetween(from, to, size) });
    },
    picture: (wanted) => model.send({ type: "choose", key: shown.key, ...wanted }),
    fade: (value) => { opacity = value; changed(); },
    faded: (value) => { model.set("opacity", value); model.save_changes(); },
    colour: (name) => { look.colours = name; colourMaps(); changed(); },
    layer: (index) => { look.layer = index; changed(); },
    split: (on) => { look.split = on; changed(); },
    toggleMap: () => { look.mapped = !look.mapped; changed(); },
    toggleBoxes: () => { look.boxed = !look.boxed; changed(); },
    settled: () => {
      clearTimeout(resting);
      resting = setTimeout(() => { spoken.textContent = inWords(); }, SAY_AFTER);
    },
  };

  const help = `fw-view-${Math.random()}`;
  const onePane = (name) => {
    const canvas = h("canvas", { role: "img" });
    const node = h("div", {
      class: "fw-pane", tabindex: "0", role: "group", "aria-label": name, "aria-describedby": help,
    }, canvas);
    listenToPointers(node, act);
    listenToKeys(node, act);
    return { pane: node, canvas };
  };
  const panes = [onePane(gettext("Radiograph")), onePane(gettext("Radiograph with the map"))];
  panes[1].pane.hidden = true;
  const toolbar = viewerToolbar(act);
  const choices = pictureChoices(act);
  const values = valueControls(act);
  const listed = markList(act);
  const mapped = mapControls(act);
  const frame = h("div", { class: "fw-panes", hidden: true }, ...panes.map((one) => one.pane));
  const turnMark = h("p", { class: "fw-turned", hidden: true });
  const empty = h("div", { class: "fw-empty" });
  const caption = h("figcaption", {});
  const note = h("p", { class: "fw-view-note", role: "status" });
  const spoken = h("p", { class: "fw-visually-hidden", role: "status" });
  el.classList.add("fw-viewer");
  el.append(
    h("figure", {}, h("div", { class: "fw-stage" }, frame, empty, turnMark), caption),
    h("p", { class: "fw-visually-hidden", id: help }, gettext("Arrows move, plus and minus zoom, zero fits, brackets change the contrast, I inverts, T turns, L flips, M measures; more under Keys.")),
    values.bar, toolbar.bar, choices.bar, listed.list, note, ...mapped.nodes, spoken,
  );

  const inside = (point) => {
    const { x, y } = toPicture(look.view, point);
    return { x: between(x, 0, size.width), y: between(y, 0, size.height) };
  };
  const inWords = () => {
    const [width, level] = windowNumbers(shown.values, look.window);
    const last = drawn.draft ?? drawn.rulers.at(-1);
    const length = last && last.kind !== "region" ? gettext(", length {length}", { length: lengthInWords(last.from, last.to, shown.spacing) }) : "";
    const words = gettext("Zoom {zoom} percent, window {window}, level {level}", {
      zoom: Math.round(100 * look.view.scale), window: width, level,
    });
    return `${words}${look.inverted ? gettext(", inverted") : ""}${inWordsTurned()}${length}`;
  };

  const inWordsTurned = () => (turnInWords(look.view) ? `, ${turnInWords(look.view)}` : "");
  const isWhole = () => look.view.scale <= 1.01 * fitView(size, pane, look.view).scale;

  function turned(how) { look.view = resized(look.view, size, pane, pane, how); changed(); }

  // What is done here is done to the picture beside it, too, where both are joined.
  function moved(view) {
    const detail = change(look.view, view, size, pane);
    for (const other of el.closest(".fw-joined")?.querySelectorAll(".fw-viewer") ?? []) {
      if (other !== el) other.dispatchEvent(new CustomEvent("fw-follow", { detail }));
    }
    look.view = view;
    changed();
  }

  function changed() {
    if (!framed) framed = requestAnimationFrame(draw);
    if (shown.looks && levels) {
      clearTimeout(keeping);
      keeping = setTimeout(keepLook, KEEP_AFTER);
    }
  }

  // Window, inversion and marks stay with the radiograph: the kernel gives them back with it.
  function lookInWords() {
    const ends = ({ from, to }) => ({ from, to });
    return JSON.stringify({
      window: look.window, inverted: look.inverted, turn: look.view.turn, flipped: look.view.flipped,
      rulers: drawn.rulers.map(ends),
      region: drawn.region && ends(drawn.region),
      map: look.mapped ? shown.layers[look.layer]?.name ?? null : shown.layers.length ? "" : null,
    });
  }

  function keepLook() {
    clearTimeout(keeping);
    keeping = null;
    const words = lookInWords();
    if (words === keptLook) return;
    keptLook = words;
    model.send({ type: "look", key: shown.key, look: JSON.parse(words) });
  }

  function lookSo({ window: greys, inverted, turn, flipped, rulers, region }) {
    Object.assign(look, { window: greys, inverted, view: resized(look.view, size, pane, pane, { turn, flipped }) });
    drawn.restore(rulers, region);
    table = null;
    keptLook = lookInWords();
    changed();
  }

  function draw() {
    framed = 0;
    values.show(shown.values, look.window);
    toolbar.show({ ...look, values: shown.values, place: model.get("place"), compared: model.get("compared"), hasMap: shown.layers.length > 0, hasBoxes: Boolean(shown.boxes?.length) });
    listed.show(drawn, { spacing: shown.spacing, size });
    const layer = look.mapped ? shown.layers[look.layer] : null;
    mapped.show({ layer, opacity, colours: look.colours });
    panes[1].pane.hidden = !(look.split && layer);
    // Where nothing is zoomed, a finger that drags scrolls the page.
    frame.dataset.whole = String(look.tool === "move" && isWhole());
    const turnedSo = turnInWords(look.view);
    turnMark.hidden = !turnedSo || !shown.key;
    turnMark.textContent = gettext("{turned}: places are named as in the file", { turned: turnedSo.charAt(0).toUpperCase() + turnedSo.slice(1) });
    frame.dataset.zoom = String(look.view.scale);
    if (!levels) return;
    const began = performance.now();
    const { own } = levels[0];
    table ??= greyTable(levels[0].top, own ? look.window : inGreys(shown.values, look.window), look.inverted, own);
    const ratio = window.devicePixelRatio;
    panes.forEach(({ pane: node, canvas }, index) => {
      if (node.hidden) return;
      const context = canvas.getContext("2d");
      context.clearRect(0, 0, canvas.width, canvas.height);
      drawPicture(context, levels, size, look.view, table, ratio);
      const covered = layer && (!look.split || index === 1);
      if (covered) drawMap(context, maps[look.layer], size, look.view, opacity, ratio);
      if (look.boxed) drawBoxes(context, shown.boxes ?? [], size, look.view, ratio);
      drawMarks(context, drawn.all, look.view, shown.spacing, ratio);
      const alt = covered ? `${shown.alt}. ${layer.alt}` : shown.alt;
      canvas.setAttribute("aria-label", alt);
    });
    frame.dataset.drawn = (performance.now() - began).toFixed(2);
  }

  function startView() {
    Object.assign(look, { view: fitView(size, pane), window: FULL_WINDOW, inverted: false });
    table = null;
  }

  function colourMaps() {
    maps = shown.layers.map((layer) => colouredMap(layer, layer.values, COLOURS[look.colours]));
  }

  // On a phone the list of samples, or the answer before, may have pushed the picture out of sight.
  // Where people read first, what they answer with is below it, and is to be seen, too.
  function bringIntoView(read) {
    const { top, bottom } = (read ? el.parentElement : el).getBoundingClientRect();
    const out = read ? top < 0 || bottom > window.innerHeight : bottom < 80 || top > window.innerHeight - 80;
    if (out) el.scrollIntoView({ block: "start" });
  }

  function show(content, buffers) {
    const fresh = content.key !== shown.key;
    if (fresh && keeping) keepLook();
    if (fresh || content.layers.length !== shown.layers.length) look.mapped = Boolean(content.mapped);
    if (fresh) look.boxed = true;
    shown = {
      ...content,
      layers: content.layers.map((layer, index) => ({ ...layer, values: bytesOf(buffers[index + 1]) })),
    };
    frame.hidden = toolbar.bar.hidden = !buffers.length;
    empty.hidden = Boolean(buffers.length);
    empty.replaceChildren(h("strong", {}, content.empty.title), h("span", {}, content.empty.advice));
    caption.textContent = content.caption;
    choices.show(content.choices);
    look.regions = Boolean(content.regions);
    look.marking = Boolean(content.marking);
    if (look.tool === "region" && (fresh || !look.regions)) look.tool = "move";
    look.layer = Math.min(look.layer, Math.max(0, content.layers.length - 1));
    mapped.list(content.layers, look.layer);
    colourMaps();
    if (fresh) {
      pull?.stop();
      pull = null;
      levels = null;
      drawn.clear();
      note.textContent = "";
      delete frame.dataset.full;
      if (buffers.length) begin(content, bytesOf(buffers[0]));
    }
    changed();
  }

  async function begin({ key, width, height, marking, look: before }, preview) {
    size = { width, height };
    measurePane();
    startView();
    keptLook = lookInWords();
    if (before) lookSo(before);
    bringIntoView(marking);
    const picture = await fromPreview(new Blob([preview]));
    if (shown.key !== key || levels) return; // another was chosen, or the whole one came first
    levels = pyramid(picture);
    table = null;
    changed();
  }

  function whole({ key, bytes, width, height, depth }, buffers) {
    const scale = shown.values;
    if (key !== shown.key || pull) return;
    const curve = buffers.length ? new Uint16Array(bytesOf(buffers[0]).slice().buffer) : null;
    pull = puller(model, {
      key, size: bytes,
      progress: (part) => {
        note.textContent = part < 1 && bytes > 1e6 ? gettext("Fetching the picture in full: {percent} %", { percent: Math.floor(100 * part) }) : "";
      },
      failed: () => { note.textContent = gettext("The picture is shown as a preview: in full it could not be fetched."); },
      got: async (packed) => {
        const picture = await unpack(packed, { width, height, depth });
        if (shown.key !== key) return;
        if (scale) Object.assign(picture, { top: scale.top, own: { scale, curve } });
        levels = pyramid(picture);
        table = null;
        frame.dataset.full = key;
        changed();
      },
    });
  }

  function measurePane() {
    const { clientWidth, clientHeight } = panes[0].pane;
    const after = { width: Math.max(1, clientWidth), height: Math.max(1, clientHeight) };
    look.view = resized(look.view, size, pane, after); // also before the picture has come
    pane = after;
    for (const { canvas } of panes) {
      canvas.width = Math.round(pane.width * window.devicePixelRatio);
      canvas.height = Math.round(pane.height * window.devicePixelRatio);
    }
    changed();
  }

  const watcher = new ResizeObserver(measurePane);
  watcher.observe(panes[0].pane);
  // What stands beside the viewer may take a tool up, at once and without asking the kernel.
  el.addEventListener("fw-tool", ({ detail }) => { act.choose(detail); panes[0].pane.focus(); });
  const readTraits = () => { opacity = model.get("opacity"); changed(); };
  el.addEventListener("fw-follow", ({ detail }) => { look.view = followed(look.view, detail, size, pane); changed(); });
  const traits = ["change:opacity", "change:place", "change:compared"];
  for (const trait of traits) model.on(trait, readTraits);
  // Some shortcuts look at what has the focus alone.
  const keepKeysOf = ({ target }) => target.setAttribute("data-lm-suppress-shortcuts", "true");
  keepKeys(el, (page) => page.addEventListener("focusin", keepKeysOf));
  const leave = beforeLeaving(() => { if (keeping) keepLook(); });
  const stop = listen(model, {
    show,
    whole,
    boxes: ({ key, boxes }) => { if (key === shown.key) { shown.boxes = boxes; changed(); } },
    look: ({ key, look: other }) => { if (key === shown.key && levels) lookSo(other); },
    piece: (content, buffers) => pull?.piece(content, buffers),
    refused: ({ text }) => { note.textContent = text; },
    tool: ({ tool, text }) => {
      note.textContent = text;
      el.dispatchEvent(new CustomEvent("fw-tool", { detail: tool }));
      el.scrollIntoView({ block: "nearest" });
    },
  });
  return () => {
    stop();
    leave();
    for (const trait of traits) model.off(trait, readTraits);
    watcher.disconnect();
    pull?.stop();
    clearTimeout(resting);
    clearTimeout(keeping);
    cancelAnimationFrame(framed);
  };
}

export default { render };
