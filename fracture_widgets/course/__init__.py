"""What the lessons need beside prose: a list of contents, and checks that know common mistakes."""

from __future__ import annotations

from fracture_widgets.course.contents import Contents, require
from fracture_widgets.course.exercises import (
    check_always_normal,
    check_answered,
    check_best_epoch,
    check_calibration_error,
    check_cost_threshold,
    check_datasheet,
    check_fewest,
    check_found_at,
    check_hottest_place,
    check_iou,
    check_kept,
    check_margin,
    check_most_missed,
    check_predictive_value,
    check_split,
    check_threshold,
    check_trained_weights,
)
from fracture_widgets.course.model_card import ModelCard
from fracture_widgets.course.rehearsal import Rehearsal, rehearse
from fracture_widgets.course.verdict import Verdict

__all__ = [
    "Contents",
    "ModelCard",
    "Rehearsal",
    "Verdict",
    "check_always_normal",
    "check_answered",
    "check_best_epoch",
    "check_calibration_error",
    "check_cost_threshold",
    "check_datasheet",
    "check_fewest",
    "check_found_at",
    "check_hottest_place",
    "check_iou",
    "check_kept",
    "check_margin",
    "check_most_missed",
    "check_predictive_value",
    "check_split",
    "check_threshold",
    "check_trained_weights",
    "rehearse",
    "require",
]
