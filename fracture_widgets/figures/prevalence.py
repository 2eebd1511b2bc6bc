"""What an answer is worth, wherever the patient comes from."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from fracture_widgets.evaluation.predictive_values import predictive_values
from fracture_widgets.figures.display import Display
from fracture_widgets.figures.style import FAINT, INK, KEPT, VALIDATION

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["PrevalenceDisplay"]

_NOWHERE: Mapping[str, float] = MappingProxyType({})


class PrevalenceDisplay(Display):
    """The predictive values of both answers against the share of patients who are fractured.

    Parameters
    ----------
    sensitivity, specificity
        Of the test, 0 to 1.
    places
        Prevalence by the name of a place, to be marked.
    title
        Above the curves.
    """

    _size = (6.6, 4.4)

    def __init__(
        self,
        sensitivity: float,
        specificity: float,
        *,
        places: Mapping[str, float] = _NOWHERE,
        title: str | None = None,
    ) -> None:
        # Refuses numbers that are no shares before anything is drawn.
        predictive_values(sensitivity, specificity, list(places.values()))
        self.sensitivity = sensitivity
        self.specificity = specificity
        self.places = dict(places)
        self.title = title

    def __repr__(self) -> str:
        return (
            f"PrevalenceDisplay(sensitivity={self.sensitivity:.2f}, "
            f"specificity={self.specificity:.2f})"
        )

    def _draw(self, axes: tuple[Axes, ...]) -> None:
        from matplotlib.ticker import PercentFormatter

        (place,) = axes
        shares = np.linspace(0.001, 0.999, 400)
        positive, negative = predictive_values(self.sensitivity, self.specificity, shares)
        place.plot(shares, positive, color=KEPT, linewidth=2.2,
                   label="called fractured: is fractured")  # fmt: skip
        place.plot(shares, negative, color=VALIDATION, linewidth=2.2,
                   label="called normal: is normal")  # fmt: skip
        for name, share in self.places.items():
            at, _ = predictive_values(self.sensitivity, self.specificity, share)
            place.axvline(share, color=FAINT, linewidth=1, zorder=0)
            place.plot([share], [at], "o", color=KEPT, markersize=6)
            place.annotate(
                f"{name}: {float(at):.0%}", (share, float(at)), xytext=(9, -12),
                textcoords="offset points", fontsize=9, color=INK,
            )  # fmt: skip
        place.set_xlim(0, 1)
        place.set_ylim(0, 1.02)
        for axis in (place.xaxis, place.yaxis):
            axis.set_major_formatter(PercentFormatter(1.0))
        place.set_xlabel("Patients who are fractured (prevalence)")
        place.set_ylabel("Answers that are right")
        place.grid(axis="y")
        place.legend(loc="lower center")
        if self.title:
            place.set_title(self.title)
