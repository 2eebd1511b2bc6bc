"""Numbers and answers as people read them."""

from __future__ import annotations

from datetime import UTC, datetime

from fracture_widgets.cascade.report import Answer, DoubtBand

__all__ = [
    "NOTICE",
    "headline",
    "meaning",
    "operating_points",
    "overridden",
    "percent",
    "utc",
]

NOTICE = "For teaching and research. Not a medical device."
"""What stands on every report, of whatever format."""


def percent(probability: float) -> str:
    """Say a probability in percent with one decimal; never 0.0 % or 100.0 %, which no model knows.

    Examples
    --------
    >>> percent(0.8731), percent(0.00002), percent(0.99999)
    ('87.3 %', '< 0.1 %', '> 99.9 %')
    """
    value = 100.0 * probability
    if value < 0.1:
        return "< 0.1 %"
    return "> 99.9 %" if value > 99.9 else f"{value:.1f} %"


def headline(answer: Answer) -> tuple[str, str]:
    """Return the body part and the verdict, or ``""`` and ``"no verdict"`` for a refused one."""
    if answer.refused:
        return "", "no verdict"
    return answer.body_part.capitalize(), str(answer.verdict)


def meaning(answer: Answer) -> str:
    """Say what the verdict rests on: the calibrated probability, or why there is none."""
    if answer.refused:
        return answer.refusal
    probability = answer.calibrated_probability
    return (
        f"Calibrated probability of a fracture {percent(probability)}: of 100 radiographs given "
        f"it, {_in_a_hundred(probability)} fractured."
    )


def _in_a_hundred(probability: float) -> str:
    count = round(100.0 * probability)
    if count == 0:
        return "less than 1 is"
    return "nearly all are" if count == 100 else f"about {count} {'is' if count == 1 else 'are'}"


def operating_points(band: DoubtBand) -> str:
    """Say from where on a probability is a fracture, and below which none is seen.

    Examples
    --------
    >>> operating_points(DoubtBand(0.12, 0.61))
    'None seen below 12 %, fracture from 61 %, doubt between.'
    """
    between = ", doubt between" if band.low < band.high else ""
    return f"None seen below {_point(band.low)}, fracture from {_point(band.high)}{between}."


def _point(probability: float) -> str:
    return f"{100.0 * probability:.1f}".removesuffix(".0") + " %"


def overridden(answer: Answer) -> str:
    """Return the sentence that marks an answer to a refused radiograph; empty for any other."""
    if not answer.overridden:
        return ""
    return f"Refused by the gate, answered on request. {answer.refusal}"


def utc(moment: datetime) -> str:
    """Return a moment to the minute, in UTC and saying so."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
