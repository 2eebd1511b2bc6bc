// The keys of the picture: one table, from which both the keys and their list are made.

import assert from "node:assert/strict";
import { test } from "node:test";
import { actionOf, SHORTCUTS } from "../../fracture_widgets/app/front/src/viewer/shortcuts.js";
import { viewerToolbar } from "../../fracture_widgets/app/front/src/viewer/toolbar.js";
import { openPage } from "./page.js";

// What is done is noted as its name and what it was given.
function noted() {
  const done = [];
  return { done, on: new Proxy({}, { get: (_, name) => (...given) => { done.push([name, ...given]); } }) };
}

function pressed(key, shiftKey = false) {
  const { done, on } = noted();
  actionOf(key)(on, { key, shiftKey });
  return done;
}

test("every key is in the list of keys, once", () => {
  const keys = SHORTCUTS.flatMap(({ name, keys: known }) => Object.keys(known).map((key) => [key, name]));
  assert.equal(new Set(keys.map(([key]) => key)).size, keys.length);
  const alias = { "=": "+", "-": "−", "{": "[", "}": "]", Escape: "Esc" };
  for (const [key, name] of keys) {
    if (key.startsWith("Arrow")) assert.equal(name, "Arrows");
    else assert.ok(name.split(" and ").includes(alias[key] ?? (key.length === 1 ? key.toUpperCase() : key)), key);
    assert.ok(pressed(key).length, key);
  }
  assert.equal(actionOf("q"), undefined);
});

test("capitals and Shift do what the list says of them", () => {
  assert.deepEqual(pressed("I"), [["invert"]]);
  assert.deepEqual(pressed("T", true), [["turn", -1]]);
  assert.deepEqual(pressed("t"), [["turn", 1]]);
  assert.deepEqual(pressed("ArrowLeft", true), [["arrow", { x: -1, y: 0 }, true]]);
});

test("a button whose title names a key does what the key does", () => {
  openPage();
  const { done, on } = noted();
  const buttons = [];
  const walk = (node) => { if (node.tagName === "BUTTON") buttons.push(node); node.children?.forEach(walk); };
  walk(viewerToolbar(on).bar);
  const named = buttons.map((one) => [one, /\((.+)\)$/.exec(one.attributes.get("title"))[1]]);
  assert.ok(named.length >= 17);
  for (const [one, key] of named) {
    done.length = 0;
    one.dispatch("click");
    const [[name, ...given]] = done;
    const [[byKey, ...with_]] = pressed(key);
    // A key that draws also sets where it begins.
    if (byKey === "markByKeys") assert.deepEqual([name, given], ["choose", with_]);
    else assert.deepEqual([name, given.filter((value) => !value.target)], [byKey, with_], key);
  }
});

test("next and previous are listed where there are several radiographs, figures as answers where places are marked", () => {
  openPage();
  const { on } = noted();
  const { bar, show } = viewerToolbar(on);
  const words = () => bar.querySelector(".fw-keys").textContent;
  const look = {
    tool: "move", view: { scale: 1, turn: 0, flipped: false }, window: { width: 1, level: 0.5 }, inverted: false,
    regions: true, marking: false, place: "", hasBoxes: true, hasMap: true,
  };
  show(look);
  assert.ok(!words().includes("P and N") && words().includes("one pixel to one"));
  show({ ...look, place: "1 of 2" });
  assert.ok(words().includes("P and N"));
  show({ ...look, marking: true });
  assert.ok(!words().includes("P and N") && !words().includes("one pixel to one") && words().includes("a mark:"));
});
