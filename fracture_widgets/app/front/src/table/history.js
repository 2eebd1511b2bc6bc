// The saved results: filters, rows by the page, the reader's own verdict, deleting and undoing.

import { h, linkButton, listen } from "../base/dom.js";
import { gettext, numberWords } from "../base/language.js";
import { NOT_READ, readingFields } from "../reading/fields.js";
import { tableFilters } from "./filters.js";
import { recordTable } from "./records.js";

export function historyView({ model, el }) {
  const tell = (content) => {
    // A form that is opened again before the answer begins with what was said last.
    if (content.type === "reading") {
      const row = rows.find(({ id }) => id === content.id);
      if (row) Object.assign(row, { reader: content.verdict, remark: content.remark });
    }
    model.send(content);
  };
  const filters = tableFilters(tell, {
    label: gettext("Filter the saved results"), search: gettext("Name or remark contains"), placeholder: gettext("Name or remark"),
    selects: [
      { name: "verdict", label: gettext("Network's verdict") }, { name: "body_part", label: gettext("Body part") },
      { name: "reader", label: gettext("Your verdict") }, { name: "model", label: gettext("Model") },
      { name: "order", label: gettext("Order"), arranges: true },
    ],
  });
  filters.node.append(filters.clear);
  const counted = h("p", { class: "fw-how-many", role: "status" });
  const undo = linkButton("", () => tell({ type: "undo" }), { hidden: true });
  const every = h("span", { class: "fw-every" });
  const table = recordTable(model, press, {
    below: (row) => (reading?.id === row.id ? reading.node : null), changed, lost() {},
  });
  const place = h("span", {});
  const turn = (step, words) => h("button", {
    class: "fw-button fw-turn", onclick: () => tell({ type: "page", step }),
  }, words);
  const before = turn(-1, gettext("Previous"));
  const after = turn(1, gettext("Next"));
  const pages = h("nav", { class: "fw-pager", "aria-label": gettext("Pages of saved results") }, before, place, after);
  filters.node.hidden = pages.hidden = true; // until Python has said what there is
  let reading = null;
  let latest = null;
  let rows = [];
  let confirming = null;
  el.append(filters.node, h("div", { class: "fw-lines" },
    counted, h("span", { class: "fw-history-acts" }, undo, every)), ...table.nodes, pages);

  // Where what had the focus is gone, it can be brought back.
  const keepingFocus = (handle) => (content) => {
    const focused = el.contains(document.activeElement);
    handle(content);
    if (focused && !el.contains(document.activeElement) && !undo.hidden) undo.focus();
  };

  function changed(content, now) {
    latest = content;
    rows = now;
    filters.show(content);
    filters.node.hidden = !content.total;
    const byModel = filters.inputs.get("model"); // with one model there is nothing to choose
    byModel.hidden = content.choices.model.length < 3 && !byModel.value;
    counted.textContent = content.counted;
    undo.hidden = !content.undo;
    undo.textContent = content.undo;
    if (confirming !== content.matching) confirming = null;
    offerAll();
    if (reading && !rows.some(({ id }) => id === reading.id)) close(false);
    place.textContent = content.place;
    before.disabled = !content.earlier;
    after.disabled = !content.later;
    pages.hidden = !content.earlier && !content.later;
  }

  function offerAll() {
    const { matching, all_words: words } = latest;
    const drawn = JSON.stringify([confirming, matching, words]);
    if (every.dataset.drawn === drawn) return;
    every.dataset.drawn = drawn;
    every.replaceChildren(...(confirming !== null ? [
      h("span", { role: "alert" }, `${gettext("Delete {words}?", { words })} `),
      linkButton(gettext("Delete {n}", { n: numberWords(matching) }), () => {
        confirming = null;
        tell({ type: "delete_all", expected: matching });
      }, { class: "fw-link fw-danger" }),
      linkButton(gettext("Keep"), () => confirmAll(null), { class: "fw-link fw-keep-all" }),
    ] : matching > 1 ? [
      linkButton(gettext("Delete {words}", { words }), () => confirmAll(matching), { class: "fw-link fw-all" }),
    ] : []));
  }

  function confirmAll(count) {
    confirming = count;
    offerAll();
    every.querySelector(count === null ? ".fw-all" : ".fw-keep-all")?.focus();
  }

  function press(kind, id) {
    if (kind === "read") open(id);
    else tell({ type: kind, id });
  }

  function open(id) {
    if (reading?.id === id) return close();
    reading?.save();
    const at = rows.findIndex((row) => row.id === id);
    if (at < 0) return close();
    const following = rows[at + 1];
    reading = readingForm(rows[at], {
      tell, close, columns: latest.columns.length + 2,
      next: following ? () => open(following.id) : null,
    });
    table.again();
    reading.focus();
  }

  function close(back = true) {
    const closed = reading;
    reading = null;
    closed?.save();
    if (back) {
      table.again();
      table.focus(`read ${closed?.id}`);
    }
  }

  function noted(content) {
    if (reading?.id !== content.id) return;
    if (content.tone === "problem") reading.failed();
    reading.noted(content);
  }

  const { show, change, thumbnail } = table.handlers;
  const stop = listen(model, { show: keepingFocus(show), change: keepingFocus(change), thumbnail, noted });
  return () => { reading?.save(); filters.release(); table.release(); stop(); };
}

// The reader's own verdict and remark of one saved result, below its row. All is saved at once.
function readingForm(row, { tell, close, next, columns }) {
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
