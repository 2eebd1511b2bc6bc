// The saved results. Deleting asks once more, in the row itself.

function render({ model, el }) {
  const body = h("tbody", {});
  const head = h("tr", {});
  const table = h(
    "table", { class: "fw-table" },
    h("caption", { class: "fw-visually-hidden" }, "Saved results, newest first"),
    h("thead", {}, head), body,
  );
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
    head.replaceChildren(
      ...content.columns.map((name) => h("th", { scope: "col" }, name)),
      h("th", { scope: "col" }, h("span", { class: "fw-visually-hidden" }, "Delete")),
    );
    body.replaceChildren(...content.rows.map((row) => line(row, content.columns)));
  }

  function line({ id, cells, tone }, columns) {
    const row = h("tr", { "data-tone": tone });
    cells.forEach((cell, index) => row.append(
      h(index === 0 ? "th" : "td", { scope: index === 0 ? "row" : null, "data-label": columns[index] }, cell),
    ));
    row.append(h("td", { class: "fw-row-action" }, ...(asking === id ? question(id, cells[0]) : [
      h("button", {
        type: "button", class: "fw-link", "aria-label": `Delete ${cells[0]}`,
        onclick: () => { ask(id); },
      }, "Delete"),
    ])));
    return row;
  }

  function ask(id) {
    asking = id;
    show(latest);
    body.querySelector(".fw-keep")?.focus();
  }

  function question(id, name) {
    return [
      h("span", { role: "alert" }, "Delete this row? "),
      h("button", {
        type: "button", class: "fw-link fw-danger", "aria-label": `Yes, delete ${name}`,
        onclick: () => model.send({ type: "delete", id }),
      }, "Delete"),
      h("button", { type: "button", class: "fw-link fw-keep", onclick: () => ask(null) }, "Keep"),
    ];
  }

  return listen(model, { show });
}

export default { render };
