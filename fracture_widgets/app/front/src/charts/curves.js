// Loss and accuracy by epoch, drawn as SVG. The words beside them say the same to who cannot see.

import { gridLine, h, listen, s } from "../base/dom.js";
import { gettext, numberWords } from "../base/language.js";

const W = 420, H = 250, LEFT = 46, RIGHT = 12, TOP = 14, BOTTOM = 38;

// Round numbers that divide low to high into a few steps.
function ticks(low, high, most = 5) {
  const raw = (high - low) / most || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((n) => n * power).find((size) => (high - low) / size <= most);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const value = (first + i) * step;
    return [value, numberWords(value, { minimumFractionDigits: digits, maximumFractionDigits: digits })];
  });
}

function chart({ title, training, validation, best, epochs, low, high, alt }) {
  const last = Math.max(epochs, training.length, 2);
  const x = (epoch) => LEFT + ((epoch - 1) / (last - 1)) * (W - LEFT - RIGHT);
  const y = (value) => H - BOTTOM - ((value - low) / (high - low || 1)) * (H - TOP - BOTTOM);
  const svg = s("svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": alt });
  for (const [value, words] of ticks(low, high)) svg.append(...gridLine(LEFT, W - RIGHT, y(value), words));
  const every = Math.max(1, Math.ceil((last - 1) / 8));
  for (let epoch = 1; epoch <= last; epoch += every) {
    svg.append(s("text", { x: x(epoch), y: H - BOTTOM + 17, "text-anchor": "middle" }, String(epoch)));
  }
  svg.append(s("text", { x: (LEFT + W - RIGHT) / 2, y: H - 4, "text-anchor": "middle" }, gettext("Epoch")));
  if (best) svg.append(s("line", { class: "fw-best", x1: x(best), x2: x(best), y1: TOP, y2: H - BOTTOM }));
  for (const [name, values] of [["training", training], ["validation", validation]]) {
    const points = values.map((value, i) => [x(i + 1), y(value)]).filter(([, at]) => Number.isFinite(at));
    svg.append(s("polyline", {
      class: `fw-line fw-${name}-curve`, points: points.map((point) => point.join()).join(" "),
    }));
    if (points.length < 40) {
      for (const [cx, cy] of points) svg.append(s("circle", { class: `fw-dot fw-${name}-curve`, cx, cy, r: 3 }));
    }
  }
  return h("figure", { class: "fw-chart" }, h("figcaption", {}, title), svg);
}

function render({ model, el }) {
  const charts = h("div", { class: "fw-charts" });
  const legend = h(
    "p", { class: "fw-legend", "aria-hidden": "true" },
    h("span", { class: "fw-key fw-key-training" }, gettext("training")),
    h("span", { class: "fw-key fw-key-validation" }, gettext("validation")),
    h("span", { class: "fw-key fw-key-best" }, gettext("best epoch so far")),
  );
  const empty = h("p", { class: "fw-charts-empty" });
  el.append(charts, legend, empty);

  function show(content) {
    const some = content.charts.length > 0;
    charts.replaceChildren(...content.charts.map(chart));
    legend.hidden = !some;
    empty.hidden = some;
    empty.textContent = content.empty;
  }

  return listen(model, { show });
}

export default { render };
