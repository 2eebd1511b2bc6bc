// A list of small pictures with names: choose one, or take one out.

function render({ model, el }) {
  const list = h("ul", { class: "fw-pictures", "aria-label": model.get("label") });
  el.append(list);
  let shown = { release() {} };

  function show({ pictures }, buffers) {
    const focused = list.querySelector(":focus")?.dataset.focus;
    const old = shown;
    shown = pictureUrls(buffers, "image/jpeg");
    list.replaceChildren(...pictures.map((picture, index) => item(picture, shown.urls[index])));
    old.release();
    if (focused) {
      const again = [...list.querySelectorAll("[data-focus]")];
      (again.find((node) => node.dataset.focus === focused) ?? again.at(-1))?.focus();
    }
    const chosen = list.querySelector("[aria-pressed=true]")?.parentElement;
    if (chosen && list.scrollHeight > list.clientHeight) {
      list.scrollTop = chosen.offsetTop - list.offsetTop - list.clientHeight / 2;
    }
  }

  function item({ key, title, note, tag, tone, alt, chosen, removable }, url) {
    return h(
      "li", {},
      h(
        "button",
        {
          type: "button", class: "fw-picture", "data-focus": `choose ${key}`,
          "aria-pressed": chosen == null ? null : String(chosen), title,
          onclick: () => model.send({ type: "choose", key }),
        },
        h("img", { src: url, alt }),
        h(
          "span", { class: "fw-picture-text" },
          h("span", { class: "fw-picture-title" }, title),
          h("span", { class: "fw-picture-note" }, note),
          tag ? h("span", { class: `fw-tag fw-${tone}` }, tag) : null,
        ),
      ),
      removable
        ? h("button", {
            type: "button", class: "fw-remove", "aria-label": `Remove ${title}`, title: "Remove",
            "data-focus": `remove ${key}`, onclick: () => model.send({ type: "remove", key }),
          }, "×")
        : null,
    );
  }

  const stop = listen(model, { show });
  return () => { stop(); shown.release(); };
}

export default { render };
