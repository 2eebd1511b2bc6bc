"""Fracture Widgets: teach, try and study fracture detection on radiographs.

For teaching and research. Not a medical device.

The public names are resolved when they are first used, so that importing the package loads
neither TensorFlow nor ipywidgets.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fracture_widgets.cascade.cascade import Cascade, predict
    from fracture_widgets.cascade.report import Report
    from fracture_widgets.cascade.study import examine_study
    from fracture_widgets.datasets.fracatlas import FracAtlas
    from fracture_widgets.datasets.split import patient_folds, split_by_patient
    from fracture_widgets.datasets.table import load_dataset
    from fracture_widgets.errors import FractureWidgetsError, UnreadableRadiograph
    from fracture_widgets.evaluation.evaluate import evaluate_predictions
    from fracture_widgets.figures import (
        CalibrationDisplay,
        ConfusionMatrixDisplay,
        LearningCurvesDisplay,
        OperatingPointsDisplay,
        PrecisionRecallDisplay,
        RadiographsDisplay,
        RocDisplay,
        SubgroupDisplay,
    )
    from fracture_widgets.history import History
    from fracture_widgets.imaging.boxes import Box
    from fracture_widgets.imaging.phantoms import draw_phantom, sample_phantoms, write_phantoms
    from fracture_widgets.imaging.radiograph import Radiograph, read_radiograph
    from fracture_widgets.imaging.studies import find_radiographs, group_by_study
    from fracture_widgets.limits import UploadLimits
    from fracture_widgets.panels import ErrorBrowser, ReadingRoom, TrainingPanel, Workbench
    from fracture_widgets.screening.screen import screen_folder
    from fracture_widgets.training.comparison import compare
    from fracture_widgets.training.recipe import train_bone_type_model, train_fracture_model
    from fracture_widgets.training.runs import open_run

__version__ = "0.1.0"

_HOMES = {
    "Box": "imaging.boxes",
    "CalibrationDisplay": "figures",
    "Cascade": "cascade.cascade",
    "ConfusionMatrixDisplay": "figures",
    "ErrorBrowser": "panels",
    "FracAtlas": "datasets.fracatlas",
    "FractureWidgetsError": "errors",
    "History": "history",
    "LearningCurvesDisplay": "figures",
    "OperatingPointsDisplay": "figures",
    "PrecisionRecallDisplay": "figures",
    "Radiograph": "imaging.radiograph",
    "RadiographsDisplay": "figures",
    "ReadingRoom": "panels",
    "Report": "cascade.report",
    "RocDisplay": "figures",
    "SubgroupDisplay": "figures",
    "TrainingPanel": "panels",
    "UnreadableRadiograph": "errors",
    "UploadLimits": "limits",
    "Workbench": "panels",
    "compare": "training.comparison",
    "draw_phantom": "imaging.phantoms",
    "evaluate_predictions": "evaluation.evaluate",
    "examine_study": "cascade.study",
    "find_radiographs": "imaging.studies",
    "group_by_study": "imaging.studies",
    "load_dataset": "datasets.table",
    "open_run": "training.runs",
    "patient_folds": "datasets.split",
    "predict": "cascade.cascade",
    "read_radiograph": "imaging.radiograph",
    "sample_phantoms": "imaging.phantoms",
    "screen_folder": "screening.screen",
    "split_by_patient": "datasets.split",
    "train_bone_type_model": "training.recipe",
    "train_fracture_model": "training.recipe",
    "write_phantoms": "imaging.phantoms",
}

__all__ = [
    "Box",
    "CalibrationDisplay",
    "Cascade",
    "ConfusionMatrixDisplay",
    "ErrorBrowser",
    "FracAtlas",
    "FractureWidgetsError",
    "History",
    "LearningCurvesDisplay",
    "OperatingPointsDisplay",
    "PrecisionRecallDisplay",
    "Radiograph",
    "RadiographsDisplay",
    "ReadingRoom",
    "Report",
    "RocDisplay",
    "SubgroupDisplay",
    "TrainingPanel",
    "UnreadableRadiograph",
    "UploadLimits",
    "Workbench",
    "compare",
    "draw_phantom",
    "evaluate_predictions",
    "examine_study",
    "find_radiographs",
    "group_by_study",
    "load_dataset",
    "open_run",
    "patient_folds",
    "predict",
    "read_radiograph",
    "sample_phantoms",
    "screen_folder",
    "split_by_patient",
    "train_bone_type_model",
    "train_fracture_model",
    "write_phantoms",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
