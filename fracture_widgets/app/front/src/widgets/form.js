// Settings with their explanations. Python names the fields; what is typed goes back to it.

import { h, listen, offer } from "../base/dom.js";

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
      const plain = { type: "text", autocomplete: "off", spellcheck: "false" };
      const onchange = () => tell(input.value);
      input = h("input", { ...common, ...plain, maxlength: field.longest, onchange });
    } else {
      const { min, max, step } = field;
      const onchange = () => tell(input.valueAsNumber);
      input = h("input", { ...common, type: "number", inputmode: "decimal", min, max, step, onchange });
    }
    const label = h("label", { for: id }, field.label);
    const parts = field.kind === "check" ? [input, label, hint] : [label, input, hint];
    return { field, input, hint, row: h("div", { class: `fw-field fw-field-${field.kind}` }, ...parts) };
  }

  function fill({ input, hint }, field) {
    if (field.kind === "select") {
      offer(input, field.options);
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
