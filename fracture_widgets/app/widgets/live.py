"""Widgets whose content is sent to the page and kept nowhere else.

The state of a widget is saved into a notebook when its author saves it with widget state. A
radiograph must never get there, so these widgets hold no pixels in traits: they send content as
messages, and send it again to a page that opens later.

A page asks the kernel for the state of all widgets and then makes its own copies of them; what
changes in between is lost to it. So a view says when it is ready, and all is sent again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as widgets

from fracture_widgets.base.language import words_in

Handler = Callable[[Mapping[str, Any]], object]
"""Takes what was done in the page: a message with its ``type`` and what belongs to it."""

_FRONT = Path(__file__).parents[1] / "front"


def script(name: str) -> str:
    """Return the bundle of a widget's modules, ``front/dist/<name>.js``."""
    return (_FRONT / "dist" / f"{name}.js").read_text("utf-8")


def _with_words(module: str) -> str:
    """Return a bundle after the words of the catalogue that stand in it."""
    words = words_in(module)
    given = json.dumps(words, ensure_ascii=False)
    return f"Object.assign(globalThis.fwWords ??= {{}}, {given});\n{module}" if words else module


def style(*names: str) -> str:
    """Return the style sheets ``front/styles/<name>.css``, one after the other."""
    return "".join((_FRONT / "styles" / f"{name}.css").read_text("utf-8") for name in names)


def named(widget: widgets.DOMWidget, *names: str) -> Any:
    """Give a widget these classes of the style sheets, and return it."""
    for name in names:
        widget.add_class(name)
    return widget


def set_shown(widget: widgets.DOMWidget, shown: bool) -> None:
    """Show a widget, or take it out of the page."""
    widget.layout.display = None if shown else "none"


def descendants(widget: widgets.DOMWidget) -> Iterator[widgets.DOMWidget]:
    """Yield every widget in a box, and in the boxes in it; nothing if it is none."""
    for child in widget.children if isinstance(widget, widgets.Box) else ():
        yield child
        yield from descendants(child)


def resend(widget: widgets.DOMWidget) -> None:
    """Send a widget's own traits, and whether it is shown, to the page once more."""
    made_of = ("children", "layout", "style")
    widget.send_state(
        [key for key in widget.keys if key not in made_of and not key.startswith("_")]
    )
    widget.layout.send_state("display")


class LiveWidget(anywidget.AnyWidget):
    """Base of the widgets that show radiographs or what came of them.

    ``handlers`` take the page's messages by their ``type``.
    """

    _esm = "export default { render() {} }"

    def __init__(self, handlers: Mapping[str, Handler] | None = None, **traits: Any) -> None:
        super().__init__(_esm=_with_words(str(self._esm)), **traits)
        self.content: dict[str, Any] = {}
        self._pictures: tuple[bytes, ...] = ()
        self._handlers = dict(handlers or {})
        self.on_msg(lambda _, content, buffers: self.receive(content, buffers))

    def show(self, content: Mapping[str, Any], pictures: Sequence[bytes] = ()) -> None:
        """Replace what the page shows."""
        self.content = dict(content)
        self._pictures = tuple(pictures)
        self._send_content()

    def receive(self, content: Mapping[str, Any], buffers: Sequence[memoryview] = ()) -> None:
        """Take a message from the page."""
        if content.get("type") == "ready":
            resend(self)
            if self.content:
                self._send_content()
        handler = self._handlers.get(str(content.get("type")))
        if handler is not None:
            handler(content)

    def _send_content(self) -> None:
        self.send({"type": "show", **self.content}, list(self._pictures))
