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

// table/history_reading.js
var VERDICTS = [
  ["fracture", "Fracture"],
  ["doubt", "Doubt"],
  ["none seen", "None seen"],
  ["", "Not read yet"]
];
var WRITING = 700;
function readingForm(row, { tell, close, next, columns }) {
  const prefix = `fw-reading-${Math.random().toString(36).slice(2)}`;
  const radios = VERDICTS.map(([value, words]) => [h("input", {
    type: "radio",
    name: prefix,
    id: `${prefix}-${value}`,
    value,
    checked: value === row.reader,
    onchange: () => save()
  }), words]);
  const remark = h("textarea", {
    class: "fw-input",
    id: `${prefix}-remark`,
    rows: "2",
    maxlength: String(row.remark_length),
    oninput: () => {
      clearTimeout(timer);
      timer = setTimeout(save, WRITING);
      outcome.textContent = "";
    },
    onchange: () => save()
  });
  remark.value = row.remark;
  const outcome = h("p", { class: "fw-reading-outcome", role: "status" });
  let timer = null;
  let sent = JSON.stringify([row.reader, row.remark]);
  function save() {
    clearTimeout(timer);
    const verdict = radios.find(([radio]) => radio.checked)?.[0].value ?? "";
    const now = JSON.stringify([verdict, remark.value]);
    if (now === sent) return;
    sent = now;
    outcome.textContent = "Saving …";
    outcome.dataset.tone = "";
    tell({ type: "reading", id: row.id, verdict, remark: remark.value });
  }
  function keys(event) {
    if (event.key === "Escape") close();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) (next ?? close)();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
  const form = h(
    "form",
    { class: "fw-reading-form", onsubmit: (event) => event.preventDefault(), onkeydown: keys },
    h(
      "fieldset",
      {},
      h("legend", {}, `Your verdict on ${row.file}, ${row.name}`),
      h("div", { class: "fw-choices" }, ...radios.map(([radio, words]) => h(
        "label",
        { class: "fw-reading-choice", for: radio.id },
        radio,
        h("span", {}, words)
      )))
    ),
    row.details ? h("p", { class: "fw-hint" }, row.details) : null,
    h("label", { class: "fw-remark-label", for: remark.id }, "Remark"),
    remark,
    h(
      "div",
      { class: "fw-reading-line" },
      outcome,
      linkButton("Done", close),
      next ? linkButton("Next row", next) : null
    )
  );
  const node = h("tr", { class: "fw-reading-row" }, h("td", { colspan: String(columns + 1) }, form));
  return {
    id: row.id,
    node,
    save,
    focus: () => (radios.find(([radio]) => radio.checked)?.[0] ?? radios[0][0]).focus(),
    noted({ text, tone }) {
      outcome.textContent = text;
      outcome.dataset.tone = tone;
    },
    failed() {
      sent = null;
    }
  };
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

// table/records.js
function recordTable(model, press, { below, changed = () => {
}, lost } = {}) {
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
        ...latest.columns.map((name) => h("th", { scope: "col" }, name)),
        h("th", { scope: "col" }, h("span", { class: "fw-visually-hidden" }, "What to do"))
      );
    }
    again();
  }
  function again() {
    for (const [key, { update }] of live.made) update(live.rows.get(key));
    live.arrange();
  }
  function make() {
    const node = h("tr", {});
    let drawn = "";
    return {
      node,
      update(row) {
        const wanted = JSON.stringify([row, asking === row.key, latest.columns, latest.question]);
        if (wanted === drawn) return;
        drawn = wanted;
        const pressed = node.contains(document.activeElement) && document.activeElement.dataset.press;
        fill(node, row);
        if (pressed) focus(pressed);
      }
    };
  }
  function fill(node, { key, name, cells, tone, shown, actions }) {
    node.dataset.tone = tone;
    if (shown) node.setAttribute("aria-current", "true");
    else node.removeAttribute("aria-current");
    const buttons = asking === key ? question(key, name) : actions.map(([kind, words]) => linkButton(
      words,
      () => kind === "delete" ? ask(key) : press(kind, key),
      { "aria-label": `${words}: ${name}`, "data-press": `${kind} ${key}` }
    ));
    node.replaceChildren(...cells.map((cell, index) => h(
      index === 0 ? "th" : "td",
      { scope: index === 0 ? "row" : null, "data-label": latest.columns[index] },
      h("span", { class: "fw-cell" }, cell)
    )), h("td", { class: "fw-row-action" }, ...buttons));
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
        class: "fw-link fw-danger",
        "aria-label": `Yes, delete: ${name}`
      }),
      linkButton("Keep", () => ask(null), { class: "fw-link fw-keep" })
    ];
  }
  function focus(pressed) {
    body.querySelector(`[data-press="${CSS.escape(pressed)}"]`)?.focus();
  }
  function refocus(place) {
    body.children[place]?.querySelector("button")?.focus();
  }
  return {
    nodes: [table, empty],
    focus,
    again,
    handlers: { show: received(live.handlers.show), change: received(live.handlers.change) }
  };
}

// table/history.js
function render({ model, el }) {
  const tell = (content) => {
    if (content.type === "reading") {
      const row = rows.find(({ id }) => id === content.id);
      if (row) Object.assign(row, { reader: content.verdict, remark: content.remark });
    }
    model.send(content);
  };
  const filters = tableFilters(tell, {
    label: "Filter the saved results",
    search: "Name or remark contains",
    placeholder: "Name or remark",
    selects: [
      { name: "verdict", label: "Network's verdict" },
      { name: "body_part", label: "Body part" },
      { name: "reader", label: "Your verdict" },
      { name: "model", label: "Model" },
      { name: "order", label: "Order", arranges: true }
    ]
  });
  filters.node.append(filters.clear);
  const counted = h("p", { class: "fw-how-many", role: "status" });
  const undo = linkButton("", () => tell({ type: "undo" }), { hidden: true });
  const every = h("span", { class: "fw-every" });
  const table = recordTable(model, press, {
    below: (row) => reading?.id === row.id ? reading.node : null,
    changed,
    lost() {
    }
  });
  const place = h("span", {});
  const turn = (step, words) => h("button", {
    class: "fw-button fw-turn",
    onclick: () => tell({ type: "page", step })
  }, words);
  const before = turn(-1, "Previous");
  const after = turn(1, "Next");
  const pages = h("nav", { class: "fw-pager", "aria-label": "Pages of saved results" }, before, place, after);
  filters.node.hidden = pages.hidden = true;
  let reading = null;
  let latest = null;
  let rows = [];
  let confirming = null;
  el.append(filters.node, h(
    "div",
    { class: "fw-lines" },
    counted,
    h("span", { class: "fw-history-acts" }, undo, every)
  ), ...table.nodes, pages);
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
    const byModel = filters.inputs.get("model");
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
    every.replaceChildren(...confirming !== null ? [
      h("span", { role: "alert" }, `Delete ${words}? `),
      linkButton(`Delete ${matching.toLocaleString("en")}`, () => {
        confirming = null;
        tell({ type: "delete_all", expected: matching });
      }, { class: "fw-link fw-danger" }),
      linkButton("Keep", () => confirmAll(null), { class: "fw-link fw-keep-all" })
    ] : matching > 1 ? [
      linkButton(`Delete ${words}`, () => confirmAll(matching), { class: "fw-link fw-all" })
    ] : []);
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
      tell,
      close,
      columns: latest.columns.length,
      next: following ? () => open(following.id) : null
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
  const { show, change } = table.handlers;
  const stop = listen(model, { show: keepingFocus(show), change: keepingFocus(change), noted });
  return () => {
    reading?.save();
    filters.release();
    stop();
  };
}
var history_default = { render };
export {
  history_default as default
};
