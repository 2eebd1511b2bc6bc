"""An answer in a reader's words: its verdict, its joints, its findings, and where they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from string import ascii_uppercase
from typing import Any

from fracture_widgets.base.language import begun, gettext, marked, ngettext, number, percent, told
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.models.record import Finding
from fracture_widgets.models.report import Answer, DoubtBand, JointAnswer, Peers, Report
from fracture_widgets.models.study import StudyAnswer
from fracture_widgets.parts import Verdict

NOT_ANSWERED = marked("not answered")
"""What is said instead of a verdict."""

ON_REQUEST = marked("on request")
"""What stands beside a verdict that somebody asked for in spite of a warning."""

_UNCALIBRATED = marked(
    "Nobody has measured how often a radiograph to which this network gives such a probability "
    "is fractured."
)
ANSWERED_ON_REQUEST = marked("Answered on request{why}, against this warning:")
_EVEN = 0.5
_FEWEST_PEERS = 20
_WIDEST_PEERS = 0.2  # from the lowest probability among them to the highest
_PLACES = (
    (
        marked("upper left of the picture"),
        marked("top of the picture"),
        marked("upper right of the picture"),
    ),
    (
        marked("left of the picture"),
        marked("centre of the picture"),
        marked("right of the picture"),
    ),
    (
        marked("lower left of the picture"),
        marked("bottom of the picture"),
        marked("lower right of the picture"),
    ),
)
_POINTS = {
    "sensitive": marked("sensitive"),
    "balanced": marked("balanced"),
}


def verdict_slug(verdict: Verdict) -> str:
    """Return a verdict as one word, for attributes and class names: ``"none-seen"``."""
    return verdict.value.replace(" ", "-")


def verdict_words(verdict: str, probability: float | None = None) -> str:
    """Say a verdict; of a doubt also what is more likely: ``"doubt, more likely none"``.

    Records and filters keep the verdict itself. ``probability`` is the calibrated one.
    """
    if verdict == Verdict.REFUSED:
        return gettext(NOT_ANSWERED)
    if verdict != Verdict.DOUBT or probability is None:
        return gettext(str(verdict))
    if probability >= _EVEN:
        return gettext("doubt, more likely fracture")
    return gettext("doubt, more likely none")


def verdict_heading(answer: Answer) -> tuple[str, str]:
    """Return the body part and the verdict; of a refused one ``""`` and ``"not answered"``."""
    if answer.refused:
        return "", gettext(NOT_ANSWERED)
    said = verdict_words(answer.verdict, answer.calibrated_probability)
    return begun(gettext(answer.body_part)), said


def operating_points(band: DoubtBand) -> str:
    """Say from where on a probability is a fracture, and below which none is seen."""
    limits = {"low": _limit(band.low), "high": _limit(band.high)}
    several = band.low < band.high
    if not band.point:
        if several:
            return gettext("None seen below {low}, fracture from {high}, doubt between.", **limits)
        return gettext("None seen below {low}, fracture from {high}.", **limits)
    limits["point"] = gettext(_POINTS.get(band.point, band.point))
    if several:
        return gettext(
            "At the {point} operating point none seen below {low}, fracture from {high}, doubt "
            "between.",
            **limits,
        )
    return gettext(
        "At the {point} operating point none seen below {low}, fracture from {high}.", **limits
    )


def meaning(answer: Answer) -> str:
    """Say what the verdict rests on: the probability, or why there is none."""
    if answer.refused:
        return told(answer.refusal)
    probability = percent(answer.calibrated_probability)
    said = gettext("Probability of a fracture {probability}.", probability=probability)
    return f"{said} {peers_sentence(answer)}".rstrip()


def override_mark(answer: Answer) -> str:
    """Return the sentence that marks an answer to a refused radiograph; empty for any other."""
    if not answer.overridden:
        return ""
    why = f" ({told(answer.override_reason)})" if answer.override_reason else ""
    return f"{gettext(ANSWERED_ON_REQUEST, why=why)} {told(answer.refusal)}"


def peers_sentence(answer: Answer) -> str:
    """Say what about this score was worth on radiographs new to the network; empty if unknown.

    Unknown it also is where there were few such radiographs, or their scores lay far apart.
    """
    peers = answer.peers
    if not answer.calibrated and not answer.refused:
        return gettext(_UNCALIBRATED)
    if answer.refused or peers is None or not _telling(peers):
        return ""
    values = {"n": peers.n, "part": gettext(answer.body_part)}
    if not peers.fractured:
        return gettext(
            "Of {n} {part} radiographs with about this score, all new to the network that gave "
            "it, none was fractured.",
            **values,
        )
    return ngettext(
        "Of {n} {part} radiographs with about this score, all new to the network that gave it, "
        "{fractured} was fractured.",
        "Of {n} {part} radiographs with about this score, all new to the network that gave it, "
        "{fractured} were fractured.",
        peers.fractured,
        fractured=peers.fractured,
        **values,
    )


def study_in_words(reports: Sequence[Report]) -> str:
    """Say the verdict of a study from its answered views: ``"doubt, more likely none"``."""
    answer = StudyAnswer.of([report.answer for report in reports])
    if answer.calibrated_probability is None:
        return gettext(NOT_ANSWERED)
    return verdict_words(answer.verdict, reports[answer.gravest].calibrated_probability)


def study_reason(reports: Sequence[Report], views: int) -> str:
    """Say what a study's verdict is made of: its answered views, of which there are so many."""
    answer = StudyAnswer.of([report.answer for report in reports])
    n = str(answer.views)
    if len(reports) != views:
        n = gettext("{n} of {total}", n=n, total=views)
    if answer.calibrated_probability is None:
        return gettext("None of its {n} views is answered.", n=n)
    gravest = gettext("The gravest of {n} views.", n=n)
    if answer.refused:
        gravest = gettext(
            "The gravest of {n} views, {refused} not answered.", n=n, refused=answer.refused
        )
    highest = reports[answer.highest]
    mean = gettext(
        "Mean probability of a fracture {mean}; the highest is {highest} in {name}.",
        mean=percent(answer.calibrated_probability),
        highest=percent(highest.calibrated_probability),
        name=highest.radiograph.name,
    )
    return f"{gravest} {mean}"


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
        return f"{self.name} {begun(gettext(self.said.kind))} {percent(self.said.score)}"

    @property
    def sentence(self) -> str:
        """What is said of it, and where it is."""
        if isinstance(self.said, JointAnswer):
            return f"{self.name} {joint_in_words(self.said.to_dict())}"
        return f"{self.name} {_finding_in_words(self.said)}"

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
    shown: list[Annotation] = []
    known: dict[Finding, tuple[Verdict, str]] = {}
    for place, joint in enumerate(answer.examined_joints):
        shown.append(Annotation(letter(place), joint, joint.verdict))
        known |= dict.fromkeys(joint.answer.findings, (joint.verdict, letter(place)))
    for place, finding in enumerate(answer.visible_findings, start=1):
        verdict, of_joint = known.get(finding, (answer.verdict, ""))
        shown.append(Annotation(str(place), finding, verdict, of_joint))
    return tuple(shown)


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


def letter(place: int) -> str:
    """Return the name of a joint, by its place: A to Z, then AA and on."""
    more, last = divmod(place, len(ascii_uppercase))
    return (letter(more - 1) if more else "") + ascii_uppercase[last]


def _finding_in_words(finding: Finding) -> str:
    """Say what was found, where, how probable it is, and what says so."""
    place = finding.place if finding.box is None else finding.box.centre
    where = "" if place is None else f", {place_in_words(*place)}"
    kind = begun(gettext(finding.kind))
    return f"{kind}{where}: {percent(finding.score)} ({gettext(finding.source)})"


def joint_in_words(joint: Mapping[str, Any]) -> str:
    """Say what was found at a joint, as the record has it, and where the joint is."""
    probability = joint["calibrated_probability"]
    part, where = begun(gettext(joint["body_part"])), place_in_words(*Box(*joint["box"]).centre)
    said = verdict_words(joint["verdict"], probability)
    return gettext(
        "{part}, {where}: {said} (fracture {share})",
        part=part,
        where=where,
        said=said,
        share=percent(probability),
    )


def joint_label(joint: JointAnswer) -> str:
    """Return what stands at the box of a joint."""
    part = begun(gettext(joint.answer.body_part))
    probability = joint.answer.calibrated_probability
    return f"{part}: {verdict_words(joint.verdict, probability)} ({percent(probability)})"


def not_examined(joints: int) -> str:
    """Say what is not answered where joints were found and examined."""
    return ngettext(
        "What lies outside this joint is not examined.",
        "What lies outside these joints is not examined.",
        joints,
    )


def box_in_words(box: Box) -> str:
    """Say where a box lies: ``"20 to 40 % from left and 25 to 75 % from top"``."""
    across, down = (
        f"{100 * low:.0f} to {100 * high:.0f}" for low, high in ((box.x0, box.x1), (box.y0, box.y1))
    )
    return f"{across} % from left and {down} % from top"


def place_in_words(x: float, y: float) -> str:
    """Say where in a picture a point lies, given in fractions: ``"upper left of the picture"``.

    It always names the picture: its left is the right of a patient who faces us.
    """
    return gettext(_PLACES[min(2, int(3 * y))][min(2, int(3 * x))])


def _telling(peers: Peers) -> bool:
    """Tell whether there are enough, and near enough to each other, to say something of a score."""
    width = round(peers.high - peers.low, 6)
    return peers.n >= _FEWEST_PEERS and width <= _WIDEST_PEERS


def _limit(probability: float) -> str:
    rounded = round(100.0 * probability, 1)
    return f"{number(rounded, 0 if rounded.is_integer() else 1)} %"
