// Figures as pictures, each with words for who cannot see it.

import { h, listen, pictureUrls } from "../base/dom.js";

function render({ model, el }) {
  const list = h("div", { class: "fw-figures" });
  el.append(list);
  let pictures = { release() {} };

  function show({ figures }, buffers) {
    pictures.release();
    pictures = pictureUrls(buffers, "image/png");
    list.replaceChildren(...figures.map(({ alt }, i) => h("img", { src: pictures.urls[i], alt })));
  }

  const stop = listen(model, { show });
  return () => { stop(); pictures.release(); };
}

export default { render };
