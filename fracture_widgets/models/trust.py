"""How far an answer may be trusted: calibration, operating points and evidence, from the card."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.quality import QualityProblem
from fracture_widgets.models.record import Finding
from fracture_widgets.models.report import Answer, DoubtBand, Peers, most_probable

Floats = npt.NDArray[np.float64]

TRUST_SECTION = "trust"
"""What this is called on the card."""

UNLIKE_SECTION, LIKE, UNLIKE = "out_of_distribution", "like", "unlike"
"""Where a card says what answers are worth on radiographs unlike those that were learned from."""
_WRONG = ("missed", "false")

OperatingPoint = Literal["sensitive", "balanced"]
"""Where the limits lie: kept are 95 percent of fractured and of normal radiographs, or 90."""

SENSITIVE: OperatingPoint = "sensitive"
OPERATING_POINTS: tuple[OperatingPoint, ...] = get_args(OperatingPoint)
"""The one that is used where none is named, first."""

OTHER_POINTS = "points"
"""Where a part's section has the operating points beside the first, which it begins with."""

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
    others: Mapping[str, DoubtBand] = field(default_factory=dict)
    """The limits at the operating points that were not chosen."""

    def peers_of(self, calibrated_probability: float) -> Peers | None:
        """Return the radiographs of about this probability, or None where none are known."""
        if not self.peers:
            return None
        edges = [group.high for group in self.peers[:-1]]
        return self.peers[int(np.searchsorted(edges, calibrated_probability, side="right"))]


def trust_of_card(
    card: Mapping[str, Any], point: OperatingPoint = SENSITIVE
) -> dict[str, PartTrust]:
    """Return what a model's card says of its parts' networks; nothing of a part it leaves out."""
    try:
        parts = card.get(TRUST_SECTION, {}).get("parts", {})
        known = {name: _part(part) for name, part in parts.items()}
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise ModelError(
            f"The card's section on {TRUST_SECTION} is damaged ({str(error)[:80]}): install the "
            "package again, or run fracture-widgets train trust."
        ) from error
    if point == SENSITIVE:
        return known
    if not known or any(point not in part.others for part in known.values()):
        raise ModelError(
            f"This model has no {point} operating point: choose {SENSITIVE}, or fit both on its "
            "answers out of fold with fracture-widgets train trust."
        )
    return {name: replace(part, band=part.others[point]) for name, part in known.items()}


@dataclass(frozen=True)
class ErrorRates:
    """How often an answer is wrong."""

    missed: float
    """Share of the fractured that are called none seen, 0 to 1."""
    false: float
    """Share of the normal that are called a fracture, 0 to 1."""


def error_rates(
    card: Mapping[str, Any], models: Sequence[str]
) -> tuple[ErrorRates, ErrorRates] | None:
    """Return those of radiographs like the ones learned from, and unlike them, if a card knows.

    ``models`` are the digests of the networks of crops that answer: of others nothing is known.
    """
    section = card.get(UNLIKE_SECTION)
    if section is None:
        return None
    try:
        told = [section[which][name]["value"] for which in (LIKE, UNLIKE) for name in _WRONG]
        # What could not be measured is None.
        if section["models"] != sorted(models) or None in told:
            return None
        missed, false, more_missed, more_false = map(_share, told)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"The card's section on {UNLIKE_SECTION} is damaged ({str(error)[:80]}): install the "
            "package again."
        ) from error
    return ErrorRates(missed, false), ErrorRates(more_missed, more_false)


class Trusted:
    """Makes answers of probabilities, as far as a model's card lets them be trusted."""

    def __init__(
        self, card: Mapping[str, Any], sha256: str, point: OperatingPoint = SENSITIVE
    ) -> None:
        self._trust = trust_of_card(card, point)
        self.sha256 = sha256
        """The digest of all that decides an answer: the model's own at the first point."""
        if point != SENSITIVE:
            limits = {name: [part.band.low, part.band.high] for name, part in self._trust.items()}
            decides = json.dumps([sha256, point, limits], sort_keys=True)
            self.sha256 = hashlib.sha256(decides.encode()).hexdigest()

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


def _part(part: Mapping[str, Any]) -> PartTrust:
    calibration = part["calibration"]
    return PartTrust(
        Calibration(_number(calibration["slope"]), _number(calibration["intercept"])),
        _band(part, SENSITIVE),
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
        {name: _band(other, name) for name, other in part.get(OTHER_POINTS, {}).items()},
    )


def _band(figures: Mapping[str, Any], point: str) -> DoubtBand:
    band = figures["band"]
    if not (low := _share(band["low"])) <= (high := _share(band["high"])):
        raise ValueError(f"the limits of its {point} operating point are exchanged")
    return DoubtBand(low, high, point)


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
