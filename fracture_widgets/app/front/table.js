// A table of records on its own.

function render({ model, el }) {
  const { nodes, show } = recordTable((type, id) => model.send({ type, id }));
  el.append(...nodes);
  return listen(model, { show });
}

export default { render };
