"""A verdict in a reader's words."""

from __future__ import annotations

from fracture_widgets.cascade.report import Answer
from fracture_widgets.rendering.words import percent
from fracture_widgets.vocabulary import Verdict

__all__ = ["OVERRIDDEN", "band_sentence", "peers_sentence", "verdict_heading", "verdict_slug"]

OVERRIDDEN = "Refused by the gate, answered on request."
"""Stands on everything that shows an answer somebody asked for against the gate."""


def verdict_slug(verdict: Verdict) -> str:
    """Return a verdict as one word, for attributes and class names: ``"none-seen"``."""
    return verdict.value.replace(" ", "-")


def verdict_heading(answer: Answer) -> tuple[str, str]:
    """Return the body part and the verdict, or ``""`` and ``"no verdict"`` for a refused one."""
    if answer.refused:
        return "", "no verdict"
    return answer.body_part.capitalize(), answer.verdict.value


def band_sentence(answer: Answer) -> str:
    """Say from where to where the verdict is doubt, and which side this answer is on."""
    band = answer.band
    if band.low == band.high:
        return f"From {percent(band.high)} on the verdict is fracture, below it none seen."
    return (
        f"Below {percent(band.low)} none is seen, from {percent(band.high)} on it is a fracture; "
        "between them is doubt."
    )


def peers_sentence(answer: Answer) -> str:
    """Say what became of radiographs with about this score; empty where nobody counted."""
    peers = answer.peers
    if peers is None or not peers.n:
        return ""
    of_hundred = round(100 * peers.fractured / peers.n)
    return (
        f"Of 100 {answer.body_part} radiographs with about this score, {of_hundred} "
        f"{'was' if of_hundred == 1 else 'were'} fractured: counted were {peers.fractured} of "
        f"{peers.n}, given {percent(peers.low)} to {percent(peers.high)} by networks that had "
        "never seen them."
    )
