// Takes files and folders by button or by drop and has them sent.

import { beforeLeaving, h, linkButton, listen } from "../base/dom.js";
import { gettext, ngettext, numberWords } from "../base/language.js";
import { droppedEntries, survey, visibleInOrder } from "./files.js";
import { filesCounted, progressView } from "./progress.js";
import { sender } from "./sending.js";

function render({ model, el }) {
  const described = { "aria-describedby": `${model.get("hint_id")}` };
  const files = h("input", {
    type: "file", multiple: true, class: "fw-file-input", "aria-label": gettext("Choose radiographs"),
    ...described,
  });
  const folder = h("input", {
    type: "file", webkitdirectory: true, class: "fw-visually-hidden", tabindex: "-1",
    "aria-hidden": "true",
  });
  const folderButton = linkButton(gettext("Choose a folder"), () => folder.click(), { class: "fw-link fw-folder" });
  const zone = h(
    "div", { class: "fw-drop" },
    h(
      "label", { class: "fw-drop-files" }, files,
      h("span", { class: "fw-drop-button", "aria-hidden": "true" }, gettext("Choose radiographs")),
      h("span", { class: "fw-drop-or fw-by-mouse" }, gettext("or drop them here, folders too")),
      h("span", { class: "fw-hint", id: model.get("hint_id") }, model.get("hint")),
    ),
    "webkitdirectory" in folder ? folderButton : null,
  );
  const more = h("button", { class: "fw-button fw-unfold", onclick: toggle }, gettext("Add radiographs"));
  const outcome = h("p", { class: "fw-upload-outcome", "aria-hidden": "true" });
  const progress = progressView(cancel);
  el.classList.add("fw-upload");
  el.append(more, zone, folder, ...progress.nodes, outcome);

  const sending = sender(model, {
    changed: () => progress.show(sending.progress),
    over: (cancelled) => end(cancelled),
  });
  let surveys = 0; // going on
  let choices = 0; // ever
  let cancelled = 0; // up to which choice

  function end(wasCancelled) {
    const { files: all, filesDone, taken } = sending.progress;
    const arrived = taken ? ngettext("{n} radiograph has arrived.", "{n} radiographs have arrived.", taken) : "";
    const stays = taken ? ` ${gettext("What has arrived stays.")}` : "";
    const sent = all
      ? gettext("Cancelled: {n} of {files} had been sent.", { n: numberWords(filesDone), files: filesCounted(all) })
      : gettext("Cancelled: nothing was sent.");
    const words = wasCancelled ? sent + stays : arrived;
    const hadFocus = document.activeElement === progress.cancel;
    progress.end(words);
    outcome.textContent = words;
    if (hadFocus) (zone.hidden ? more : files).focus();
  }

  function cancel() {
    cancelled = choices;
    if (sending.busy) sending.cancel();
    else end(true);
  }

  function toggle() {
    model.set("folded", !model.get("folded"));
    model.save_changes();
  }

  // What folds away gives the focus to what brings it back.
  function fold() {
    const folded = model.get("folded");
    const samples = el.closest(".fw-workbench")?.querySelectorAll(".fw-samples-panel") ?? [];
    const hadFocus = [zone, ...samples].some((node) => node.contains(document.activeElement));
    more.hidden = !model.get("foldable");
    more.setAttribute("aria-expanded", String(!folded));
    zone.hidden = folded;
    zone.dataset.unsaved = model.get("unsaved");
    if (folded && hadFocus) more.focus();
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
      maxBytes: model.get("max_bytes"), maxFiles: model.get("max_files"),
      leftOut: sending.leftOut, stopped: () => choice <= cancelled,
      looked: (seen) => { if (idle()) progress.looking(seen); },
    });
    surveys -= 1;
    if (choice <= cancelled) return;
    if (found.length) sending.add(found);
    else if (!surveys) sending.closeIfIdle();
  }

  files.addEventListener("change", () => {
    take([...files.files]);
    files.value = ""; // so that the same file can be chosen again
  });
  folder.addEventListener("change", () => {
    const found = visibleInOrder(folder.files);
    if (found.length) take(found);
    else { sending.leftOut("nothing", []); sending.closeIfIdle(); }
    folder.value = "";
  });
  el.addEventListener("dragover", (event) => {
    event.preventDefault();
    el.classList.add("fw-over");
  });
  el.addEventListener("dragleave", (event) => {
    if (!el.contains(event.relatedTarget)) el.classList.remove("fw-over");
  });
  el.addEventListener("drop", (event) => {
    event.preventDefault();
    el.classList.remove("fw-over");
    take(droppedEntries(event.dataTransfer));
  });

  const stay = beforeLeaving((event) => {
    if (sending.busy || model.get("unsaved")) event.preventDefault();
  });
  model.on("change", fold);
  fold();
  const stop = listen(model, sending.handlers);
  return () => {
    stop();
    model.off("change", fold);
    stay();
    if (sending.busy) cancel();
  };
}

export default { render };
