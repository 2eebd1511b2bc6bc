"""Several radiographs: one after another, or together as the views of one study."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from fracture_widgets.errors import FractureWidgetsError, UnreadableRadiograph
from fracture_widgets.imaging.radiograph import Radiograph, RadiographLike, as_radiograph
from fracture_widgets.imaging.studies import Found, find_radiographs
from fracture_widgets.imaging.walk import SkippedFiles
from fracture_widgets.models.report import Answer, Report
from fracture_widgets.parts import Verdict

Sources = RadiographLike | Iterable[RadiographLike | Found]
"""A radiograph, a file, a folder, an archive or a pattern; or several of them."""

GRAVEST_FIRST = (Verdict.FRACTURE, Verdict.DOUBT, Verdict.NONE_SEEN, Verdict.REFUSED)


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


@dataclass(frozen=True)
class StudyAnswer:
    """One answer for the views of a study; ``highest`` and ``gravest`` are places of views.

    The gravest is the one whose verdict the study has: of several, the most probable fracture.
    """

    verdict: Verdict
    calibrated_probability: float | None
    highest: int
    gravest: int
    views: int
    refused: int

    @classmethod
    def of(cls, answers: Sequence[Answer]) -> StudyAnswer:
        """Pool the answers of a study's views."""
        if not answers:
            raise ValueError("A study has at least one view.")
        scores = [-1.0 if x.refused else x.calibrated_probability for x in answers]
        counted = [score for score in scores if score >= 0.0]
        by_gravity = sorted(
            range(len(answers)),
            key=lambda view: (GRAVEST_FIRST.index(answers[view].verdict), -scores[view]),
        )
        return cls(
            verdict=answers[by_gravity[0]].verdict,
            calibrated_probability=sum(counted) / len(counted) if counted else None,
            highest=scores.index(max(scores)),
            gravest=by_gravity[0],
            views=len(answers),
            refused=len(scores) - len(counted),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        return {
            "verdict": str(self.verdict),
            "calibrated_probability": self.calibrated_probability,
            "views": self.views,
            "refused_views": self.refused,
        }


@dataclass(frozen=True, eq=False)
class StudyReport:
    """The cascade's answer to a study."""

    views: tuple[Report, ...]
    answer: StudyAnswer

    @classmethod
    def of(cls, views: Sequence[Report]) -> StudyReport:
        """Pool the reports on a study's views."""
        return cls(tuple(views), StudyAnswer.of([view.answer for view in views]))

    @property
    def highest(self) -> Report:
        """The view with the highest fracture probability."""
        return self.views[self.answer.highest]

    @property
    def body_parts(self) -> tuple[str, ...]:
        """The body parts named, each once, in the order of the views that are not refused."""
        return tuple(dict.fromkeys(view.body_part for view in self.views if not view.refused))

    def to_dict(self) -> dict[str, Any]:
        """Return everything but pixels and maps, ready for JSON; the study has no name."""
        return {
            **self.answer.to_dict(),
            "body_parts": list(self.body_parts),
            "highest": self.highest.radiograph.name,
            "views": [view.to_dict() for view in self.views],
        }


def examine_study(cascade: _Examines, radiographs: Iterable[RadiographLike]) -> StudyReport:
    """Answer the views of one study, and the study.

    Parameters
    ----------
    cascade
        What answers each view, e.g. :class:`~fracture_widgets.models.cascade.Cascade`.
    radiographs
        The views, e.g. those of a
        :class:`~fracture_widgets.imaging.studies.Study`; they are examined as they come.

    Returns
    -------
    StudyReport
        With the gravest verdict of its views and the mean of their probabilities.

    Raises
    ------
    UnreadableRadiograph
        If there is no view.

    Examples
    --------
    >>> from fracture_widgets import Cascade, draw_phantom, examine_study
    >>> views = [draw_phantom("hand", fractured=True, seed=seed).radiograph for seed in (1, 2)]
    >>> examine_study(Cascade.load(), views).answer.views
    2
    """
    reports = tuple(cascade.examine(radiograph) for radiograph in radiographs)
    if not reports:
        raise UnreadableRadiograph(
            "The study holds no view that can be examined: choose its radiographs again."
        )
    return StudyReport.of(reports)
