// A button that asks Python for a file and hands it to the browser as in-page data.

function render({ model, el }) {
  const button = h("button", {
    type: "button", class: "fw-button", onclick: () => model.send({ type: "wanted" }),
  });
  el.append(button);

  function update() {
    button.textContent = model.get("label");
    button.disabled = model.get("disabled");
  }

  function file({ name, mime }, [buffer]) {
    const url = URL.createObjectURL(new Blob([buffer], { type: mime }));
    const link = h("a", { href: url, download: name, hidden: true });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser may still be writing
  }

  model.on("change", update);
  update();
  const stop = listen(model, { file });
  return () => { stop(); model.off("change", update); };
}

export default { render };
