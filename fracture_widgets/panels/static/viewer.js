// The radiograph with a map laid over it. Fading happens here, so the slider is immediate.

function render({ model, el }) {
  const base = h("img", { class: "fw-base" });
  const layer = h("img", { class: "fw-layer" });
  const frame = h("div", { class: "fw-frame" }, base, layer);
  const empty = h("div", { class: "fw-empty" });
  const caption = h("figcaption", {});
  const slider = h("input", {
    type: "range", min: "0", max: "100", step: "5", "aria-label": "Opacity of the map",
    oninput: fade,
    onchange: () => { model.set("opacity", Number(slider.value) / 100); model.save_changes(); },
  });
  const amount = h("output", { class: "fw-amount" });
  const choice = h("fieldset", { class: "fw-choice" }, h("legend", {}, "Map"));
  const controls = h(
    "div", { class: "fw-controls" },
    choice, h("label", { class: "fw-fade" }, h("span", {}, "Opacity"), slider, amount),
  );
  const explanation = h("p", { class: "fw-explanation" });
  el.classList.add("fw-viewer");
  el.append(
    h("figure", {}, h("div", { class: "fw-stage" }, frame, empty), caption), controls, explanation,
  );

  let held = { release() {} };
  let layers = [];
  let chosen = 0;
  let key = null;
  const group = `fw-map-${Math.random()}`;

  function fade() {
    layer.style.opacity = Number(slider.value) / 100;
    amount.textContent = `${slider.value} %`;
    slider.setAttribute("aria-valuetext", `${slider.value} percent`);
  }

  function choose(index, urls) {
    chosen = index;
    layer.src = urls[index + 1];
    layer.alt = layers[index].alt;
    explanation.textContent = layers[index].explanation;
  }

  // On a phone the list of samples may have pushed the picture out of sight.
  function bringIntoView() {
    const { top, bottom } = el.getBoundingClientRect();
    if (bottom < 80 || top > window.innerHeight - 80) el.scrollIntoView({ block: "start" });
  }

  function show(content, buffers) {
    const old = held;
    held = pictureUrls(buffers, "");
    const { urls } = held;
    layers = content.layers;
    frame.hidden = !urls.length;
    empty.hidden = Boolean(urls.length);
    empty.replaceChildren(
      h("strong", {}, content.empty.title), h("span", {}, content.empty.advice),
    );
    caption.textContent = content.caption;
    if (urls.length) {
      base.src = urls[0];
      base.alt = content.alt;
      frame.style.setProperty("--fw-ratio", content.ratio);
      if (content.key !== key) bringIntoView();
    }
    key = content.key;
    layer.hidden = controls.hidden = explanation.hidden = !layers.length;
    choice.replaceChildren(choice.firstChild, ...layers.map(({ name }, index) => {
      const radio = h("input", {
        type: "radio", name: group, checked: index === Math.min(chosen, layers.length - 1),
        onchange: () => choose(index, urls),
      });
      return h("label", {}, radio, h("span", {}, name));
    }));
    if (layers.length) choose(Math.min(chosen, layers.length - 1), urls);
    old.release();
  }

  const readOpacity = () => { slider.value = Math.round(100 * model.get("opacity")); fade(); };
  model.on("change:opacity", readOpacity);
  readOpacity();
  // JupyterLab would take Enter for "edit the cell": inside the workbench, keys are its own.
  requestAnimationFrame(() => {
    el.closest(".fw-workbench")?.setAttribute("data-lm-suppress-shortcuts", "true");
  });
  const stop = listen(model, { show });
  return () => { stop(); model.off("change:opacity", readOpacity); held.release(); };
}

export default { render };
