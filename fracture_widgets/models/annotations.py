"""Joints and findings as every picture, list and document names them, and where they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, dataclass
from string import ascii_uppercase
from typing import Any

from fracture_widgets.base.language import gettext
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.models.record import Finding
from fracture_widgets.models.report import Answer, JointAnswer
from fracture_widgets.models.verdict_words import (
    finding_in_words,
    finding_label,
    joint_in_words,
    joint_label,
)
from fracture_widgets.parts import Verdict


@dataclass(frozen=True)
class Annotation:
    """A joint, which has a letter, or a finding, which has a number, in the record's order."""

    name: str
    said: JointAnswer | Finding
    verdict: Verdict
    """Of the joint, or of what the finding is on."""

    joint: str = ""
    """The letter of the joint that a finding is of; empty where none was found."""

    @property
    def is_joint(self) -> bool:
        """Whether it is a joint, and no finding."""
        return isinstance(self.said, JointAnswer)

    @property
    def in_doubt(self) -> bool:
        """Whether what it is a finding of is in doubt, and no fracture."""
        return not self.is_joint and self.verdict is Verdict.DOUBT

    @property
    def where(self) -> Box | tuple[float, float] | None:
        """A box or a point, in fractions of the radiograph; None where that is not known."""
        if isinstance(self.said, JointAnswer):
            return self.said.box
        return self.said.box or self.said.place

    @property
    def corners(self) -> list[float] | None:
        """Left, top, right and bottom; a point has no extent."""
        where = self.where
        if where is None:
            return None
        edges = astuple(where) if isinstance(where, Box) else where * 2
        return [float(edge) for edge in edges]

    @property
    def label(self) -> str:
        """What stands beside it on a picture."""
        if self.in_doubt:
            return f"{self.short_label} ({gettext('doubt')})"
        return self.short_label

    @property
    def short_label(self) -> str:
        """The same without the side of the verdict that a finding is on."""
        if isinstance(self.said, JointAnswer):
            return f"{self.name} {joint_label(self.said)}"
        return f"{self.name} {finding_label(self.said)}"

    @property
    def sentence(self) -> str:
        """What is said of it, and where it is."""
        if isinstance(self.said, JointAnswer):
            return f"{self.name} {joint_in_words(self.said.to_dict())}"
        return f"{self.name} {finding_in_words(self.said)}"

    def to_dict(self) -> dict[str, Any]:
        """Return what a page draws of it."""
        return {
            "box": self.corners,
            "name": self.label,
            "tone": "joint" if self.is_joint else "network",
            "doubt": self.in_doubt,
        }


def annotations_of(answer: Answer) -> tuple[Annotation, ...]:
    """Return the joints, then the findings, that people are shown of an answer."""
    return (*_joints(answer), *_findings(answer))


def drawn_annotations(answer: Answer) -> list[dict[str, Any]]:
    """Return what a page draws over a radiograph."""
    return [
        annotation.to_dict()
        for annotation in annotations_of(answer)
        if annotation.where is not None
    ]


def has_boxes(answer: Answer) -> bool:
    """Tell whether a picture of it has boxes, so that it needs no map."""
    return any(isinstance(annotation.where, Box) for annotation in annotations_of(answer))


def _joints(answer: Answer) -> Iterator[Annotation]:
    for place, joint in enumerate(answer.examined_joints):
        yield Annotation(letter(place), joint, joint.verdict)


def _findings(answer: Answer) -> Iterator[Annotation]:
    of = {
        finding: annotation
        for annotation in _joints(answer)
        if isinstance(annotation.said, JointAnswer)
        for finding in annotation.said.answer.findings
    }
    for number, finding in enumerate(answer.visible_findings, 1):
        on = of.get(finding)
        verdict = answer.verdict if on is None else on.verdict
        yield Annotation(str(number), finding, verdict, "" if on is None else on.name)


def letter(place: int) -> str:
    """Return the name of a joint, by its place: A to Z, then AA and on."""
    more, last = divmod(place, len(ascii_uppercase))
    return (letter(more - 1) if more else "") + ascii_uppercase[last]
