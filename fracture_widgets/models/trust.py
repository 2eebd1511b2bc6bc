"""How far an answer may be trusted: calibration, operating points and evidence, from the card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.errors import ModelError
from fracture_widgets.models.report import DoubtBand, Peers

__all__ = ["LEAST_PROBABILITY", "TRUST_SECTION", "Calibration", "PartTrust", "Trust", "log_odds"]

Floats = npt.NDArray[np.float64]

TRUST_SECTION = "trust"
"""What this is called on the card."""

LEAST_PROBABILITY = 1e-7
"""Probabilities closer to 0 or 1 count as this close."""


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
        edges = [one.high for one in self.peers[:-1]]
        return self.peers[int(np.searchsorted(edges, calibrated_probability, side="right"))]


_NOTHING_KNOWN = PartTrust()


@dataclass(frozen=True)
class Trust:
    """What is known of every part's fracture network."""

    parts: Mapping[str, PartTrust] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of_card(cls, card: Mapping[str, Any]) -> Trust:
        """Read it from a model's card; a card without it gives an empty one."""
        try:
            parts = card.get(TRUST_SECTION, {}).get("parts", {})
            return cls(MappingProxyType({name: _part(part) for name, part in parts.items()}))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"The card's section on {TRUST_SECTION} is damaged ({error}): install the package "
                "again, or run fracture-widgets train trust."
            ) from error

    def of(self, body_part: str) -> PartTrust:
        """Return what is known of a body part's network."""
        return self.parts.get(body_part, _NOTHING_KNOWN)


def _part(part: Mapping[str, Any]) -> PartTrust:
    calibration, band = part["calibration"], part["band"]
    return PartTrust(
        Calibration(float(calibration["slope"]), float(calibration["intercept"])),
        DoubtBand(float(band["low"]), float(band["high"])),
        tuple(
            Peers(
                low=float(row["from"]),
                high=float(row["to"]),
                n=int(row["n"]),
                fractured=int(row["fractured"]),
                prevalence=float(part["prevalence"]),
            )
            for row in part["peers"]
        ),
    )


def log_odds(probability: npt.ArrayLike) -> Floats:
    """Return the log-odds of probabilities."""
    said = np.clip(
        np.asarray(probability, dtype=np.float64), LEAST_PROBABILITY, 1.0 - LEAST_PROBABILITY
    )
    odds: Floats = np.log(said) - np.log1p(-said)
    return odds


def _probability(odds: Floats) -> Floats:
    # Either form overflows on one side only.
    small = np.exp(-np.abs(odds))
    return np.where(odds >= 0, 1.0, small) / (1.0 + small)
