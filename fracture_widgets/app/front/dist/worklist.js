// base/dom.js
function h(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  if (tag === "button") node.setAttribute("type", "button");
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}
var linkButton = (words, onclick, properties = {}) => h("button", { class: "fw-link", onclick, ...properties }, words);
function offer(select, options) {
  const offered = JSON.stringify(options);
  if (select.dataset.options === offered) return;
  const { value } = select;
  select.dataset.options = offered;
  select.replaceChildren(...options.map(([key, words]) => h("option", { value: key }, words)));
  select.value = value;
  if (select.selectedIndex < 0) select.selectedIndex = 0;
}
function listen(model, handlers) {
  const onMessage = (content, buffers) => handlers[content.type]?.(content, buffers ?? []);
  model.on("msg:custom", onMessage);
  model.send({ type: "ready" });
  return () => model.off("msg:custom", onMessage);
}

// table/filters.js
var TYPING = 200;
function tableFilters(tell, { label, search, placeholder, selects, least = null }) {
  const text = h("input", {
    type: "search",
    class: "fw-input fw-search",
    placeholder,
    "aria-label": search,
    autocomplete: "off",
    spellcheck: "false",
    maxlength: "200",
    oninput: () => later(TYPING)
  });
  const inputs = /* @__PURE__ */ new Map([["text", text]]);
  const arranging = /* @__PURE__ */ new Set();
  for (const { name, label: words, arranges } of selects) {
    inputs.set(name, h("select", { class: "fw-input", "aria-label": words, onchange: () => later(0) }));
    if (arranges) arranging.add(name);
  }
  const clear = linkButton("Clear filters", clearAll, { class: "fw-link fw-clear", hidden: true });
  const node = h("div", { class: "fw-filters", role: "search", "aria-label": label }, ...inputs.values());
  const amount = h("output", { class: "fw-least" });
  if (least) {
    const slider = h("input", {
      type: "range",
      min: "0",
      max: "100",
      step: "5",
      value: "0",
      "aria-label": least.label,
      oninput: () => later(TYPING)
    });
    inputs.set(least.name, slider);
    node.append(h("label", { class: "fw-minimum" }, h("span", {}, least.words), slider, amount));
  }
  let sent = null;
  let timer = null;
  const chosen = () => Object.fromEntries([...inputs].map(
    ([name, { type, value }]) => [name, type === "range" ? Number(value) / 100 : value]
  ));
  function clearAll() {
    for (const [name, input] of inputs) {
      if (!arranging.has(name)) input.value = input.type === "range" ? "0" : "";
    }
    later(0);
    text.focus();
  }
  function settle() {
    if (least) {
      const slider = inputs.get(least.name);
      const any = slider.value === "0";
      amount.textContent = any ? "any" : `${slider.value} %`;
      slider.setAttribute("aria-valuetext", any ? "any" : `at least ${slider.value} percent`);
    }
    clear.hidden = !Object.entries(chosen()).some(([name, value]) => value && !arranging.has(name));
  }
  function later(pause) {
    settle();
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = null;
      sent = JSON.stringify(chosen());
      tell({ type: "filter", ...chosen() });
    }, pause);
  }
  function show({ filter, choices }) {
    for (const [name, options] of Object.entries(choices)) offer(inputs.get(name), options);
    if (timer === null && JSON.stringify(filter) !== sent) {
      sent = JSON.stringify(filter);
      for (const [name, input] of inputs) {
        if (input === document.activeElement) continue;
        input.value = input.type === "range" ? Math.round(100 * filter[name]) : filter[name];
      }
    }
    settle();
  }
  return { node, clear, show, inputs, release: () => clearTimeout(timer) };
}

// table/thumbnails.js
var AT_ONCE = 16;
var PAUSE = 100;
var PATIENCE = 15e3;
function thumbnails(model) {
  const urls = /* @__PURE__ */ new Map();
  const inSight = /* @__PURE__ */ new Map();
  const requested = /* @__PURE__ */ new Map();
  let timer = null;
  const observer = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) {
      if (isIntersecting) want(target);
      else inSight.get(target.dataset.name)?.delete(target);
    }
    schedule(0);
  }, { rootMargin: "300px", scrollMargin: "300px" });
  function want(picture) {
    const { name } = picture.dataset;
    if (!inSight.has(name)) inSight.set(name, /* @__PURE__ */ new Set());
    inSight.get(name).add(picture);
  }
  function schedule(pause) {
    timer ??= setTimeout(() => {
      timer = null;
      ask();
    }, pause);
  }
  function ask() {
    const now = Date.now();
    for (const [name, when] of requested) if (now - when > PATIENCE) requested.delete(name);
    const names = [];
    for (const [name, pictures] of inSight) {
      if (requested.size >= AT_ONCE) break;
      if (!pictures.size) inSight.delete(name);
      else if (!requested.has(name)) {
        requested.set(name, now);
        names.push(name);
      }
    }
    if (names.length) model.send({ type: "thumbnails", names });
    if (requested.size) schedule(names.length ? PAUSE : PATIENCE / 15);
  }
  function came({ name }, [buffer]) {
    requested.delete(name);
    if (!urls.has(name)) {
      const empty = !buffer?.byteLength;
      urls.set(name, empty ? "" : URL.createObjectURL(new Blob([buffer], { type: "image/jpeg" })));
    }
    for (const picture of inSight.get(name) ?? []) put(picture, urls.get(name));
    inSight.delete(name);
    schedule(PAUSE);
  }
  function put(picture, url) {
    observer.unobserve(picture);
    if (url) picture.src = url;
  }
  return {
    handlers: { thumbnail: came },
    // Gives a picture its thumbnail, now or as soon as it is in sight.
    give(picture, name) {
      if (picture.dataset.name === name) return;
      observer.unobserve(picture);
      inSight.get(picture.dataset.name)?.delete(picture);
      picture.removeAttribute("src");
      picture.dataset.name = name;
      if (urls.has(name)) put(picture, urls.get(name));
      else if (name) observer.observe(picture);
    },
    keep(names) {
      for (const [name, url] of urls) {
        if (!names.has(name)) {
          URL.revokeObjectURL(url);
          urls.delete(name);
        }
      }
    },
    release() {
      observer.disconnect();
      clearTimeout(timer);
      for (const url of urls.values()) URL.revokeObjectURL(url);
    }
  };
}

// table/rows.js
var ALL_DUE = 5e3;
function liveRows(model, body, { make, changed, lost, below = () => null }) {
  const rows = /* @__PURE__ */ new Map();
  const made = /* @__PURE__ */ new Map();
  const small = thumbnails(model);
  let order = [];
  let version = null;
  let asking = null;
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
    if (version === null || content.version <= version) return;
    if (content.version !== version + 1) {
      version = null;
      askForAll();
      return;
    }
    bring(content, content.gone ?? []);
  }
  return {
    rows,
    made,
    small,
    arrange,
    get order() {
      return order;
    },
    handlers: { show, change, ...small.handlers }
  };
}
function inOrder(parent, wanted) {
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

// table/worklist_row.js
var WORKLIST_COLUMNS = [
  { by: "name", label: "Radiograph" },
  { by: "size", label: "Size" },
  { by: "body_part", label: "Body part" },
  { by: "answer", label: "Answer" },
  { by: "suspicion", label: "Fracture" }
];
var WORKLIST_ANSWERS = { waiting: "waiting", problem: "not answered" };
function worklistRow({ key }, { remove }) {
  const cell = (name2, ...children) => h("td", { role: "gridcell", class: `fw-w-${name2}` }, ...children);
  const picture = h("img", { alt: "" });
  const name = h("span", { class: "fw-w-title" });
  const size = cell("size");
  const part = h("span", {});
  const sure = h("span", { class: "fw-w-note" });
  const answer = h("span", { class: "fw-tag" });
  const why = h("span", { class: "fw-w-note" });
  const fill = h("span", {});
  const bar = h("span", { class: "fw-bar", "aria-hidden": "true" }, fill);
  const probability = h("span", { class: "fw-w-percent" });
  const button = h("button", {
    class: "fw-remove",
    tabindex: "-1",
    title: "Remove (Delete)",
    onclick: (event) => {
      event.stopPropagation();
      remove(key);
    }
  }, "×");
  const verdict = cell("answer", answer, why);
  const fracture = cell("fracture", bar, probability);
  const node = h(
    "tr",
    { role: "row", tabindex: "-1", "aria-selected": "false", "data-key": key },
    cell("picture", picture),
    cell("name", name),
    size,
    cell("part", part, sure),
    verdict,
    fracture,
    cell("remove", button)
  );
  return {
    node,
    picture,
    update(row) {
      node.dataset.state = row.state;
      name.textContent = name.title = row.name;
      size.textContent = row.size;
      part.textContent = row.body_part ?? "";
      sure.textContent = row.body_part_percent ?? "";
      answer.textContent = row.verdict ?? WORKLIST_ANSWERS[row.state];
      answer.className = `fw-tag fw-${row.state}`;
      why.textContent = why.title = row.problem ?? "";
      verdict.colSpan = row.problem ? 2 : 1;
      fracture.hidden = Boolean(row.problem);
      bar.hidden = row.probability == null;
      fill.style.width = `${100 * (row.probability ?? 0)}%`;
      probability.textContent = row.percent ?? "";
      button.setAttribute("aria-label", `Remove ${row.name}`);
    }
  };
}

// table/worklist.js
var READING = 300;
function render({ model, el }) {
  const filters = tableFilters((message) => model.send(message), {
    label: "Filter the worklist",
    search: "Name contains",
    placeholder: "Name",
    selects: [{ name: "body_part", label: "Body part" }, { name: "answer", label: "Answer" }],
    least: { name: "minimum", words: "Fracture at least", label: "Least probability of a fracture" }
  });
  const counts = h("p", { class: "fw-how-many" });
  const body = h("tbody", { role: "rowgroup" });
  const heads = new Map(WORKLIST_COLUMNS.map(({ by, label }) => [by, h(
    "th",
    { role: "columnheader", scope: "col", class: `fw-w-${by}` },
    h("button", { onclick: () => model.send({ type: "sort", by }) }, label)
  )]));
  const hidden = (label) => h(
    "th",
    { role: "columnheader", scope: "col", class: "fw-w-blank" },
    h("span", { class: "fw-visually-hidden" }, label)
  );
  const hint = h(
    "p",
    { class: "fw-hint fw-w-hint", id: `fw-worklist-hint-${Math.random()}` },
    "↑ ↓ or J K to move, Enter to open in Examine, Delete to remove."
  );
  const table = h(
    "table",
    { class: "fw-worklist", role: "grid", "aria-label": "Worklist", "aria-describedby": hint.id },
    h("thead", { role: "rowgroup" }, h(
      "tr",
      { role: "row" },
      hidden("Thumbnail"),
      ...heads.values(),
      hidden("Remove")
    )),
    body
  );
  const scroller = h("div", { class: "fw-w-scroll" }, table);
  const nothing = h("p", { class: "fw-table-empty" });
  const removed = h("span", {});
  const undo = h("p", { class: "fw-undo", role: "status" }, removed, linkButton("Undo", takeBack));
  el.classList.add("fw-w");
  el.append(
    filters.node,
    h("div", { class: "fw-lines" }, h("span", {}, counts, filters.clear), undo),
    scroller,
    nothing,
    hint
  );
  for (const node of [filters.node, undo, scroller, nothing, hint]) node.hidden = true;
  let selected = null;
  let pending = null;
  let request = 0;
  let timer = null;
  let lastSent = 0;
  let focusSelected = false;
  const rowOf = (key) => live.made.get(key)?.node;
  const keyOf = (node) => Number(node.dataset.key);
  const rowAt = (event) => event.target.closest("tbody > tr");
  function changed(content, arrange) {
    filters.show(content);
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
    nothing.textContent = content.total ? "No radiograph is like that: clear a filter to see more." : "No radiographs yet: choose or drop some, or a whole folder, under Examine.";
    filters.node.hidden = !content.total;
    hint.hidden = !content.shown;
    undo.hidden = !content.removed;
    removed.textContent = content.removed ? `${content.removed} is removed. ` : "";
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
  function anchor() {
    const reading = body.contains(document.activeElement) || scroller.scrollTop > 0;
    const row = reading && scroller.clientHeight ? rowOf(selected) : null;
    if (!row?.isConnected || !inSight(row)) return () => {
    };
    const before = row.offsetTop - scroller.scrollTop;
    return () => {
      if (row.isConnected) scroller.scrollTop = row.offsetTop - before;
    };
  }
  function mark(key, moved) {
    for (const row2 of body.querySelectorAll("[aria-selected=true], [tabindex='0']")) {
      row2.setAttribute("aria-selected", "false");
      row2.tabIndex = -1;
    }
    selected = key;
    const row = rowOf(key);
    const there = row?.isConnected;
    row?.setAttribute("aria-selected", "true");
    const focused = document.activeElement?.closest?.("tbody") === body ? document.activeElement.closest("tr") : null;
    const stop2 = (there && (moved || !focused) ? row : focused) ?? body.firstElementChild;
    if (stop2) stop2.tabIndex = 0;
    if (there && moved) {
      if (focused || focusSelected) row.focus({ preventScroll: true });
      focusSelected = false;
      reveal(row);
    }
  }
  const headHeight = () => scroller.clientHeight ? table.tHead.offsetHeight : 0;
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
    if (!row) {
      if (!undo.hidden) undo.querySelector("button").focus();
      return;
    }
    body.querySelector("[tabindex='0']")?.setAttribute("tabindex", "-1");
    row.tabIndex = 0;
    row.focus({ preventScroll: true });
    reveal(row);
  }
  function open(row) {
    if (!row) return;
    pending = null;
    model.send({ type: "open", key: keyOf(row) });
    el.closest(".fw-workbench")?.querySelector(".fw-tabs button")?.focus();
  }
  function step(event, row) {
    const rows = body.children;
    const at = [...rows].indexOf(row);
    const page = Math.max(1, Math.floor(
      (scroller.clientHeight - headHeight()) / (row.offsetHeight || 1)
    ) - 1);
    const to = {
      ArrowDown: at + 1,
      j: at + 1,
      ArrowUp: at - 1,
      k: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: rows.length - 1
    }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    return to === void 0 ? null : rows[Math.max(0, Math.min(rows.length - 1, to))];
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
    make: (row) => worklistRow(row, { remove }),
    changed,
    lost
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
var worklist_default = { render };
export {
  worklist_default as default
};
