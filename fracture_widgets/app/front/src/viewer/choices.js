// Which frame and which window of a file is shown, where it has several.

import { h, offer } from "../base/dom.js";
import { gettext } from "../base/language.js";

export function pictureChoices(on) {
  const list = (label, spoken) => {
    const select = h("select", { "aria-label": spoken, onchange: chosen });
    const named = h("label", {}, h("span", {}, label), select);
    return { select, named };
  };
  const frame = list(gettext("Frame"), gettext("Frame of the file"));
  const window_ = list(gettext("Examined through"), gettext("Examined through this window of the file"));
  const bar = h(
    "div", { class: "fw-pictures", role: "group", "aria-label": gettext("Picture of the file"), hidden: true },
    frame.named, window_.named,
  );
  let shown = { frame: 0, window: 0 };

  function chosen() {
    on.picture({
      frame: frame.named.hidden ? shown.frame : Number(frame.select.value),
      window: window_.named.hidden ? shown.window : Number(window_.select.value),
    });
    restore(); // what is shown changes once the kernel says so
  }

  function restore() {
    frame.select.value = String(shown.frame);
    window_.select.value = String(shown.window);
  }

  function fill({ select, named }, titles) {
    named.hidden = titles.length < 2;
    offer(select, titles.map((title, index) => [String(index), title]));
  }

  function show(choices) {
    shown = choices ?? { frame: 0, frames: 1, window: 0, windows: [] };
    fill(frame, Array.from({ length: shown.frames }, (_, index) => gettext("{place} of {total}", { place: index + 1, total: shown.frames })));
    fill(window_, shown.windows);
    bar.hidden = frame.named.hidden && window_.named.hidden;
    restore();
  }

  return { bar, show };
}
