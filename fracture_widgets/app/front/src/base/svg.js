// Nodes of a drawing; texts become text nodes here too.

const NS = "http://www.w3.org/2000/svg";

export function s(tag, properties = {}, ...children) {
  const node = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(properties)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}
