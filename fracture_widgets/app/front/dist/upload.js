// base/dom.js
function h(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  if (tag === "button") node.setAttribute("type", "button");
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}
var linkButton = (words, onclick, properties = {}) => h("button", { class: "fw-link", onclick, ...properties }, words);
function listen(model, handlers) {
  const onMessage = (content, buffers) => handlers[content.type]?.(content, buffers ?? []);
  model.on("msg:custom", onMessage);
  model.send({ type: "ready" });
  return () => model.off("msg:custom", onMessage);
}

// upload/files.js
var RADIOGRAPH_NAME = /\.(png|jpe?g|tiff?|bmp|webp|dcm|dicom|zip)$/i;
var HIDDEN = /^(\..*|__MACOSX|Thumbs\.db|desktop\.ini|DICOMDIR)$/i;
var HEAD = 132;
var MOST_SEEN = 20;
var byName = new Intl.Collator("en", { numeric: true }).compare;
function droppedEntries(transfer) {
  const entries = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile()).filter(Boolean);
  return entries.length > 1 ? entries.filter(({ name }) => !HIDDEN.test(name)) : entries;
}
async function* filesIn(entry) {
  if (entry instanceof File) {
    yield entry;
    return;
  }
  if (entry.isFile) {
    try {
      yield await new Promise((resolve, reject) => entry.file(resolve, reject));
    } catch {
      yield { name: entry.name, gone: true };
    }
    return;
  }
  const reader = entry.createReader();
  const within = [];
  for (let more = [null]; more.length; ) {
    try {
      more = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    } catch {
      yield { name: entry.name, gone: true };
      more = [];
    }
    within.push(...more.filter((one) => !HIDDEN.test(one.name)));
  }
  within.sort((one, other) => byName(one.name, other.name));
  for (const one of within) yield* filesIn(one);
}
function visibleInOrder(files) {
  const path = (file) => file.webkitRelativePath.split("/");
  const compare = (one, other) => {
    const [first, second] = [path(one), path(other)];
    const at = first.findIndex((part, index) => part !== second[index]);
    return at < 0 ? 0 : byName(first[at], second[at] ?? "");
  };
  return [...files].filter((file) => !path(file).slice(1).some((part) => HIDDEN.test(part))).sort(compare);
}
async function maybeRadiograph(file) {
  if (RADIOGRAPH_NAME.test(file.name)) return true;
  let head;
  try {
    head = new Uint8Array(await file.slice(0, HEAD).arrayBuffer());
  } catch {
    return true;
  }
  const says = (text, at = 0) => [...text].every((letter, index) => head[at + index] === letter.charCodeAt(0));
  const oldDicom = (head[0] === 2 || head[0] === 8) && head[1] === 0 && head[3] <= 32;
  return says("DICM", 128) || says("PNG") || says("ÿØÿ") || says("II*\0") || says("MM\0*") || says("II+\0") || says("MM\0+") || says("BM") || says("RIFF") && says("WEBP", 8) || oldDicom;
}
async function survey(entries, { maxBytes, maxFiles, leftOut, looked, stopped }) {
  const files = [];
  const out = { kind: [], size: [], changed: [] };
  let seen = 0;
  for (const entry of entries) {
    for await (const file of filesIn(entry)) {
      seen += 1;
      if (stopped()) return [];
      if (seen % 50 === 0) looked(seen);
      if (file.gone) out.changed.push(file.name);
      else if (!await maybeRadiograph(file)) out.kind.push(file.name);
      else if (file.size > maxBytes) out.size.push(file.name);
      else files.push(file);
      if (files.length > maxFiles || seen > MOST_SEEN * maxFiles) {
        leftOut(files.length > maxFiles ? "count" : "disk", []);
        return [];
      }
    }
  }
  for (const [reason, names] of Object.entries(out)) if (names.length) leftOut(reason, names);
  if (!seen) leftOut("nothing", []);
  return files;
}

// upload/progress.js
var SPAN = 6e3;
var QUARTER = 0.25;
function megabytes(bytes) {
  const value = bytes / 2 ** 20;
  return value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 1 : 0 });
}
function duration(seconds) {
  if (seconds < 1.5) return "1 second";
  if (seconds < 90) return `${Math.round(seconds)} seconds`;
  return `${Math.round(seconds / 60)} minutes`;
}
var counted = (count, one, many) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
function progressView(onCancel) {
  const bar = h("span", {
    class: "fw-upload-bar",
    role: "progressbar",
    "aria-label": "Upload",
    "aria-valuemin": "0",
    "aria-valuemax": "100"
  }, h("span"));
  const text = h("p", { class: "fw-upload-text" });
  const detail = h("p", { class: "fw-upload-detail" });
  const cancel = linkButton("Cancel", onCancel);
  const spoken = h("p", { class: "fw-visually-hidden", role: "status" });
  const box = h(
    "div",
    { class: "fw-upload-progress", hidden: true },
    h("div", { class: "fw-upload-line" }, text, cancel),
    bar,
    detail
  );
  let samples = [];
  let announced = 0;
  function rate(bytesDone) {
    const now = performance.now();
    samples.push({ at: now, bytesDone });
    while (samples.length > 2 && now - samples[0].at > SPAN) samples.shift();
    const [first] = samples;
    const seconds = (now - first.at) / 1e3;
    return seconds > 0.7 ? (bytesDone - first.bytesDone) / seconds : 0;
  }
  function say(words) {
    spoken.textContent = words;
  }
  function looking(seen) {
    box.hidden = false;
    text.textContent = seen ? `Looking through the folder: ${counted(seen, "file", "files")} …` : "Looking through the folder …";
    detail.textContent = "";
    bar.removeAttribute("aria-valuenow");
    bar.firstChild.style.width = "0";
  }
  function show({ files, filesDone, bytes, bytesDone, name, reading, silent }) {
    if (box.hidden || !samples.length) say(`Sending ${counted(files, "file", "files")}, ${megabytes(bytes)} MB.`);
    box.hidden = false;
    const part = bytes ? bytesDone / bytes : 1;
    const percent = Math.floor(100 * part);
    bar.setAttribute("aria-valuenow", percent);
    bar.firstChild.style.width = `${100 * part}%`;
    const speed = rate(bytesDone);
    const number = files > 1 ? `, file ${Math.min(filesDone + 1, files)} of ${files.toLocaleString("en")}` : "";
    if (silent) {
      text.textContent = `No answer for ${duration(silent / 1e3)}${number}`;
      detail.textContent = silent > 12e4 ? "It goes on by itself when the server answers again; if it never does, reload the page and choose the missing files once more." : "It goes on by itself when the server answers again.";
      if (announced >= 0) say(text.textContent);
      announced = -1;
    } else {
      text.textContent = `${reading ? "Reading" : "Sending"} ${name}${number}`;
      const left = speed > 0 ? `, ${duration((bytes - bytesDone) / speed)} left` : "";
      detail.textContent = `${megabytes(bytesDone)} of ${megabytes(bytes)} MB` + (speed > 0 ? `, ${megabytes(speed)} MB/s${bytesDone < bytes ? left : ""}` : "");
      if (announced < 0) announced = part;
      if (part - announced >= QUARTER && part < 1) {
        announced = Math.floor(part / QUARTER) * QUARTER;
        say(`${percent} percent sent.`);
      }
    }
    bar.setAttribute("aria-valuetext", `${percent} percent, ${text.textContent}`);
  }
  function end(words) {
    box.hidden = true;
    samples = [];
    announced = 0;
    say(words);
  }
  return { nodes: [box, spoken], cancel, looking, show, end };
}

// upload/sending.js
var PIECE = 1024 * 1024;
var ON_THE_WAY = 4 * PIECE;
var FIRST_WAIT = 5e3;
var LONGEST_WAIT = 2e4;
var SILENCE = 6e3;
function freshId() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16)).join("-");
}
function sender(model, { changed, over }) {
  const progress = { files: 0, filesDone: 0, taken: 0, bytes: 0, bytesDone: 0, silent: 0 };
  const waiting = [];
  let current = null;
  let batch = null;
  let timer = null;
  let gap = 0;
  function tell(...message) {
    try {
      model.send(...message);
    } catch {
    }
  }
  function open() {
    if (batch) return;
    batch = freshId();
    Object.assign(progress, { files: 0, filesDone: 0, taken: 0, bytes: 0, bytesDone: 0, silent: 0 });
    tell({ type: "batch", batch });
  }
  function leftOut(reason, names) {
    open();
    tell({ type: "left_out", batch, reason, names: names.slice(0, 3), count: names.length });
  }
  function add(files) {
    open();
    waiting.push(...files);
    progress.files += files.length;
    progress.bytes += files.reduce((sum, file) => sum + file.size, 0);
    if (!current) next();
  }
  function next() {
    current = null;
    clearInterval(timer);
    const file = waiting.shift();
    if (!file) {
      close(false);
      return;
    }
    current = { file, id: freshId(), sent: 0, received: 0, begun: false, query: 0 };
    timer = setInterval(checkSilence, 1e3);
    answered();
    pump(current);
    changed();
  }
  function close(cancelled) {
    if (!batch) return;
    clearInterval(timer);
    tell({ type: "over", batch });
    batch = null;
    current = null;
    waiting.length = 0;
    over(cancelled);
  }
  function cancel() {
    if (current) tell({ type: "end", upload: current.id });
    close(true);
  }
  async function pump(upload) {
    if (upload.pumping) return;
    upload.pumping = true;
    while (upload === current && wantsMore(upload)) await sendPiece(upload);
    upload.pumping = false;
  }
  const wantsMore = ({ begun, sent, received, file }) => !begun || sent < file.size && sent - received < ON_THE_WAY;
  async function sendPiece(upload) {
    const { file, sent: at, id } = upload;
    const expected = Math.min(PIECE, file.size - at);
    let piece = null;
    try {
      piece = await file.slice(at, at + expected).arrayBuffer();
    } catch {
    }
    if (upload !== current || upload.sent !== at) return;
    if (piece?.byteLength !== expected) {
      tell({ type: "end", upload: id });
      leftOut("changed", [file.name]);
      finished(false);
      return;
    }
    const head = upload.begun ? { type: "piece", upload: id, at } : { type: "begin", upload: id, batch, name: file.name, size: file.size, more: waiting.length };
    upload.begun = true;
    upload.sent = at + expected;
    tell(head, {}, [piece]);
  }
  function goOn(upload, from) {
    upload.sent = upload.received = from;
    pump(upload);
  }
  function finished(taken) {
    progress.bytesDone += current.file.size;
    progress.filesDone += 1;
    progress.taken += Number(taken);
    next();
  }
  function answered() {
    if (!current) return;
    gap = Math.min(Date.now() - (current.answeredAt ?? Date.now()), LONGEST_WAIT);
    Object.assign(current, { answeredAt: Date.now(), wait: FIRST_WAIT, queriedAt: 0 });
    progress.silent = 0;
  }
  function checkSilence() {
    const silent = Date.now() - current.answeredAt;
    if (silent > FIRST_WAIT && Date.now() - current.queriedAt > current.wait) {
      current.wait = Math.min(2 * current.wait, LONGEST_WAIT);
      current.queriedAt = Date.now();
      current.query += 1;
      tell({ type: "where", upload: current.id, query: current.query });
    }
    progress.silent = silent > Math.max(SILENCE, 3 * gap) ? silent : 0;
    changed();
  }
  const mine = (handle) => (message) => {
    if (current?.id !== message.upload) return;
    answered();
    handle(message);
  };
  const handlers = {
    have: mine(({ received, query }) => {
      if (query === current.query && received < current.file.size) goOn(current, received);
      else if (query == null) {
        current.received = Math.max(current.received, received);
        pump(current);
      }
      changed();
    }),
    unknown: mine(() => {
      current.begun = false;
      goOn(current, 0);
    }),
    done: mine(({ taken }) => finished(taken)),
    full: mine(({ taken }) => {
      if (waiting.length) leftOut("full", waiting.map((file) => file.name));
      waiting.length = 0;
      finished(taken);
    })
  };
  return {
    add,
    cancel,
    leftOut,
    handlers,
    open,
    closeIfIdle: () => {
      if (!current) close(false);
    },
    get busy() {
      return batch !== null;
    },
    get progress() {
      return {
        ...progress,
        name: current?.file.name ?? "",
        bytesDone: progress.bytesDone + (current?.received ?? 0),
        reading: Boolean(current?.begun) && current.received >= current.file.size
      };
    }
  };
}

// upload/upload.js
function render({ model, el }) {
  const described = { "aria-describedby": `${model.get("hint_id")}` };
  const files = h("input", {
    type: "file",
    multiple: true,
    class: "fw-file-input",
    "aria-label": "Choose radiographs",
    ...described
  });
  const folder = h("input", {
    type: "file",
    webkitdirectory: true,
    class: "fw-visually-hidden",
    tabindex: "-1",
    "aria-hidden": "true"
  });
  const folderButton = linkButton("Choose a folder", () => folder.click(), { class: "fw-link fw-folder" });
  const zone = h(
    "div",
    { class: "fw-drop" },
    h(
      "label",
      { class: "fw-drop-files" },
      files,
      h("span", { class: "fw-drop-button", "aria-hidden": "true" }, "Choose radiographs"),
      h("span", { class: "fw-drop-or" }, "or drop them here, folders too"),
      h("span", { class: "fw-hint", id: model.get("hint_id") }, model.get("hint"))
    ),
    "webkitdirectory" in folder ? folderButton : null
  );
  const outcome = h("p", { class: "fw-upload-outcome", "aria-hidden": "true" });
  const progress = progressView(cancel);
  el.classList.add("fw-upload");
  el.append(zone, folder, ...progress.nodes, outcome);
  const sending = sender(model, {
    changed: () => progress.show(sending.progress),
    over: (cancelled2) => end(cancelled2)
  });
  let surveys = 0;
  let choices = 0;
  let cancelled = 0;
  function end(wasCancelled) {
    const { files: all, filesDone, taken } = sending.progress;
    const arrived = counted(taken, "radiograph has", "radiographs have");
    const words = wasCancelled ? `Cancelled: ${all ? `${filesDone.toLocaleString("en")} of ${counted(all, "file", "files")} had been sent` : "nothing was sent"}. ${taken ? "What has arrived stays." : ""}` : taken ? `${arrived} arrived.` : "";
    const hadFocus = document.activeElement === progress.cancel;
    progress.end(words);
    outcome.textContent = words;
    if (hadFocus) files.focus();
  }
  function cancel() {
    cancelled = choices;
    if (sending.busy) sending.cancel();
    else end(true);
  }
  async function take(entries) {
    if (!entries.length) return;
    choices += 1;
    surveys += 1;
    const choice = choices;
    const idle = () => !sending.progress.name;
    outcome.textContent = "";
    sending.open();
    if (idle()) progress.looking(0);
    const found = await survey(entries, {
      maxBytes: model.get("max_bytes"),
      maxFiles: model.get("max_files"),
      leftOut: sending.leftOut,
      stopped: () => choice <= cancelled,
      looked: (seen) => {
        if (idle()) progress.looking(seen);
      }
    });
    surveys -= 1;
    if (choice <= cancelled) return;
    if (found.length) sending.add(found);
    else if (!surveys) sending.closeIfIdle();
  }
  files.addEventListener("change", () => {
    take([...files.files]);
    files.value = "";
  });
  folder.addEventListener("change", () => {
    const found = visibleInOrder(folder.files);
    if (found.length) take(found);
    else {
      sending.leftOut("nothing", []);
      sending.closeIfIdle();
    }
    folder.value = "";
  });
  zone.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("fw-over");
  });
  zone.addEventListener("dragleave", (event) => {
    if (!zone.contains(event.relatedTarget)) zone.classList.remove("fw-over");
  });
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("fw-over");
    take(droppedEntries(event.dataTransfer));
  });
  const askBeforeLeaving = (event) => {
    if (sending.busy) event.preventDefault();
  };
  window.addEventListener("beforeunload", askBeforeLeaving);
  const stop = listen(model, sending.handlers);
  return () => {
    stop();
    window.removeEventListener("beforeunload", askBeforeLeaving);
    if (sending.busy) cancel();
  };
}
var upload_default = { render };
export {
  upload_default as default
};
