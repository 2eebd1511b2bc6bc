"""Body parts, one file or entry point each, and the words that tables and networks share."""

from __future__ import annotations

import enum
import logging
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import overload

from fracture_widgets.base.language import marked
from fracture_widgets.base.plugins import discover
from fracture_widgets.parts.body_part import BodyPart, Drawing, with_article

__all__ = [
    "BODY_PARTS",
    "FRACTURED",
    "LABELS",
    "NORMAL",
    "BodyPart",
    "Drawing",
    "Verdict",
    "all_parts",
    "drawn_parts",
    "get_part",
    "in_words",
    "parts_among",
    "plurals",
    "with_article",
]

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
