"""Small pictures with names: the radiographs at hand, and the built-in samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, fields
from typing import Any

import traitlets

from fracture_widgets.app.widgets.live import script
from fracture_widgets.app.widgets.table import Handler, Table
from fracture_widgets.app.widgets.thumbnails import MakeThumbnail

__all__ = ["Picture", "PictureList"]


@dataclass(frozen=True)
class Picture:
    """A picture of the list and what stands beside it."""

    key: int
    title: str
    note: str
    alt: str
    thumbnail: MakeThumbnail | None = None
    chosen: bool | None = None
    removable: bool = False
    tag: str = ""
    tone: str = "normal"


class PictureList(Table):
    """A list of pictures, each a button that chooses it; some can be removed."""

    _esm = script("pictures")

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
        super().__init__(handlers, executor=executor, label=label)

    def _of_known(self, call: Callable[[int], object]) -> Handler:
        return lambda content: call(content["key"]) if content.get("key") in self else None

    def list_pictures(self, pictures: Sequence[Picture]) -> None:
        """Show these pictures."""
        self.fill(
            [_row(picture) for picture in pictures],
            {
                str(picture.key): picture.thumbnail
                for picture in pictures
                if picture.thumbnail is not None
            },
        )

    def update_picture(self, picture: Picture) -> None:
        """Show what became of one picture."""
        self.update(_row(picture))


def _row(picture: Picture) -> dict[str, Any]:
    row = {field.name: getattr(picture, field.name) for field in fields(picture)}
    return row | {"thumbnail": str(picture.key) if picture.thumbnail is not None else ""}
