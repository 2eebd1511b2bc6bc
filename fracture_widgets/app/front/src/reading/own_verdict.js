// The reader's own verdict beside the radiograph.

import { h, linkButton, listen } from "../base/dom.js";
import { gettext } from "../base/language.js";
import { readingFields } from "./fields.js";

const ASK_REMARK = gettext("Add a remark");

function render({ model, el }) {
  let key = null;
  let fields = null;
  const form = h("form", { class: "fw-reading-form", onsubmit: (event) => event.preventDefault() });
  el.append(form);

  function show(content) {
    if (content.key === key) {
      fields.fill(content);
      return;
    }
    fields?.save(); // what was typed of the radiograph before
    key = content.key;
    const told = key;
    const made = readingFields(
      { legend: gettext("My verdict"), reader: content.reader, remark: content.remark, longest: content.remark_length },
      (said) => model.send({ ...said, key: told }),
    );
    fields = made;
    const open = linkButton(ASK_REMARK, () => { unfold(); made.remark.focus(); });
    function unfold() { open.hidden = true; made.label.hidden = made.remark.hidden = false; }
    made.label.hidden = made.remark.hidden = true;
    if (content.remark) unfold();
    form.replaceChildren(made.choices, open, made.label, made.remark, made.outcome);
  }

  return listen(model, {
    show,
    noted(content) { if (content.key === key) fields.noted(content); },
  });
}

export default { render };
