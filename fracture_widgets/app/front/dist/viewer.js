// base/dom.js
function h(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  if (tag === "button") node.setAttribute("type", "button");
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}
var linkButton = (words, onclick, properties = {}) => h("button", { class: "fw-link", onclick, ...properties }, words);
function offer(select, options) {
  const offered = JSON.stringify(options);
  if (select.dataset.options === offered) return;
  const { value } = select;
  select.dataset.options = offered;
  select.replaceChildren(...options.map(([key, words]) => h("option", { value: key }, words)));
  select.value = value;
  if (select.selectedIndex < 0) select.selectedIndex = 0;
}
var bytesOf = (buffer) => new Uint8Array(buffer.buffer ?? buffer, buffer.byteOffset ?? 0, buffer.byteLength);
function keepKeys(el, more = () => {
}) {
  requestAnimationFrame(() => {
    const page = el.closest(".fw-workbench");
    page?.setAttribute("data-lm-suppress-shortcuts", "true");
    if (page) more(page);
  });
}
function listen(model, handlers) {
  const onMessage = (content, buffers) => handlers[content.type]?.(content, buffers ?? []);
  model.on("msg:custom", onMessage);
  model.send({ type: "ready" });
  return () => model.off("msg:custom", onMessage);
}

// viewer/geometry.js
var LEAST_ZOOM = 0.5;
var MOST_SCALE = 32;
var KEPT_IN_SIGHT = 40;
function fitView(picture, pane) {
  const scale = Math.min(pane.width / picture.width, pane.height / picture.height);
  return {
    scale,
    x: (pane.width - scale * picture.width) / 2,
    y: (pane.height - scale * picture.height) / 2
  };
}
function toPicture(view, point) {
  return { x: (point.x - view.x) / view.scale, y: (point.y - view.y) / view.scale };
}
function toPane(view, point) {
  return { x: view.x + view.scale * point.x, y: view.y + view.scale * point.y };
}
var between = (value, low, high) => Math.min(Math.max(value, low), high);
function within(view, picture, pane) {
  const along = (start, size, room) => {
    const strip = Math.min(KEPT_IN_SIGHT, size);
    return between(start, strip - size, room - strip);
  };
  return {
    scale: view.scale,
    x: along(view.x, view.scale * picture.width, pane.width),
    y: along(view.y, view.scale * picture.height, pane.height)
  };
}
function zoomedAt(view, point, factor, picture, pane) {
  const least = LEAST_ZOOM * fitView(picture, pane).scale;
  const scale = between(view.scale * factor, Math.min(least, MOST_SCALE), MOST_SCALE);
  const fixed = toPicture(view, point);
  return within(
    { scale, x: point.x - scale * fixed.x, y: point.y - scale * fixed.y },
    picture,
    pane
  );
}
function panned(view, dx, dy, picture, pane) {
  return within({ ...view, x: view.x + dx, y: view.y + dy }, picture, pane);
}
function resized(view, picture, before, after) {
  const fitted = fitView(picture, before);
  if (Math.abs(view.scale - fitted.scale) < 1e-9) return fitView(picture, after);
  const middle = toPicture(view, { x: before.width / 2, y: before.height / 2 });
  return within({
    scale: view.scale,
    x: after.width / 2 - view.scale * middle.x,
    y: after.height / 2 - view.scale * middle.y
  }, picture, after);
}
function distance(from, to, spacing) {
  const [row, column] = spacing ?? [1, 1];
  return Math.hypot((to.x - from.x) * column, (to.y - from.y) * row);
}
function lengthInWords(from, to, spacing) {
  const length = distance(from, to, spacing);
  return spacing ? `${length.toFixed(1)} mm` : `${Math.round(length)} pixels`;
}
function boxBetween(from, to, picture) {
  const x = [from.x, to.x].map((one) => between(one / picture.width, 0, 1)).sort((a, b) => a - b);
  const y = [from.y, to.y].map((one) => between(one / picture.height, 0, 1)).sort((a, b) => a - b);
  return [x[0], y[0], x[1], y[1]];
}

// viewer/boxes.js
var BOX_COLOURS = { reader: "#7fd1ff", truth: "#8ff0a4", network: "#ffc15e" };
function drawBoxes(context, boxes, size, view, pixelRatio) {
  context.save();
  context.scale(pixelRatio, pixelRatio);
  context.font = "600 13px system-ui, sans-serif";
  context.lineWidth = 2;
  context.shadowColor = "#000";
  context.shadowBlur = 3;
  for (const { box: [x0, y0, x1, y1], name, tone } of boxes) {
    const a = toPane(view, { x: x0 * size.width, y: y0 * size.height });
    const b = toPane(view, { x: x1 * size.width, y: y1 * size.height });
    context.strokeStyle = context.fillStyle = BOX_COLOURS[tone];
    context.setLineDash(tone === "truth" ? [7, 4] : []);
    context.beginPath();
    if (x0 === x1 || y0 === y1) {
      context.arc(a.x, a.y, 9, 0, 2 * Math.PI);
      context.moveTo(a.x - 14, a.y);
      context.lineTo(a.x + 14, a.y);
      context.moveTo(a.x, a.y - 14);
      context.lineTo(a.x, a.y + 14);
    } else {
      context.rect(a.x, a.y, b.x - a.x, b.y - a.y);
    }
    context.stroke();
    if (tone === "truth") context.fillText(name, a.x, Math.max(14, a.y - 7));
    else context.fillText(name, a.x === b.x ? a.x + 16 : a.x, b.y + 17);
  }
  context.restore();
}

// viewer/choices.js
function pictureChoices(on) {
  const list = (label) => {
    const select = h("select", { "aria-label": `${label} of the file`, onchange: chosen });
    const named = h("label", {}, h("span", {}, label), select);
    return { select, named };
  };
  const frame = list("Frame");
  const window_ = list("Window");
  const bar = h(
    "div",
    { class: "fw-pictures", role: "group", "aria-label": "Picture of the file", hidden: true },
    frame.named,
    window_.named
  );
  let shown = { frame: 0, window: 0 };
  function chosen() {
    on.picture({
      frame: frame.named.hidden ? shown.frame : Number(frame.select.value),
      window: window_.named.hidden ? shown.window : Number(window_.select.value)
    });
    restore();
  }
  function restore() {
    frame.select.value = String(shown.frame);
    window_.select.value = String(shown.window);
  }
  function fill({ select, named }, titles) {
    named.hidden = titles.length < 2;
    offer(select, titles.map((title, index) => [String(index), title]));
  }
  function show(choices) {
    shown = choices ?? { frame: 0, frames: 1, window: 0, windows: [] };
    fill(frame, Array.from({ length: shown.frames }, (_, index) => `${index + 1} of ${shown.frames}`));
    fill(window_, shown.windows);
    bar.hidden = frame.named.hidden && window_.named.hidden;
    restore();
  }
  return { bar, show };
}

// viewer/colours.js
var COLOURS = {
  Inferno: "420a6857106e6d186e84206b982766ae305cc33b4fd44842e45a31f06f20f8850ffc9f07fbba1ff7d340f1ed71fcffa4",
  Viridis: "4824754537813e4989375a8c306a8e2a788e24868e1f958b20a3862cb17e44bf7063cb5f86d549b0dd2fd8e219fde725",
  Plasma: "2a059348039f6100a77a02a8910ea3a62098ba3388ca457ad8576be56a5def7e50f89441fdab33fdc328f9dd25f0f921"
};
function colourAt(stops, share) {
  const last = stops.length / 6 - 1;
  const at = Math.min(Math.max(share, 0), 1) * last;
  const low = Math.min(Math.floor(at), last - 1);
  const part = (stop, channel) => parseInt(stops.substr(6 * stop + 2 * channel, 2), 16);
  return [0, 1, 2].map((channel) => Math.round(part(low, channel) + (at - low) * (part(low + 1, channel) - part(low, channel))));
}

// viewer/gestures.js
var ARROWS = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 }
};
var RIGHT_BUTTON = 2;
var MIDDLE_BUTTON = 1;
function listenToPointers(pane, on) {
  const down = /* @__PURE__ */ new Map();
  let dragging = null;
  const place = (event) => {
    const { left, top } = pane.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const spread = () => {
    const [one, other] = [...down.values()];
    return {
      middle: { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 },
      apart: Math.max(1, Math.hypot(one.x - other.x, one.y - other.y))
    };
  };
  pane.addEventListener("pointerdown", (event) => {
    pane.focus({ preventScroll: true });
    pane.setPointerCapture(event.pointerId);
    down.set(event.pointerId, place(event));
    if (down.size === 2) {
      on.cancelDrag();
      dragging = "pinch";
      return;
    }
    if (down.size > 2) return;
    if (event.button === RIGHT_BUTTON) dragging = "window";
    else if (event.button === MIDDLE_BUTTON) dragging = "move";
    else dragging = on.tool();
    if (dragging === "measure" || dragging === "region") on.beginMark(place(event));
  });
  pane.addEventListener("pointermove", (event) => {
    const before = down.get(event.pointerId);
    if (!before) return;
    const now = place(event);
    if (dragging === "pinch" && down.size === 2) {
      const old = spread();
      down.set(event.pointerId, now);
      const fresh = spread();
      on.pan(fresh.middle.x - old.middle.x, fresh.middle.y - old.middle.y);
      on.zoom(fresh.middle, fresh.apart / old.apart);
      return;
    }
    down.set(event.pointerId, now);
    if (dragging === "move") on.pan(now.x - before.x, now.y - before.y);
    else if (dragging === "window") on.window(now.x - before.x, now.y - before.y);
    else if (dragging) on.moveMark(now);
  });
  const lift = (event) => {
    if (!down.delete(event.pointerId)) return;
    if (dragging === "measure" || dragging === "region") on.keepMark();
    if (!down.size || dragging === "pinch") dragging = null;
    on.settled();
  };
  pane.addEventListener("pointerup", lift);
  pane.addEventListener("pointercancel", (event) => {
    on.cancelDrag();
    lift(event);
  });
  pane.addEventListener("contextmenu", (event) => event.preventDefault());
  pane.addEventListener("dblclick", (event) => on.toggleFit(place(event)));
  pane.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey && pane !== pane.getRootNode().activeElement) return;
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    on.zoom(place(event), Math.exp(-Math.max(-240, Math.min(240, event.deltaY * lines)) / 400));
    on.settled();
  }, { passive: false });
}
function listenToKeys(pane, on) {
  const letters = {
    "+": () => on.zoomMiddle(1.25),
    "=": () => on.zoomMiddle(1.25),
    "-": () => on.zoomMiddle(0.8),
    0: on.fit,
    1: on.actual,
    i: on.invert,
    v: () => on.choose("move"),
    w: () => on.choose("window"),
    m: () => on.markByKeys("measure"),
    r: () => on.markByKeys("region"),
    "[": () => on.window(-20, 0),
    "]": () => on.window(20, 0),
    "{": () => on.window(0, -20),
    "}": () => on.window(0, 20),
    Enter: on.confirm,
    Escape: on.dismiss,
    Backspace: on.reset
  };
  pane.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    const act = arrow ? () => on.arrow(arrow, event.shiftKey) : letters[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    if (act() === false) return;
    event.preventDefault();
    event.stopPropagation();
    on.settled();
  });
}

// viewer/marks.js
var MARK_COLOUR = "#ffd166";
var REGION_COLOUR = "#7fd1ff";
function marks() {
  let rulers = [];
  let region = null;
  let draft = null;
  let number = 0;
  function keep() {
    if (!draft) return null;
    const kept = draft;
    draft = null;
    if (distance(kept.from, kept.to, null) < 2) return null;
    if (kept.kind === "region") region = kept;
    else {
      number += 1;
      rulers = [...rulers, { ...kept, id: number }];
    }
    return kept;
  }
  return {
    begin(kind, from, to = from) {
      draft = { kind, from, to };
    },
    move(end, to) {
      if (draft) draft = { ...draft, [end]: to };
    },
    keep,
    drop() {
      const had = Boolean(draft);
      draft = null;
      return had;
    },
    remove(id) {
      rulers = rulers.filter((one) => one.id !== id);
    },
    clearRegion() {
      region = null;
    },
    clear() {
      rulers = [];
      region = null;
      draft = null;
      number = 0;
    },
    get rulers() {
      return rulers;
    },
    get region() {
      return region;
    },
    get draft() {
      return draft;
    },
    get all() {
      return [...rulers, ...region ? [region] : [], ...draft ? [draft] : []];
    }
  };
}
function drawMarks(context, all, view, spacing, pixelRatio) {
  context.save();
  context.scale(pixelRatio, pixelRatio);
  context.font = "600 13px system-ui, sans-serif";
  context.lineWidth = 2;
  for (const { kind, from, to } of all) {
    const [a, b] = [toPane(view, from), toPane(view, to)];
    context.strokeStyle = context.fillStyle = kind === "region" ? REGION_COLOUR : MARK_COLOUR;
    context.shadowColor = "#000";
    context.shadowBlur = 3;
    context.beginPath();
    if (kind === "region") {
      context.rect(Math.min(a.x, b.x), Math.min(a.y, b.y), Math.abs(b.x - a.x), Math.abs(b.y - a.y));
      context.stroke();
    } else {
      context.moveTo(a.x, a.y);
      context.lineTo(b.x, b.y);
      context.stroke();
      for (const end of [a, b]) {
        context.beginPath();
        context.arc(end.x, end.y, 3.5, 0, 2 * Math.PI);
        context.fill();
      }
      context.fillText(lengthInWords(from, to, spacing), b.x + 8, b.y - 8);
    }
  }
  context.restore();
}

// viewer/picture.js
async function unpack(bytes, { width, height, depth }) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const plain = new Uint8Array(await new Response(stream).arrayBuffer());
  const count = width * height;
  if (plain.length !== count * (depth / 8)) throw new Error("The picture is not whole.");
  const values = depth === 8 ? plain : new Uint16Array(count);
  if (depth === 16) {
    for (let i = 0; i < count; i += 1) values[i] = plain[i] << 8 | plain[count + i];
  }
  for (let row = 0; row < height; row += 1) {
    for (let i = row * width + 1; i < (row + 1) * width; i += 1) values[i] += values[i - 1];
  }
  return { width, height, values, top: depth === 8 ? 255 : 65535 };
}
async function fromPreview(blob) {
  const bitmap = await createImageBitmap(blob);
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const values = new Uint8Array(width * height);
  for (let i = 0; i < values.length; i += 1) values[i] = data[4 * i];
  return { width, height, values, top: 255 };
}
function halved({ width, height, values, top }) {
  const [w, h2] = [Math.max(1, width >> 1), Math.max(1, height >> 1)];
  const half = new values.constructor(w * h2);
  for (let y = 0; y < h2; y += 1) {
    const one = Math.min(2 * y, height - 1) * width;
    const other = Math.min(2 * y + 1, height - 1) * width;
    for (let x = 0; x < w; x += 1) {
      const left = Math.min(2 * x, width - 1);
      const right = Math.min(2 * x + 1, width - 1);
      half[y * w + x] = values[one + left] + values[one + right] + values[other + left] + values[other + right] + 2 >> 2;
    }
  }
  return { width: w, height: h2, values: half, top };
}
function pyramid(picture) {
  const levels = [picture];
  while (Math.max(levels.at(-1).width, levels.at(-1).height) > 512) levels.push(halved(levels.at(-1)));
  return levels;
}
function greyTable(top, { width, level }, inverted) {
  const table = new Uint32Array(top + 1);
  const low = level - width / 2;
  for (let value = 0; value <= top; value += 1) {
    const share = Math.min(Math.max((value / top - low) / width, 0), 1);
    const grey = Math.round(255 * (inverted ? 1 - share : share));
    table[value] = 4278190080 | grey << 16 | grey << 8 | grey;
  }
  return table;
}
function drawPicture(context, levels, size, view, table, pixelRatio) {
  const { canvas } = context;
  const scale = view.scale * pixelRatio;
  const wanted = levels.findIndex((one) => one.width / size.width <= 2 * scale);
  const level = levels[wanted < 0 ? levels.length - 1 : wanted];
  const [across, down] = [level.width / size.width, level.height / size.height];
  const start = { x: -view.x / view.scale, y: -view.y / view.scale };
  const left = Math.max(0, Math.floor(start.x * across));
  const top = Math.max(0, Math.floor(start.y * down));
  const right = Math.min(level.width, Math.ceil((start.x + canvas.width / scale) * across));
  const bottom = Math.min(level.height, Math.ceil((start.y + canvas.height / scale) * down));
  const [width, height] = [right - left, bottom - top];
  if (width <= 0 || height <= 0) return;
  const part = new OffscreenCanvas(width, height);
  const greys = new Uint32Array(width * height);
  for (let y = 0; y < height; y += 1) {
    const from = (top + y) * level.width + left;
    const to = y * width;
    for (let x = 0; x < width; x += 1) greys[to + x] = table[level.values[from + x]];
  }
  const image = new ImageData(new Uint8ClampedArray(greys.buffer), width, height);
  part.getContext("2d").putImageData(image, 0, 0);
  context.imageSmoothingEnabled = scale < 6;
  context.imageSmoothingQuality = "high";
  context.drawImage(
    part,
    (left / across - start.x) * scale,
    (top / down - start.y) * scale,
    width / across * scale,
    height / down * scale
  );
}
function colouredMap({ width, height }, values, colours) {
  const canvas = new OffscreenCanvas(width, height);
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i += 1) {
    const share = values[i] / 255;
    image.data.set(colourAt(colours, share), 4 * i);
    image.data[4 * i + 3] = Math.round(255 * Math.sqrt(share));
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}
function drawMap(context, map, size, view, opacity, pixelRatio) {
  if (!map || opacity <= 0) return;
  const scale = view.scale * pixelRatio;
  context.save();
  context.globalAlpha = opacity;
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(
    map,
    view.x * pixelRatio,
    view.y * pixelRatio,
    size.width * scale,
    size.height * scale
  );
  context.restore();
}

// viewer/pull.js
var FIRST_PATIENCE = 8e3;
var MOST_TRIES = 6;
function puller(model, { key, size, got, progress, failed }) {
  const bytes = new Uint8Array(size);
  let at = 0;
  let tries = 0;
  let timer = null;
  let over = false;
  function ask() {
    clearTimeout(timer);
    if (over) return;
    if (tries >= MOST_TRIES) {
      over = true;
      failed();
      return;
    }
    model.send({ type: "picture", key, at });
    timer = setTimeout(() => {
      tries += 1;
      ask();
    }, FIRST_PATIENCE * 2 ** Math.min(tries, 2));
  }
  function piece(content, buffers) {
    if (over || content.key !== key || content.at !== at || !buffers.length) return;
    const part = bytesOf(buffers[0]);
    bytes.set(part.subarray(0, size - at), at);
    at += part.byteLength;
    tries = 0;
    progress(at / size);
    clearTimeout(timer);
    if (at >= size) {
      over = true;
      got(bytes);
      return;
    }
    ask();
  }
  ask();
  return { piece, stop: () => {
    over = true;
    clearTimeout(timer);
  } };
}

// viewer/toolbar.js
var TOOLS = [
  ["move", "Move", "Drag to move the picture (V)"],
  ["window", "Window", "Drag sideways for contrast, up and down for brightness (W)"],
  ["measure", "Measure", "Drag to measure a length (M)"],
  ["region", "Region", "Drag a box around what is to be examined on its own (R)"]
];
var KEYS = [
  ["Arrows", "move the picture, or the end of what is drawn; with Shift its start"],
  ["+ and −", "zoom; so does the wheel while the picture has the focus, or with Ctrl"],
  ["0 and 1", "the whole picture; one pixel to one"],
  ["[ and ]", "more and less contrast; with Shift darker and brighter"],
  ["I", "invert"],
  ["M", "a ruler: set its ends, Enter keeps it, Esc drops it"],
  ["R", "a region: set its corners, Enter keeps it, Enter again examines it"],
  ["V and W", "what dragging does: move, or window. The right button always windows"],
  ["Backspace", "all as it was at first"]
];
var KEYS_TO_MARK = KEYS.map(([key, words]) => ({
  "0 and 1": ["0", "the whole picture"],
  R: ["R", "a mark: set its corners, Enter keeps it"]
})[key] ?? [key, words]);
var MARK_TITLE = "Click a place, or drag a box around it (R)";
function viewerToolbar(on) {
  const tool = (words, title, onclick, properties) => h("button", { class: "fw-tool", title, onclick, ...properties }, words);
  const plain = (words, label, act) => tool(words, label, act, { "aria-label": label });
  const pressed = { "aria-pressed": "false" };
  const tools = new Map(TOOLS.map(
    ([name, words, title]) => [name, tool(words, title, () => on.choose(name), pressed)]
  ));
  const zoom = h("output", { class: "fw-zoom", "aria-label": "Zoom" });
  const invert = tool("Invert", "Invert the greys (I)", on.invert, pressed);
  const greys = h("output", { class: "fw-greys", "aria-label": "Window of greys" });
  const listed = (keys2) => h("dl", {}, ...keys2.flatMap(([key, words]) => [h("dt", {}, key), h("dd", {}, words)]));
  const [usual, toMark] = [listed(KEYS), listed(KEYS_TO_MARK)];
  const keys = h("details", { class: "fw-keys" }, h("summary", {}, "Keys"), usual, toMark);
  const bar = h(
    "div",
    { class: "fw-toolbar", role: "toolbar", "aria-label": "Picture" },
    h("span", { class: "fw-tools", role: "group", "aria-label": "What dragging does" }, ...tools.values()),
    h(
      "span",
      { class: "fw-tools", role: "group", "aria-label": "How close" },
      plain("−", "Zoom out (-)", () => on.zoomMiddle(0.8)),
      zoom,
      plain("+", "Zoom in (+)", () => on.zoomMiddle(1.25)),
      plain("Fit", "See the whole picture (0)", on.fit),
      plain("1:1", "One pixel of the picture to one of the screen (1)", on.actual)
    ),
    h(
      "span",
      { class: "fw-tools", role: "group", "aria-label": "Greys" },
      invert,
      greys,
      plain("Reset", "All as it was at first (Backspace)", on.reset)
    ),
    keys
  );
  function show({ tool: tool2, view, window: { width, level }, inverted, regions, marking }) {
    for (const [name, button] of tools) button.setAttribute("aria-pressed", String(name === tool2));
    const region = tools.get("region");
    region.hidden = !regions;
    [region.textContent, region.title] = marking ? ["Mark", MARK_TITLE] : TOOLS.at(-1).slice(1);
    usual.hidden = marking;
    toMark.hidden = !marking;
    invert.setAttribute("aria-pressed", String(inverted));
    zoom.textContent = `${Math.round(100 * view.scale)} %`;
    greys.textContent = `W ${Math.round(100 * width)}  L ${Math.round(100 * level)}`;
    greys.title = "Window and level, in percent of the range of greys";
  }
  return { bar, show };
}
function markList(on) {
  const list = h("ul", { class: "fw-marks", "aria-label": "Drawn on the picture", hidden: true });
  function show({ rulers, region }, { spacing, size }) {
    const items = rulers.map(({ id, from, to }) => h(
      "li",
      {},
      h("span", {}, `Ruler ${id}: ${lengthInWords(from, to, spacing)}`),
      linkButton("Remove", () => on.removeRuler(id), { "aria-label": `Remove ruler ${id}` })
    ));
    if (region) {
      const [x0, y0, x1, y1] = boxBetween(region.from, region.to, size);
      const [across, down] = [(x1 - x0) * size.width, (y1 - y0) * size.height].map(Math.round);
      items.push(h(
        "li",
        {},
        h("span", {}, `Region of ${across} × ${down} pixels`),
        h("button", { class: "fw-tool fw-examine-region", onclick: on.examineRegion }, "Examine region"),
        linkButton("Remove", on.clearRegion, { "aria-label": "Remove the region" })
      ));
    }
    if (items.length > 1) {
      items.push(h("li", {}, linkButton("Clear all", on.clearMarks)));
    }
    list.replaceChildren(...items);
    list.hidden = !items.length;
  }
  return { list, show };
}
function mapControls(on) {
  const group = `fw-map-${Math.random()}`;
  const choice = h("fieldset", { class: "fw-choice" }, h("legend", {}, "Map"));
  const slider = h("input", {
    type: "range",
    min: "0",
    max: "100",
    step: "5",
    "aria-label": "Opacity of the map",
    oninput: () => on.fade(Number(slider.value) / 100),
    onchange: () => on.faded(Number(slider.value) / 100)
  });
  const amount = h("output", { class: "fw-amount" });
  const colours = h(
    "select",
    { "aria-label": "Colours of the map", onchange: () => on.colour(colours.value) },
    ...Object.keys(COLOURS).map((name) => h("option", { value: name }, name))
  );
  const beside = h("input", { type: "checkbox", onchange: () => on.split(beside.checked) });
  const explanation = h("p", { class: "fw-explanation" });
  const box = h(
    "div",
    { class: "fw-controls" },
    choice,
    h("label", { class: "fw-fade" }, h("span", {}, "Opacity"), slider, amount),
    h("label", { class: "fw-colours" }, h("span", {}, "Colours"), colours),
    h("label", { class: "fw-beside" }, beside, h("span", {}, "Side by side"))
  );
  function list(layers, chosen) {
    choice.replaceChildren(choice.firstChild, ...layers.map(({ name }, index) => h(
      "label",
      {},
      h("input", {
        type: "radio",
        name: group,
        checked: index === chosen,
        onchange: () => on.layer(index)
      }),
      h("span", {}, name)
    )));
    box.hidden = explanation.hidden = !layers.length;
  }
  function show({ layer, opacity }) {
    slider.value = Math.round(100 * opacity);
    amount.textContent = `${slider.value} %`;
    slider.setAttribute("aria-valuetext", `${slider.value} percent`);
    explanation.textContent = layer?.explanation ?? "";
  }
  return { nodes: [box, explanation], list, show };
}

// viewer/viewer.js
var FULL_WINDOW = { width: 1, level: 0.5 };
var CLICK = 4;
var SAY_AFTER = 700;
function render({ model, el }) {
  const drawn = marks();
  const look = {
    tool: "move",
    view: { scale: 1, x: 0, y: 0 },
    window: FULL_WINDOW,
    inverted: false,
    split: false,
    colours: "Inferno",
    layer: 0,
    regions: false,
    marking: false
  };
  let shown = { layers: [], key: null };
  let size = { width: 1, height: 1 };
  let pane = { width: 1, height: 1 };
  let levels = null;
  let maps = [];
  let pull = null;
  let opacity = model.get("opacity");
  let table = null;
  let framed = 0;
  let resting = null;
  const act = {
    tool: () => look.tool,
    choose: (tool) => {
      look.tool = tool;
      changed();
    },
    pan: (dx, dy) => moved(panned(look.view, dx, dy, size, pane)),
    zoom: (point, factor) => moved(zoomedAt(look.view, point, factor, size, pane)),
    zoomMiddle: (factor) => act.zoom({ x: pane.width / 2, y: pane.height / 2 }, factor),
    fit: () => moved(fitView(size, pane)),
    actual: () => act.zoomMiddle(1 / window.devicePixelRatio / look.view.scale),
    toggleFit: (point) => {
      const fitted = fitView(size, pane);
      if (look.view.scale > 1.01 * fitted.scale) moved(fitted);
      else act.zoom(point, Math.max(2, 1 / look.view.scale));
    },
    window: (dx, dy) => {
      const { width, level } = look.window;
      look.window = { width: between(width + dx / 250, 0.02, 2), level: between(level - dy / 400, 0, 1) };
      table = null;
      changed();
    },
    invert: () => {
      look.inverted = !look.inverted;
      table = null;
      changed();
    },
    reset: () => {
      startView();
      drawn.clear();
      changed();
    },
    beginMark: (point) => {
      drawn.begin(look.tool, inside(point));
      changed();
    },
    moveMark: (point) => {
      drawn.move("to", inside(point));
      changed();
    },
    keepMark: () => {
      if (shown.marking && drawn.draft?.kind === "region") act.sendPlace(drawn.draft);
      else drawn.keep();
      changed();
    },
    sendPlace: ({ from, to }) => {
      drawn.drop();
      const click = look.view.scale * distance(from, to, null) < CLICK;
      model.send({ type: "place", key: shown.key, box: boxBetween(from, click ? from : to, size) });
    },
    cancelDrag: () => {
      if (drawn.drop()) changed();
    },
    markByKeys: (kind) => {
      if (kind === "region" && !look.regions) return false;
      look.tool = kind;
      const part = (share) => inside({ x: share * pane.width, y: share * pane.height });
      drawn.begin(kind, part(0.4), part(0.6));
      changed();
      return true;
    },
    arrow: ({ x, y }, shift) => {
      if (!drawn.draft) {
        act.pan(-40 * x, -40 * y);
        return;
      }
      const end = shift ? "from" : "to";
      const at = toPane(look.view, drawn.draft[end]);
      drawn.move(end, inside({ x: at.x + 8 * x, y: at.y + 8 * y }));
      changed();
    },
    confirm: () => {
      if (drawn.draft) act.keepMark();
      else if (drawn.region) act.examineRegion();
      else return false;
      return true;
    },
    dismiss: () => {
      if (drawn.drop()) changed();
      else if (drawn.region) act.clearRegion();
      else return false;
      return true;
    },
    removeRuler: (id) => {
      drawn.remove(id);
      changed();
      panes[0].pane.focus();
    },
    clearRegion: () => {
      drawn.clearRegion();
      changed();
      panes[0].pane.focus();
    },
    clearMarks: () => {
      drawn.clear();
      changed();
      panes[0].pane.focus();
    },
    examineRegion: () => {
      const { from, to } = drawn.region;
      model.send({ type: "region", key: shown.key, box: boxBetween(from, to, size) });
    },
    picture: (wanted) => model.send({ type: "choose", key: shown.key, ...wanted }),
    fade: (value) => {
      opacity = value;
      changed();
    },
    faded: (value) => {
      model.set("opacity", value);
      model.save_changes();
    },
    colour: (name) => {
      look.colours = name;
      colourMaps();
      changed();
    },
    layer: (index) => {
      look.layer = index;
      changed();
    },
    split: (on) => {
      look.split = on;
      panes[1].pane.hidden = !on;
      changed();
    },
    settled: () => {
      clearTimeout(resting);
      resting = setTimeout(() => {
        spoken.textContent = inWords();
      }, SAY_AFTER);
    }
  };
  const help = `fw-view-${Math.random()}`;
  const onePane = (name) => {
    const canvas = h("canvas", { role: "img" });
    const node = h("div", {
      class: "fw-pane",
      tabindex: "0",
      role: "group",
      "aria-label": name,
      "aria-describedby": help
    }, canvas);
    listenToPointers(node, act);
    listenToKeys(node, act);
    return { pane: node, canvas };
  };
  const panes = [onePane("Radiograph"), onePane("Radiograph with the map")];
  panes[1].pane.hidden = true;
  const toolbar = viewerToolbar(act);
  const choices = pictureChoices(act);
  const listed = markList(act);
  const mapped = mapControls(act);
  const frame = h("div", { class: "fw-panes", hidden: true }, ...panes.map((one) => one.pane));
  const empty = h("div", { class: "fw-empty" });
  const caption = h("figcaption", {});
  const note = h("p", { class: "fw-view-note", role: "status" });
  const spoken = h("p", { class: "fw-visually-hidden", role: "status" });
  el.classList.add("fw-viewer");
  el.append(
    h("figure", {}, h("div", { class: "fw-stage" }, frame, empty), caption),
    h("p", { class: "fw-visually-hidden", id: help }, "Arrows move, plus and minus zoom, zero fits, brackets change the contrast, I inverts, M measures; more under Keys."),
    choices.bar,
    toolbar.bar,
    listed.list,
    note,
    ...mapped.nodes,
    spoken
  );
  const inside = (point) => {
    const { x, y } = toPicture(look.view, point);
    return { x: between(x, 0, size.width), y: between(y, 0, size.height) };
  };
  const inWords = () => {
    const { width, level } = look.window;
    const last = drawn.draft ?? drawn.rulers.at(-1);
    const length = last && last.kind !== "region" ? `, length ${lengthInWords(last.from, last.to, shown.spacing)}` : "";
    return `Zoom ${Math.round(100 * look.view.scale)} percent, window ${Math.round(100 * width)}, level ${Math.round(100 * level)}${look.inverted ? ", inverted" : ""}${length}`;
  };
  function moved(view) {
    look.view = view;
    changed();
  }
  function changed() {
    if (!framed) framed = requestAnimationFrame(draw);
  }
  function draw() {
    framed = 0;
    toolbar.show(look);
    listed.show(drawn, { spacing: shown.spacing, size });
    const layer = shown.layers[look.layer];
    mapped.show({ layer, opacity });
    const whole2 = look.tool === "move" && look.view.scale <= 1.01 * fitView(size, pane).scale;
    frame.dataset.whole = String(whole2);
    frame.dataset.zoom = String(look.view.scale);
    if (!levels) return;
    const began = performance.now();
    table ??= greyTable(levels[0].top, look.window, look.inverted);
    const ratio = window.devicePixelRatio;
    panes.forEach(({ pane: node, canvas }, index) => {
      if (node.hidden) return;
      const context = canvas.getContext("2d");
      context.clearRect(0, 0, canvas.width, canvas.height);
      drawPicture(context, levels, size, look.view, table, ratio);
      const covered = !look.split || index === 1;
      if (covered) drawMap(context, maps[look.layer], size, look.view, opacity, ratio);
      drawBoxes(context, shown.boxes ?? [], size, look.view, ratio);
      drawMarks(context, drawn.all, look.view, shown.spacing, ratio);
      const alt = covered && layer ? `${shown.alt}. ${layer.alt}` : shown.alt;
      canvas.setAttribute("aria-label", alt);
    });
    frame.dataset.drawn = (performance.now() - began).toFixed(2);
  }
  function startView() {
    Object.assign(look, { view: fitView(size, pane), window: FULL_WINDOW, inverted: false });
    table = null;
  }
  function colourMaps() {
    maps = shown.layers.map((layer) => colouredMap(layer, layer.values, COLOURS[look.colours]));
  }
  function bringIntoView() {
    const { top, bottom } = el.getBoundingClientRect();
    if (bottom < 80 || top > window.innerHeight - 80) el.scrollIntoView({ block: "start" });
  }
  function show(content, buffers) {
    const fresh = content.key !== shown.key;
    shown = {
      ...content,
      layers: content.layers.map((layer, index) => ({ ...layer, values: bytesOf(buffers[index + 1]) }))
    };
    frame.hidden = toolbar.bar.hidden = !buffers.length;
    empty.hidden = Boolean(buffers.length);
    empty.replaceChildren(h("strong", {}, content.empty.title), h("span", {}, content.empty.advice));
    caption.textContent = content.caption;
    choices.show(content.choices);
    look.regions = Boolean(content.regions);
    look.marking = Boolean(content.marking);
    if (look.tool === "region" && (fresh || !look.regions)) look.tool = "move";
    look.layer = Math.min(look.layer, Math.max(0, content.layers.length - 1));
    mapped.list(content.layers, look.layer);
    colourMaps();
    if (fresh) {
      pull?.stop();
      pull = null;
      levels = null;
      drawn.clear();
      note.textContent = "";
      delete frame.dataset.full;
      if (buffers.length) begin(content, bytesOf(buffers[0]));
    }
    changed();
  }
  async function begin({ key, width, height }, preview) {
    size = { width, height };
    measurePane();
    startView();
    bringIntoView();
    const picture = await fromPreview(new Blob([preview]));
    if (shown.key !== key || levels) return;
    levels = pyramid(picture);
    table = null;
    changed();
  }
  function whole({ key, bytes, width, height, depth }) {
    if (key !== shown.key || pull) return;
    pull = puller(model, {
      key,
      size: bytes,
      progress: (part) => {
        note.textContent = part < 1 && bytes > 1e6 ? `Fetching the picture in full: ${Math.floor(100 * part)} %` : "";
      },
      failed: () => {
        note.textContent = "The picture is shown as a preview: in full it could not be fetched.";
      },
      got: async (packed) => {
        const picture = await unpack(packed, { width, height, depth });
        if (shown.key !== key) return;
        levels = pyramid(picture);
        table = null;
        frame.dataset.full = key;
        changed();
      }
    });
  }
  function measurePane() {
    const { clientWidth, clientHeight } = panes[0].pane;
    const after = { width: Math.max(1, clientWidth), height: Math.max(1, clientHeight) };
    if (levels) look.view = resized(look.view, size, pane, after);
    pane = after;
    for (const { canvas } of panes) {
      canvas.width = Math.round(pane.width * window.devicePixelRatio);
      canvas.height = Math.round(pane.height * window.devicePixelRatio);
    }
    changed();
  }
  const watcher = new ResizeObserver(measurePane);
  watcher.observe(panes[0].pane);
  el.addEventListener("fw-tool", ({ detail }) => {
    act.choose(detail);
    panes[0].pane.focus();
  });
  const readOpacity = () => {
    opacity = model.get("opacity");
    changed();
  };
  model.on("change:opacity", readOpacity);
  const keepKeysOf = ({ target }) => target.setAttribute("data-lm-suppress-shortcuts", "true");
  keepKeys(el, (page) => page.addEventListener("focusin", keepKeysOf));
  const stop = listen(model, {
    show,
    whole,
    boxes: ({ key, boxes }) => {
      if (key === shown.key) {
        shown.boxes = boxes;
        changed();
      }
    },
    piece: (content, buffers) => pull?.piece(content, buffers),
    refused: ({ text }) => {
      note.textContent = text;
    }
  });
  return () => {
    stop();
    model.off("change:opacity", readOpacity);
    watcher.disconnect();
    pull?.stop();
    clearTimeout(resting);
    cancelAnimationFrame(framed);
  };
}
var viewer_default = { render };
export {
  viewer_default as default
};
