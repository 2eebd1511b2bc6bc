"""Figures that hold their numbers and draw them on demand, as scikit-learn's displays do.

A display draws into axes that it is given, or on a sheet of its own; it never touches pyplot's
state, so that figures can be drawn where there is no screen. In a notebook, a display as the
last line of a cell shows itself.
"""

from __future__ import annotations

from fracture_widgets.figures.agreement import CalibrationDisplay, ConfusionMatrixDisplay
from fracture_widgets.figures.curves import (
    PrecisionRecallDisplay,
    ReaderRocDisplay,
    RocDisplay,
)
from fracture_widgets.figures.display import Display
from fracture_widgets.figures.forest import ComparisonDisplay, SubgroupDisplay
from fracture_widgets.figures.learning_curves import LearningCurvesDisplay
from fracture_widgets.figures.operating_points import OperatingPointsDisplay, PrevalenceDisplay
from fracture_widgets.figures.pictures import GreyValuesDisplay, RadiographsDisplay

__all__ = [
    "CalibrationDisplay",
    "ComparisonDisplay",
    "ConfusionMatrixDisplay",
    "Display",
    "GreyValuesDisplay",
    "LearningCurvesDisplay",
    "OperatingPointsDisplay",
    "PrecisionRecallDisplay",
    "PrevalenceDisplay",
    "RadiographsDisplay",
    "ReaderRocDisplay",
    "RocDisplay",
    "SubgroupDisplay",
]
