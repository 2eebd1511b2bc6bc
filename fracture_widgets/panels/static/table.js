// A table of records, each with what can be done with it. Deleting asks once more, in the row.

function render({ model, el }) {
  const body = h("tbody", {});
  const head = h("tr", {});
  const caption = h("caption", { class: "fw-visually-hidden" });
  const table = h("table", { class: "fw-table" }, caption, h("thead", {}, head), body);
  const empty = h("p", { class: "fw-table-empty" });
  el.append(table, empty);
  let asking = null;
  let latest = null;

  function show(content) {
    latest = content;
    if (!content.rows.some(({ id }) => id === asking)) asking = null;
    table.hidden = !content.rows.length;
    empty.hidden = Boolean(content.rows.length);
    empty.textContent = content.empty;
    caption.textContent = content.caption;
    head.replaceChildren(
      ...content.columns.map((name) => h("th", { scope: "col" }, name)),
      h("th", { scope: "col" }, h("span", { class: "fw-visually-hidden" }, "What to do")),
    );
    body.replaceChildren(...content.rows.map((row) => line(row, content)));
  }

  function line({ id, name, cells, tone, shown, actions }, content) {
    const row = h("tr", { "data-tone": tone, "aria-current": shown ? "true" : null });
    cells.forEach((cell, index) => row.append(h(
      index === 0 ? "th" : "td",
      { scope: index === 0 ? "row" : null, "data-label": content.columns[index] },
      cell,
    )));
    const buttons = asking === id ? question(id, name, content.question) : actions.map(
      ([kind, words]) => h("button", {
        type: "button", class: "fw-link", "aria-label": `${words}: ${name}`,
        onclick: () => (kind === "delete" ? ask(id) : model.send({ type: kind, id })),
      }, words),
    );
    row.append(h("td", { class: "fw-row-action" }, ...buttons));
    return row;
  }

  function ask(id) {
    asking = id;
    show(latest);
    body.querySelector(".fw-keep")?.focus();
  }

  function question(id, name, words) {
    return [
      h("span", { role: "alert" }, `${words} `),
      h("button", {
        type: "button", class: "fw-link fw-danger", "aria-label": `Yes, delete: ${name}`,
        onclick: () => model.send({ type: "delete", id }),
      }, "Delete"),
      h("button", { type: "button", class: "fw-link fw-keep", onclick: () => ask(null) }, "Keep"),
    ];
  }

  return listen(model, { show });
}

export default { render };
