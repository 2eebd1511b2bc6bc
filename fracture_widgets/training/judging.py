"""What a trained network answered to the test split, scored and drawn.

It needs no network, so that a finished run can be read where TensorFlow is not installed.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from fracture_widgets.evaluation.scores import Scores, score_body_part, score_fracture
from fracture_widgets.figures import (
    ConfusionMatrixDisplay,
    Display,
    LearningCurvesDisplay,
    RocDisplay,
)
from fracture_widgets.models.networks.names import BODY_PART_OUTPUT
from fracture_widgets.parts import BODY_PARTS, FRACTURED
from fracture_widgets.training.question_data import answers_to

__all__ = ["asked", "displays", "judge"]


def asked(question: str) -> str:
    """Return a question in words: ``"body part"``, ``"fracture"`` or ``"fracture, elbow"``."""
    if question == BODY_PART_OUTPUT:
        return "body part"
    return f"fracture, {question}" if question in BODY_PARTS else "fracture"


def judge(question: str, answers: pd.DataFrame) -> Scores:
    """Score what a network answered."""
    labels = answers_to(question)
    probabilities = answers[list(labels)].to_numpy(dtype=float)
    predicted = np.array(labels)[probabilities.argmax(axis=1)]
    groups = answers["patient_id"]
    if question == BODY_PART_OUTPUT:
        return score_body_part(answers["answer"], predicted, labels, groups=groups)
    fracture = probabilities[:, labels.index(FRACTURED)]
    return score_fracture(asked(question), answers["answer"], predicted, fracture, groups=groups)


def displays(question: str, history: pd.DataFrame, scores: Scores | None) -> dict[str, Display]:
    """Return the figures of a training by the names of their files."""
    title = f"{asked(question)[:1].upper()}{asked(question)[1:]}"
    drawn: dict[str, Display] = {"learning_curves": LearningCurvesDisplay(history, title=title)}
    if scores is not None:
        drawn["confusion_matrix"] = ConfusionMatrixDisplay.from_scores(scores)
    if scores is not None and question != BODY_PART_OUTPUT:
        drawn["roc"] = RocDisplay.from_scores({question: scores}, title=title)
    return drawn
