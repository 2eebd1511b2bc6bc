"""What every kind of model has in common that answers radiographs."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from fracture_widgets.imaging.preprocessing import Placement
from fracture_widgets.imaging.quality import QualityProblem
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.imaging.views import ExposedField
from fracture_widgets.models.readers import Outputs
from fracture_widgets.models.report import Answer, Report
from fracture_widgets.models.trust import Trusted

Floats = npt.NDArray[np.float32]

Maps = tuple[Floats, Floats | None]
"""A heatmap and a fracture map over a radiograph; without the second where it is not known."""

_Frame = TypeVar("_Frame", Placement, ExposedField)


@dataclass(frozen=True, eq=False)
class Prepared:
    """A radiograph ready for the networks, which need nothing else of it."""

    pixels: Floats
    """The square input of networks of crops, 0 to 255; or a radiograph to find joints on."""
    frame: Placement | ExposedField
    """Where it lies in that input; or what of it is exposed."""
    problem: QualityProblem | None
    """What can be told of it without a network."""
    radiograph: Radiograph | None = None
    """It itself, where it is answered alone."""

    def frame_as(self, kind: type[_Frame]) -> _Frame:
        """Return its frame, if it was made ready for networks of this kind."""
        if not isinstance(self.frame, kind):
            raise ValueError("The radiograph was made ready for another kind of model.")
        return self.frame


class Answers(ABC):
    """A kind of model: how a radiograph is made ready, and how it is answered."""

    def __init__(self, body_parts: tuple[str, ...], trusted: Trusted) -> None:
        self.body_parts = body_parts
        self.trusted = trusted
        self.sha256 = trusted.sha256

    @abstractmethod
    def prepare(self, radiograph: Radiograph) -> Prepared:
        """Make a radiograph ready, without a network."""

    @abstractmethod
    def answered(self, prepared: Sequence[Prepared]) -> Iterator[tuple[Answer, Callable[[], Maps]]]:
        """Yield the answer to each radiograph, and what draws its maps."""

    @abstractmethod
    def probabilities(self, radiograph: Radiograph) -> dict[str, dict[str, float]]:
        """Return what every head says of one, whatever it shows."""

    @abstractmethod
    def outputs(self, radiograph: Radiograph) -> Outputs:
        """Return all that the first network says of one as it is."""

    def answer(self, prepared: Sequence[Prepared]) -> list[Answer]:
        """Answer many radiographs in one pass, without their maps."""
        return [answer for answer, _ in self.answered(prepared)]

    def examine(self, radiograph: Radiograph) -> Report:
        """Answer one radiograph, with where the network looked and where a fracture may be."""
        started = time.perf_counter()
        prepared = replace(self.prepare(radiograph), radiograph=radiograph)
        ready = time.perf_counter()
        ((answer, draw_maps),) = self.answered([prepared])
        answered = time.perf_counter()
        heatmap, fracture_map = draw_maps()
        finished = time.perf_counter()
        return Report(
            radiograph=radiograph,
            answer=answer,
            heatmap=heatmap,
            fracture_map=fracture_map,
            model=self.sha256,
            timings={
                "prepare": ready - started,
                "network": answered - ready,
                "heatmap": finished - answered,
                "total": finished - started,
            },
        )
