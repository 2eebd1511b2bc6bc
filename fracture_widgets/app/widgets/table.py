"""Rows in the page, of which only what changes is sent; what is done with them comes back.

The page keeps the rows it was sent, by their ``key``. A message ``change`` brings those that are
new or changed, the keys of those that are ``gone``, and the ``order`` where it is another one; it
has a number, so that a page that missed one asks for all rows anew.

A page asks for a thumbnail when it comes into sight. Jupyter's server drops what a kernel sends
above about 1 MB a second, and a hundred thumbnails are half of that: they are never sent unasked,
and made off the event loop.
"""

from __future__ import annotations

import io
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import traitlets

from fracture_widgets.app.widgets.background import BackgroundTask
from fracture_widgets.app.widgets.live import Handler, LiveWidget, script
from fracture_widgets.base.language import begun, gettext, marked
from fracture_widgets.figures.annotations import draw_outlines
from fracture_widgets.figures.overlay import grey_jpeg, grey_picture
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.report import Report
from fracture_widgets.models.verdict_words import annotations_of

MakeThumbnail = Callable[[], bytes]
"""Returns a JPEG; called off the event loop, at most once for each time it is asked for."""

_THUMBNAIL_SIDE = 160
_THUMBNAIL_QUALITY = 82
_MOST_REQUESTED = 1024

Source = TypeVar("Source")
Made = TypeVar("Made")


def made_once(make: Callable[[Source], Made]) -> Callable[[Source], Made]:
    """Have what is made of a thing kept as long as the thing is."""
    kept: WeakKeyDictionary[Source, Made] = WeakKeyDictionary()

    def known(source: Source) -> Made:
        if source not in kept:
            kept[source] = make(source)
        return kept[source]

    return known


@made_once
def thumbnail(radiograph: Radiograph) -> bytes:
    """Return a JPEG of a radiograph, its longer side at most 160 pixels."""
    return grey_jpeg(radiograph, _THUMBNAIL_SIDE, quality=_THUMBNAIL_QUALITY)


@made_once
def marked_thumbnail(report: Report) -> bytes:
    """Return the thumbnail of an answered radiograph, with the outlines of what was found."""
    picture = grey_picture(report.radiograph, _THUMBNAIL_SIDE).convert("RGB")
    found = [each for each in annotations_of(report.answer) if not each.is_joint]
    draw_outlines(picture, found, 1.0)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=_THUMBNAIL_QUALITY)
    return file.getvalue()


def options(anything: str, values: Iterable[str]) -> list[list[str]]:
    """Return what a filter offers, pairs of a value and its words; the first asks nothing."""
    return [["", anything], *([str(value), begun(gettext(value))] for value in values)]


class Table(LiveWidget):
    """Rows with thumbnails; ``handlers`` take the page's messages by their type.

    Its ``kind`` is that of a table in ``front/src/table``: history, pictures, records or worklist.
    """

    _esm = script("table")

    kind = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        kind: str,
        handlers: Mapping[str, Handler],
        *,
        executor: Executor | None = None,
        **traits: Any,
    ) -> None:
        handlers = {"thumbnails": self._request_thumbnails, **handlers}
        super().__init__(handlers, kind=kind, **traits)
        self._version = 0
        self._places: dict[Any, int] = {}
        self._lock = threading.RLock()  # the page's messages may come from another thread
        self._thumbnails: Mapping[str, MakeThumbnail] = {}
        self._requested: deque[str] = deque(maxlen=_MOST_REQUESTED)
        self._drawing = BackgroundTask(executor)
        self._drawing.on_end(self._draw_thumbnails)

    def fill(
        self,
        rows: Sequence[Mapping[str, Any]],
        thumbnails: Mapping[str, MakeThumbnail] | None = None,
        *,
        order: Iterable[Any] | None = None,
        **more: Any,
    ) -> None:
        """Show these rows, all of them or those of an order, and more beside them."""
        with self._lock:
            before = {row["key"]: row for row in self.content.get("rows", ())}
            content = {
                "rows": list(rows),
                "order": [row["key"] for row in rows] if order is None else list(order),
                **more,
            }
            self._thumbnails = thumbnails or {}
            if content == self.content:
                return
            self._places = {row["key"]: place for place, row in enumerate(rows)}
            gone = [key for key in before if key not in self._places]
            change = more | {"rows": [row for row in rows if row != before.get(row["key"])]}
            if gone:
                change["gone"] = gone
            if content["order"] != self.content.get("order"):
                change["order"] = content["order"]
            self.content = content
            self._send_change(change)

    def update(self, row: Mapping[str, Any]) -> None:
        """Show what became of one row that is there."""
        with self._lock:
            place = self._places.get(row["key"])
            if place is not None and self.content["rows"][place] != row:
                self.content["rows"][place] = row
                self._send_change({"rows": [row]})

    def __contains__(self, key: object) -> bool:
        return isinstance(key, int | str) and key in self._places

    def _send_change(self, change: Mapping[str, Any]) -> None:
        self._version += 1
        self.send({"type": "change", "version": self._version, **change})

    def _send_content(self) -> None:
        with self._lock:
            self.send({"type": "show", "version": self._version, **self.content})

    def _request_thumbnails(self, content: Mapping[str, Any]) -> None:
        """Have these made and sent, the last requested first."""
        self._requested.extend(str(name) for name in reversed(content["names"]))
        self._draw_thumbnails()

    def _draw_thumbnails(self) -> None:
        with self._lock:
            if self._requested and not self._drawing.running:
                self._drawing.start(self._drawn, self._send_thumbnail)

    def _drawn(self) -> Iterator[tuple[str, bytes]]:
        while self._requested:
            name = self._requested.pop()
            make = self._thumbnails.get(name)
            try:
                yield name, make() if make is not None else b""
            except Exception:  # noqa: BLE001 - a row without its picture is still a row
                yield name, b""

    def _send_thumbnail(self, drawn: tuple[str, bytes]) -> None:
        name, jpeg = drawn
        self.send({"type": "thumbnail", "name": name}, [jpeg])


DELETE = ("delete", marked("Delete"))
"""An action that the page asks about once more."""


@dataclass(frozen=True)
class Record:
    """A row of a table of records: its cells, and the actions that it has."""

    id: int | str
    name: str
    cells: Sequence[str]
    actions: Sequence[tuple[str, str]]
    tone: str = ""
    shown: bool = False

    def row(self, **more: Any) -> dict[str, Any]:
        """Return what the page needs of it."""
        actions = [[kind, gettext(words)] for kind, words in self.actions]
        return {"key": self.id, **asdict(self), "actions": actions, **more}


class RecordTable(Table):
    """Shows records and takes what is pressed in their rows."""

    def __init__(self, pressed: Callable[[str, Any], object], **words: Any) -> None:
        """Take ``caption``, ``columns``, what an ``empty`` table says, and the ``question``."""
        super().__init__("records", {})
        self._pressed = pressed
        self._words = words
        self._records: dict[Any, Record] = {}

    def list_records(self, records: Sequence[Record]) -> None:
        """Show these records."""
        self._records = {record.id: record for record in records}
        self.fill([record.row() for record in records], **self._words)

    def receive(self, content: Mapping[str, Any], buffers: Sequence[memoryview] = ()) -> None:
        """Take a click, if it is on an action that the row has."""
        super().receive(content, buffers)
        kind, number = content.get("type"), content.get("id")
        record = self._records.get(number) if isinstance(number, int | str) else None
        if record is not None and kind in dict(record.actions):
            self._pressed(str(kind), record.id)


@dataclass(frozen=True)
class Picture:
    """A picture of a list and what stands beside it."""

    key: int
    title: str
    note: str
    alt: str
    thumbnail: MakeThumbnail | None = None
    drawn: str = ""
    """What the thumbnail has besides the picture; another one is fetched where it changes."""
    chosen: bool | None = None
    removable: bool = False
    tag: str = ""
    tone: str = "normal"
    group: str = ""
    """What stands over the first of those that belong together."""
    grouped: bool = False

    def row(self) -> dict[str, Any]:
        """Return what the page needs of it."""
        return vars(self) | {"thumbnail": self.thumbnail_name}

    @property
    def thumbnail_name(self) -> str:
        """What the page calls its thumbnail."""
        return "" if self.thumbnail is None else f"{self.key}{self.drawn}"


class PictureList(Table):
    """A list of pictures with names, each a button that chooses it; some can be removed."""

    label = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        choose: Callable[[int], object],
        remove: Callable[[int], object] = lambda _: None,
        *,
        label: str,
        executor: Executor | None = None,
    ) -> None:
        handlers = {"choose": self._of_known(choose), "remove": self._of_known(remove)}
        super().__init__("pictures", handlers, executor=executor, label=label)

    def _of_known(self, call: Callable[[int], object]) -> Handler:
        return lambda content: call(content["key"]) if content.get("key") in self else None

    def list_pictures(self, pictures: Sequence[Picture]) -> None:
        """Show these pictures."""
        self.fill(
            [picture.row() for picture in pictures],
            {x.thumbnail_name: x.thumbnail for x in pictures if x.thumbnail is not None},
        )

    def update_picture(self, picture: Picture) -> None:
        """Show what became of one picture."""
        if picture.thumbnail is not None:
            self._thumbnails = {**self._thumbnails, picture.thumbnail_name: picture.thumbnail}
        self.update(picture.row())
