"""The other frames and windows of a file, each a radiograph of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from typing import Any

from fracture_widgets.app.widgets.background import LatestTask, sentence
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.imaging.radiograph import Radiograph, compact

__all__ = ["OtherViews", "choices_of"]


def choices_of(radiograph: Radiograph) -> dict[str, Any]:
    """Return what the page offers of a radiograph's file, and what of it is shown."""
    several = radiograph.file is not None
    return {
        "frame": radiograph.frame,
        "frames": radiograph.frame_count if several else 1,
        "window": radiograph.window,
        "windows": list(radiograph.windows) if several else [],
    }


class OtherViews:
    """Finds another frame or window of a file, or reads it and hands it over."""

    def __init__(
        self,
        select: Callable[[str], bool],
        add: Callable[[Radiograph], object],
        refuse: Callable[[str], object],
        *,
        executor: Executor | None = None,
    ) -> None:
        self._select = select
        self._add = add
        self._refuse = refuse
        self._decoding = LatestTask(executor)

    def choose(self, radiograph: Radiograph, wanted: Mapping[str, Any]) -> None:
        """Show what a page wants: ``frame`` and ``window``, numbers from 0."""
        frame, window = wanted.get("frame"), wanted.get("window")
        if type(frame) is not int or type(window) is not int or radiograph.file is None:
            return
        if self._select(radiograph.file.sha256(frame, window)):
            return

        def decoded() -> Iterator[Radiograph | str]:
            try:
                yield compact(radiograph.shown_as(frame=frame, window=window))
            except FractureWidgetsError as error:
                yield str(error)
            except Exception as error:  # noqa: BLE001 - whatever it is, the person must read of it
                yield sentence(error)

        self._decoding.run(decoded, self._show)

    def _show(self, outcome: Radiograph | str) -> None:
        if isinstance(outcome, str):
            self._refuse(outcome)
        else:
            self._add(outcome)
