// Rows that stay in the page, by their `key`; the tables and lists of the page are made of them.
//
// Python sends `show` with all `rows`, or `change` with those that are new or changed, the keys of
// those that are `gone`, and the `order` where it is another one. A change has a `version`, one more
// than the last: who missed one asks for all rows by `ready`, as a page does that opens.

import { thumbnails } from "./thumbnails.js";

const ALL_DUE = 5_000; // milliseconds

// `make(row)` returns a row's `node`, its `picture` where it has one, and what brings them up to
// date: `update(row)`. `below(row)` returns a node to stand below it, or null.
// `changed(content, arrange)` is called for what came; `arrange()` puts the rows in their order.
// `lost(place)` is called when the row that had the focus is shown no more.
export function liveRows(model, body, { make, changed, lost, below = () => null }) {
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
    if (known.picture) small.give(known.picture, row.thumbnail);
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
    order = content.order ?? order.filter((key) => rows.has(key));
    if (gone.length) small.keep(new Set([...rows.values()].map(({ thumbnail }) => thumbnail)));
    changed(content, arrange);
    if (place >= 0 && !body.contains(document.activeElement)) {
      lost(Math.min(place, order.length - 1));
    }
  }

  function arrange() {
    inOrder(body, order.flatMap((key) => [made.get(key).node, below(rows.get(key))].filter(Boolean)));
  }

  function show(content) {
    const keys = content.rows.map(({ key }) => key);
    const there = new Set(keys);
    bring({ order: keys, ...content }, [...rows.keys()].filter((key) => !there.has(key)));
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
    rows, made, small, arrange,
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
