// Helpers shared by the widgets: every text becomes a text node, so nothing is parsed as HTML.

export function h(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

// Object URLs of the pictures in `buffers`; `release` frees them.
export function pictureUrls(buffers, type) {
  const urls = buffers.map((buffer) => URL.createObjectURL(new Blob([buffer], { type })));
  return { urls, release: () => { for (const url of urls) URL.revokeObjectURL(url); } };
}

// Calls `show(content, buffers)` for what Python sends, asks for what is there now, and returns
// the clean-up that anywidget calls when the view goes away.
export function listen(model, handlers) {
  const onMessage = (content, buffers) => handlers[content.type]?.(content, buffers ?? []);
  model.on("msg:custom", onMessage);
  model.send({ type: "ready" });
  return () => model.off("msg:custom", onMessage);
}
