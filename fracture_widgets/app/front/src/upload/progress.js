// How far an upload is, in words and as a bar; screen readers hear of it now and then.

import { h, linkButton } from "../base/dom.js";
import { gettext, ngettext, numberWords } from "../base/language.js";

const SPAN = 6_000; // milliseconds over which the rate is taken
const QUARTER = 0.25;

export function megabytes(bytes) {
  const value = bytes / 2 ** 20;
  return numberWords(value, { maximumFractionDigits: value < 10 ? 1 : 0 });
}

export function duration(seconds) {
  if (seconds < 90) return ngettext("{n} second", "{n} seconds", Math.max(1, Math.round(seconds)));
  return gettext("{n} minutes", { n: Math.round(seconds / 60) });
}

export const filesCounted = (count) => ngettext("{n} file", "{n} files", count);

export function progressView(onCancel) {
  const bar = h("span", {
    class: "fw-upload-bar", role: "progressbar", "aria-label": gettext("Upload"),
    "aria-valuemin": "0", "aria-valuemax": "100",
  }, h("span"));
  const text = h("p", { class: "fw-upload-text" });
  const detail = h("p", { class: "fw-upload-detail" });
  const cancel = linkButton(gettext("Cancel"), onCancel);
  const spoken = h("p", { class: "fw-visually-hidden", role: "status" });
  const box = h(
    "div", { class: "fw-upload-progress", hidden: true },
    h("div", { class: "fw-upload-line" }, text, cancel), bar, detail,
  );
  let samples = [];
  let announced = 0;

  function rate(bytesDone) {
    const now = performance.now();
    samples.push({ at: now, bytesDone });
    while (samples.length > 2 && now - samples[0].at > SPAN) samples.shift();
    const [first] = samples;
    const seconds = (now - first.at) / 1000;
    return seconds > 0.7 ? (bytesDone - first.bytesDone) / seconds : 0;
  }

  function say(words) {
    spoken.textContent = words;
  }

  function looking(seen) {
    box.hidden = false;
    text.textContent = seen ? gettext("Looking through the folder: {files} …", { files: filesCounted(seen) }) : gettext("Looking through the folder …");
    detail.textContent = "";
    bar.removeAttribute("aria-valuenow");
    bar.firstChild.style.width = "0";
  }

  function show({ files, filesDone, bytes, bytesDone, name, reading, silent }) {
    if (box.hidden || !samples.length) say(gettext("Sending {files}, {size} MB.", { files: filesCounted(files), size: megabytes(bytes) }));
    box.hidden = false;
    const part = bytes ? bytesDone / bytes : 1;
    const percent = Math.floor(100 * part);
    bar.setAttribute("aria-valuenow", percent);
    bar.firstChild.style.width = `${100 * part}%`;
    const speed = rate(bytesDone);
    const number = files > 1 ? gettext(", file {n} of {total}", { n: Math.min(filesDone + 1, files), total: numberWords(files) }) : "";
    if (silent) {
      text.textContent = gettext("No answer for {time}{number}", { time: duration(silent / 1000), number });
      detail.textContent = silent > 120_000
        ? gettext("It goes on by itself when the server answers again; if it never does, reload the page and choose the missing files once more.")
        : gettext("It goes on by itself when the server answers again.");
      if (announced >= 0) say(text.textContent);
      announced = -1;
    } else {
      text.textContent = reading
        ? gettext("Reading {name}{number}", { name, number })
        : gettext("Sending {name}{number}", { name, number });
      const left = speed > 0 ? gettext(", {time} left", { time: duration((bytes - bytesDone) / speed) }) : "";
      detail.textContent = gettext("{n} of {total} MB", { n: megabytes(bytesDone), total: megabytes(bytes) })
        + (speed > 0 ? `, ${megabytes(speed)} MB/s${bytesDone < bytes ? left : ""}` : "");
      if (announced < 0) announced = part;
      if (part - announced >= QUARTER && part < 1) {
        announced = Math.floor(part / QUARTER) * QUARTER;
        say(gettext("{percent} percent sent.", { percent }));
      }
    }
    bar.setAttribute("aria-valuetext", gettext("{percent} percent, {words}", { percent, words: text.textContent }));
  }

  function end(words) {
    box.hidden = true;
    samples = [];
    announced = 0;
    say(words);
  }

  return { nodes: [box, spoken], cancel, looking, show, end };
}
