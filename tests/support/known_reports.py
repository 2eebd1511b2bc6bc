"""Reports whose every number is known, for what is made of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.record import Finding
from fracture_widgets.models.report import Answer, DoubtBand, JointAnswer, Report

MADE_AT = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
GREY = (0.2, 0.6)
WHY = "hand.png does not look like a radiograph of an elbow, a hand or a shoulder."
PART_WORDS = ("elbow:", "hand:", "shoulder:", "body part", "87", "probability", "grad-cam")


def known_report(*, name="hand.png", source_format="PNG", **answer) -> Report:
    """A hand with a calibrated probability of 0.87 between the points 0.12 and 0.61."""
    pixels = np.full((200, 150), GREY[0], np.float32)
    pixels[:, 60:90] = GREY[1]
    heat = np.zeros((7, 7), np.float32)
    heat[3, 3] = 1.0
    said = Answer({"elbow": 0.01, "hand": 0.97, "shoulder": 0.02}, 0.9, 0.87, DoubtBand(0.12, 0.61))
    return Report(
        radiograph=Radiograph(pixels, name, "a" * 64, source_format),
        answer=replace(said, **answer),
        heatmap=heat,
        fracture_map=heat,
        model="b" * 64,
        timings={"total": 0.1},
    )


def limb_report(**options) -> Report:
    """A limb of two joints: a hand with a fracture in it, and an elbow, where none is seen."""
    seen = Finding("fracture", "hand", 0.75, "fracture boxes", Box(0.2, 0.7, 0.3, 0.8))
    faint = Finding("fracture", "elbow", 0.125, "fracture boxes", Box(0.5, 0.1, 0.6, 0.2))
    hand = known_report(findings=(seen,)).answer
    elbow = known_report(
        body_part_probabilities={"elbow": 0.98, "hand": 0.01, "shoulder": 0.01},
        fracture_probability=0.1,
        calibrated_probability=0.05,
        findings=(faint,),
    ).answer
    joints = (
        JointAnswer(Box(0.1, 0.6, 0.5, 0.9), 0.9, hand),
        JointAnswer(Box(0.4, 0.0, 0.8, 0.3), 0.8, elbow),
    )
    return known_report(**{"findings": (seen, faint), "joints": joints} | options)


def refused_report(**options) -> Report:
    """A report without a verdict, and the reason."""
    return known_report(refusal=WHY, **options)


def overridden_report(**options) -> Report:
    """A verdict that somebody asked for although the radiograph was refused."""
    return known_report(refusal=WHY, overridden=True, **options)
