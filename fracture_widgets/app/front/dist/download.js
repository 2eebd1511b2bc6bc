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

// widgets/download.js
function render({ model, el }) {
  const button = h("button", { class: "fw-button", onclick: () => model.send({ type: "wanted" }) });
  const select = h("select", { "aria-label": "Format of the report", onchange: choose });
  const choice = h("span", { class: "fw-format" }, h("span", { "aria-hidden": "true" }, "as"), select);
  el.classList.add("fw-download");
  el.append(button);
  function choose() {
    model.set("choice", select.value);
    model.save_changes();
  }
  function update() {
    const choices = model.get("choices");
    button.textContent = model.get("label");
    button.disabled = model.get("disabled");
    if (choices.length === 0) choice.remove();
    else if (!choice.isConnected) el.append(choice);
    offer(select, choices);
    select.value = model.get("choice");
  }
  function file({ name, mime }, [buffer]) {
    const url = URL.createObjectURL(new Blob([buffer], { type: mime }));
    const link = h("a", { href: url, download: name, hidden: true });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 6e4);
  }
  model.on("change", update);
  update();
  const stop = listen(model, { file });
  return () => {
    stop();
    model.off("change", update);
  };
}
var download_default = { render };
export {
  download_default as default
};
