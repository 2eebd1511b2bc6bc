// Settings with their explanations. Python names the fields; what is typed goes back to it.

import { h, listen } from "../base/dom.js";

function render({ model, el }) {
  const form = h("form", { class: "fw-form", onsubmit: (event) => event.preventDefault() });
  el.append(form);
  const prefix = `fw-${Math.random().toString(36).slice(2)}`;
  const controls = new Map();

  function control(field) {
    const id = `${prefix}-${field.name}`;
    const described = `${id}-hint`;
    const tell = (value) => model.send({ type: "set", name: field.name, value });
    const hint = h("p", { class: "fw-hint", id: described });
    const common = { id, "aria-describedby": described };
    let input;
    if (field.kind === "select") {
      input = h("select", { ...common, onchange: () => tell(input.value) });
    } else if (field.kind === "check") {
      input = h("input", { ...common, type: "checkbox", onchange: () => tell(input.checked) });
    } else if (field.kind === "text") {
      input = h("input", {
        ...common, type: "text", maxlength: field.longest, autocomplete: "off", spellcheck: "false",
        onchange: () => tell(input.value),
      });
    } else {
      input = h("input", {
        ...common, type: "number", min: field.min, max: field.max, step: field.step,
        inputmode: "decimal", onchange: () => tell(input.valueAsNumber),
      });
    }
    const label = h("label", { for: id }, field.label);
    const parts = field.kind === "check" ? [input, label, hint] : [label, input, hint];
    return { field, input, hint, row: h("div", { class: `fw-field fw-field-${field.kind}` }, ...parts) };
  }

  function fill({ input, hint }, field) {
    if (field.kind === "select") {
      const wanted = field.options.map(([value, words]) => `${value}\n${words}`).join("\n");
      if (input.dataset.options !== wanted) {
        input.dataset.options = wanted;
        input.replaceChildren(...field.options.map(([value, words]) => h("option", { value }, words)));
      }
      input.value = field.value;
    } else if (field.kind === "check") {
      input.checked = field.value;
    } else if (input !== document.activeElement || Number(input.value) === field.value) {
      input.value = field.value;
    }
    input.disabled = field.disabled;
    hint.textContent = field.hint;
    hint.hidden = !field.hint;
  }

  function show({ title, folded, fields }) {
    const names = fields.map(({ name }) => name).join();
    if (form.dataset.names !== names) {
      form.dataset.names = names;
      controls.clear();
      const rows = fields.map((field) => {
        controls.set(field.name, control(field));
        return controls.get(field.name).row;
      });
      form.replaceChildren(folded
        ? h("details", { class: "fw-group" }, h("summary", {}, title), ...rows)
        : h("fieldset", { class: "fw-group" }, h("legend", {}, title), ...rows));
    }
    for (const field of fields) fill(controls.get(field.name), field);
  }

  return listen(model, { show });
}

export default { render };
