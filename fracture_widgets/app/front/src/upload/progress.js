// How far an upload is, in words and as a bar; screen readers hear of it now and then.

import { h, linkButton } from "../base/dom.js";

const SPAN = 6_000; // milliseconds over which the rate is taken
const QUARTER = 0.25;

export function megabytes(bytes) {
  const value = bytes / 2 ** 20;
  return value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 1 : 0 });
}

export function duration(seconds) {
  if (seconds < 1.5) return "1 second";
  if (seconds < 90) return `${Math.round(seconds)} seconds`;
  return `${Math.round(seconds / 60)} minutes`;
}

export const counted = (count, one, many) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

export function progressView(onCancel) {
  const bar = h("span", {
    class: "fw-upload-bar", role: "progressbar", "aria-label": "Upload",
    "aria-valuemin": "0", "aria-valuemax": "100",
  }, h("span"));
  const text = h("p", { class: "fw-upload-text" });
  const detail = h("p", { class: "fw-upload-detail" });
  const cancel = linkButton("Cancel", onCancel);
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
    text.textContent = seen ? `Looking through the folder: ${counted(seen, "file", "files")} …` : "Looking through the folder …";
    detail.textContent = "";
    bar.removeAttribute("aria-valuenow");
    bar.firstChild.style.width = "0";
  }

  function show({ files, filesDone, bytes, bytesDone, name, reading, silent }) {
    if (box.hidden || !samples.length) say(`Sending ${counted(files, "file", "files")}, ${megabytes(bytes)} MB.`);
    box.hidden = false;
    const part = bytes ? bytesDone / bytes : 1;
    const percent = Math.floor(100 * part);
    bar.setAttribute("aria-valuenow", percent);
    bar.firstChild.style.width = `${100 * part}%`;
    const speed = rate(bytesDone);
    const number = files > 1 ? `, file ${Math.min(filesDone + 1, files)} of ${files.toLocaleString("en")}` : "";
    if (silent) {
      text.textContent = `No answer for ${duration(silent / 1000)}${number}`;
      detail.textContent = silent > 120_000
        ? "It goes on by itself when the server answers again; if it never does, reload the page and choose the missing files once more."
        : "It goes on by itself when the server answers again.";
      if (announced >= 0) say(text.textContent);
      announced = -1;
    } else {
      text.textContent = `${reading ? "Reading" : "Sending"} ${name}${number}`;
      const left = speed > 0 ? `, ${duration((bytes - bytesDone) / speed)} left` : "";
      detail.textContent = `${megabytes(bytesDone)} of ${megabytes(bytes)} MB`
        + (speed > 0 ? `, ${megabytes(speed)} MB/s${bytesDone < bytes ? left : ""}` : "");
      if (announced < 0) announced = part;
      if (part - announced >= QUARTER && part < 1) {
        announced = Math.floor(part / QUARTER) * QUARTER;
        say(`${percent} percent sent.`);
      }
    }
    bar.setAttribute("aria-valuetext", `${percent} percent, ${text.textContent}`);
  }

  function end(words) {
    box.hidden = true;
    samples = [];
    announced = 0;
    say(words);
  }

  return { nodes: [box, spoken], cancel, looking, show, end };
}
