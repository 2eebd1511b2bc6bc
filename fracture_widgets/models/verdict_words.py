"""A verdict in a reader's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fracture_widgets.base.words import percent
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.models.record import Finding
from fracture_widgets.models.report import Answer, DoubtBand, JointAnswer, Peers, Report
from fracture_widgets.models.study import StudyAnswer
from fracture_widgets.parts import Verdict

NOT_ANSWERED = "not answered"
"""What is said instead of a verdict."""

ON_REQUEST = "on request"
"""What stands beside a verdict that somebody asked for in spite of a warning."""

_UNCALIBRATED = (
    "Nobody has measured how often a radiograph to which this network gives such a probability "
    "is fractured."
)
ANSWERED_ON_REQUEST = "Answered on request{why}, against this warning:"
_EVEN = 0.5
_FEWEST_PEERS = 20
_WIDEST_PEERS = 0.2  # from the lowest probability among them to the highest
_PLACES = (
    ("upper left", "top", "upper right"),
    ("left", "centre", "right"),
    ("lower left", "bottom", "lower right"),
)


def verdict_slug(verdict: Verdict) -> str:
    """Return a verdict as one word, for attributes and class names: ``"none-seen"``."""
    return verdict.value.replace(" ", "-")


def verdict_words(verdict: str, probability: float | None = None) -> str:
    """Say a verdict; of a doubt also what is more likely: ``"doubt, more likely none"``.

    Records and filters keep the verdict itself. ``probability`` is the calibrated one.
    """
    if verdict == Verdict.REFUSED:
        return NOT_ANSWERED
    if verdict != Verdict.DOUBT or probability is None:
        return str(verdict)
    return f"{verdict}, more likely {Verdict.FRACTURE if probability >= _EVEN else 'none'}"


def verdict_heading(answer: Answer) -> tuple[str, str]:
    """Return the body part and the verdict; of a refused one ``""`` and ``"not answered"``."""
    if answer.refused:
        return "", NOT_ANSWERED
    said = verdict_words(answer.verdict, answer.calibrated_probability)
    return answer.body_part.capitalize(), said


def operating_points(band: DoubtBand) -> str:
    """Say from where on a probability is a fracture, and below which none is seen."""
    between = ", doubt between" if band.low < band.high else ""
    none_seen = "None seen" if not band.point else f"At the {band.point} operating point none seen"
    return f"{none_seen} below {_limit(band.low)}, fracture from {_limit(band.high)}{between}."


def meaning(answer: Answer) -> str:
    """Say what the verdict rests on: the probability, or why there is none."""
    if answer.refused:
        return answer.refusal
    probability = percent(answer.calibrated_probability)
    return f"Probability of a fracture {probability}. {peers_sentence(answer)}".rstrip()


def override_mark(answer: Answer) -> str:
    """Return the sentence that marks an answer to a refused radiograph; empty for any other."""
    why = f" ({answer.override_reason})" if answer.override_reason else ""
    return f"{ANSWERED_ON_REQUEST.format(why=why)} {answer.refusal}" if answer.overridden else ""


def peers_sentence(answer: Answer) -> str:
    """Say what about this score was worth on radiographs new to the network; empty if unknown.

    Unknown it also is where there were few such radiographs, or their scores lay far apart.
    """
    peers = answer.peers
    if not answer.calibrated and not answer.refused:
        return _UNCALIBRATED
    if answer.refused or peers is None or not _telling(peers):
        return ""
    return (
        f"Of {peers.n} {answer.body_part} radiographs with about this score, all new to the "
        f"network that gave it, {peers.fractured or 'none'} "
        f"{'was' if peers.fractured <= 1 else 'were'} fractured."
    )


def study_in_words(reports: Sequence[Report]) -> str:
    """Say the verdict of a study from its answered views: ``"doubt, more likely none"``."""
    answer = StudyAnswer.of([report.answer for report in reports])
    if answer.calibrated_probability is None:
        return NOT_ANSWERED
    return verdict_words(answer.verdict, reports[answer.gravest].calibrated_probability)


def study_reason(reports: Sequence[Report], views: int) -> str:
    """Say what a study's verdict is made of: its answered views, of which there are so many."""
    answer = StudyAnswer.of([report.answer for report in reports])
    of_all = "" if len(reports) == views else f" of {views}"
    if answer.calibrated_probability is None:
        return f"None of its {answer.views}{of_all} views is answered."
    left_out = f", {answer.refused} not answered" if answer.refused else ""
    highest = reports[answer.highest]
    return (
        f"The gravest of {answer.views}{of_all} views{left_out}. "
        f"Mean probability of a fracture {percent(answer.calibrated_probability)}; the "
        f"highest is {percent(highest.calibrated_probability)} in {highest.radiograph.name}."
    )


def finding_in_words(finding: Finding) -> str:
    """Say what was found, where, how probable it is, and what says so."""
    place = finding.place if finding.box is None else centre_of(finding.box)
    where = "" if place is None else f", {place_in_words(*place)}"
    return f"{finding.kind.capitalize()}{where}: {percent(finding.score)} ({finding.source})"


def finding_label(finding: Finding) -> str:
    """Return what stands at the box of a finding."""
    return f"{finding.kind.capitalize()} {percent(finding.score)}"


def joint_in_words(joint: Mapping[str, Any]) -> str:
    """Say what was found at a joint, as the record has it, and where the joint is."""
    probability = joint["calibrated_probability"]
    part, where = joint["body_part"].capitalize(), place_in_words(*centre_of(Box(*joint["box"])))
    said = verdict_words(joint["verdict"], probability)
    return f"{part}, {where}: {said} (fracture {percent(probability)})"


def joint_label(joint: JointAnswer) -> str:
    """Return what stands at the box of a joint."""
    part, probability = joint.answer.body_part.capitalize(), joint.answer.calibrated_probability
    return f"{part}: {verdict_words(joint.verdict, probability)} ({percent(probability)})"


def not_examined(joints: int) -> str:
    """Say what is not answered where joints were found and examined."""
    what = "this joint" if joints == 1 else "these joints"
    return f"What lies outside {what} is not examined."


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
    return f"{_PLACES[min(2, int(3 * y))][min(2, int(3 * x))]} of the picture"


def centre_of(box: Box) -> tuple[float, float]:
    """Return the point in the middle of a box."""
    return (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2


def _telling(peers: Peers) -> bool:
    """Tell whether there are enough, and near enough to each other, to say something of a score."""
    width = round(peers.high - peers.low, 6)
    return peers.n >= _FEWEST_PEERS and width <= _WIDEST_PEERS


def _limit(probability: float) -> str:
    return f"{100.0 * probability:.1f}".removesuffix(".0") + " %"
