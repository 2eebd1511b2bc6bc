// The titles of a page's tabs. One of them is a stop of the Tab key; arrows go on to the others.

import { h, listen } from "../base/dom.js";
import { gettext } from "../base/language.js";

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

function render({ model, el }) {
  const list = h("div", { class: "fw-tab-list", role: "tablist", "aria-label": gettext("Views"), onkeydown: step });
  const prefix = `fw-tab-${Math.random().toString(36).slice(2)}`;
  const newPanels = new MutationObserver(namePanels);
  el.append(list);

  function choose(key) {
    model.set("value", key);
    model.save_changes();
  }

  function step(event) {
    const tabs = [...list.children];
    const at = tabs.indexOf(event.target) + (STEPS[event.key] ?? 0);
    const to = { Home: tabs[0], End: tabs.at(-1) }[event.key]
      ?? (STEPS[event.key] && tabs.at(at % tabs.length));
    if (!to) return;
    event.preventDefault();
    to.focus();
  }

  function show() {
    const options = model.get("options");
    if (list.children.length !== options.length) {
      list.replaceChildren(...options.map(([title, key]) => h(
        "button", { role: "tab", class: "fw-tab", id: `${prefix}-${key}`, onclick: () => choose(key) }, title,
      )));
    }
    options.forEach(([, key], place) => {
      const chosen = key === model.get("value");
      list.children[place].setAttribute("aria-selected", String(chosen));
      list.children[place].tabIndex = chosen ? 0 : -1;
    });
    namePanels();
  }

  // A panel is of the tab chosen: the others are out of the page. It comes when it is first shown.
  function namePanels() {
    const page = el.closest(".fw-workbench");
    if (!page || list.children.length < 2) return;
    newPanels.observe(page, { childList: true });
    for (const child of page.children) {
      newPanels.observe(child, { attributeFilter: ["class"] }); // which comes after the panel itself
      if (!child.classList.contains("fw-panel")) continue;
      child.setAttribute("role", "tabpanel");
      child.setAttribute("aria-labelledby", `${prefix}-${model.get("value")}`);
    }
  }

  model.on("change", show);
  show();
  requestAnimationFrame(namePanels); // not before then is it in the page
  const stop = listen(model, {});
  return () => { stop(); model.off("change", show); newPanels.disconnect(); };
}

export default { render };
