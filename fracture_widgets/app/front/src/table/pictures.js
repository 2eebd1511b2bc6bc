// A list of small pictures with names: choose one, or take one out. One of them is a stop of the
// Tab key; arrows go on to the others.

import { h, listen } from "../base/dom.js";
import { gettext } from "../base/language.js";
import { liveRows } from "./rows.js";

const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, Home: -Infinity, End: Infinity };

export function pictureList({ model, el }) {
  const list = h("ul", { class: "fw-pictures", "aria-label": model.get("label"), onkeydown: step });
  el.append(list);

  function make({ key, removable }) {
    const picture = h("img", {});
    const title = h("span", { class: "fw-picture-title" });
    const note = h("span", { class: "fw-picture-note" });
    const tag = h("span", {});
    const group = h("p", { class: "fw-study-views" });
    const text = h("span", { class: "fw-picture-text" }, title, note);
    const choose = h(
      "button",
      { class: "fw-picture", tabindex: "-1", onclick: () => model.send({ type: "choose", key }) },
      picture, text,
    );
    const remove = removable && h("button", {
      class: "fw-remove", title: gettext("Remove"), tabindex: "-1",
      onclick: () => model.send({ type: "remove", key }),
    }, "×");
    const frame = h("div", { class: "fw-picture-frame" }, choose, remove || null);
    const node = h("li", {}, group, frame);
    return {
      node,
      picture,
      update(row) {
        picture.alt = row.alt;
        choose.title = title.textContent = row.title;
        note.textContent = row.note;
        tag.textContent = row.tag;
        tag.className = `fw-tag fw-${row.tone}`;
        if (row.tag) text.append(tag);
        else tag.remove();
        group.textContent = row.group;
        group.hidden = !row.group;
        node.classList.toggle("fw-grouped", row.grouped);
        if (row.chosen != null) choose.setAttribute("aria-pressed", String(row.chosen));
        if (remove) remove.setAttribute("aria-label", gettext("Remove {name}", { name: row.title }));
      },
    };
  }

  let chosen = null;
  let stop = null; // of the Tab key

  function stopAt(item) {
    for (const button of stop?.querySelectorAll("button") ?? []) button.tabIndex = -1;
    for (const button of item?.querySelectorAll("button") ?? []) button.tabIndex = 0;
    stop = item;
  }

  function step(event) {
    const item = event.target.closest("li");
    if (event.key === "Delete") item.querySelector(".fw-remove")?.click();
    if (!STEPS[event.key]) return;
    event.preventDefault();
    const last = list.children.length - 1;
    const at = [...list.children].indexOf(item) + STEPS[event.key];
    stopAt(list.children[Math.max(0, Math.min(last, at))]);
    stop.querySelector("button").focus();
  }

  function changed(_, arrange) {
    arrange();
    const now = live.order.find((key) => live.rows.get(key).chosen);
    const moved = now !== chosen;
    if (moved) reveal(now);
    chosen = now;
    const known = !moved && stop?.isConnected ? stop : live.made.get(now)?.node;
    stopAt(known ?? list.firstElementChild);
  }

  function reveal(key) {
    const node = live.made.get(key)?.node;
    if (!node) return;
    // Of a list that is a column or, on a phone, a row.
    list.scrollTop = node.offsetTop - list.offsetTop - (list.clientHeight - node.offsetHeight) / 2;
    list.scrollLeft = node.offsetLeft - list.offsetLeft - (list.clientWidth - node.offsetWidth) / 2;
  }

  const lost = (place) => {
    stopAt(list.children[place] ?? null);
    stop?.querySelector(".fw-picture-frame").lastElementChild.focus();
  };
  const live = liveRows(model, list, { make, changed, lost });
  const unlisten = listen(model, live.handlers);
  return () => { unlisten(); live.small.release(); };
}
