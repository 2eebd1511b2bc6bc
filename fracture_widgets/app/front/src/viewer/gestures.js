// From pointers, wheel and keys to what is done with the picture. `on` holds the actions.

import { actionOf } from "./shortcuts.js";

const RIGHT_BUTTON = 2;
const MIDDLE_BUTTON = 1;

export function listenToPointers(pane, on) {
  const down = new Map(); // pointers on the pane, where they were last
  let dragging = null;

  const place = (event) => {
    const { left, top } = pane.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const spread = () => {
    const [one, other] = [...down.values()];
    return {
      middle: { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 },
      apart: Math.max(1, Math.hypot(one.x - other.x, one.y - other.y)),
    };
  };

  pane.addEventListener("pointerdown", (event) => {
    pane.focus({ preventScroll: true });
    pane.setPointerCapture(event.pointerId);
    down.set(event.pointerId, place(event));
    if (down.size === 2) { on.cancelDrag(); dragging = "pinch"; return; }
    if (down.size > 2) return;
    if (event.button === RIGHT_BUTTON) dragging = "window";
    else if (event.button === MIDDLE_BUTTON) dragging = "move";
    else dragging = on.tool();
    if (dragging === "measure" || dragging === "region") on.beginMark(place(event));
  });
  pane.addEventListener("pointermove", (event) => {
    const before = down.get(event.pointerId);
    if (!before) return;
    const now = place(event);
    if (dragging === "pinch" && down.size === 2) {
      const old = spread();
      down.set(event.pointerId, now);
      const fresh = spread();
      on.pan(fresh.middle.x - old.middle.x, fresh.middle.y - old.middle.y);
      on.zoom(fresh.middle, fresh.apart / old.apart);
      return;
    }
    down.set(event.pointerId, now);
    if (dragging === "move") on.pan(now.x - before.x, now.y - before.y);
    else if (dragging === "window") on.window(now.x - before.x, now.y - before.y);
    else if (dragging) on.moveMark(now);
  });
  const lift = (event) => {
    if (!down.delete(event.pointerId)) return;
    if (dragging === "measure" || dragging === "region") on.keepMark();
    if (!down.size || dragging === "pinch") dragging = null;
    on.settled();
  };
  pane.addEventListener("pointerup", lift);
  pane.addEventListener("pointercancel", (event) => { on.cancelDrag(); lift(event); });
  pane.addEventListener("contextmenu", (event) => event.preventDefault());
  pane.addEventListener("dblclick", (event) => on.toggleFit(place(event)));
  // Without the focus, the wheel scrolls the page, as everywhere.
  pane.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey && pane !== pane.getRootNode().activeElement) return;
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    on.zoom(place(event), Math.exp(-Math.max(-240, Math.min(240, event.deltaY * lines)) / 400));
    on.settled();
  }, { passive: false });
}

export function listenToKeys(pane, on) {
  pane.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = actionOf(event.key);
    if (!act || act(on, event) === false) return;
    event.preventDefault();
    event.stopPropagation();
    on.settled();
  });
}
