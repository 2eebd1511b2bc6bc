"""Small pictures for a page that asks for each when it comes into sight.

Jupyter's server drops what a kernel sends above about 1 MB a second, and a hundred thumbnails are
half of that: they are never sent unasked, and made off the event loop.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from weakref import WeakKeyDictionary

from fracture_widgets.app.widgets.background import BackgroundTask
from fracture_widgets.figures.overlay import grey_jpeg
from fracture_widgets.imaging.radiograph import Radiograph

__all__ = ["MakeThumbnail", "Thumbnails", "thumbnail"]

_SIDE = 160
_QUALITY = 82
_MOST_ASKED = 1024

MakeThumbnail = Callable[[], bytes]
"""Returns a JPEG; called off the event loop, at most once for each time it is asked for."""


class Thumbnails:
    """Makes the thumbnails that a page asks for, the last asked for first."""

    def __init__(
        self, send: Callable[[str, bytes], None], executor: Executor | None = None
    ) -> None:
        self._send = send
        self._offered: Mapping[str, MakeThumbnail] = {}
        self._asked: deque[str] = deque(maxlen=_MOST_ASKED)
        self._starting = threading.RLock()  # starting tells of itself
        self._making = BackgroundTask(executor)
        self._making.observe(self._make, "state")

    def offer(self, offered: Mapping[str, MakeThumbnail]) -> None:
        """Replace what can be asked for, by name."""
        self._offered = offered

    def ask(self, names: Iterable[str]) -> None:
        """Have these made and sent."""
        self._asked.extend(reversed(list(names)))
        self._make()

    def _make(self, _: object = None) -> None:
        with self._starting:
            if self._asked and not self._making.running:
                self._making.start(self._made, lambda made: self._send(*made))

    def _made(self) -> Iterator[tuple[str, bytes]]:
        while self._asked:
            name = self._asked.pop()
            make = self._offered.get(name)
            try:
                yield name, make() if make is not None else b""
            except Exception:  # noqa: BLE001 - a row without its picture is still a row
                yield name, b""


_made: WeakKeyDictionary[Radiograph, bytes] = WeakKeyDictionary()


def thumbnail(radiograph: Radiograph) -> bytes:
    """Return a JPEG of a radiograph, its longer side at most 160 pixels; made once."""
    known = _made.get(radiograph)
    if known is None:
        known = _made[radiograph] = grey_jpeg(radiograph, _SIDE, quality=_QUALITY)
    return known
