// A button that asks Python for a file and hands it to the browser as in-page data, with a choice of
// formats beside it where there is one.

import { h, listen, offer } from "../base/dom.js";
import { gettext } from "../base/language.js";

function render({ model, el }) {
  const button = h("button", { class: "fw-button", onclick: () => model.send({ type: "wanted" }) });
  const select = h("select", { "aria-label": gettext("Format of the report"), onchange: choose });
  const choice = h("span", { class: "fw-format" }, h("span", { "aria-hidden": "true" }, gettext("as")), select);
  el.classList.add("fw-download");
  el.append(button);

  function choose() {
    model.set("choice", select.value);
    model.save_changes();
  }

  function update() {
    const choices = model.get("choices");
    button.textContent = model.get("label");
    button.disabled = model.get("disabled");
    if (choices.length === 0) choice.remove();
    else if (!choice.isConnected) el.append(choice);
    offer(select, choices);
    select.value = model.get("choice");
  }

  function file({ name, mime }, [buffer]) {
    const url = URL.createObjectURL(new Blob([buffer], { type: mime }));
    const link = h("a", { href: url, download: name, hidden: true });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser may still be writing
  }

  model.on("change", update);
  update();
  const stop = listen(model, { file });
  return () => { stop(); model.off("change", update); };
}

export default { render };
