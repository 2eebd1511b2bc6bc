// Rulers, and the region to be examined on its own: what there is, and how it is drawn. Points are
// in pixels of the picture.

import { distance, lengthInWords, rectangle, toPane } from "./geometry.js";

const MARK_COLOUR = "#ffd166";
const REGION_COLOUR = "#7fd1ff";

export function marks() {
  let rulers = [];
  let region = null;
  let draft = null; // { kind, from, to }
  let number = 0;

  function keep() {
    if (!draft) return null;
    const kept = draft;
    draft = null;
    if (distance(kept.from, kept.to, null) < 2) return null; // a click, not a line
    if (kept.kind === "region") region = kept;
    else {
      number += 1;
      rulers = [...rulers, { ...kept, id: number }];
    }
    return kept;
  }

  return {
    begin(kind, from, to = from) { draft = { kind, from, to }; },
    move(end, to) { if (draft) draft = { ...draft, [end]: to }; },
    keep,
    drop() { const had = Boolean(draft); draft = null; return had; },
    remove(id) { rulers = rulers.filter((one) => one.id !== id); },
    clearRegion() { region = null; },
    restore(ends, box) {
      rulers = ends.map((one, index) => ({ ...one, kind: "measure", id: index + 1 }));
      number = rulers.length;
      region = box && { ...box, kind: "region" };
    },
    clear() { rulers = []; region = null; draft = null; number = 0; },
    get rulers() { return rulers; },
    get region() { return region; },
    get draft() { return draft; },
    get all() { return [...rulers, ...(region ? [region] : []), ...(draft ? [draft] : [])]; },
  };
}

export function drawMarks(context, all, view, spacing, pixelRatio) {
  context.save();
  context.scale(pixelRatio, pixelRatio);
  context.font = "600 13px system-ui, sans-serif";
  context.lineWidth = 2;
  for (const { kind, from, to } of all) {
    const [a, b] = [toPane(view, from), toPane(view, to)];
    context.strokeStyle = context.fillStyle = kind === "region" ? REGION_COLOUR : MARK_COLOUR;
    context.shadowColor = "#000";
    context.shadowBlur = 3;
    context.beginPath();
    if (kind === "region") {
      const { x, y, width, height } = rectangle(view, from, to);
      context.rect(x, y, width, height);
      context.stroke();
    } else {
      context.moveTo(a.x, a.y);
      context.lineTo(b.x, b.y);
      context.stroke();
      for (const end of [a, b]) {
        context.beginPath();
        context.arc(end.x, end.y, 3.5, 0, 2 * Math.PI);
        context.fill();
      }
      context.fillText(lengthInWords(from, to, spacing), b.x + 8, b.y - 8);
    }
  }
  context.restore();
}
