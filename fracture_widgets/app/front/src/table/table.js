// Every table and list of the page: one module, so that what they share is in it once.

import { historyView } from "./history.js";
import { pictureList } from "./pictures.js";
import { recordView } from "./records.js";
import { worklistView } from "./worklist.js";

const KINDS = {
  history: historyView, pictures: pictureList, records: recordView, worklist: worklistView,
};

function render({ model, el }) {
  return KINDS[model.get("kind")]({ model, el });
}

export default { render };
