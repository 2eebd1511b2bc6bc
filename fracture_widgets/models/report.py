"""What the cascade says of one radiograph, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.base.language import marked
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.record import Finding, answer_record, record_of
from fracture_widgets.parts import LABELS, Verdict

UNLIKE_KNOWN = marked("This looks unlike the radiographs that were learned from.")
"""How a note on a radiograph begins whose answer is worth less than others."""


@dataclass(frozen=True)
class DoubtBand:
    """Limits of a body part: from ``low`` on it is in doubt, from ``high`` on a fracture.

    Both are calibrated probabilities. At ``low`` the sensitivity is high, at ``high``, which is not
    below it, the specificity.
    """

    low: float = 0.5
    high: float = 0.5
    point: str = ""
    """Whose limits these are, ``"sensitive"`` or ``"balanced"``; empty where nobody chose."""

    def verdict(self, calibrated_probability: float) -> Verdict:
        """Return what a calibrated probability of a fracture amounts to."""
        if calibrated_probability >= self.high:
            return Verdict.FRACTURE
        return Verdict.DOUBT if calibrated_probability >= self.low else Verdict.NONE_SEEN


@dataclass(frozen=True)
class Peers:
    """Radiographs given ``low`` to ``high`` as calibrated probability, by networks new to them."""

    low: float
    high: float
    n: int
    fractured: int
    prevalence: float
    """Share of the fractured among all radiographs of that body part there, 0 to 1."""


@dataclass(frozen=True)
class JointAnswer:
    """What is said of one joint of a radiograph that shows one or several."""

    box: Box
    """Where the joint is, in fractions of the radiograph's width and height."""
    score: float
    """How surely it is a joint, 0 to 1; not calibrated."""
    answer: Answer
    """Body part, probability, verdict and findings of this joint alone."""

    @property
    def verdict(self) -> Verdict:
        """Fracture, doubt or none seen, whatever is said of the radiograph."""
        return self.answer.band.verdict(self.answer.calibrated_probability)

    def to_dict(self) -> dict[str, Any]:
        """Return it ready for JSON: the box as left, top, right and bottom."""
        answer = self.answer
        return {
            "body_part": answer.body_part,
            "body_part_probability": answer.body_part_probability,
            "box": list(astuple(self.box)),
            "score": self.score,
            "verdict": str(self.verdict),
            "calibrated_probability": answer.calibrated_probability,
            "fracture_probability": answer.fracture_probability,
        }


@dataclass(frozen=True)
class Answer:
    """What the cascade says of one radiograph, without the picture and the maps.

    Attributes
    ----------
    body_part_probabilities
        Probability of every body part, ``"elbow"``, ``"hand"`` and ``"shoulder"``, summing to 1.
    fracture_probability
        Probability of a fracture given the body part, 0 to 1, as the network puts it.
    calibrated_probability
        The same after calibration: of radiographs given 0.3, about 3 in 10 are fractured. As the
        network puts it where nobody has calibrated it.
    band
        The limits of that body part at the operating point chosen.
    peers
        What became of radiographs with about this probability; None where that is not known.
    refusal
        Why no verdict is given, a sentence; empty where one is.
    refusal_kind
        It in a word or three; see :class:`~fracture_widgets.imaging.quality.QualityProblem`.
    overridden, override_reason
        Whether somebody asked for a verdict although the radiograph was refused, and why.
    calibrated
        Whether the part's network was calibrated on radiographs that it had never seen.
    findings
        What was found where, that of the fracture map first; it stands whatever the verdict is,
        so that its score says how little a radiograph without a fracture shows.
    joints
        The joints that were found and examined, the gravest first, whose answer this is; none
        where the model takes the whole radiograph for one joint.
    notes
        What was done to the radiograph before it was examined, and whether it looks unlike those
        that were learned from, so that the answer is worth less; sentences.

    Examples
    --------
    >>> from fracture_widgets import Answer
    >>> answer = Answer({"elbow": 0.25, "hand": 0.75}, 0.9, 0.8)
    >>> answer.body_part, answer.verdict.value, answer.label
    ('hand', 'fracture', 'fractured')
    """

    body_part_probabilities: Mapping[str, float]
    fracture_probability: float
    calibrated_probability: float
    band: DoubtBand = field(default_factory=DoubtBand)
    peers: Peers | None = None
    refusal: str = ""
    refusal_kind: str = ""
    overridden: bool = False
    override_reason: str = ""
    calibrated: bool = True
    findings: tuple[Finding, ...] = ()
    joints: tuple[JointAnswer, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def body_part(self) -> str:
        """The most probable body part."""
        return most_probable(self.body_part_probabilities)

    @property
    def body_part_probability(self) -> float:
        """Probability of the body part named, 0 to 1."""
        return self.body_part_probabilities[self.body_part]

    @property
    def label(self) -> str:
        """``"fractured"`` or ``"normal"``: the more probable answer of that part's network."""
        return LABELS[0 if self.fracture_probability >= 0.5 else 1]

    @property
    def refused(self) -> bool:
        """Whether no verdict is given."""
        return bool(self.refusal) and not self.overridden

    @property
    def is_of_unlike(self) -> bool:
        """Whether a note says that it looks unlike what was learned from: none where refused."""
        return any(note.startswith(UNLIKE_KNOWN) for note in self.notes)

    @property
    def examined_joints(self) -> tuple[JointAnswer, ...]:
        """The joints that people are shown: none where no verdict is given."""
        return () if self.refused else self.joints

    @property
    def visible_findings(self) -> tuple[Finding, ...]:
        """The findings that people are shown: none where none is seen, or no verdict is given."""
        if self.verdict not in (Verdict.FRACTURE, Verdict.DOUBT):
            return ()
        if not self.joints:
            return self.findings
        return tuple(
            finding
            for joint in self.joints
            if joint.verdict is not Verdict.NONE_SEEN
            for finding in joint.answer.findings
        )

    @property
    def verdict(self) -> Verdict:
        """Fracture, doubt, none seen, or refused."""
        return Verdict.REFUSED if self.refused else self.band.verdict(self.calibrated_probability)

    def to_dict(self) -> dict[str, Any]:
        """Return it ready for JSON; of a refused radiograph, nothing on part and fracture."""
        return answer_record(self)


@dataclass(frozen=True, eq=False, repr=False)
class Report:
    """The cascade's answer to one radiograph.

    Attributes
    ----------
    radiograph
        The radiograph examined.
    answer
        Body part, fracture and verdict; each is also an attribute of the report.
    heatmap
        Grad-CAM, float32 of shape ``(h, w)`` in 0 to 1, over the radiograph from edge to edge.
    fracture_map
        Probability of a fracture at each place, in the frame of ``heatmap``; None where unknown.
    model
        sha256 of the model's weights.
    timings
        Seconds spent in ``"prepare"``, ``"network"``, ``"heatmap"`` and ``"total"``.

    Examples
    --------
    As the last line of a notebook's cell it shows the radiograph and what was found on it.

    >>> from fracture_widgets import Cascade, draw_phantom
    >>> drawn = draw_phantom("elbow", fractured=True, seed=3).radiograph
    >>> report = Cascade.load().examine(drawn)
    >>> report.body_part
    'elbow'
    >>> report.verdict is report.answer.verdict
    True
    """

    radiograph: Radiograph
    answer: Answer
    heatmap: npt.NDArray[np.float32]
    fracture_map: npt.NDArray[np.float32] | None
    model: str
    timings: Mapping[str, float]

    @property
    def body_part(self) -> str:
        """The most probable body part."""
        return self.answer.body_part

    @property
    def body_part_probability(self) -> float:
        """Probability of the body part named, 0 to 1."""
        return self.answer.body_part_probability

    @property
    def body_part_probabilities(self) -> Mapping[str, float]:
        """Probability of every body part, summing to 1."""
        return self.answer.body_part_probabilities

    @property
    def label(self) -> str:
        """``"fractured"`` or ``"normal"``: the more probable answer of that part's network."""
        return self.answer.label

    @property
    def fracture_probability(self) -> float:
        """Probability of a fracture given the body part, 0 to 1, as the network puts it."""
        return self.answer.fracture_probability

    @property
    def calibrated_probability(self) -> float:
        """The same after calibration."""
        return self.answer.calibrated_probability

    @property
    def verdict(self) -> Verdict:
        """Fracture, doubt, none seen, or refused."""
        return self.answer.verdict

    @property
    def refused(self) -> bool:
        """Whether no verdict is given; ``answer.refusal`` says why."""
        return self.answer.refused

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is to be known of the file, and of what was done before it was examined."""
        return (*self.radiograph.warnings, *self.answer.notes)

    def override(self, reason: str = "") -> Report:
        """Return the report with a verdict although the radiograph was refused, marked as such."""
        asked = replace(self.answer, overridden=True, override_reason=reason)
        return replace(self, answer=asked) if self.answer.refusal else self

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the pixels and maps, ready for JSON or a table row."""
        return record_of(self)

    def __repr__(self) -> str:
        part = "" if self.refused else f"{self.body_part}, "
        return f"Report({self.radiograph.name!r}, {part}{self.verdict.value})"

    def _repr_html_(self) -> str:
        from fracture_widgets.figures.overlay import report_html

        return report_html(self)


def most_probable(probabilities: Mapping[str, float]) -> str:
    """Return the name that is the most probable."""
    return max(probabilities, key=probabilities.__getitem__)
