// A table of records on its own.

import { listen } from "../base/dom.js";
import { recordTable } from "./records.js";

function render({ model, el }) {
  const { nodes, handlers } = recordTable(model, (type, id) => model.send({ type, id }));
  el.append(...nodes);
  return listen(model, handlers);
}

export default { render };
