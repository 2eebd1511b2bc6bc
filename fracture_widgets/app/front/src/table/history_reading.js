// The reader's own verdict and remark of one saved result, below its row. All is saved at once.

import { h, linkButton } from "../base/dom.js";

const VERDICTS = [
  ["fracture", "Fracture"], ["doubt", "Doubt"], ["none seen", "None seen"], ["", "Not read yet"],
];
const WRITING = 700; // milliseconds between the last key and saving

export function readingForm(row, { tell, close, next, columns }) {
  const prefix = `fw-reading-${Math.random().toString(36).slice(2)}`;
  const radios = VERDICTS.map(([value, words]) => [h("input", {
    type: "radio", name: prefix, id: `${prefix}-${value}`, value,
    checked: value === row.reader, onchange: () => save(),
  }), words]);
  const remark = h("textarea", {
    class: "fw-input", id: `${prefix}-remark`, rows: "2", maxlength: String(row.remark_length),
    oninput: () => { clearTimeout(timer); timer = setTimeout(save, WRITING); outcome.textContent = ""; },
    onchange: () => save(),
  });
  remark.value = row.remark;
  const outcome = h("p", { class: "fw-reading-outcome", role: "status" });
  let timer = null;
  let sent = JSON.stringify([row.reader, row.remark]);

  function save() {
    clearTimeout(timer);
    const verdict = radios.find(([radio]) => radio.checked)?.[0].value ?? "";
    const now = JSON.stringify([verdict, remark.value]);
    if (now === sent) return;
    sent = now;
    outcome.textContent = "Saving …";
    outcome.dataset.tone = "";
    tell({ type: "reading", id: row.id, verdict, remark: remark.value });
  }

  function keys(event) {
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) (next ?? close)();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  const form = h(
    "form", { class: "fw-reading-form", onsubmit: (event) => event.preventDefault(), onkeydown: keys },
    h("fieldset", {},
      h("legend", {}, `Your verdict on ${row.file}, ${row.name}`),
      h("div", { class: "fw-choices" }, ...radios.map(([radio, words]) => h(
        "label", { class: "fw-reading-choice", for: radio.id }, radio, h("span", {}, words),
      )))),
    row.details ? h("p", { class: "fw-hint" }, row.details) : null,
    h("label", { class: "fw-remark-label", for: remark.id }, "Remark"),
    remark,
    h("div", { class: "fw-reading-line" },
      outcome,
      linkButton("Done", close),
      next ? linkButton("Next row", next) : null),
  );
  const node = h("tr", { class: "fw-reading-row" }, h("td", { colspan: String(columns + 1) }, form));

  return {
    id: row.id, node, save,
    focus: () => (radios.find(([radio]) => radio.checked)?.[0] ?? radios[0][0]).focus(),
    noted({ text, tone }) { outcome.textContent = text; outcome.dataset.tone = tone; },
    failed() { sent = null; },
  };
}
