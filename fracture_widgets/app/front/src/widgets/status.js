// One line that says what is going on. The element stays, so that screen readers hear it change.

import { h, listen } from "../base/dom.js";

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
  return () => { stop(); model.off("change", update); };
}

export default { render };
