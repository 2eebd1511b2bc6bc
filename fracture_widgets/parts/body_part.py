"""What the program knows of a body part."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fracture_widgets.phantoms.limb import Limb
    from fracture_widgets.phantoms.pen import Pen


@dataclass(frozen=True)
class Drawing:
    """How radiographs of a body part are drawn."""

    draw: Callable[[Pen], Limb]
    absorption: float  # of the bone that matters, to which exposure and display are set
    samples: tuple[int, int] = (0, 0)
    """Seeds of a normal and of a fractured one that show plainly what they are, and that the
    shipped model answers rightly."""


@dataclass(frozen=True)
class BodyPart:
    """A body part whose radiographs can be read, drawn, learned and answered.

    Attributes
    ----------
    name
        The word of tables, cards and answers: lower case, singular.
    plural
        The same of several.
    site
        Code, coding scheme and meaning of the place, for structured reports.
    place
        Its place among the parts of the shipped networks, and in its seeds; None for any other,
        which comes behind them in alphabetical order, with a seed made of its name.
    folders
        What else a dataset's folders may call it, in lower case; ``xr_`` before it is understood.
    drawing
        How radiographs of it are drawn; None if they are not.

    Examples
    --------
    >>> BodyPart("knee", "knees", ("49076000", "SCT", "Knee joint")).an
    'a knee'
    """

    name: str
    plural: str
    site: tuple[str, str, str]
    place: int | None = None
    folders: tuple[str, ...] = ()
    drawing: Drawing | None = None

    @property
    def an(self) -> str:
        """The name with its article."""
        return with_article(self.name)

    @property
    def seed(self) -> int:
        """What tells its random numbers from those of other parts, whichever else there are."""
        if self.place is not None:
            return self.place
        return int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:4])

    @property
    def rank(self) -> tuple[bool, int, str]:
        """What the parts are ordered by."""
        return self.place is None, self.place or 0, self.name


def with_article(words: str) -> str:
    """Return words with the article that their first letter asks for."""
    return f"{'an' if words[:1].lower() in 'aeiou' else 'a'} {words}"
