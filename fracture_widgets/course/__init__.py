"""What the lessons need beside prose: a list of contents, and checks that know common mistakes."""

from __future__ import annotations

from fracture_widgets.course.contents import Contents
from fracture_widgets.course.exercises import (
    Verdict,
    check_always_normal,
    check_answered,
    check_best_epoch,
    check_found_at,
    check_hottest_place,
    check_iou,
    check_kept,
    check_margin,
    check_predictive_value,
    check_split,
    check_threshold,
    check_trained_weights,
)
from fracture_widgets.course.model_card import ModelCard

__all__ = [
    "Contents",
    "ModelCard",
    "Verdict",
    "check_always_normal",
    "check_answered",
    "check_best_epoch",
    "check_found_at",
    "check_hottest_place",
    "check_iou",
    "check_kept",
    "check_margin",
    "check_predictive_value",
    "check_split",
    "check_threshold",
    "check_trained_weights",
]
