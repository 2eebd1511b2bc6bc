"""What every kind of model has in common that answers radiographs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.preprocessing import Placement
from fracture_widgets.imaging.quality import QualityProblem
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.imaging.views import ExposedField
from fracture_widgets.models.engine import Engine
from fracture_widgets.models.folder import ModelFolder
from fracture_widgets.models.readers import Outputs
from fracture_widgets.models.record import Finding
from fracture_widgets.models.report import Answer, Report
from fracture_widgets.models.trust import (
    SENSITIVE,
    OperatingPoint,
    PartTrust,
    identity_at,
    trust_of_card,
)

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Prepared:
    """A radiograph ready for the networks, which need nothing else of it."""

    inputs: Floats
    """What the first network sees, float32 of shape ``(size, size, 1)`` in 0 to 255."""
    problem: QualityProblem | None = None
    """What can be told of it without a network."""
    place: Placement | None = None
    """Where it lies in the input; without, nothing is said of where a finding is."""
    pixels: Floats | None = None
    """The radiograph itself, for models that look twice."""
    field: ExposedField | None = None


class Answers(Protocol):
    """A kind of model: how a radiograph is made ready, and how it is answered."""

    body_parts: tuple[str, ...]
    sha256: str

    def prepare(self, radiograph: Radiograph) -> Prepared:
        """Make a radiograph ready, without a network."""

    def answer(self, prepared: Sequence[Prepared]) -> list[Answer]:
        """Answer many radiographs, without their maps."""

    def examine(self, radiograph: Radiograph) -> Report:
        """Answer one, with its maps."""

    def probabilities(self, radiograph: Radiograph) -> dict[str, dict[str, float]]:
        """Return what every head says of one, whatever it shows."""

    def outputs(self, radiograph: Radiograph) -> Outputs:
        """Return all that the first network says of one as it is."""


class Trusted:
    """Makes answers of probabilities, as far as a model's card lets them be trusted."""

    def __init__(
        self, card: Mapping[str, Any], sha256: str, point: OperatingPoint = SENSITIVE
    ) -> None:
        self._trust = trust_of_card(card, point)
        self.sha256 = identity_at(point, sha256, self._trust)

    def answer(
        self,
        parts: Mapping[str, float],
        probability: float,
        refusal: QualityProblem | None,
        findings: tuple[Finding, ...],
    ) -> Answer:
        """Calibrate the probability of a fracture of the most probable part."""
        part = most_probable(parts)
        known = self._trust.get(part, PartTrust())
        calibrated = float(known.calibration(probability))
        return Answer(
            body_part_probabilities=parts,
            fracture_probability=probability,
            calibrated_probability=calibrated,
            band=known.band,
            peers=known.peers_of(calibrated),
            calibrated=part in self._trust,
            refusal="" if refusal is None else refusal.sentence,
            refusal_kind="" if refusal is None else refusal.kind,
            findings=findings,
        )


def run_network(model: ModelFolder, engine: Engine, inputs: Floats) -> Mapping[str, Floats]:
    """Return what a network says of many inputs, if all of it are numbers."""
    values = engine.run(inputs)
    for name, value in values.items():
        if not np.isfinite(value).all():
            raise ModelError(
                f"The network {model.name} answers with what is no number ({name}): train it "
                "again, or choose another one."
            )
    return values


def most_probable(probabilities: Mapping[str, float]) -> str:
    """Return the name that is the most probable."""
    return max(probabilities, key=probabilities.__getitem__)
