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
function listen(model, handlers) {
  const onMessage = (content, buffers) => handlers[content.type]?.(content, buffers ?? []);
  model.on("msg:custom", onMessage);
  model.send({ type: "ready" });
  return () => model.off("msg:custom", onMessage);
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
function render({ model, el }) {
  const { nodes, handlers } = recordTable(model, (type, id) => model.send({ type, id }));
  el.append(...nodes);
  return listen(model, handlers);
}
var records_default = { render };
export {
  records_default as default,
  recordTable
};
