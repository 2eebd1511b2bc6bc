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
function pictureUrls(buffers, type) {
  const urls = buffers.map((buffer) => URL.createObjectURL(new Blob([buffer], { type })));
  return { urls, release: () => {
    for (const url of urls) URL.revokeObjectURL(url);
  } };
}
function listen(model, handlers) {
  const onMessage = (content, buffers) => handlers[content.type]?.(content, buffers ?? []);
  model.on("msg:custom", onMessage);
  model.send({ type: "ready" });
  return () => model.off("msg:custom", onMessage);
}

// widgets/figures.js
function render({ model, el }) {
  const list = h("div", { class: "fw-figures" });
  el.append(list);
  let pictures = { release() {
  } };
  function show({ figures }, buffers) {
    pictures.release();
    pictures = pictureUrls(buffers, "image/png");
    list.replaceChildren(...figures.map(({ alt }, i) => h("img", { src: pictures.urls[i], alt })));
  }
  const stop = listen(model, { show });
  return () => {
    stop();
    pictures.release();
  };
}
var figures_default = { render };
export {
  figures_default as default
};
