// A table of records, each with what can be done with it. Deleting asks once more, in the row.
// Rows that did not change keep their nodes, and with them the focus and what is being typed.

import { h } from "../base/dom.js";
import { inOrder } from "./rows.js";

export function recordTable(press, below = () => null) {
  const body = h("tbody", {});
  const head = h("tr", {});
  const caption = h("caption", { class: "fw-visually-hidden" });
  const table = h("table", { class: "fw-table" }, caption, h("thead", {}, head), body);
  const empty = h("p", { class: "fw-table-empty" });
  let asking = null;
  let latest = null;
  let lines = new Map();

  function show(content) {
    latest = content;
    if (!content.rows.some(({ id }) => id === asking)) asking = null;
    table.hidden = !content.rows.length;
    empty.hidden = Boolean(content.rows.length);
    empty.textContent = content.empty;
    caption.textContent = content.caption;
    if (head.dataset.columns !== content.columns.join("\n")) {
      head.dataset.columns = content.columns.join("\n");
      head.replaceChildren(
        ...content.columns.map((name) => h("th", { scope: "col" }, name)),
        h("th", { scope: "col" }, h("span", { class: "fw-visually-hidden" }, "What to do")),
      );
    }
    const before = lines;
    lines = new Map();
    const nodes = [];
    for (const row of content.rows) {
      const said = JSON.stringify([row, asking === row.id, content.columns, content.question]);
      const known = before.get(row.id);
      const kept = known?.said === said ? known : { said, node: line(row, content) };
      lines.set(row.id, kept);
      nodes.push(kept.node);
      const more = below(row);
      if (more) nodes.push(more);
    }
    const focused = body.contains(document.activeElement)
      ? document.activeElement.dataset.press : null;
    inOrder(body, nodes);
    if (focused && !body.contains(document.activeElement)) focus(focused);
  }

  function line({ id, name, cells, tone, shown, actions }, content) {
    const row = h("tr", { "data-tone": tone, "aria-current": shown ? "true" : null });
    row.append(...cells.map((cell, index) => h(
      index === 0 ? "th" : "td",
      { scope: index === 0 ? "row" : null, "data-label": content.columns[index] },
      h("span", { class: "fw-cell" }, cell),
    )));
    const buttons = asking === id ? question(id, name, content.question) : actions.map(
      ([kind, words]) => h("button", {
        type: "button", class: "fw-link", "aria-label": `${words}: ${name}`,
        "data-press": `${kind} ${id}`,
        onclick: () => (kind === "delete" ? ask(id) : press(kind, id)),
      }, words),
    );
    row.append(h("td", { class: "fw-row-action" }, ...buttons));
    return row;
  }

  function ask(id) {
    const before = asking;
    asking = id;
    show(latest);
    if (id === null) focus(`delete ${before}`);
    else body.querySelector(".fw-keep")?.focus();
  }

  function question(id, name, words) {
    return [
      h("span", { role: "alert" }, `${words} `),
      h("button", {
        type: "button", class: "fw-link fw-danger", "aria-label": `Yes, delete: ${name}`,
        onclick: () => press("delete", id),
      }, "Delete"),
      h("button", { type: "button", class: "fw-link fw-keep", onclick: () => ask(null) }, "Keep"),
    ];
  }

  function focus(pressed) {
    body.querySelector(`[data-press="${CSS.escape(pressed)}"]`)?.focus();
  }

  return { nodes: [table, empty], show, focus, again: () => latest && show(latest) };
}
