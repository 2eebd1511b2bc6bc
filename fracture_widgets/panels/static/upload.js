// Takes files by button or by drop and sends each in pieces. The next piece waits for an answer,
// so no message comes near a server's size limit and no queue builds up.

const PIECE = 512 * 1024;
const PATIENCE = 120_000; // milliseconds without an answer after which the kernel counts as lost

function render({ model, el }) {
  const input = h("input", {
    type: "file", multiple: true, class: "fw-file-input", "aria-label": "Choose radiographs",
    "aria-describedby": `${model.get("hint_id")}`,
  });
  const status = h("p", { class: "fw-upload-status", role: "status" });
  const zone = h(
    "label", { class: "fw-drop" }, input,
    h("span", { class: "fw-drop-button", "aria-hidden": "true" }, "Choose radiographs"),
    h("span", { class: "fw-drop-or" }, "or drop them here"),
    h("span", { class: "fw-hint", id: model.get("hint_id") }, model.get("hint")),
  );
  el.classList.add("fw-upload");
  el.append(zone, status);

  const waiting = []; // { file } or { name, problem }
  let current = null;

  const say = (text) => { status.textContent = text; };

  function enqueue(items) {
    if (!items.length) return;
    if (!current && !waiting.length) model.send({ type: "batch" });
    waiting.push(...items);
    if (!current) next();
  }

  function next() {
    clearTimeout(current?.timer);
    current = waiting.shift() ?? null;
    if (!current) { say(""); return; }
    const { file, problem } = current;
    if (problem || file.size > model.get("max_bytes")) {
      model.send({ type: "refused", name: problem ? current.name : file.name, reason: problem ?? "size" });
      next();
      return;
    }
    current.id = `${Date.now()}-${Math.random()}`;
    current.sent = 0;
    model.send({ type: "begin", upload: current.id, name: file.name, size: file.size });
    expectAnswer();
  }

  function expectAnswer() {
    const { file, sent, id } = current;
    const part = file.size ? Math.round((100 * sent) / file.size) : 100;
    say(sent >= file.size ? `Reading ${file.name} …` : `Sending ${file.name}: ${part} %`);
    clearTimeout(current.timer);
    current.timer = setTimeout(() => {
      if (current?.id !== id) return;
      waiting.length = 0;
      current = null;
      say("The connection was lost: reload the page and try again.");
    }, PATIENCE);
  }

  async function sendPiece() {
    const upload = current;
    let piece;
    try {
      piece = await upload.file.slice(upload.sent, upload.sent + PIECE).arrayBuffer();
    } catch {
      model.send({ type: "refused", upload: upload.id, name: upload.file.name, reason: "unreadable" });
      next();
      return;
    }
    if (current !== upload) return;
    upload.sent += piece.byteLength;
    model.send({ type: "piece", upload: upload.id }, {}, [piece]);
    expectAnswer();
  }

  input.addEventListener("change", () => {
    enqueue([...input.files].map((file) => ({ file })));
    input.value = ""; // so that the same file can be chosen again
  });
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("fw-over");
  });
  zone.addEventListener("dragleave", () => zone.classList.remove("fw-over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("fw-over");
    const items = [...event.dataTransfer.items].filter((item) => item.kind === "file");
    enqueue(items.map((item) => {
      const entry = item.webkitGetAsEntry?.();
      return entry?.isDirectory ? { name: entry.name, problem: "folder" } : { file: item.getAsFile() };
    }));
  });

  return listen(model, {
    next: ({ upload }) => { if (current?.id === upload) sendPiece(); },
    done: ({ upload }) => { if (current?.id === upload) next(); },
  });
}

export default { render };
