// The reader's answer: three words with keys, a place, and then what it was. Before the reading
// stands, nothing of the answer is here.

import { h, linkButton, listen } from "../base/dom.js";
import { gettext } from "../base/language.js";

function render({ model, el }) {
  let shown = { stage: "away", number: 0 };
  const tell = (type, more = {}) => model.send({ type, number: shown.number, ...more });
  const heading = h("h2", {});
  const bar = h("progress", { "aria-label": gettext("Cases done") });
  const title = h("p", { class: "fw-kicker" });
  const group = h("div", { class: "fw-verdicts", role: "group", "aria-label": gettext("What do you see?") });
  const mark = h("button", { class: "fw-button fw-plain", onclick: takeMark }, gettext("Mark the place"));
  const unmark = linkButton(gettext("Remove mark"), () => tell("unmark"));
  const marked = h("p", { class: "fw-marked", role: "status" });
  const place = h("div", { class: "fw-place" }, mark, marked, unmark);
  const advice = h("p", { class: "fw-fine" },
    gettext("Optional: press Mark the place, then click on the picture or drag a box. You may change your answer until you ask for the network’s."));
  const answer = h("div", { class: "fw-answers", role: "status" });
  const go = h("button", { class: "fw-button fw-go", onclick: onwards });
  const leave = linkButton(gettext("Pause and leave"), () => tell("leave"));
  el.classList.add("fw-sheet");
  el.append(title, heading, bar, group, place, advice, answer, go, leave);

  function takeMark() {
    const viewer = el.closest(".fw-workbench")?.querySelector(".fw-viewer");
    viewer?.dispatchEvent(new CustomEvent("fw-tool", { detail: "region" }));
  }

  function onwards() {
    if (go.disabled) return;
    tell(shown.stage === "answered" ? "next" : "reveal");
  }

  function say(verdict) {
    if (shown.stage === "reading") tell("say", { verdict });
  }

  function choice({ verdict, tone, words, chosen }, index) {
    return h("button", {
      class: `fw-verdict fw-verdict-${tone}`, "aria-pressed": String(chosen),
      "aria-keyshortcuts": String(index + 1), onclick: () => say(verdict), "data-verdict": verdict,
    }, h("span", {}, words), h("kbd", { class: "fw-by-key" }, String(index + 1)));
  }

  function answerRow({ who, words, tone, note }) {
    return h("div", { class: "fw-answer" },
      h("dt", {}, who),
      h("dd", {}, h("strong", { class: `fw-verdict-${tone}` }, words), h("span", {}, note)));
  }

  function show(content) {
    shown = content;
    el.hidden = content.stage === "away";
    if (el.hidden) return;
    const reading = content.stage === "reading";
    title.textContent = content.title;
    heading.textContent = gettext("Case {number} of {total}", content);
    bar.max = content.total;
    bar.value = content.number - (content.stage === "answered" ? 0 : 1);
    // The buttons stay, so that the focus does.
    if (group.children.length !== content.choices.length) {
      group.replaceChildren(...content.choices.map(choice));
    }
    content.choices.forEach(({ chosen }, index) => {
      const button = group.children[index];
      button.setAttribute("aria-pressed", String(chosen));
      button.disabled = !reading;
    });
    marked.textContent = content.marked;
    mark.textContent = content.marked ? gettext("Mark another place") : gettext("Mark the place");
    mark.hidden = advice.hidden = content.stage === "answered";
    mark.disabled = !reading;
    unmark.hidden = !content.marked || !reading;
    place.hidden = content.stage === "answered";
    answer.replaceChildren(
      ...(content.rows.length ? [h("dl", {}, ...content.rows.map(answerRow))] : []),
      ...content.sentences.map((words) => h("p", {}, words)),
    );
    const chosen = content.choices.some(({ chosen }) => chosen);
    const ready = content.stage === "answered" || (reading && chosen);
    go.textContent = {
      fetching: gettext("Fetching the case …"), asking: gettext("The network looks …"), answered: content.next,
    }[content.stage] ?? (chosen ? gettext("Show the answer") : gettext("Say what you see first"));
    if (ready) go.append(h("span", { class: "fw-by-key" }, " (Enter)"));
    go.disabled = content.stage === "fetching" || content.stage === "asking" || (reading && !chosen);
    leave.hidden = content.again;
    leave.disabled = content.stage === "fetching" || content.stage === "asking";
  }

  // Figures answer from wherever in the room the focus is, or from nowhere; the viewer's own 1 waits.
  const ours = (target) => target === document.body || el.closest(".fw-workbench")?.contains(target);
  const typing = (target) => target.closest?.("input:not([type=range]):not([type=radio]):not([type=checkbox]), select, textarea, [contenteditable]");
  const plain = (event) => !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat;

  function onFigure(event) {
    const index = ["1", "2", "3"].indexOf(event.key);
    if (index < 0 || shown.stage !== "reading" || !plain(event)) return;
    if (!ours(event.target) || typing(event.target)) return;
    event.preventDefault();
    event.stopPropagation();
    say(shown.choices[index].verdict);
  }

  function onEnter(event) {
    if (event.key !== "Enter" || event.defaultPrevented || !plain(event)) return;
    if (!["reading", "answered"].includes(shown.stage) || !ours(event.target)) return;
    if (typing(event.target) || event.target.closest?.("button, a, summary, input")) return;
    event.preventDefault();
    onwards();
  }

  // A figure pressed on a button answers too, and then Enter goes on from there.
  function onPressed(event) {
    if (event.key === "Enter" && event.target.closest?.(".fw-verdict") && shown.stage === "reading"
      && event.target.closest(".fw-verdict").getAttribute("aria-pressed") === "true" && plain(event)) {
      event.preventDefault();
      onwards();
    }
  }

  window.addEventListener("keydown", onFigure, true);
  window.addEventListener("keydown", onEnter);
  group.addEventListener("keydown", onPressed);
  const stop = listen(model, { show });
  return () => {
    stop();
    window.removeEventListener("keydown", onFigure, true);
    window.removeEventListener("keydown", onEnter);
  };
}

export default { render };
