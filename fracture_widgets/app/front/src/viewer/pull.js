// Fetches the whole picture from the kernel, piece by piece. A piece is asked for when the one
// before is here, and again if it fails to come.

import { bytesOf } from "../base/dom.js";

const FIRST_PATIENCE = 8_000; // milliseconds
const MOST_TRIES = 6;

// `got(bytes)` is called once with the whole, `progress(part)` on the way, `failed()` at its end.
export function puller(model, { key, size, got, progress, failed }) {
  const bytes = new Uint8Array(size);
  let at = 0;
  let tries = 0;
  let timer = null;
  let over = false;

  function ask() {
    clearTimeout(timer);
    if (over) return;
    if (tries >= MOST_TRIES) { over = true; failed(); return; }
    model.send({ type: "picture", key, at });
    timer = setTimeout(() => { tries += 1; ask(); }, FIRST_PATIENCE * 2 ** Math.min(tries, 2));
  }

  function piece(content, buffers) {
    if (over || content.key !== key || content.at !== at || !buffers.length) return;
    const part = bytesOf(buffers[0]);
    bytes.set(part.subarray(0, size - at), at);
    at += part.byteLength;
    tries = 0;
    progress(at / size);
    clearTimeout(timer);
    if (at >= size) { over = true; got(bytes); return; }
    ask();
  }

  ask();
  return { piece, stop: () => { over = true; clearTimeout(timer); } };
}
