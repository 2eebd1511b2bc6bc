// What is sent of what was chosen, in which order, and how far it is.

import assert from "node:assert/strict";
import { test } from "node:test";
import { droppedEntries, survey, visibleInOrder } from "../../fracture_widgets/app/front/src/upload/files.js";
import { duration, filesCounted, megabytes } from "../../fracture_widgets/app/front/src/upload/progress.js";
import { sender } from "../../fracture_widgets/app/front/src/upload/sending.js";

const file = (name, content = "x") => new File([content], name);
const inFolder = (path) => ({ webkitRelativePath: path });

async function surveyed(entries, more = {}) {
  const out = {};
  const files = await survey(entries, {
    maxBytes: 200, maxFiles: 10, looked() {}, stopped: () => false,
    leftOut: (reason, names) => { out[reason] = names; }, ...more,
  });
  return { names: files.map(({ name }) => name), out };
}

// A folder as a drop gives it: its content comes in pieces.
function folder(name, ...children) {
  return {
    name, isFile: false,
    createReader() {
      const pieces = [children.slice(0, 2), children.slice(2), []];
      return { readEntries: (resolve) => resolve(pieces.shift()) };
    },
  };
}

const entry = (name, content) => ({
  name, isFile: true, file: (resolve) => resolve(file(name, content)),
});

test("a name or a content that may be a radiograph's is enough", async () => {
  const dicom = `${"\0".repeat(128)}DICM`;
  const { names, out } = await surveyed([
    file("a.PNG"), file("b", dicom), file("c.txt"), file("d.dat", "BM....\0\0\0\0"), file("e.doc", "RIFF"),
  ]);
  assert.deepEqual(names, ["a.PNG", "b", "d.dat"]);
  assert.deepEqual(out, { kind: ["c.txt", "e.doc"] });
});

test("too large, too many and nothing are told apart", async () => {
  assert.deepEqual((await surveyed([file("a.png", "x".repeat(201))])).out, { size: ["a.png"] });
  const many = Array.from({ length: 11 }, (_, index) => file(`${index}.png`));
  assert.deepEqual(await surveyed(many), { names: [], out: { count: [] } });
  assert.deepEqual(await surveyed([]), { names: [], out: { nothing: [] } });
  const texts = Array.from({ length: 201 }, (_, index) => file(`${index}.txt`));
  assert.deepEqual((await surveyed(texts)).out, { disk: [] });
});

test("a folder is walked in the order of its names, without what is hidden", async () => {
  const dropped = folder("cd", entry("10.png"), entry("9.png"), entry(".DS_Store"), folder("1", entry("z.png")));
  const { names, out } = await surveyed([dropped]);
  assert.deepEqual(names, ["z.png", "9.png", "10.png"]);
  assert.deepEqual(out, {});
});

test("every usual ending of a picture is taken", async () => {
  const { names } = await surveyed([file("a.jfif"), file("b.jp2"), file("c.JPE"), file("d.gif")]);
  assert.deepEqual(names, ["a.jfif", "b.jp2", "c.JPE"]);
});

test("what vanished meanwhile is named", async () => {
  const gone = { name: "a.png", isFile: true, file: (_, reject) => reject(new Error("gone")) };
  assert.deepEqual(await surveyed([gone]), { names: [], out: { changed: ["a.png"] } });
});

test("a walk that was cancelled sends nothing", async () => {
  assert.deepEqual(await surveyed([file("a.png")], { stopped: () => true }), { names: [], out: {} });
});

test("a folder that was chosen comes in the order of one that was dropped", () => {
  const files = ["cd/10.png", "cd/9.png", "cd/.hidden/a.png", "cd/1/z.png", "cd/DICOMDIR"].map(inFolder);
  assert.deepEqual(
    visibleInOrder(files).map((one) => one.webkitRelativePath),
    ["cd/1/z.png", "cd/9.png", "cd/10.png"],
  );
});

test("one hidden file that is dropped alone is meant", () => {
  const item = (name) => ({ kind: "file", getAsFile: () => ({ name }) });
  const names = (...items) => droppedEntries({ items }).map(({ name }) => name);
  assert.deepEqual(names(item(".scan.png")), [".scan.png"]);
  assert.deepEqual(names(item(".scan.png"), item("a.png"), { kind: "string" }), ["a.png"]);
});

test("amounts are said as people say them", () => {
  assert.deepEqual([1.54e6, 60e6].map(megabytes), ["1.5", "57"]);
  assert.deepEqual([1, 42, 600].map(duration), ["1 second", "42 seconds", "10 minutes"]);
  assert.deepEqual([1, 2000].map(filesCounted), ["1 file", "2,000 files"]);
});

// A kernel that keeps what it is sent, and says so.
function kernel() {
  const messages = [];
  const bytes = new Map();
  let sending = null;
  const model = {
    send(message, _, buffers = []) {
      messages.push(message);
      if (!["begin", "piece"].includes(message.type)) return;
      const at = message.type === "begin" ? 0 : message.at;
      const had = bytes.get(message.upload) ?? 0;
      if (at !== had) return;
      bytes.set(message.upload, had + buffers[0].byteLength);
      queueMicrotask(() => answer(message));
    },
  };
  const sizes = new Map();
  function answer({ upload, type, size }) {
    if (type === "begin") sizes.set(upload, size);
    const received = bytes.get(upload);
    if (received === sizes.get(upload)) sending.handlers.done({ upload, taken: 1 });
    else sending.handlers.have({ upload, received });
  }
  return new Promise((resolve) => {
    sending = sender(model, { changed() {}, over: (cancelled) => resolve({ cancelled, messages, ...sending.progress }) });
    sending.add([file("a.png", "x".repeat(2.5 * 2 ** 20)), file("b.png")]);
  });
}

test("a file goes in pieces, one file after the other, and the batch is closed", async () => {
  const { cancelled, messages, taken, filesDone } = await kernel();
  assert.equal(cancelled, false);
  assert.deepEqual(messages.map(({ type }) => type), ["batch", "begin", "piece", "piece", "begin", "over"]);
  assert.deepEqual(messages.filter(({ type }) => type === "piece").map(({ at }) => at), [2 ** 20, 2 ** 21]);
  assert.deepEqual([taken, filesDone], [2, 2]);
});
