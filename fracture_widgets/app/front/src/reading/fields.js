// A reader's verdict and remark on one radiograph. Everything that is chosen or typed is told.

import { h } from "../base/dom.js";
import { gettext } from "../base/language.js";

const VERDICTS = [["fracture", gettext("Fracture")], ["doubt", gettext("Doubt")], ["none seen", gettext("None seen")]];
export const NOT_READ = ["", gettext("Not read yet")];
const WRITING = 700; // milliseconds between the last key and telling

export function readingFields({ legend, reader, remark: written, longest, more = [] }, tell) {
  const prefix = `fw-reading-${Math.random().toString(36).slice(2)}`;
  const radios = [...VERDICTS, ...more].map(([value, words]) => [h("input", {
    type: "radio", name: prefix, id: `${prefix}-${value}`, value,
    checked: value === reader, onchange: () => save(),
  }), words]);
  const remark = h("textarea", {
    class: "fw-input", id: `${prefix}-remark`, rows: "2", maxlength: String(longest),
    oninput: () => { clearTimeout(timer); timer = setTimeout(save, WRITING); outcome.textContent = ""; },
    onchange: () => save(),
  });
  remark.value = written;
  const outcome = h("p", { class: "fw-reading-outcome", role: "status" });
  let timer = null;
  let sent = JSON.stringify([reader, written]);

  function save() {
    clearTimeout(timer);
    const verdict = radios.find(([radio]) => radio.checked)?.[0].value ?? "";
    const now = JSON.stringify([verdict, remark.value]);
    if (now === sent) return;
    sent = now;
    outcome.textContent = gettext("Saving …");
    outcome.dataset.tone = "";
    tell({ type: "reading", verdict, remark: remark.value });
  }

  return {
    choices: h("fieldset", {},
      h("legend", {}, legend),
      h("div", { class: "fw-choices" }, ...radios.map(([radio, words]) => h(
        "label", { class: "fw-reading-choice", for: radio.id }, radio, h("span", {}, words),
      )))),
    label: h("label", { class: "fw-remark-label", for: remark.id }, gettext("Remark")),
    remark, outcome, save,
    // What was said elsewhere meanwhile; what is being typed stays.
    fill(said) {
      sent = JSON.stringify([said.reader, said.remark]);
      for (const [radio] of radios) radio.checked = radio.value === said.reader;
      if (document.activeElement !== remark) remark.value = said.remark;
    },
    focus: () => (radios.find(([radio]) => radio.checked)?.[0] ?? radios[0][0]).focus(),
    noted({ text, tone }) { outcome.textContent = text; outcome.dataset.tone = tone; },
    failed() { sent = null; },
  };
}
