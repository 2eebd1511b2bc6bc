// Sends files to the kernel one after the other, each in pieces with a few on the way at a time:
// no message comes near a server's size limit, and no queue builds up. Where an answer fails to
// come, the kernel is asked what it has, and the sending goes on from there.

const PIECE = 1024 * 1024;
const ON_THE_WAY = 4 * PIECE;
const FIRST_WAIT = 5_000; // milliseconds without an answer after which the kernel is asked
const LONGEST_WAIT = 20_000;
const SILENCE = 6_000; // milliseconds without an answer after which the page says so

function freshId() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16)).join("-");
}

// `changed()` is called whenever there is something new to show, `over()` when all is through.
export function sender(model, { changed, over }) {
  const progress = { files: 0, filesDone: 0, taken: 0, bytes: 0, bytesDone: 0, silent: 0 };
  const waiting = [];
  let current = null;
  let batch = null;
  let timer = null;
  let gap = 0; // between the last two answers: on a slow line all are late

  function tell(...message) {
    try {
      model.send(...message);
    } catch { /* the kernel is gone: that no answer comes is shown */ }
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
    if (!file) { close(false); return; }
    current = { file, id: freshId(), sent: 0, received: 0, begun: false, query: 0 };
    timer = setInterval(checkSilence, 1000);
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

  const wantsMore = ({ begun, sent, received, file }) =>
    !begun || (sent < file.size && sent - received < ON_THE_WAY);

  async function sendPiece(upload) {
    const { file, sent: at, id } = upload;
    const expected = Math.min(PIECE, file.size - at);
    let piece = null;
    try {
      piece = await file.slice(at, at + expected).arrayBuffer();
    } catch { /* it changed or vanished */ }
    if (upload !== current || upload.sent !== at) return; // cancelled, or sent back, meanwhile
    if (piece?.byteLength !== expected) {
      tell({ type: "end", upload: id });
      leftOut("changed", [file.name]);
      finished(false);
      return;
    }
    const head = upload.begun
      ? { type: "piece", upload: id, at }
      : { type: "begin", upload: id, batch, name: file.name, size: file.size, more: waiting.length };
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
    progress.taken += Number(taken); // an archive gives several
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
    unknown: mine(() => { current.begun = false; goOn(current, 0); }),
    done: mine(({ taken }) => finished(taken)),
    full: mine(({ taken }) => {
      if (waiting.length) leftOut("full", waiting.map((file) => file.name));
      waiting.length = 0;
      finished(taken);
    }),
  };

  return {
    add, cancel, leftOut, handlers, open,
    closeIfIdle: () => { if (!current) close(false); },
    get busy() { return batch !== null; },
    get progress() {
      return {
        ...progress, name: current?.file.name ?? "",
        bytesDone: progress.bytesDone + (current?.received ?? 0),
        reading: Boolean(current?.begun) && current.received >= current.file.size,
      };
    },
  };
}
