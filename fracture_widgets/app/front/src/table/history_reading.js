// The reader's own verdict and remark of one saved result, below its row. All is saved at once.

import { h, linkButton } from "../base/dom.js";
import { gettext } from "../base/language.js";
import { NOT_READ, readingFields } from "../reading/fields.js";

export function readingForm(row, { tell, close, next, columns }) {
  const fields = readingFields({
    legend: gettext("Your verdict on {file}, {name}", row),
    reader: row.reader, remark: row.remark, longest: row.remark_length, more: [NOT_READ],
  }, (said) => tell({ ...said, id: row.id }));

  function keys(event) {
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) (next ?? close)();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  const form = h(
    "form", { class: "fw-reading-form", onsubmit: (event) => event.preventDefault(), onkeydown: keys },
    fields.choices,
    row.details ? h("p", { class: "fw-hint" }, row.details) : null,
    fields.label,
    fields.remark,
    h("div", { class: "fw-reading-line" },
      fields.outcome,
      linkButton(gettext("Done"), close),
      next ? linkButton(gettext("Next row"), next) : null),
  );
  const node = h("tr", { class: "fw-reading-row" }, h("td", { colspan: String(columns) }, form));
  const { save, focus, noted, failed } = fields;
  return { id: row.id, node, save, focus, noted, failed };
}
