// A row of the worklist: its cells, and what they say of a radiograph.

import { h } from "../base/dom.js";
import { gettext } from "../base/language.js";

export const WORKLIST_COLUMNS = [
  { by: "name", label: gettext("Radiograph") },
  { by: "size", label: gettext("Size") },
  { by: "body_part", label: gettext("Body part") },
  { by: "answer", label: gettext("Answer") },
  { by: "suspicion", label: gettext("Fracture") },
];
const WORKLIST_ANSWERS = { waiting: gettext("waiting"), problem: gettext("not answered") };

export function worklistRow({ key }, { remove }) {
  const cell = (name, ...children) => h("td", { role: "gridcell", class: `fw-w-${name}` }, ...children);
  const picture = h("img", { alt: "" });
  const name = h("span", { class: "fw-w-title" });
  const warnings = h("span", { class: "fw-w-note" });
  const size = cell("size");
  const part = h("span", {});
  const sure = h("span", { class: "fw-w-note" });
  const answer = h("span", { class: "fw-tag" });
  const why = h("span", { class: "fw-w-note" });
  const fill = h("span", {});
  const bar = h("span", { class: "fw-bar", "aria-hidden": "true" }, fill);
  const probability = h("span", { class: "fw-w-percent" });
  const button = h("button", {
    class: "fw-remove", tabindex: "-1", title: gettext("Remove (Delete)"),
    onclick: (event) => { event.stopPropagation(); remove(key); },
  }, "×");
  const verdict = cell("answer", answer, why);
  const fracture = cell("fracture", bar, probability);
  const node = h(
    "tr", { role: "row", tabindex: "-1", "aria-selected": "false", "data-key": key },
    cell("picture", picture), cell("name", name, warnings), size, cell("part", part, sure),
    verdict, fracture, cell("remove", button),
  );
  return {
    node, picture,
    update(row) {
      node.dataset.state = row.state;
      name.textContent = name.title = row.name;
      warnings.textContent = warnings.title = row.warnings;
      size.textContent = row.size;
      part.textContent = row.body_part ?? "";
      sure.textContent = row.body_part_percent ?? "";
      answer.textContent = row.verdict ?? WORKLIST_ANSWERS[row.state];
      answer.className = `fw-tag fw-${row.state}`;
      why.textContent = why.title = row.problem ?? "";
      verdict.colSpan = row.problem ? 2 : 1; // a sentence needs the room of both
      fracture.hidden = Boolean(row.problem);
      bar.hidden = row.probability == null;
      fill.style.width = `${100 * (row.probability ?? 0)}%`;
      probability.textContent = row.percent ?? "";
      button.setAttribute("aria-label", gettext("Remove {name}", row));
    },
  };
}
