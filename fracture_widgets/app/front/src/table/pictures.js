// A list of small pictures with names: choose one, or take one out.

import { h, listen } from "../base/dom.js";
import { liveRows } from "./rows.js";

export function pictureList({ model, el }) {
  const list = h("ul", { class: "fw-pictures", "aria-label": model.get("label") });
  el.append(list);

  function make({ key, removable }) {
    const picture = h("img", {});
    const title = h("span", { class: "fw-picture-title" });
    const note = h("span", { class: "fw-picture-note" });
    const tag = h("span", {});
    const text = h("span", { class: "fw-picture-text" }, title, note);
    const choose = h(
      "button",
      { class: "fw-picture", onclick: () => model.send({ type: "choose", key }) },
      picture, text,
    );
    const remove = removable && h("button", {
      class: "fw-remove", title: "Remove",
      onclick: () => model.send({ type: "remove", key }),
    }, "×");
    return {
      node: h("li", {}, choose, remove || null),
      picture,
      update(row) {
        picture.alt = row.alt;
        choose.title = title.textContent = row.title;
        note.textContent = row.note;
        tag.textContent = row.tag;
        tag.className = `fw-tag fw-${row.tone}`;
        if (row.tag) text.append(tag);
        else tag.remove();
        if (row.chosen != null) choose.setAttribute("aria-pressed", String(row.chosen));
        if (remove) remove.setAttribute("aria-label", `Remove ${row.title}`);
      },
    };
  }

  let chosen = null;

  function changed(_, arrange) {
    arrange();
    const now = live.order.find((key) => live.rows.get(key).chosen);
    if (now !== chosen) reveal(now);
    chosen = now;
  }

  function reveal(key) {
    const node = live.made.get(key)?.node;
    if (node && list.scrollHeight > list.clientHeight) {
      list.scrollTop = node.offsetTop - list.offsetTop - list.clientHeight / 2;
    }
  }

  const lost = (place) => list.children[place]?.lastElementChild.focus();
  const live = liveRows(model, list, { make, changed, lost });
  const stop = listen(model, live.handlers);
  return () => { stop(); live.small.release(); };
}
