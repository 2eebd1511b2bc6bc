// One line that says what is going on. The element stays, so that screen readers hear it change.
// What somebody asked for is brought onto the screen when it is there: on a phone it may be below it.

import { h, listen } from "../base/dom.js";
import { gettext } from "../base/language.js";

const SETTLED = 250; // milliseconds after which a page has laid out an answer

function render({ model, el }) {
  const text = h("p", { role: "status" });
  const bar = h("progress", { max: "1", "aria-label": gettext("Progress") });
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

  // Now, and once more when what arrived with it has taken its place above. Whose button has gone
  // dead under the key goes on from there.
  function reveal({ what }) {
    const show = () => el.closest(".fw-workbench")?.querySelector(what)?.scrollIntoView({ block: "nearest" });
    requestAnimationFrame(() => { show(); setTimeout(show, SETTLED); });
    setTimeout(() => {
      if (document.activeElement !== document.body) return;
      const node = el.closest(".fw-workbench")?.querySelector(what);
      node?.setAttribute("tabindex", "-1");
      node?.focus({ preventScroll: true });
    }, SETTLED);
  }

  model.on("change", update);
  update();
  const stop = listen(model, { reveal });
  return () => { stop(); model.off("change", update); };
}

export default { render };
