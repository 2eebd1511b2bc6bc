"""Many radiographs are answered one after another, and a bad file does not stop the rest."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.imaging.radiograph import Radiograph, RadiographLike, as_radiograph
from fracture_widgets.imaging.studies import Found, find_radiographs
from fracture_widgets.imaging.walk import SkippedFiles
from fracture_widgets.models.report import Report

Sources = RadiographLike | Iterable[RadiographLike | Found]
"""A radiograph, a file, a folder, an archive or a pattern; or several of them."""


class _Examines(Protocol):
    def examine(self, radiograph: RadiographLike) -> Report: ...


@dataclass(frozen=True, eq=False)
class Examined:
    """One of many radiographs: its report, or why it has none.

    Attributes
    ----------
    place
        The path, the place in an archive, or the radiograph's name.
    report
        None where there is none.
    problem
        Why not, a sentence.

    Examples
    --------
    >>> from fracture_widgets import Cascade
    >>> (examined,) = Cascade.load().examine_many(["nowhere.png"])
    >>> examined.report, examined.problem
    (None, 'nowhere.png was not found: check its name and folder.')
    """

    place: str
    report: Report | None
    problem: str = ""


def examine_many(
    cascade: _Examines, sources: Sources, skipped: SkippedFiles | None = None
) -> Iterator[Examined]:
    """Answer radiographs as they come."""
    for found in _found(sources, skipped):
        report, problem = None, found.problem
        if found.radiograph is not None:
            try:
                report = cascade.examine(found.radiograph)
            except FractureWidgetsError as error:
                problem = str(error)
        yield Examined(found.place, report, problem)


def _found(sources: Sources, skipped: SkippedFiles | None) -> Iterator[Found]:
    one = isinstance(sources, Radiograph | str | os.PathLike | bytes) or hasattr(sources, "read")
    # mypy does not carry what was asked in the line above into the two branches.
    several: Iterable[RadiographLike | Found] = [sources] if one else sources  # type: ignore[assignment, list-item]
    for number, given in enumerate(several, 1):
        if isinstance(given, Found):
            yield given
        elif isinstance(given, str | os.PathLike):
            yield from find_radiographs(given, skipped=skipped)
        else:
            try:
                radiograph = as_radiograph(given)
                yield Found(radiograph.name, radiograph)
            except FractureWidgetsError as error:
                yield Found(f"radiograph {number}", None, str(error))
