// A table of records, each with what can be done with it. Deleting asks once more, in the row.
//
// A row has an `id`, a `name`, its `cells`, a `tone`, whether it is `shown`, and its `actions`: pairs
// of kind and words, of which "delete" asks the table's `question` first. Beside the rows Python
// sends `columns`, `caption`, and what an `empty` table says; of a `pictured` table every row has a
// thumbnail, which opens it. Rows that did not change keep their
// nodes, and with them the focus and what is being typed.

import { h, linkButton, listen } from "../base/dom.js";
import { gettext } from "../base/language.js";
import { liveRows } from "./rows.js";

// `press(kind, key)` is called for an action. `changed(content, rows)` is called with all that Python
// sent and the rows in their order, before they are shown.
export function recordTable(model, press, { below, changed = () => {}, lost } = {}) {
  const body = h("tbody", {});
  const head = h("tr", {});
  const caption = h("caption", { class: "fw-visually-hidden" });
  const table = h("table", { class: "fw-table", hidden: true }, caption, h("thead", {}, head), body);
  const empty = h("p", { class: "fw-table-empty", hidden: true });
  let asking = null;
  let latest = {};
  const live = liveRows(model, body, { make, changed: arranged, lost: lost ?? refocus, below });

  const rows = () => live.order.map((key) => live.rows.get(key));
  const received = (handle) => (content) => {
    latest = { ...latest, ...content };
    handle({ ...content, rows: content.rows.map((row) => ({ key: row.id, ...row })) });
  };

  function arranged() {
    changed(latest, rows());
    if (!live.rows.has(asking)) asking = null;
    table.hidden = !live.order.length;
    empty.hidden = !table.hidden;
    empty.textContent = latest.empty;
    caption.textContent = latest.caption;
    if (head.dataset.columns !== latest.columns.join("\n")) {
      head.dataset.columns = latest.columns.join("\n");
      head.replaceChildren(
        ...(latest.pictured ? [gettext("Picture")] : []).concat(latest.columns)
          .map((name) => h("th", { scope: "col" }, name)),
        h("th", { scope: "col" }, h("span", { class: "fw-visually-hidden" }, gettext("What to do"))),
      );
    }
    again();
  }

  function again() {
    for (const [key, { update }] of live.made) update(live.rows.get(key));
    live.arrange();
  }

  function make({ key }) {
    const node = h("tr", {});
    // The button beside it does the same for who has no pointer.
    const picture = latest.pictured ? h("img", { alt: "", onclick: () => press("open", key) }) : null;
    let drawn = "";
    return {
      node, picture,
      update(row) {
        const wanted = JSON.stringify([row, asking === row.key, latest.columns, latest.question]);
        if (wanted === drawn) return;
        drawn = wanted;
        const pressed = node.contains(document.activeElement) && document.activeElement.dataset.press;
        fill(node, row, picture);
        if (pressed) focus(pressed);
      },
    };
  }

  function fill(node, { key, name, cells, tone, shown, actions }, picture) {
    node.dataset.tone = tone;
    if (shown) node.setAttribute("aria-current", "true");
    else node.removeAttribute("aria-current");
    const buttons = asking === key ? question(key, name) : actions.map(([kind, words]) => linkButton(
      words, () => (kind === "delete" ? ask(key) : press(kind, key)),
      { "aria-label": `${words}: ${name}`, "data-press": `${kind} ${key}` },
    ));
    const texts = cells.map((cell, index) => h(
      index === 0 ? "th" : "td",
      { scope: index === 0 ? "row" : null, "data-label": latest.columns[index] },
      h("span", { class: "fw-cell" }, cell),
    ));
    const pictures = picture ? [h("td", { class: "fw-row-picture" }, picture)] : [];
    node.replaceChildren(...pictures, ...texts, h("td", { class: "fw-row-action" }, ...buttons));
  }

  function ask(key) {
    const before = asking;
    asking = key;
    again();
    if (key === null) focus(`delete ${before}`);
    else body.querySelector(".fw-keep")?.focus();
  }

  function question(key, name) {
    return [
      h("span", { role: "alert" }, `${latest.question} `),
      linkButton("Delete", () => press("delete", key), {
        class: "fw-link fw-danger", "aria-label": gettext("Yes, delete: {name}", { name }),
      }),
      linkButton(gettext("Keep"), () => ask(null), { class: "fw-link fw-keep" }),
    ];
  }

  function focus(pressed) {
    body.querySelector(`[data-press="${CSS.escape(pressed)}"]`)?.focus();
  }

  // Where the row with the focus is gone, the one in its place has it.
  function refocus(place) {
    body.children[place]?.querySelector("button")?.focus();
  }

  return {
    nodes: [table, empty], focus, again, release: live.small.release,
    handlers: {
      ...live.handlers, show: received(live.handlers.show), change: received(live.handlers.change),
    },
  };
}

export function recordView({ model, el }) {
  const { nodes, handlers, release } = recordTable(model, (type, id) => model.send({ type, id }));
  el.append(...nodes);
  const stop = listen(model, handlers);
  return () => { stop(); release(); };
}
