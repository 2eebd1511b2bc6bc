// Many radiographs in a table: the keys move through it, and Python is told which one is read.

import { h, linkButton, listen } from "../base/dom.js";
import { gettext } from "../base/language.js";
import { tableFilters } from "./filters.js";
import { liveRows } from "./rows.js";
import { WORKLIST_COLUMNS, worklistRow } from "./worklist_row.js";

const READING = 300; // milliseconds: a key held down does not ask for every picture it passes

export function worklistView({ model, el }) {
  const filters = tableFilters((message) => model.send(message), {
    label: gettext("Filter the worklist"), search: gettext("Name contains"), placeholder: gettext("Name"),
    selects: [{ name: "body_part", label: gettext("Body part") }, { name: "answer", label: gettext("Answer") }],
    least: { name: "minimum", words: gettext("Fracture at least"), label: gettext("Least probability of a fracture") },
  });
  const counts = h("p", { class: "fw-how-many" });
  const body = h("tbody", { role: "rowgroup" });
  const heads = new Map(WORKLIST_COLUMNS.map(({ by, label }) => [by, h(
    "th", { role: "columnheader", scope: "col", class: `fw-w-${by}` },
    h("button", { onclick: () => model.send({ type: "sort", by }) }, label),
  )]));
  const hidden = (label) => h(
    "th", { role: "columnheader", scope: "col", class: "fw-w-blank" },
    h("span", { class: "fw-visually-hidden" }, label),
  );
  const hint = h(
    "p", { class: "fw-hint fw-by-key", id: `fw-worklist-hint-${Math.random()}` },
    gettext("↑ ↓ or J K to move, Enter to open in Examine, Delete to remove."),
  );
  const table = h(
    "table", { class: "fw-worklist", role: "grid", "aria-label": gettext("Worklist"), "aria-describedby": hint.id },
    h("thead", { role: "rowgroup" }, h(
      "tr", { role: "row" }, hidden(gettext("Thumbnail")), ...heads.values(), hidden(gettext("Remove")),
    )),
    body,
  );
  const scroller = h("div", { class: "fw-w-scroll" }, table);
  const nothing = h("p", { class: "fw-table-empty" });
  const removed = h("span", {});
  const undo = h("p", { class: "fw-undo", role: "status" }, removed, linkButton(gettext("Undo"), takeBack));
  el.classList.add("fw-w");
  el.append(
    filters.node, h("div", { class: "fw-lines" }, h("span", {}, counts, filters.clear), undo),
    scroller, nothing, hint,
  );

  // Before Python has said what there is, nothing is claimed.
  for (const node of [filters.node, undo, scroller, nothing, hint]) node.hidden = true;

  let selected = null;
  let pending = null; // chosen here, and not yet confirmed by Python
  let request = 0;
  let timer = null;
  let lastSent = 0;
  let focusSelected = false;

  const rowOf = (key) => live.made.get(key)?.node;
  const keyOf = (node) => Number(node.dataset.key);
  const rowAt = (event) => event.target.closest("tbody > tr");

  // --- what Python says -----------------------------------------------------------------------

  function changed(content, arrange) {
    filters.show(content);
    // What a filter leaves is read out; each of a hundred answers is not.
    counts.setAttribute("aria-live", content.rows.length ? "off" : "polite");
    counts.textContent = content.total ? content.counts : "";
    for (const [by, head] of heads) {
      const { sorting } = content;
      if (by !== sorting.by) head.removeAttribute("aria-sort");
      else head.setAttribute("aria-sort", sorting.descending ? "descending" : "ascending");
    }
    const keep = anchor();
    arrange();
    keep();
    scroller.hidden = !content.shown;
    nothing.hidden = Boolean(content.shown);
    nothing.textContent = content.total
      ? gettext("No radiograph is like that: clear a filter to see more.")
      : gettext("No radiographs yet: choose some, or a whole folder, under Examine.");
    filters.node.hidden = !content.total;
    hint.hidden = !content.shown;
    undo.hidden = !content.removed;
    removed.textContent = content.removed ? `${gettext("{name} is removed.", { name: content.removed })} ` : "";
    if (pending === null || !live.rows.has(pending)) {
      pending = null;
      mark(content.selected, selected !== content.selected);
    } else mark(pending, false);
  }

  function confirmed({ key, request: number }) {
    if (number !== request || timer !== null) return;
    pending = null;
    mark(key, selected !== key);
  }

  // The row that is being read stays where it is on the screen, whatever comes above it.
  function anchor() {
    const reading = body.contains(document.activeElement) || scroller.scrollTop > 0;
    const row = reading && scroller.clientHeight ? rowOf(selected) : null;
    if (!row?.isConnected || !inSight(row)) return () => {};
    const before = row.offsetTop - scroller.scrollTop;
    return () => { if (row.isConnected) scroller.scrollTop = row.offsetTop - before; };
  }

  // --- the selected row -----------------------------------------------------------------------

  function mark(key, moved) {
    for (const row of body.querySelectorAll("[aria-selected=true], [tabindex='0']")) {
      row.setAttribute("aria-selected", "false");
      row.tabIndex = -1;
    }
    selected = key;
    const row = rowOf(key);
    const there = row?.isConnected;
    row?.setAttribute("aria-selected", "true");
    const focused = document.activeElement?.closest?.("tbody") === body
      ? document.activeElement.closest("tr") : null;
    const stop = (there && (moved || !focused) ? row : focused) ?? body.firstElementChild;
    if (stop) stop.tabIndex = 0;
    if (there && moved) {
      if (focused || focusSelected) row.focus({ preventScroll: true });
      focusSelected = false;
      reveal(row);
    }
  }

  const headHeight = () => (scroller.clientHeight ? table.tHead.offsetHeight : 0);

  function inSight(row) {
    const top = row.offsetTop - scroller.scrollTop;
    return top + row.offsetHeight > headHeight() && top < scroller.clientHeight;
  }

  function reveal(row) {
    const top = row.offsetTop - headHeight();
    const bottom = row.offsetTop + row.offsetHeight - scroller.clientHeight;
    if (scroller.scrollTop > top) scroller.scrollTop = top;
    else if (scroller.scrollTop < bottom) scroller.scrollTop = bottom;
  }

  function choose(row) {
    if (!row) return;
    pending = keyOf(row);
    mark(pending, true);
    row.focus({ preventScroll: true });
    timer ??= setTimeout(tell, Math.max(0, lastSent + READING - Date.now()));
  }

  function tell() {
    timer = null;
    if (pending === null) return;
    lastSent = Date.now();
    request += 1;
    model.send({ type: "select", key: pending, request });
  }

  function remove(key) {
    if (key === pending) pending = null;
    model.send({ type: "remove", key });
  }

  function takeBack() {
    pending = null;
    focusSelected = true;
    model.send({ type: "undo" });
  }

  function lost(place) {
    const row = body.children[place];
    if (!row) { if (!undo.hidden) undo.querySelector("button").focus(); return; }
    body.querySelector("[tabindex='0']")?.setAttribute("tabindex", "-1");
    row.tabIndex = 0;
    row.focus({ preventScroll: true });
    reveal(row);
  }

  function open(row) {
    if (!row) return;
    pending = null;
    model.send({ type: "open", key: keyOf(row) });
    el.closest(".fw-workbench")?.querySelector(".fw-tab")?.focus();
  }

  // --- mouse and keys -------------------------------------------------------------------------

  function step(event, row) {
    const rows = body.children;
    const at = [...rows].indexOf(row);
    const page = Math.max(1, Math.floor(
      (scroller.clientHeight - headHeight()) / (row.offsetHeight || 1)) - 1);
    const to = {
      ArrowDown: at + 1, j: at + 1, ArrowUp: at - 1, k: at - 1,
      PageDown: at + page, PageUp: at - page, Home: 0, End: rows.length - 1,
    }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    return to === undefined ? null : rows[Math.max(0, Math.min(rows.length - 1, to))];
  }

  function onKey(event) {
    if ((event.ctrlKey || event.metaKey) && event.key === "z") {
      if (undo.hidden || event.target.matches("input")) return;
      takeBack();
    } else if (event.ctrlKey || event.metaKey || event.altKey) return;
    else {
      const row = rowAt(event);
      if (!row) return;
      const next = step(event, row);
      if (next) choose(next);
      else if (event.key === "Delete") remove(keyOf(row));
      else if (event.key === "Enter" && event.target === row) open(row);
      else if (event.key === " " && event.target === row) choose(row);
      else return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  el.addEventListener("keydown", onKey);
  body.addEventListener("click", (event) => choose(rowAt(event)));
  body.addEventListener("dblclick", (event) => open(rowAt(event)));

  let wasHidden = true;
  const sight = new ResizeObserver(() => {
    const row = rowOf(selected);
    if (wasHidden && scroller.clientHeight && row?.isConnected) reveal(row);
    wasHidden = !scroller.clientHeight;
  });
  sight.observe(scroller);

  const live = liveRows(model, body, {
    make: (row) => worklistRow(row, { remove }), changed, lost,
  });
  const stop = listen(model, { ...live.handlers, selected: confirmed });
  return () => {
    stop();
    sight.disconnect();
    clearTimeout(timer);
    filters.release();
    live.small.release();
  };
}
