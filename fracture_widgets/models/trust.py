"""How far an answer may be trusted: calibration, operating points and evidence, from the card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.errors import ModelError
from fracture_widgets.models.report import DoubtBand, Peers

Floats = npt.NDArray[np.float64]

TRUST_SECTION = "trust"
"""What this is called on the card."""

LEAST_PROBABILITY = 1e-7
"""Probabilities closer to 0 or 1 count as this close."""


_GREATEST = 1e9


@dataclass(frozen=True)
class Calibration:
    """A line through log-odds: ``slope * logit(p) + intercept``."""

    slope: float = 1.0
    intercept: float = 0.0

    def __call__(self, probability: npt.ArrayLike) -> Floats:
        """Return calibrated probabilities, of the shape of ``probability``, 0 to 1."""
        if self == Calibration():
            return np.asarray(probability, dtype=np.float64)
        return _probability(self.slope * log_odds(probability) + self.intercept)


@dataclass(frozen=True)
class PartTrust:
    """What is known of one body part's fracture network."""

    calibration: Calibration = field(default_factory=Calibration)
    band: DoubtBand = field(default_factory=DoubtBand)
    peers: tuple[Peers, ...] = ()

    def peers_of(self, calibrated_probability: float) -> Peers | None:
        """Return the radiographs of about this probability, or None where none are known."""
        if not self.peers:
            return None
        edges = [group.high for group in self.peers[:-1]]
        return self.peers[int(np.searchsorted(edges, calibrated_probability, side="right"))]


def trust_of_card(card: Mapping[str, Any]) -> dict[str, PartTrust]:
    """Return what a model's card says of its parts' networks; nothing of a part it leaves out."""
    try:
        parts = card.get(TRUST_SECTION, {}).get("parts", {})
        return {name: _part(part) for name, part in parts.items()}
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise ModelError(
            f"The card's section on {TRUST_SECTION} is damaged ({str(error)[:80]}): install the "
            "package again, or run fracture-widgets train trust."
        ) from error


def _part(part: Mapping[str, Any]) -> PartTrust:
    calibration, band = part["calibration"], part["band"]
    if not (low := _share(band["low"])) <= (high := _share(band["high"])):
        raise ValueError("its operating points are exchanged")
    return PartTrust(
        Calibration(_number(calibration["slope"]), _number(calibration["intercept"])),
        DoubtBand(low, high),
        tuple(
            Peers(
                low=_share(row["from"]),
                high=_share(row["to"]),
                n=int(_number(row["n"], 0)),
                fractured=int(_number(row["fractured"], 0, row["n"])),
                prevalence=_share(part["prevalence"]),
            )
            for row in part["peers"]
        ),
    )


def _number(value: Any, least: float = -_GREATEST, greatest: float = _GREATEST) -> float:
    """Return a number of the card, which is one, and not beyond all measure."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{str(value)[:20]} is no number")
    if not least <= value <= greatest:  # a not-a-number neither
        raise ValueError(f"{str(value)[:20]} is too large or too small")
    return float(value)


def _share(value: Any) -> float:
    return _number(value, 0.0, 1.0)


def log_odds(probability: npt.ArrayLike) -> Floats:
    """Return the log-odds of probabilities."""
    given = np.asarray(probability, dtype=np.float64)
    clipped = np.clip(given, LEAST_PROBABILITY, 1.0 - LEAST_PROBABILITY)
    odds: Floats = np.log(clipped) - np.log1p(-clipped)
    return odds


def _probability(odds: Floats) -> Floats:
    # Either form overflows on one side only.
    small = np.exp(-np.abs(odds))
    return np.where(odds >= 0, 1.0, small) / (1.0 + small)
