// The buttons of the viewer, and what stands in words beside them.

import { h, linkButton } from "../base/dom.js";
import { gettext } from "../base/language.js";
import { COLOURS, keyStops } from "./colours.js";
import { boxBetween, lengthInWords } from "./geometry.js";
import { SHORTCUTS } from "./shortcuts.js";
import { inValues, windowNumbers } from "./values.js";

const TOOLS = [
  ["move", gettext("Move"), gettext("Drag to move the picture (V)")],
  ["window", gettext("Window"), gettext("Drag sideways for contrast, up and down for brightness (W)")],
  ["measure", gettext("Measure"), gettext("Drag to measure a length (M)")],
  ["region", gettext("Region"), gettext("Drag a box around what is to be examined on its own (R)")],
];

const KEY_WORDS = { Arrows: gettext("Arrows"), Backspace: gettext("Backspace") };
const keyWords = (key) => KEY_WORDS[key] ?? key.replace(" and ", ` ${gettext("and")} `);
const MARK_TITLE = gettext("Click a place, or drag a box around it (R)");

export function viewerToolbar(on) {
  // What has changed is said by the viewer once, after a rest.
  const tool = (words, title, onclick, properties) =>
    h("button", { class: "fw-tool", title, onclick, ...properties }, words);
  const plain = (words, label, act) => tool(words, label, act, { "aria-label": label });
  const pressed = { "aria-pressed": "false" };
  const tools = new Map(TOOLS.map(
    ([name, words, title]) => [name, tool(words, title, () => on.choose(name), pressed)],
  ));
  const zoom = h("output", { class: "fw-zoom", "aria-label": gettext("Zoom"), "aria-live": "off" });
  const invert = tool(gettext("Invert"), gettext("Invert the greys (I)"), on.invert, pressed);
  const greys = h("output", { class: "fw-greys", "aria-label": gettext("Window of greys"), "aria-live": "off" });
  const boxes = tool(gettext("Boxes"), gettext("Boxes on and off (B)"), on.toggleBoxes, pressed);
  const map = tool(gettext("Map"), gettext("The map on and off (H)"), on.toggleMap, pressed);
  const over = h("span", { class: "fw-tools", role: "group", "aria-label": gettext("Over the picture") }, boxes, map);
  const help = h("dl", {});
  const keys = h("details", { class: "fw-keys fw-by-key" }, h("summary", {}, gettext("Keys")), help);
  const flip = tool(gettext("Flip"), gettext("Flip left to right (L)"), on.flip, pressed);
  const place = h("output", { class: "fw-zoom", "aria-label": gettext("Place in the list"), "aria-live": "off" });
  const compare = tool(gettext("Compare"), gettext("Another radiograph beside this one (C)"), on.compare, { ...pressed, class: "fw-tool fw-compare" });
  const steps = h("span", { class: "fw-tools", role: "group", "aria-label": gettext("Radiographs") },
    plain("‹", gettext("The radiograph before (P)"), () => on.step(-1)), place,
    plain("›", gettext("The next radiograph (N)"), () => on.step(1)), compare);
  const bar = h(
    "div", { class: "fw-toolbar", role: "toolbar", "aria-label": gettext("Picture") }, steps,
    h("span", { class: "fw-tools", role: "group", "aria-label": gettext("What dragging does") }, ...tools.values()),
    h("span", { class: "fw-tools", role: "group", "aria-label": gettext("How close") },
      plain("−", gettext("Zoom out (-)"), () => on.zoomMiddle(0.8)), zoom,
      plain("+", gettext("Zoom in (+)"), () => on.zoomMiddle(1.25)),
      plain(gettext("Fit"), gettext("See the whole picture (0)"), on.fit),
      plain("1:1", gettext("One pixel of the picture to one of the screen (1)"), on.actual)),
    h("span", { class: "fw-tools", role: "group", "aria-label": gettext("Greys") }, invert, greys,
      plain(gettext("Reset"), gettext("All as it was at first (Backspace)"), on.reset)),
    h("span", { class: "fw-tools", role: "group", "aria-label": gettext("How it lies") },
      plain(gettext("Turn"), gettext("Turn to the right (T)"), () => on.turn(1)), flip,
      plain(gettext("Full screen"), gettext("On the whole screen, and back (F)"), on.fullScreen)),
    over, keys,
  );

  let listed = "";

  function list(kind) {
    if (listed === JSON.stringify(kind)) return;
    listed = JSON.stringify(kind);
    help.replaceChildren(...SHORTCUTS.filter((one) => (kind.steps || !one.steps) && (kind.values || !one.values))
      .map(({ name, words, marking }) => (kind.marking && marking) || [name, words])
      .flatMap(([key, words]) => [h("dt", {}, keyWords(key)), h("dd", {}, words)]));
  }

  function show({ tool, view, window: greyWindow, values, inverted, regions, marking, ...rest }) {
    for (const [name, button] of tools) button.setAttribute("aria-pressed", String(name === tool));
    const region = tools.get("region");
    region.hidden = !regions;
    [region.textContent, region.title] = marking ? [gettext("Mark"), MARK_TITLE] : TOOLS.at(-1).slice(1);
    steps.hidden = !rest.place;
    place.textContent = rest.place;
    compare.hidden = rest.compared == null;
    compare.setAttribute("aria-pressed", String(Boolean(rest.compared)));
    flip.setAttribute("aria-pressed", String(view.flipped));
    list({ marking, steps: Boolean(rest.place), values: Boolean(values) });
    invert.setAttribute("aria-pressed", String(inverted));
    boxes.setAttribute("aria-pressed", String(rest.boxed));
    map.setAttribute("aria-pressed", String(rest.mapped));
    boxes.hidden = !rest.hasBoxes;
    map.hidden = !rest.hasMap;
    over.hidden = boxes.hidden && map.hidden;
    zoom.textContent = `${Math.round(100 * view.scale)} %`;
    const [width, level] = windowNumbers(values, greyWindow);
    greys.textContent = `W ${width}  L ${level}`;
    greys.title = inValues(values, greyWindow).stored
      ? gettext("Window and level, in the file's own values")
      : gettext("Window and level, in percent of the range of greys");
  }

  return { bar, show };
}

// What was drawn, in words, with what can be done with it.
export function markList(on) {
  const list = h("ul", { class: "fw-marks", "aria-label": gettext("Drawn on the picture"), hidden: true });

  function show({ rulers, region }, { spacing, size }) {
    const items = rulers.map(({ id, from, to }) => h(
      "li", {},
      h("span", {}, gettext("Ruler {id}: {length}", { id, length: lengthInWords(from, to, spacing) })),
      linkButton(gettext("Remove"), () => on.removeRuler(id), { "aria-label": gettext("Remove ruler {id}", { id }) }),
    ));
    if (region) {
      const [x0, y0, x1, y1] = boxBetween(region.from, region.to, size);
      const [across, down] = [(x1 - x0) * size.width, (y1 - y0) * size.height].map(Math.round);
      items.push(h(
        "li", {},
        h("span", {}, gettext("Region of {across} × {down} pixels", { across, down })),
        h("button", { class: "fw-tool fw-examine-region", onclick: on.examineRegion }, gettext("Examine region")),
        linkButton(gettext("Remove"), on.clearRegion, { "aria-label": gettext("Remove the region") }),
      ));
    }
    if (items.length > 1) {
      items.push(h("li", {}, linkButton(gettext("Clear all"), on.clearMarks)));
    }
    list.replaceChildren(...items);
    list.hidden = !items.length;
  }

  return { list, show };
}

// Which map lies over the picture, how strongly, in which colours, and where.
export function mapControls(on) {
  const group = `fw-map-${Math.random()}`;
  const choice = h("fieldset", { class: "fw-choice" }, h("legend", {}, gettext("Map")));
  const slider = h("input", {
    type: "range", min: "0", max: "100", step: "5", "aria-label": gettext("Opacity of the map"),
    oninput: () => on.fade(Number(slider.value) / 100),
    onchange: () => on.faded(Number(slider.value) / 100),
  });
  const amount = h("output", { class: "fw-amount", "aria-live": "off" });
  const colours = h(
    "select", { "aria-label": gettext("Colours of the map"), onchange: () => on.colour(colours.value) },
    ...Object.keys(COLOURS).map((name) => h("option", { value: name }, name)),
  );
  const beside = h("input", { type: "checkbox", onchange: () => on.split(beside.checked) });
  const key = h("span", { class: "fw-map-key", "aria-hidden": "true" });
  const keyed = h("span", { class: "fw-map-keyed" }, gettext("low"), key, gettext("high"));
  const explanation = h("p", { class: "fw-explanation" });
  const box = h(
    "div", { class: "fw-controls" }, choice,
    h("label", { class: "fw-fade" }, h("span", {}, gettext("Opacity")), slider, amount),
    h("label", { class: "fw-colours" }, h("span", {}, gettext("Colours")), colours),
    h("label", { class: "fw-beside" }, beside, h("span", {}, gettext("Side by side"))),
    keyed,
  );

  function list(layers, chosen) {
    choice.replaceChildren(choice.firstChild, ...layers.map(({ words }, index) => h(
      "label", {},
      h("input", {
        type: "radio", name: group, checked: index === chosen, onchange: () => on.layer(index),
      }),
      h("span", {}, words),
    )));
  }

  function show({ layer, opacity, colours: chosen }) {
    box.hidden = explanation.hidden = !layer;
    key.style.background = `linear-gradient(to right, ${keyStops(COLOURS[chosen], opacity).join(", ")})`;
    slider.value = Math.round(100 * opacity);
    amount.textContent = `${slider.value} %`;
    slider.setAttribute("aria-valuetext", `${slider.value} percent`);
    explanation.textContent = layer?.explanation ?? "";
  }

  return { nodes: [box, explanation], list, show };
}
