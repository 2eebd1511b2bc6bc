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
function listen(model, handlers) {
  const onMessage = (content, buffers) => handlers[content.type]?.(content, buffers ?? []);
  model.on("msg:custom", onMessage);
  model.send({ type: "ready" });
  return () => model.off("msg:custom", onMessage);
}

// widgets/status.js
function render({ model, el }) {
  const text = h("p", { role: "status" });
  const bar = h("progress", { max: "1", "aria-label": "Progress" });
  el.classList.add("fw-status");
  el.append(text, bar);
  function update() {
    text.textContent = model.get("text");
    el.dataset.tone = model.get("tone");
    bar.hidden = !model.get("busy");
    const progress = model.get("progress");
    if (progress == null) bar.removeAttribute("value");
    else bar.value = progress;
  }
  model.on("change", update);
  update();
  const stop = listen(model, {});
  return () => {
    stop();
    model.off("change", update);
  };
}
var status_default = { render };
export {
  status_default as default
};
