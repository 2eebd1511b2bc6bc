// Rows that stay in the page: Python sends those that are new or changed, and their order.

import { thumbnails } from "./thumbnails.js";

const ALL_DUE = 5_000; // milliseconds

// `make(row)` returns a row's `node`, its `picture`, and what brings them up to date: `update(row)`.
// `changed(content, arrange)` is called for what came; `arrange()` puts the rows in their order.
// `lost(place)` is called when the row that had the focus is shown no more.
export function liveRows(model, body, { make, changed, lost }) {
  const rows = new Map();
  const made = new Map();
  const small = thumbnails(model);
  let order = [];
  let version = null;
  let asking = null;

  // Asks for all rows, and again until they come: the answer may be lost as well.
  function askForAll() {
    clearTimeout(asking);
    model.send({ type: "ready" });
    asking = setTimeout(askForAll, ALL_DUE);
  }

  function take(row) {
    const { key } = row;
    rows.set(key, row);
    if (!made.has(key)) made.set(key, make(row));
    const known = made.get(key);
    known.update(row);
    small.give(known.picture, row.thumbnail);
  }

  function drop(key) {
    made.get(key)?.node.remove();
    made.delete(key);
    rows.delete(key);
  }

  function bring(content, gone) {
    clearTimeout(asking);
    version = content.version;
    const place = order.findIndex((key) => made.get(key).node.contains(document.activeElement));
    for (const key of gone) drop(key);
    for (const row of content.rows) take(row);
    order = content.order ?? order;
    if (gone.length) small.keep(new Set([...rows.values()].map(({ thumbnail }) => thumbnail)));
    changed(content, () => inOrder(body, order.map((key) => made.get(key).node)));
    if (place >= 0 && !body.contains(document.activeElement)) {
      lost(Math.min(place, order.length - 1));
    }
  }

  function show(content) {
    const there = new Set(content.rows.map(({ key }) => key));
    bring(content, [...rows.keys()].filter((key) => !there.has(key)));
  }

  function change(content) {
    if (version === null || content.version <= version) return; // all rows are on the way
    if (content.version !== version + 1) {
      version = null;
      askForAll();
      return;
    }
    bring(content, content.gone ?? []);
  }

  return {
    rows, made, small,
    get order() { return order; },
    handlers: { show, change, ...small.handlers },
  };
}

// Puts nodes into a parent in this order. One that has the focus is not touched, for it would
// lose it: the others are moved around it.
export function inOrder(parent, wanted) {
  const staying = new Set(wanted);
  for (const node of [...parent.children]) if (!staying.has(node)) node.remove();
  const focused = wanted.find((node) => node.contains(document.activeElement));
  let at = parent.firstChild;
  for (const node of wanted) {
    while (node === focused && at !== focused) {
      const next = at.nextSibling;
      parent.append(at);
      at = next;
    }
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
  }
}
