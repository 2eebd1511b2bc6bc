// How far the reader and the networks agree: the numbers in words, and their course as a line.

import { gridLine, h, listen, s } from "../base/dom.js";
import { gettext } from "../base/language.js";

const W = 340, H = 132, LEFT = 34, RIGHT = 10, TOP = 10, BOTTOM = 24;

function course(points, alt, [from, to]) {
  const low = Math.min(0, ...points);
  // By readings, not by days: a holiday would press the rest together.
  const x = (i) => LEFT + (i / Math.max(1, points.length - 1)) * (W - LEFT - RIGHT);
  const y = (kappa) => H - BOTTOM - ((kappa - low) / (1 - low)) * (H - TOP - BOTTOM);
  const svg = s("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": alt });
  svg.append(
    ...[0, 0.5, 1].flatMap((kappa) => gridLine(LEFT, W - RIGHT, y(kappa), String(kappa))),
    s("text", { x: LEFT, y: H - 6 }, from),
    s("text", { x: W - RIGHT, y: H - 6, "text-anchor": "end" }, to === from ? "" : to),
    s("polyline", {
      class: "fw-line fw-course",
      points: points.map((kappa, i) => `${x(i)},${y(kappa)}`).join(" "),
    }),
  );
  const last = points.length - 1;
  svg.append(s("circle", { class: "fw-course-end", cx: x(last), cy: y(points[last]), r: 3.5 }));
  return svg;
}

function render({ model, el }) {
  const box = h("section", { class: "fw-agreement", "aria-label": gettext("Agreement") });
  el.append(box);

  function show({ title, lines, explained, points, alt, ends, caption }) {
    box.hidden = !title;
    box.replaceChildren(
      h("div", { class: "fw-agreement-words" },
        h("h3", {}, title),
        ...lines.map(([number, words]) => h("p", {}, h("b", {}, number), ` ${words}`)),
        explained ? h("p", { class: "fw-hint" }, explained) : null),
      points.length > 1
        ? h("figure", { class: "fw-agreement-course" },
          course(points, alt, ends), h("figcaption", { class: "fw-hint" }, caption))
        : "",
    );
  }

  return listen(model, { show });
}

export default { render };
