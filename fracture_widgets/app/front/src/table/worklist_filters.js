// What stands above the worklist: filters, and how many radiographs they leave.

import { h } from "../base/dom.js";

const TYPING = 150; // milliseconds between the last key and the search

export function worklistFilters(model) {
  const text = h("input", {
    type: "search", class: "fw-input", placeholder: "Name", "aria-label": "Name contains",
    autocomplete: "off", spellcheck: "false", oninput: () => later(TYPING),
  });
  const choose = (label) => h(
    "select", { class: "fw-input", "aria-label": label, onchange: () => later(0) },
  );
  const part = choose("Body part");
  const answer = choose("Answer");
  const minimum = h("input", {
    type: "range", min: "0", max: "100", step: "5", value: "0",
    "aria-label": "Least probability of a fracture", oninput: () => { say(); later(TYPING); },
  });
  const least = h("output", { class: "fw-least" });
  const clear = h("button", {
    type: "button", class: "fw-link fw-clear", onclick: () => {
      write({ text: "", body_part: "", answer: "", minimum: 0 }, true);
      later(0);
      text.focus();
    },
  }, "Clear filters");
  const node = h(
    "div", { class: "fw-filters", role: "search", "aria-label": "Filter the worklist" },
    text, part, answer,
    h("label", { class: "fw-minimum" }, h("span", {}, "Fracture at least"), minimum, least),
  );
  let sent = null;
  let timer = null;

  const read = () => ({
    text: text.value, body_part: part.value, answer: answer.value, minimum: minimum.value / 100,
  });

  function say() {
    const any = minimum.value === "0";
    least.textContent = any ? "any" : `${minimum.value} %`;
    minimum.setAttribute("aria-valuetext", any ? "any" : `at least ${minimum.value} percent`);
    const now = read();
    clear.hidden = !(now.text || now.body_part || now.answer || now.minimum);
  }

  function later(pause) {
    say();
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = null;
      sent = JSON.stringify(read());
      model.send({ type: "filter", ...read() });
    }, pause);
  }

  function write(wanted, all = false) {
    const set = (input, value) => {
      if (all || input !== document.activeElement) input.value = value;
    };
    set(text, wanted.text);
    set(part, wanted.body_part);
    set(answer, wanted.answer);
    set(minimum, Math.round(100 * wanted.minimum));
    say();
  }

  function options(select, any, names) {
    if (select.children.length) return;
    select.append(h("option", { value: "" }, any), ...names.map(
      (name) => h("option", { value: name }, name[0].toUpperCase() + name.slice(1)),
    ));
  }

  return {
    node, clear,
    changed({ filter, choices }) {
      options(part, "Any body part", choices.body_part);
      options(answer, "Any answer", [...choices.answer, "not answered"]);
      if (timer === null && JSON.stringify(filter) !== sent) write(filter);
    },
    release() { clearTimeout(timer); },
  };
}
