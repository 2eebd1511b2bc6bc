// As much of a page as the modules of a table need: nodes in a tree, events and the focus.

class Node {
  constructor(tag) {
    this.tagName = tag.toUpperCase();
    this.children = [];
    this.parent = null;
    this.dataset = {};
    this.attributes = new Map();
    this.listeners = {};
    this.text = "";
    this.hidden = false;
    this.chosen = "";
  }

  get type() { return this.attributes.get("type"); }
  get firstChild() { return this.children[0] ?? null; }
  get nextSibling() { return this.parent?.children[this.parent.children.indexOf(this) + 1] ?? null; }
  get textContent() { return this.text + this.children.map((child) => child.textContent ?? child).join(""); }
  set textContent(words) { this.children = []; this.text = words; }

  // A select has the value of one of its options, and the first of them to begin with.
  get options() { return this.children.map((option) => option.attributes.get("value")); }
  get value() { return this.tagName === "SELECT" && !this.chosen ? this.options[0] ?? "" : this.chosen; }
  set value(value) { this.chosen = this.tagName !== "SELECT" || this.options.includes(value) ? String(value) : null; }
  get selectedIndex() { return this.chosen === null ? -1 : this.options.indexOf(this.value); }
  set selectedIndex(index) { this.chosen = this.options[index]; }

  setAttribute(name, value) {
    this.attributes.set(name, String(value));
    if (name.startsWith("data-")) this.dataset[name.slice(5)] = String(value);
    if (name === "hidden") this.hidden = true;
    if (name === "value") this.chosen = String(value);
  }

  removeAttribute(name) { this.attributes.delete(name); }
  addEventListener(kind, call) { this.listeners[kind] = call; }
  dispatch(kind, event = {}) { this.listeners[kind]?.({ target: this, preventDefault() {}, ...event }); }

  insertBefore(node, next) {
    if (node instanceof Node) { node.remove(); node.parent = this; }
    const at = next ? this.children.indexOf(next) : this.children.length;
    this.children.splice(at, 0, node);
  }

  append(...nodes) { for (const node of nodes) this.insertBefore(node, null); }
  replaceChildren(...nodes) { for (const child of [...this.children]) child.remove?.(); this.children = []; this.append(...nodes); }

  // As in a browser, what leaves the page or is moved in it loses the focus.
  remove() {
    if (!this.parent) return;
    if (this.contains(document.activeElement)) document.activeElement = null;
    this.parent.children.splice(this.parent.children.indexOf(this), 1);
    this.parent = null;
  }

  contains(other) {
    return other === this || this.children.some((child) => child.contains?.(other));
  }

  focus() { document.activeElement = this; }

  // A class, an attribute with its value, or a tag.
  querySelector(selector) {
    const [, name, value] = /^\[(\S+)="(.*)"\]$/.exec(selector) ?? [];
    const fits = (node) => (name ? node.attributes.get(name) === value : selector.startsWith(".")
      ? node.attributes.get("class")?.split(" ").includes(selector.slice(1))
      : node.tagName === selector.toUpperCase());
    for (const child of this.children.filter((one) => one instanceof Node)) {
      const found = fits(child) ? child : child.querySelector(selector);
      if (found) return found;
    }
    return null;
  }
}

export function openPage() {
  globalThis.document = { createElement: (tag) => new Node(tag), activeElement: null, documentElement: { lang: "en" } };
  globalThis.CSS = { escape: (text) => text };
  globalThis.IntersectionObserver = class { observe() {} unobserve() {} disconnect() {} };
  globalThis.window = new EventTarget();
  return new Node("body");
}
