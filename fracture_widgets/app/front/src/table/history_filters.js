// What stands above the saved results: filters, their order, and how many there are.

import { h } from "../base/dom.js";

const TYPING = 200; // milliseconds between the last key and the search

export function historyFilters(tell) {
  const text = h("input", {
    type: "search", class: "fw-input fw-search", placeholder: "Name or remark",
    "aria-label": "Name or remark contains", autocomplete: "off", spellcheck: "false",
    maxlength: "200", oninput: () => later(TYPING),
  });
  const choice = (label) => h(
    "select", { class: "fw-input", "aria-label": label, onchange: () => later(0) },
  );
  const selects = {
    verdict: choice("Network's verdict"),
    body_part: choice("Body part"),
    reader: choice("Your verdict"),
    model: choice("Model"),
    order: choice("Order"),
  };
  const clear = h("button", {
    type: "button", class: "fw-link fw-clear", hidden: true, onclick: () => {
      text.value = "";
      for (const [name, select] of Object.entries(selects)) if (name !== "order") select.value = "";
      later(0);
      text.focus();
    },
  }, "Clear filters");
  const node = h(
    "div", { class: "fw-filters", role: "search", "aria-label": "Filter the saved results" },
    text, ...Object.values(selects), clear,
  );
  let timer = null;

  function later(pause) {
    const { order: _, ...narrowing } = selects;
    clear.hidden = !(text.value || Object.values(narrowing).some(({ value }) => value));
    clearTimeout(timer);
    timer = setTimeout(() => {
      const chosen = Object.entries(selects).map(([name, { value }]) => [name, value]);
      tell({ type: "filter", text: text.value, ...Object.fromEntries(chosen) });
    }, pause);
  }

  function show({ choices, filter, total }) {
    node.hidden = !total;
    const fresh = !text.dataset.shown;
    text.dataset.shown = "true";
    if (fresh) text.value = filter.text;
    for (const [name, select] of Object.entries(selects)) {
      const wanted = JSON.stringify(choices[name]);
      if (select.dataset.options !== wanted) {
        const value = select.value;
        select.dataset.options = wanted;
        select.replaceChildren(
          ...choices[name].map(([value, words]) => h("option", { value }, words)),
        );
        select.value = value;
        if (fresh || select.selectedIndex < 0) select.value = filter[name];
      }
    }
    // With one model there is nothing to choose.
    selects.model.hidden = choices.model.length < 3 && !selects.model.value;
    if (fresh) clear.hidden = !Object.entries(filter).some(
      ([name, value]) => name !== "order" && value,
    );
  }

  return { node, show, release: () => clearTimeout(timer) };
}
