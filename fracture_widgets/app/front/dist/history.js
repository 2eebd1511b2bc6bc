// base/dom.js
function h(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
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
  const clear = h("button", {
    type: "button",
    class: "fw-link fw-clear",
    hidden: true,
    onclick: () => {
      for (const [name, input] of inputs) {
        if (!arranging.has(name)) input.value = input.type === "range" ? "0" : "";
      }
      later(0);
      text.focus();
    }
  }, "Clear filters");
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
  function offer(select, options) {
    const offered = JSON.stringify(options);
    if (select.dataset.options === offered) return;
    const { value } = select;
    select.dataset.options = offered;
    select.replaceChildren(...options.map(([key, words]) => h("option", { value: key }, words)));
    select.value = value;
    if (select.selectedIndex < 0) select.selectedIndex = 0;
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
      said.textContent = "";
    },
    onchange: () => save()
  });
  remark.value = row.remark;
  const said = h("p", { class: "fw-reading-said", role: "status" });
  let timer = null;
  let sent = JSON.stringify([row.reader, row.remark]);
  function save() {
    clearTimeout(timer);
    const verdict = radios.find(([radio]) => radio.checked)?.[0].value ?? "";
    const now = JSON.stringify([verdict, remark.value]);
    if (now === sent) return;
    sent = now;
    said.textContent = "Saving …";
    said.dataset.tone = "";
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
      said,
      h("button", { type: "button", class: "fw-link", onclick: close }, "Done"),
      next ? h("button", { type: "button", class: "fw-link", onclick: next }, "Next row") : null
    )
  );
  const node = h("tr", { class: "fw-reading-row" }, h("td", { colspan: String(columns + 1) }, form));
  return {
    id: row.id,
    node,
    save,
    focus: () => (radios.find(([radio]) => radio.checked)?.[0] ?? radios[0][0]).focus(),
    noted({ text, tone }) {
      said.textContent = text;
      said.dataset.tone = tone;
    },
    failed() {
      sent = null;
    }
  };
}

// table/rows.js
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
function recordTable(press, below = () => null) {
  const body = h("tbody", {});
  const head = h("tr", {});
  const caption = h("caption", { class: "fw-visually-hidden" });
  const table = h("table", { class: "fw-table" }, caption, h("thead", {}, head), body);
  const empty = h("p", { class: "fw-table-empty" });
  let asking = null;
  let latest = null;
  let lines = /* @__PURE__ */ new Map();
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
        h("th", { scope: "col" }, h("span", { class: "fw-visually-hidden" }, "What to do"))
      );
    }
    const before = lines;
    lines = /* @__PURE__ */ new Map();
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
    const focused = body.contains(document.activeElement) ? document.activeElement.dataset.press : null;
    inOrder(body, nodes);
    if (focused && !body.contains(document.activeElement)) focus(focused);
  }
  function line({ id, name, cells, tone, shown, actions }, content) {
    const row = h("tr", { "data-tone": tone, "aria-current": shown ? "true" : null });
    row.append(...cells.map((cell, index) => h(
      index === 0 ? "th" : "td",
      { scope: index === 0 ? "row" : null, "data-label": content.columns[index] },
      h("span", { class: "fw-cell" }, cell)
    )));
    const buttons = asking === id ? question(id, name, content.question) : actions.map(
      ([kind, words]) => h("button", {
        type: "button",
        class: "fw-link",
        "aria-label": `${words}: ${name}`,
        "data-press": `${kind} ${id}`,
        onclick: () => kind === "delete" ? ask(id) : press(kind, id)
      }, words)
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
        type: "button",
        class: "fw-link fw-danger",
        "aria-label": `Yes, delete: ${name}`,
        onclick: () => press("delete", id)
      }, "Delete"),
      h("button", { type: "button", class: "fw-link fw-keep", onclick: () => ask(null) }, "Keep")
    ];
  }
  function focus(pressed) {
    body.querySelector(`[data-press="${CSS.escape(pressed)}"]`)?.focus();
  }
  return { nodes: [table, empty], show, focus, again: () => latest && show(latest) };
}

// table/history.js
function render({ model, el }) {
  const tell = (content) => {
    if (content.type === "reading") {
      const row = latest.rows.find(({ id }) => id === content.id);
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
  const undo = h("button", {
    type: "button",
    class: "fw-link",
    hidden: true,
    onclick: () => tell({ type: "undo" })
  });
  const every = h("span", { class: "fw-every" });
  const table = recordTable(press, (row) => reading?.id === row.id ? reading.node : null);
  const place = h("span", {});
  const turn = (step, words) => h("button", {
    type: "button",
    class: "fw-button fw-turn",
    onclick: () => tell({ type: "page", step })
  }, words);
  const before = turn(-1, "Previous");
  const after = turn(1, "Next");
  const pages = h(
    "nav",
    { class: "fw-pager", "aria-label": "Pages of saved results" },
    before,
    place,
    after
  );
  let reading = null;
  let latest = null;
  let asked = null;
  el.append(filters.node, h(
    "div",
    { class: "fw-lines" },
    counted,
    h("span", { class: "fw-history-acts" }, undo, every)
  ), ...table.nodes, pages);
  function show(content) {
    latest = content;
    const focused = el.contains(document.activeElement);
    filters.show(content);
    filters.node.hidden = !content.total;
    const byModel = filters.inputs.get("model");
    byModel.hidden = content.choices.model.length < 3 && !byModel.value;
    counted.textContent = content.counted;
    undo.hidden = !content.undo;
    undo.textContent = content.undo;
    if (asked !== null && asked !== content.matching) asked = null;
    offerAll();
    if (reading && !content.rows.some(({ id }) => id === reading.id)) close(false);
    table.show(content);
    place.textContent = content.place;
    before.disabled = !content.earlier;
    after.disabled = !content.later;
    pages.hidden = !content.earlier && !content.later;
    if (focused && !el.contains(document.activeElement) && !undo.hidden) undo.focus();
  }
  function offerAll() {
    const { matching, all_words: words } = latest;
    const button = (label, properties) => h(
      "button",
      { type: "button", class: "fw-link", ...properties },
      label
    );
    const said = JSON.stringify([asked, matching, words]);
    if (every.dataset.said === said) return;
    every.dataset.said = said;
    every.replaceChildren(...asked !== null ? [
      h("span", { role: "alert" }, `Delete ${words}? `),
      button(`Delete ${matching.toLocaleString("en")}`, {
        class: "fw-link fw-danger",
        onclick: () => {
          asked = null;
          tell({ type: "delete_all", expected: matching });
        }
      }),
      button("Keep", { class: "fw-link fw-keep-all", onclick: () => askAll(null) })
    ] : matching > 1 ? [
      button(`Delete ${words}`, { class: "fw-link fw-all", onclick: () => askAll(matching) })
    ] : []);
  }
  function askAll(count) {
    asked = count;
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
    const at = latest.rows.findIndex((row) => row.id === id);
    if (at < 0) return close();
    const following = latest.rows[at + 1];
    reading = readingForm(latest.rows[at], {
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
  const stop = listen(model, { show, noted });
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
