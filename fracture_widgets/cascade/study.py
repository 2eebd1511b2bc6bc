"""What the cascade says of a study: of all of its views together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from fracture_widgets.cascade.report import Report
from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.vocabulary import FRACTURED, NORMAL

__all__ = ["StudyAnswer", "StudyReport", "examine_study"]

_HALF = 0.5


class _Examines(Protocol):
    def examine(self, radiograph: Radiograph) -> Report: ...


@dataclass(frozen=True)
class StudyAnswer:
    """One answer for the views of a study.

    Attributes
    ----------
    fracture_probability
        The mean of its views' fracture probabilities, 0 to 1, as those who published MURA pool
        the views of a study.
    label
        ``"fractured"`` where that mean is at least a half, else ``"normal"``.
    highest
        Number of the view with the highest fracture probability, from 0; the first of several.
    views
        How many views there are.
    """

    fracture_probability: float
    label: str
    highest: int
    views: int

    @classmethod
    def of(cls, probabilities: Sequence[float]) -> StudyAnswer:
        """Pool the fracture probabilities of a study's views.

        Raises
        ------
        ValueError
            If there is none.
        """
        if not probabilities:
            raise ValueError("A study has at least one view.")
        mean = sum(probabilities) / len(probabilities)
        return cls(
            fracture_probability=mean,
            label=FRACTURED if mean >= _HALF else NORMAL,
            highest=max(range(len(probabilities)), key=probabilities.__getitem__),
            views=len(probabilities),
        )


@dataclass(frozen=True, eq=False)
class StudyReport:
    """The cascade's answer to a study.

    Attributes
    ----------
    views
        The report of each view, in order, at least one.
    answer
        What they say together.
    """

    views: tuple[Report, ...]
    answer: StudyAnswer

    @property
    def fracture_probability(self) -> float:
        """The mean of the views' fracture probabilities, 0 to 1: MURA's own convention."""
        return self.answer.fracture_probability

    @property
    def label(self) -> str:
        """``"fractured"`` or ``"normal"``."""
        return self.answer.label

    @property
    def highest(self) -> Report:
        """The view with the highest fracture probability."""
        return self.views[self.answer.highest]

    @property
    def body_parts(self) -> tuple[str, ...]:
        """The body parts named, each once, in the order of the views."""
        return tuple(dict.fromkeys(view.body_part for view in self.views))

    def to_dict(self) -> dict[str, Any]:
        """Return everything but pixels and maps, ready for JSON; the study has no name."""
        return {
            "fracture_probability": self.fracture_probability,
            "label": self.label,
            "body_parts": list(self.body_parts),
            "highest": self.highest.radiograph.name,
            "views": [view.to_dict() for view in self.views],
        }


def examine_study(cascade: _Examines, radiographs: Iterable[Radiograph]) -> StudyReport:
    """Answer the views of one study, and the study.

    Parameters
    ----------
    cascade
        What answers each view, e.g. :class:`~fracture_widgets.cascade.cascade.Cascade`.
    radiographs
        The views, e.g. those of a
        :class:`~fracture_widgets.imaging.studies.Study`; they are examined as they come.

    Returns
    -------
    StudyReport
        With the mean of the views' fracture probabilities.

    Raises
    ------
    UnreadableRadiograph
        If there is no view.

    Examples
    --------
    >>> from fracture_widgets import Cascade, draw_phantom
    >>> cascade = Cascade.load()  # doctest: +SKIP
    >>> views = [draw_phantom("hand", seed=seed).radiograph for seed in (1, 2)]  # doctest: +SKIP
    >>> examine_study(cascade, views).fracture_probability  # doctest: +SKIP
    """
    reports = tuple(cascade.examine(radiograph) for radiograph in radiographs)
    if not reports:
        raise UnreadableRadiograph(
            "The study holds no view that can be examined: choose its radiographs again."
        )
    return StudyReport(reports, StudyAnswer.of([view.fracture_probability for view in reports]))
