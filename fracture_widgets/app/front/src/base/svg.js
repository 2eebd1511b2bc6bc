// Nodes of a drawing; texts become text nodes here too.

const NS = "http://www.w3.org/2000/svg";

export function s(tag, properties = {}, ...children) {
  const node = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(properties)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// A line across a drawing at a height, and the words to its left.
export const gridLine = (left, right, y, words) => [
  s("line", { class: "fw-grid", x1: left, x2: right, y1: y, y2: y }),
  s("text", { x: left - 7, y: y + 4, "text-anchor": "end" }, words),
];
