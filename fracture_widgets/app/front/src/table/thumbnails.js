// Thumbnails, each asked for once, when the row it belongs to comes into sight.

import { beforeLeaving } from "../base/dom.js";

const AT_ONCE = 16;
const PAUSE = 100; // milliseconds: Jupyter's server drops what comes faster than about 1 MB/s
const PATIENCE = 15_000; // then it was lost on the way
const LEAVING = 3_000; // after which a page that was to be left is still there, and asks on

export function thumbnails(model) {
  const urls = new Map(); // by name; "" where there is none
  const inSight = new Map(); // pictures that wait, by name
  const requested = new Map(); // when, by name
  let timer = null;
  const observer = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) {
      if (isIntersecting) want(target);
      else inSight.get(target.dataset.name)?.delete(target);
    }
    schedule(0);
  }, { rootMargin: "300px", scrollMargin: "300px" });

  function want(picture) {
    const { name } = picture.dataset;
    if (!inSight.has(name)) inSight.set(name, new Set());
    inSight.get(name).add(picture);
  }

  function schedule(pause) {
    timer ??= setTimeout(() => { timer = null; ask(); }, pause);
  }

  function ask() {
    const now = Date.now();
    for (const [name, when] of requested) if (now - when > PATIENCE) requested.delete(name);
    const names = [];
    for (const [name, pictures] of inSight) {
      if (requested.size >= AT_ONCE) break;
      if (!pictures.size) inSight.delete(name);
      else if (!requested.has(name)) { requested.set(name, now); names.push(name); }
    }
    if (names.length) model.send({ type: "thumbnails", names });
    if (requested.size) schedule(names.length ? PAUSE : PATIENCE / 15);
  }

  // A page that is being left has no kernel to ask.
  const stay = beforeLeaving(() => {
    clearTimeout(timer);
    timer = setTimeout(() => { timer = null; ask(); }, LEAVING);
  });

  function came({ name }, [buffer]) {
    requested.delete(name);
    if (!urls.has(name)) {
      const empty = !buffer?.byteLength;
      urls.set(name, empty ? "" : URL.createObjectURL(new Blob([buffer], { type: "image/jpeg" })));
    }
    for (const picture of inSight.get(name) ?? []) put(picture, urls.get(name));
    inSight.delete(name);
    schedule(PAUSE);
  }

  function put(picture, url) {
    observer.unobserve(picture);
    if (url) picture.src = url;
  }

  return {
    handlers: { thumbnail: came },
    // Gives a picture its thumbnail, now or as soon as it is in sight.
    give(picture, name) {
      if (picture.dataset.name === name) return;
      observer.unobserve(picture);
      inSight.get(picture.dataset.name)?.delete(picture);
      picture.removeAttribute("src");
      picture.dataset.name = name;
      if (urls.has(name)) put(picture, urls.get(name));
      else if (name) observer.observe(picture);
    },
    keep(names) {
      for (const [name, url] of urls) {
        if (!names.has(name)) { URL.revokeObjectURL(url); urls.delete(name); }
      }
    },
    release() {
      observer.disconnect();
      stay();
      clearTimeout(timer);
      for (const url of urls.values()) URL.revokeObjectURL(url);
    },
  };
}
