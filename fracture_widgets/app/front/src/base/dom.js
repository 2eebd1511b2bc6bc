// Helpers shared by the widgets: every text becomes a text node, so nothing is parsed as HTML.

export function h(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  if (tag === "button") node.setAttribute("type", "button"); // and none that sends a form
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

export const linkButton = (words, onclick, properties = {}) =>
  h("button", { class: "fw-link", onclick, ...properties }, words);

// Offers options, pairs of value and words, unless they are there already: a list that is open
// would close under the pointer. What was chosen stays, where it is still offered.
export function offer(select, options) {
  const offered = JSON.stringify(options);
  if (select.dataset.options === offered) return;
  const { value } = select;
  select.dataset.options = offered;
  select.replaceChildren(...options.map(([key, words]) => h("option", { value: key }, words)));
  select.value = value;
  if (select.selectedIndex < 0) select.selectedIndex = 0;
}

export const bytesOf = (buffer) =>
  new Uint8Array(buffer.buffer ?? buffer, buffer.byteOffset ?? 0, buffer.byteLength);

// JupyterLab would take Enter for "edit the cell": inside a page of ours, keys are its own.
export function keepKeys(el, more = () => {}) {
  requestAnimationFrame(() => {
    const page = el.closest(".fw-workbench");
    page?.setAttribute("data-lm-suppress-shortcuts", "true");
    if (page) more(page);
  });
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

// Calls `listener` before the page is left: what it sends the kernel still takes, which the
// dashboard ends afterwards. Returns what takes it away again.
export function beforeLeaving(listener) {
  listener.asks = true; // the page of the dashboard tells ours by it from Voilà's, which ends all
  window.addEventListener("beforeunload", listener);
  return () => window.removeEventListener("beforeunload", listener);
}

const SVG = "http://www.w3.org/2000/svg";

// A node of a drawing; texts become text nodes here too.
export function s(tag, properties = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(properties)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// A line across a drawing at a height, and the words to its left.
export const gridLine = (left, right, y, words) => [
  s("line", { class: "fw-grid", x1: left, x2: right, y1: y, y2: y }),
  s("text", { x: left - 7, y: y + 4, "text-anchor": "end" }, words),
];

// A part of the page on the whole screen, and back. Telephones that keep their screen to
// themselves show it over all of the page.
export async function fullScreen(el) {
  if (document.fullscreenEnabled) {
    if (el.matches(":fullscreen")) await document.exitFullscreen();
    else await el.requestFullscreen();
  } else if (el.popover) {
    el.popover = null;
  } else {
    el.popover = "manual";
    el.showPopover();
  }
}
