"""Body parts, one file or entry point each, and the words that tables and networks share."""

from __future__ import annotations

import enum
import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, overload

from fracture_widgets.base.language import marked
from fracture_widgets.base.plugins import discover

if TYPE_CHECKING:
    from fracture_widgets.phantoms.limb import Limb, Pen

_log = logging.getLogger(__name__)

FRACTURED = marked("fractured")
NORMAL = marked("normal")

LABELS = (FRACTURED, NORMAL)
"""Labels in the order of the fracture networks' outputs."""


class Verdict(enum.StrEnum):
    """What is concluded of a radiograph, as a reader would say it.

    Examples
    --------
    >>> from fracture_widgets import Verdict
    >>> Verdict("none seen") is Verdict.NONE_SEEN
    True
    """

    FRACTURE = marked("fracture")
    DOUBT = marked("doubt")
    NONE_SEEN = marked("none seen")
    REFUSED = "refused"


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


@lru_cache(maxsize=1)
def all_parts() -> tuple[BodyPart, ...]:
    """Return every body part, in the order of networks' outputs."""
    registry = discover("fracture_widgets.parts", "fracture_widgets.parts")
    for problem in registry.problems:
        _log.warning("%s", problem)
    parts: dict[str, BodyPart] = {}
    for part in registry.collect("BODY_PART"):
        if isinstance(part, BodyPart):
            parts.setdefault(part.name, part)
        else:
            _log.warning("%r was left out, because it is no BodyPart: mend or remove it.", part)
    return tuple(sorted(parts.values(), key=lambda part: part.rank))


def drawn_parts() -> tuple[BodyPart, ...]:
    """Return the body parts of which a drawing is known."""
    return tuple(part for part in all_parts() if part.drawing is not None)


def parts_among(names: Iterable[str]) -> list[str]:
    """Return the different names among some: known parts in their order, then the others."""
    given = set(names)
    known = [name for name in BODY_PARTS if name in given]
    return known + sorted(given.difference(known))


def get_part(name: str) -> BodyPart:
    """Return the body part of this name, or raise ValueError with the names that there are."""
    for part in all_parts():
        if part.name == name:
            return part
    raise ValueError(f"body_part must be one of {', '.join(BODY_PARTS)}. Received: {name}")


def with_article(words: str) -> str:
    """Return words with the article that their first letter asks for."""
    return f"{'an' if words[:1].lower() in 'aeiou' else 'a'} {words}"


def in_words(names: Iterable[str] | None = None, last: str = "or") -> str:
    """Say names as a list of a sentence; by default those of all body parts."""
    *before, end = BODY_PARTS if names is None else names
    return f"{', '.join(before)} {last} {end}" if before else end


def plurals() -> str:
    """Say all body parts in the plural: ``"elbows, hands and shoulders"``."""
    return in_words((part.plural for part in all_parts()), "and")


class _Names(Sequence[str]):
    """The names of :func:`all_parts`, looked up when they are used."""

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[str, ...]: ...
    def __getitem__(self, index: int | slice) -> str | tuple[str, ...]:
        return tuple(self)[index]

    def __len__(self) -> int:
        return len(all_parts())

    def __iter__(self) -> Iterator[str]:
        return iter([part.name for part in all_parts()])

    def __repr__(self) -> str:
        return repr(tuple(self))


BODY_PARTS: Sequence[str] = _Names()
"""The names of the body parts in the order of the body-part network's outputs."""
