// Filters and rows of a table: what is sent, what is kept, and where the focus stays.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { tableFilters } from "../../fracture_widgets/app/front/src/table/filters.js";
import { recordTable } from "../../fracture_widgets/app/front/src/table/records.js";
import { inOrder, liveRows } from "../../fracture_widgets/app/front/src/table/rows.js";
import { openPage } from "./page.js";

let body = null;
let sent = [];

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  body = openPage();
  sent = [];
});

// --- filters ------------------------------------------------------------------------------------

const CHOICES = {
  part: [["", "Any"], ["elbow", "Elbow"], ["hand", "Hand"]],
  order: [["newest", "Newest"], ["probable", "Probable"]],
};
const NOTHING = { text: "", part: "", order: "newest", least: 0 };

function filtersOf(filter = NOTHING) {
  const filters = tableFilters((message) => sent.push(message), {
    label: "Filter", search: "Name", placeholder: "Name",
    selects: [{ name: "part", label: "Part" }, { name: "order", label: "Order", arranges: true }],
    least: { name: "least", words: "At least", label: "At least" },
  });
  body.append(filters.node);
  filters.show({ filter, choices: CHOICES });
  return filters;
}

function enter(filters, name, value) {
  const input = filters.inputs.get(name);
  input.value = value;
  input.dispatch(name === "part" || name === "order" ? "change" : "input");
}

test("what is typed is sent once, when the typing rests", () => {
  const filters = filtersOf();
  for (const text of ["a", "an", "ann"]) {
    enter(filters, "text", text);
    mock.timers.tick(100);
  }
  assert.deepEqual(sent, []);
  mock.timers.tick(200);
  assert.deepEqual(sent, [{ type: "filter", ...NOTHING, text: "ann" }]);
});

test("a choice is sent at once, and a share as a share", () => {
  const filters = filtersOf();
  enter(filters, "part", "hand");
  mock.timers.tick(0);
  enter(filters, "least", "55");
  mock.timers.tick(200);
  assert.deepEqual(sent.map(({ part, least }) => [part, least]), [["hand", 0], ["hand", 0.55]]);
});

test("clearing leaves the order alone, and is offered only where something filters", () => {
  const filters = filtersOf();
  enter(filters, "order", "probable");
  assert.equal(filters.clear.hidden, true);
  enter(filters, "text", "ann");
  assert.equal(filters.clear.hidden, false);
  filters.clear.dispatch("click");
  mock.timers.tick(0);
  assert.deepEqual(sent, [{ type: "filter", ...NOTHING, order: "probable" }]);
  assert.equal(filters.clear.hidden, true);
  assert.equal(document.activeElement, filters.inputs.get("text"));
});

test("what Python has is shown, but never over what is being typed", () => {
  const filters = filtersOf({ ...NOTHING, text: "kept", part: "elbow", least: 0.25 });
  const values = () => ["text", "part", "least"].map((name) => filters.inputs.get(name).value);
  assert.deepEqual(values(), ["kept", "elbow", "25"]);
  enter(filters, "text", "newer");
  filters.show({ filter: NOTHING, choices: CHOICES });
  assert.deepEqual(values(), ["newer", "elbow", "25"]);
  mock.timers.tick(200);
  filters.show({ filter: { ...NOTHING, text: "newer", part: "elbow", least: 0.25 }, choices: CHOICES });
  assert.deepEqual(values(), ["newer", "elbow", "25"]);
});

test("a choice that is no longer offered falls back to the first", () => {
  const filters = filtersOf({ ...NOTHING, part: "hand" });
  filters.show({ filter: { ...NOTHING, part: "hand" }, choices: { ...CHOICES, part: CHOICES.part.slice(0, 2) } });
  assert.equal(filters.inputs.get("part").value, "");
});

// --- rows ---------------------------------------------------------------------------------------

const row = (key, more = {}) => ({ key, thumbnail: "", words: String(key), ...more });
const shown = () => body.children.map(({ textContent }) => textContent);

function rowsOf(...keys) {
  const lost = [];
  const live = liveRows({ send: (message) => sent.push(message) }, body, {
    make() {
      const node = document.createElement("tr");
      return { node, picture: document.createElement("img"), update: ({ words }) => { node.textContent = words; } };
    },
    changed: (_, arrange) => arrange(),
    lost: (place) => lost.push(place),
  });
  live.handlers.show({ version: 1, rows: keys.map((key) => row(key)), order: keys });
  return { live, lost };
}

test("a change brings rows up to date, in their order", () => {
  const { live } = rowsOf(1, 2, 3);
  const [, second] = body.children;
  live.handlers.change({ version: 2, rows: [row(2, { words: "two" }), row(4)], gone: [1], order: [4, 2, 3] });
  assert.deepEqual(shown(), ["4", "two", "3"]);
  assert.equal(body.children[1], second);
});

test("who missed a change asks for all rows, and again until they come", () => {
  const { live } = rowsOf(1);
  live.handlers.change({ version: 3, rows: [row(1, { words: "late" })] });
  assert.deepEqual([shown(), sent], [["1"], [{ type: "ready" }]]);
  live.handlers.change({ version: 4, rows: [row(1, { words: "later" })] });
  mock.timers.tick(5_000);
  assert.equal(sent.length, 2);
  live.handlers.show({ version: 4, rows: [row(1, { words: "whole" })], order: [1] });
  mock.timers.tick(60_000);
  assert.deepEqual([shown(), sent.length], [["whole"], 2]);
});

test("an old change is none", () => {
  const { live } = rowsOf(1);
  live.handlers.change({ version: 1, rows: [row(1, { words: "old" })] });
  assert.deepEqual([shown(), sent], [["1"], []]);
});

test("rows move around the one that has the focus", () => {
  const { live, lost } = rowsOf(1, 2, 3, 4);
  body.children[2].focus();
  live.handlers.change({ version: 2, rows: [], order: [3, 1, 4, 2] });
  assert.deepEqual(shown(), ["3", "1", "4", "2"]);
  assert.deepEqual([document.activeElement.textContent, lost], ["3", []]);
});

test("a row that goes with the focus names its place", () => {
  const { live, lost } = rowsOf(1, 2, 3);
  body.children[2].focus();
  live.handlers.change({ version: 2, rows: [], gone: [3], order: [1, 2] });
  assert.deepEqual(lost, [1]);
});

test("what does not stay leaves the page", () => {
  const nodes = ["a", "b", "c"].map((words) => {
    const node = document.createElement("tr");
    node.textContent = words;
    return node;
  });
  inOrder(body, nodes);
  inOrder(body, [nodes[2], nodes[0]]);
  assert.deepEqual(shown(), ["c", "a"]);
});

// --- records ------------------------------------------------------------------------------------

const record = (id, more = {}) => ({
  id, name: `no. ${id}`, cells: [`${id}`, "elbow"], tone: "", shown: false,
  actions: [["open", "Open"], ["delete", "Delete"]], ...more,
});

function recordsOf(...ids) {
  const pressed = [];
  const table = recordTable({ send() {} }, (...press) => pressed.push(press));
  body.append(...table.nodes);
  const show = (...rows) => table.handlers.show({
    rows, columns: ["No.", "Part"], caption: "Records", empty: "None.", question: "Sure?",
  });
  show(...ids.map((id) => record(id)));
  const press = (name) => body.querySelector(`[data-press="${name}"]`);
  return { table, show, press, pressed };
}

test("a record has its cells below their columns, and what can be done with it", () => {
  const { press, pressed } = recordsOf(1, 2);
  assert.deepEqual(body.querySelector("tbody").children.map(({ textContent }) => textContent),
    ["1elbowOpenDelete", "2elbowOpenDelete"]);
  press("open 2").dispatch("click");
  assert.deepEqual(pressed, [["open", 2]]);
});

test("deleting asks once more, and who keeps the record is where they were", () => {
  const { press, pressed } = recordsOf(1, 2);
  press("delete 1").dispatch("click");
  assert.deepEqual([pressed, document.activeElement.textContent], [[], "Keep"]);
  document.activeElement.dispatch("click");
  assert.equal(document.activeElement, press("delete 1"));
  press("delete 1").dispatch("click");
  body.querySelector(".fw-danger").dispatch("click");
  assert.deepEqual(pressed, [["delete", 1]]);
});

test("a record that changed keeps the focus, and one that did not its nodes", () => {
  const { show, press } = recordsOf(1, 2);
  press("open 1").focus();
  const other = press("open 2");
  show(record(1, { cells: ["1", "hand"] }), record(2));
  assert.equal(document.activeElement, press("open 1"));
  assert.equal(press("open 2"), other);
});

test("where a record goes with the focus, the next one has it", () => {
  const { show, press } = recordsOf(1, 2, 3);
  press("delete 2").focus();
  show(record(1), record(3));
  assert.equal(document.activeElement, press("open 3"));
});

test("without records the table says so", () => {
  const { table, show } = recordsOf(1);
  show();
  const [list, empty] = table.nodes;
  assert.deepEqual([list.hidden, empty.hidden, empty.textContent], [true, false, "None."]);
});
