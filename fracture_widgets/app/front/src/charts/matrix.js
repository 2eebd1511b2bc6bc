// A confusion matrix whose cells are buttons.

import { h, keepKeys, listen } from "../base/dom.js";
import { gettext } from "../base/language.js";

function render({ model, el }) {
  const table = h("table", { class: "fw-matrix" });
  el.append(table);

  function show({ answers, rows }) {
    const focused = table.querySelector(":focus")?.dataset.focus;
    const head = h(
      "tr", {},
      h("td", {}), ...answers.map((answer) => h("th", { scope: "col" }, gettext("called {answer}", { answer: gettext(answer) }))),
    );
    table.replaceChildren(
      h("caption", { class: "fw-visually-hidden" }, gettext("How many of each truth were called what")),
      h("thead", {}, head), h("tbody", {}, ...rows.map(row)),
    );
    if (focused) {
      [...table.querySelectorAll("button")].find((node) => node.dataset.focus === focused)?.focus();
    }
  }

  function row({ truth, n, cells }) {
    const name = h(
      "th", { scope: "row" }, truth, h("span", { class: "fw-matrix-n" }, `n = ${n}`),
    );
    return h("tr", {}, name, ...cells.map((cell) => h("td", {}, button(truth, cell))));
  }

  function button(truth, { answer, n, share, wrong, strength, chosen, label }) {
    return h(
      "button",
      {
        class: "fw-matrix-cell", "aria-label": label, "aria-pressed": String(chosen),
        "data-wrong": String(wrong), "data-focus": `${truth} ${answer}`,
        style: `--fw-strength: ${Math.round(100 * strength)}%`,
        onclick: () => model.send({ type: "choose", truth, answer }),
      },
      h("strong", {}, n), h("span", {}, share),
    );
  }

  keepKeys(el);
  return listen(model, { show });
}

export default { render };
