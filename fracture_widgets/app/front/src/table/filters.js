// What stands above a table: a search, choices, a least share, and what clears them.
//
// Python sends `filter`, what is chosen now by name, and `choices`, the options of each select by
// name: pairs of value and words. `tell({ type: "filter", ...chosen })` goes back, a moment after
// the last key. Selects that only arrange the rows, and filter none, have `arranges`.

import { h, linkButton, offer } from "../base/dom.js";
import { gettext } from "../base/language.js";

const TYPING = 200; // milliseconds between the last key and the search

export function tableFilters(tell, { label, search, placeholder, selects, least = null }) {
  const text = h("input", {
    type: "search", class: "fw-input fw-search", placeholder, "aria-label": search,
    autocomplete: "off", spellcheck: "false", maxlength: "200", oninput: () => later(TYPING),
  });
  const inputs = new Map([["text", text]]);
  const arranging = new Set();
  for (const { name, label: words, arranges } of selects) {
    inputs.set(name, h("select", { class: "fw-input", "aria-label": words, onchange: () => later(0) }));
    if (arranges) arranging.add(name);
  }
  const clear = linkButton(gettext("Clear filters"), clearAll, { class: "fw-link fw-clear", hidden: true });
  const node = h("div", { class: "fw-filters", role: "search", "aria-label": label }, ...inputs.values());
  const amount = h("output", { class: "fw-least" });
  if (least) {
    const slider = h("input", {
      type: "range", min: "0", max: "100", step: "5", value: "0", "aria-label": least.label,
      oninput: () => later(TYPING),
    });
    inputs.set(least.name, slider);
    node.append(h("label", { class: "fw-minimum" }, h("span", {}, least.words), slider, amount));
  }
  let sent = null;
  let timer = null;

  const chosen = () => Object.fromEntries([...inputs].map(
    ([name, { type, value }]) => [name, type === "range" ? Number(value) / 100 : value],
  ));

  function clearAll() {
    for (const [name, input] of inputs) {
      if (!arranging.has(name)) input.value = input.type === "range" ? "0" : "";
    }
    later(0);
    text.focus();
  }

  // Brings up to date what follows from the inputs.
  function settle() {
    if (least) {
      const slider = inputs.get(least.name);
      const any = slider.value === "0";
      amount.textContent = any ? gettext("any") : `${slider.value} %`;
      slider.setAttribute("aria-valuetext", any ? gettext("any") : gettext("at least {value} percent", { value: slider.value }));
    }
    clear.hidden = !Object.entries(chosen()).some(([name, value]) => value && !arranging.has(name));
  }

  function later(pause) {
    settle();
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = null;
      sent = JSON.stringify(chosen());
      tell({ type: "filter", ...chosen() });
    }, pause);
  }

  function show({ filter, choices }) {
    for (const [name, options] of Object.entries(choices)) offer(inputs.get(name), options);
    // What is being typed or was just sent is newer than what Python has.
    if (timer === null && JSON.stringify(filter) !== sent) {
      sent = JSON.stringify(filter);
      for (const [name, input] of inputs) {
        if (input === document.activeElement) continue;
        input.value = input.type === "range" ? Math.round(100 * filter[name]) : filter[name];
      }
    }
    settle();
  }

  return { node, clear, show, inputs, release: () => clearTimeout(timer) };
}
