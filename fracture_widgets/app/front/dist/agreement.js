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

// base/svg.js
var NS = "http://www.w3.org/2000/svg";
function s(tag, properties = {}, ...children) {
  const node = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(properties)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}
var gridLine = (left, right, y, words) => [
  s("line", { class: "fw-grid", x1: left, x2: right, y1: y, y2: y }),
  s("text", { x: left - 7, y: y + 4, "text-anchor": "end" }, words)
];

// charts/agreement.js
var W = 340;
var H = 132;
var LEFT = 34;
var RIGHT = 10;
var TOP = 10;
var BOTTOM = 24;
function course(points, alt, [from, to]) {
  const low = Math.min(0, ...points);
  const x = (i) => LEFT + i / Math.max(1, points.length - 1) * (W - LEFT - RIGHT);
  const y = (kappa) => H - BOTTOM - (kappa - low) / (1 - low) * (H - TOP - BOTTOM);
  const svg = s("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": alt });
  svg.append(
    ...[0, 0.5, 1].flatMap((kappa) => gridLine(LEFT, W - RIGHT, y(kappa), String(kappa))),
    s("text", { x: LEFT, y: H - 6 }, from),
    s("text", { x: W - RIGHT, y: H - 6, "text-anchor": "end" }, to === from ? "" : to),
    s("polyline", {
      class: "fw-line fw-course",
      points: points.map((kappa, i) => `${x(i)},${y(kappa)}`).join(" ")
    })
  );
  const last = points.length - 1;
  svg.append(s("circle", { class: "fw-course-end", cx: x(last), cy: y(points[last]), r: 3.5 }));
  return svg;
}
function render({ model, el }) {
  const box = h("section", { class: "fw-agreement", "aria-label": "Agreement" });
  el.append(box);
  function show({ title, lines, explained, points, alt, ends, caption }) {
    box.hidden = !title;
    box.replaceChildren(
      h(
        "div",
        { class: "fw-agreement-words" },
        h("h3", {}, title),
        ...lines.map(([number, words]) => h("p", {}, h("b", {}, number), ` ${words}`)),
        explained ? h("p", { class: "fw-hint" }, explained) : null
      ),
      points.length > 1 ? h(
        "figure",
        { class: "fw-agreement-course" },
        course(points, alt, ends),
        h("figcaption", { class: "fw-hint" }, caption)
      ) : ""
    );
  }
  return listen(model, { show });
}
var agreement_default = { render };
export {
  agreement_default as default
};
