// A table of records on its own.

import { listen } from "../base/dom.js";
import { recordTable } from "./records.js";

function render({ model, el }) {
  const { nodes, show } = recordTable((type, id) => model.send({ type, id }));
  el.append(...nodes);
  return listen(model, { show });
}

export default { render };
