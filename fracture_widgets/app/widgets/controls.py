"""The small parts that every page is made of: a status line, a form, figures, a download button."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as widgets
import traitlets

from fracture_widgets.app.widgets.live import LiveWidget, named, script
from fracture_widgets.base.files import portable_name
from fracture_widgets.base.language import told
from fracture_widgets.base.tables import ENCODING
from fracture_widgets.records.formats import ReportFile


class StatusLine(LiveWidget):
    """A line of text, read out by screen readers when it changes, with a progress bar."""

    _esm = script("status")

    text = traitlets.Unicode().tag(sync=True)
    tone = traitlets.Enum(("quiet", "good", "problem"), "quiet").tag(sync=True)
    busy = traitlets.Bool(False).tag(sync=True)
    progress = traitlets.Float(None, allow_none=True).tag(sync=True)

    def say(self, text: str, tone: str = "quiet") -> None:
        """Show a text in a tone."""
        self.tone, self.text = tone, told(text)

    def reveal(self, what: str) -> None:
        """Have the page scroll to the first element of this selector, unless it is in sight."""
        self.send({"type": "reveal", "what": what})


class TabTitles(LiveWidget):
    """The titles of tabs, pairs of title and key; ``value`` is the key of the one shown."""

    _esm = script("tabs")

    options: traitlets.List[Any] = traitlets.List().tag(sync=True)
    value = traitlets.Unicode().tag(sync=True)

    def __init__(self, options: Sequence[tuple[str, str]]) -> None:
        super().__init__(options=list(options), value=options[0][1] if options else "")


class Form(LiveWidget):
    """Settings with their explanations; ``changed`` is given the name and value of a field.

    What was sent for a field has to be of its ``kind``, and within what bounds it: ``min``, ``max``
    and ``step`` of a number, ``options`` of a select, ``longest`` of a text.
    """

    _esm = script("form")

    def __init__(self, changed: Callable[[str, Any], object]) -> None:
        self._changed = changed
        super().__init__({"set": lambda sent: self.change(sent.get("name"), sent.get("value"))})

    def fill(self, title: str, fields: Sequence[Mapping[str, Any]], *, folded: bool) -> None:
        """Show these fields below a title."""
        told_fields = [
            field
            | {"label": told(field["label"]), "hint": told(field.get("hint", ""))}
            | ({"options": [[key, told(words)] for key, words in field["options"]]}
               if "options" in field else {})
            for field in map(dict, fields)
        ]  # fmt: skip
        self.show({"title": title, "folded": folded, "fields": told_fields})

    def change(self, name: object, value: object) -> None:
        """Take what was chosen or typed in the page; what makes no sense is put back."""
        for field in self.content["fields"]:
            if field["name"] == name and not field["disabled"]:
                kept = _within(field, value)
                if kept is not None:
                    self._changed(field["name"], kept)
        self._send_content()


def _within(field: Mapping[str, Any], value: Any) -> Any:
    """Return a value as a field may have it; None where it can have none like it."""
    kind = field["kind"]
    if kind == "select":
        return value if value in [key for key, _ in field["options"]] else None
    if kind == "text":
        return value[: field["longest"]] if isinstance(value, str) else None
    if isinstance(value, bool) or kind == "check":
        return value if isinstance(value, bool) and kind == "check" else None
    if not isinstance(value, int | float) or math.isnan(value):  # as of an empty field
        return None
    kept = min(max(float(value), field["min"]), field["max"])
    return round(kept) if field["step"] == "1" else kept


class Figures(LiveWidget):
    """Pictures with words for who cannot see them."""

    _esm = script("figures")

    def draw(self, figures: Sequence[tuple[str, bytes]]) -> None:
        """Show figures, each its words and a PNG."""
        self.show({"figures": [{"alt": alt} for alt, _ in figures]}, [png for _, png in figures])


class DownloadButton(LiveWidget):
    """A button; a click asks ``provide`` for a file and gives it to the browser.

    Voilà serves no files of ours, so the bytes travel as a message, and no widget state holds them.
    """

    _esm = script("download")

    label = traitlets.Unicode().tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)
    choices: traitlets.List[Any] = traitlets.List().tag(sync=True)
    choice = traitlets.Unicode().tag(sync=True)

    def __init__(self, provide: Callable[[], ReportFile | None], **traits: Any) -> None:
        super().__init__({"wanted": self._give}, **traits)
        self._provide = provide

    def _give(self, _: Mapping[str, Any]) -> None:
        file = None if self.disabled else self._provide()
        if file is not None:
            name = portable_name(file.name)
            self.send({"type": "file", "name": name, "mime": file.mime}, [file.content])


def button(
    words: str, press: Callable[[], object], tooltip: str = "", *, kind: str = "fw-secondary"
) -> widgets.Button:
    """Return a button of a kind of the style sheets."""
    made = named(widgets.Button(description=words, tooltip=tooltip), kind)
    made.on_click(lambda _: press())
    return made


def dropdown(words: str, **traits: Any) -> Any:
    """Return a field to choose in, with these words beside it."""
    return named(widgets.Dropdown(description=words, **traits), "fw-field")


def setting(words: str, **traits: Any) -> Any:
    """Return a box to tick, with these words beside it."""
    return named(widgets.Checkbox(description=words, indent=False, **traits), "fw-setting")


def csv_download(name: str, text: str) -> ReportFile:
    """Return a table for the browser; the mark at its beginning tells Excel that it is UTF-8."""
    return ReportFile(name, "text/csv", text.encode(ENCODING))
