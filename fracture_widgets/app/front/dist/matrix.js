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
function keepKeys(el, more = () => {
}) {
  requestAnimationFrame(() => {
    const page = el.closest(".fw-workbench");
    page?.setAttribute("data-lm-suppress-shortcuts", "true");
    if (page) more(page);
  });
}
function listen(model, handlers) {
  const onMessage = (content, buffers) => handlers[content.type]?.(content, buffers ?? []);
  model.on("msg:custom", onMessage);
  model.send({ type: "ready" });
  return () => model.off("msg:custom", onMessage);
}

// charts/matrix.js
function render({ model, el }) {
  const table = h("table", { class: "fw-matrix" });
  el.append(table);
  function show({ answers, rows }) {
    const focused = table.querySelector(":focus")?.dataset.focus;
    const head = h(
      "tr",
      {},
      h("td", {}),
      ...answers.map((answer) => h("th", { scope: "col" }, `called ${answer}`))
    );
    table.replaceChildren(
      h("caption", { class: "fw-visually-hidden" }, "How many of each truth were called what"),
      h("thead", {}, head),
      h("tbody", {}, ...rows.map(row))
    );
    if (focused) {
      [...table.querySelectorAll("button")].find((node) => node.dataset.focus === focused)?.focus();
    }
  }
  function row({ truth, n, cells }) {
    const name = h(
      "th",
      { scope: "row" },
      truth,
      h("span", { class: "fw-matrix-n" }, `n = ${n}`)
    );
    return h("tr", {}, name, ...cells.map((cell) => h("td", {}, button(truth, cell))));
  }
  function button(truth, { answer, n, share, wrong, strength, chosen, label }) {
    return h(
      "button",
      {
        class: "fw-matrix-cell",
        "aria-label": label,
        "aria-pressed": String(chosen),
        "data-wrong": String(wrong),
        "data-focus": `${truth} ${answer}`,
        style: `--fw-strength: ${Math.round(100 * strength)}%`,
        onclick: () => model.send({ type: "choose", truth, answer })
      },
      h("strong", {}, n),
      h("span", {}, share)
    );
  }
  keepKeys(el);
  return listen(model, { show });
}
var matrix_default = { render };
export {
  matrix_default as default
};
