"""The cascade: one radiograph in, one report out."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.cascade.attention import Head, grad_cam, over_radiograph
from fracture_widgets.cascade.engine import Engine, OnnxEngine
from fracture_widgets.cascade.report import Report
from fracture_widgets.cascade.store import ShippedModel, load_model
from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.preprocessing import Placement, network_input
from fracture_widgets.imaging.radiograph import Radiograph, read_radiograph
from fracture_widgets.networks.names import (
    BODY_PART_OUTPUT,
    CONV5_OUTPUT,
    EVIDENCE_OUTPUT,
    FRACTURE_MAP_OUTPUT,
    POOLED_OUTPUT,
)
from fracture_widgets.vocabulary import BODY_PARTS, FRACTURED, LABELS

__all__ = ["ENGINES", "Cascade", "predict", "shipped_cascade"]

ENGINES = ("onnx", "keras")


class Cascade:
    """Names the body part of a radiograph, then says fractured or normal and where it looked.

    Parameters
    ----------
    model
        Weights with their card.
    engine
        What runs the network.

    See Also
    --------
    Cascade.load : The usual way to get one.
    """

    def __init__(self, model: ShippedModel, engine: Engine) -> None:
        self._model = model
        self._engine = engine
        self._heads = {part: Head(model.weights, part) for part in BODY_PARTS}

    @classmethod
    def load(cls, models: str | os.PathLike[str] | None = None, *, engine: str = "onnx") -> Cascade:
        """Load a cascade from a models folder.

        Parameters
        ----------
        models
            A folder with ``card.json``; the shipped one by default.
        engine
            ``"onnx"``, which needs no TensorFlow, or ``"keras"``, the reference.

        Raises
        ------
        ModelError
            If the folder holds no model this version can use, or the engine has another name.
        MissingExtra
            If the engine is ``"keras"`` and Keras is not installed.
        """
        if engine not in ENGINES:
            raise ModelError(f"The engine is one of {', '.join(ENGINES)}. Received: {engine!r}")
        model = load_model(models)
        if engine == "keras":
            from fracture_widgets.cascade.keras_engine import KerasEngine

            return cls(model, KerasEngine(model.weights))
        return cls(model, OnnxEngine(model.weights))

    @property
    def card(self) -> Mapping[str, Any]:
        """The model's card: how it was made, from what, and how well it does."""
        return self._model.card

    @property
    def sha256(self) -> str:
        """The model's identity."""
        return self._model.sha256

    def examine(self, radiograph: Radiograph) -> Report:
        """Answer one radiograph. Safe to call from several threads.

        Parameters
        ----------
        radiograph
            One elbow, hand or shoulder, filling most of the picture.

        Returns
        -------
        Report
            One pass through the network gives all of it.
        """
        started = time.perf_counter()
        inputs = network_input(radiograph.pixels)[np.newaxis]
        prepared = time.perf_counter()
        outputs = {name: values[0] for name, values in self._engine.run(inputs).items()}
        answered = time.perf_counter()

        answers = _probabilities(outputs)
        body_part = _most_probable(answers[BODY_PART_OUTPUT])

        place = Placement.of(radiograph.width, radiograph.height)
        gradient = self._heads[body_part].conv5_gradient(
            outputs[POOLED_OUTPUT], outputs[EVIDENCE_OUTPUT], LABELS.index(FRACTURED)
        )
        heatmap = grad_cam(outputs[CONV5_OUTPUT], gradient)
        maps = {
            "heatmap": over_radiograph(heatmap, place),
            "fracture_map": over_radiograph(outputs[FRACTURE_MAP_OUTPUT][..., 0], place),
        }
        finished = time.perf_counter()
        return Report(
            radiograph=radiograph,
            body_part=body_part,
            body_part_probabilities=answers[BODY_PART_OUTPUT],
            label=_most_probable(answers[body_part]),
            fracture_probability=answers[body_part][FRACTURED],
            model=self.sha256,
            timings={
                "prepare": prepared - started,
                "network": answered - prepared,
                "heatmap": finished - answered,
                "total": finished - started,
            },
            **maps,
        )

    def probabilities(self, radiograph: Radiograph) -> dict[str, dict[str, float]]:
        """Return every head's answer to one radiograph, whatever it shows.

        Returns
        -------
        dict
            By head, ``"body_part"`` or a body part, the probability of each of its answers.
        """
        inputs = network_input(radiograph.pixels)[np.newaxis]
        return _probabilities(
            {name: values[0] for name, values in self._engine.run(inputs).items()}
        )


def _probabilities(outputs: Mapping[str, npt.NDArray[np.float32]]) -> dict[str, dict[str, float]]:
    words = {BODY_PART_OUTPUT: BODY_PARTS, **dict.fromkeys(BODY_PARTS, LABELS)}
    return {
        head: dict(zip(answers, map(float, outputs[head]), strict=True))
        for head, answers in words.items()
    }


def _most_probable(probabilities: Mapping[str, float]) -> str:
    return max(probabilities, key=probabilities.__getitem__)


@cache
def shipped_cascade() -> Cascade:
    """Return the shipped cascade, loaded once in a process."""
    return Cascade.load()


_QUESTIONS = {"parts": BODY_PART_OUTPUT, **{part: part for part in BODY_PARTS}}


def predict(image_path: str | os.PathLike[str], model: str = "Parts") -> str:
    """Answer one question about one file, as the paper's reference implementation does.

    Parameters
    ----------
    image_path
        A radiograph.
    model
        ``"Parts"`` asks for the body part; ``"Elbow"``, ``"Hand"`` or ``"Shoulder"`` asks that
        part's network whether the radiograph shows a fracture, whatever it shows.

    Returns
    -------
    str
        ``"Elbow"``, ``"Hand"`` or ``"Shoulder"``; or ``"fractured"`` or ``"normal"``.

    Raises
    ------
    UnreadableRadiograph
        If the file is no radiograph.
    ModelError
        If ``model`` has another name, or the shipped model is damaged.
    """
    output = _QUESTIONS.get(model.lower())
    if output is None:
        names = ", ".join(name.capitalize() for name in _QUESTIONS)
        raise ModelError(f"The model is one of {names}. Received: {model!r}")
    radiograph = read_radiograph(image_path)
    answers = shipped_cascade().probabilities(radiograph)[output]
    best = _most_probable(answers)
    return best.capitalize() if output == BODY_PART_OUTPUT else best
