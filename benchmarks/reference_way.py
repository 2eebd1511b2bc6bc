"""The way the paper's reference implementation answers: four Keras networks, then a library's map.

Each of the four ResNet-50 networks is a model of its own; ``predict`` is called for the body part,
for the fracture, and for the body part again, and tf-keras-vis draws the Grad-CAM. As a program, it
answers one file in a new process:

    python benchmarks/reference_way.py NETWORKS FILE
"""

from __future__ import annotations

import inspect
import os
import sys
import warnings
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from comparing import first_module
from tf_keras_vis.gradcam import Gradcam

BODY_PARTS = first_module("parts", "vocabulary").BODY_PARTS
CONV5_OUTPUT = first_module(
    "models.networks.names", "networks.names", "models.networks"
).CONV5_OUTPUT
QUESTIONS = ("body_part", *BODY_PARTS)


def save_networks(folder: Path) -> None:
    """Write four networks; what they answer does not matter, and what it costs is the same."""
    for question in QUESTIONS:
        network = _network(question)
        network.save(folder / f"{question}.keras")


def _network(question: str) -> keras.Model:
    """Build one that answers a question; older commits know the body parts without being told."""
    build = first_module("models.networks.question", "networks.question")
    build = build.build_single_question_network
    told = "labels" in inspect.signature(build).parameters
    return build(question, **({"labels": BODY_PARTS} if told and question == "body_part" else {}))


class ReferenceWay:
    """Answers files by four separate networks, which :func:`save_networks` wrote."""

    def __init__(self, folder: Path) -> None:
        self._networks = {
            question: keras.models.load_model(folder / f"{question}.keras")
            for question in QUESTIONS
        }

    def answer(self, path: Path) -> tuple[str, float, Any]:
        """Return the body part, how probable a fracture is, and the heatmap."""
        picture = keras.utils.load_img(path, color_mode="grayscale", target_size=(224, 224))
        inputs = keras.utils.img_to_array(picture)[np.newaxis]
        part = self._named(inputs)
        fractured = float(self._networks[part].predict(inputs, verbose=0)[0, 0])
        self._named(inputs)
        with warnings.catch_warnings(action="ignore"):
            gradcam = Gradcam(self._networks[part], clone=True)
            heatmap = gradcam(_first, inputs, penultimate_layer=CONV5_OUTPUT)
        return part, fractured, heatmap

    def _named(self, inputs: Any) -> str:
        answer = self._networks["body_part"].predict(inputs, verbose=0)
        return BODY_PARTS[int(answer[0].argmax())]


def _first(answers: Any) -> Any:
    return answers[:, 0]


if __name__ == "__main__":
    print(ReferenceWay(Path(sys.argv[1])).answer(Path(sys.argv[2]))[:2])
