"""The cascade: one radiograph in, one report out."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.preprocessing import Placement, network_input
from fracture_widgets.imaging.quality import Flaw, find_flaw
from fracture_widgets.imaging.radiograph import Radiograph, read_radiograph
from fracture_widgets.models.attention import Head, grad_cam, over_radiograph
from fracture_widgets.models.engine import Engine, OnnxEngine
from fracture_widgets.models.folder import ShippedModel, load_model
from fracture_widgets.models.gate import Gate
from fracture_widgets.models.networks.names import (
    BODY_PART_OUTPUT,
    CONV5_OUTPUT,
    EVIDENCE_OUTPUT,
    FRACTURE_MAP_OUTPUT,
    POOLED_OUTPUT,
)
from fracture_widgets.models.record import Finding
from fracture_widgets.models.report import Answer, Report
from fracture_widgets.models.trust import Trust
from fracture_widgets.parts import BODY_PARTS, FRACTURED, LABELS

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
        self._trust = Trust.of_card(model.card)
        self._gate = Gate.of_weights(model.weights, model.card.get("labels", {}).get("body_part"))
        self._heads: dict[str, Head] = {}

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
            from fracture_widgets.models.keras_engine import KerasEngine

            return cls(model, KerasEngine(model.weights))
        return cls(model, OnnxEngine.of_model(model))

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
            One pass of the radiograph and its mirror image through the network gives all of it:
            probabilities are those of the two mean log-odds, the fracture map is the mean of
            both, the heatmap is that of the radiograph as it is.
        """
        started = time.perf_counter()
        inputs = network_input(radiograph.pixels)[np.newaxis]
        prepared = time.perf_counter()
        ((outputs, mirrored),) = self._run_both_ways(inputs)
        answered = time.perf_counter()

        place = Placement.of(radiograph.width, radiograph.height)
        fracture_map = _fracture_map(outputs, mirrored, place)
        answer = self._answer(outputs, mirrored, find_flaw(radiograph), fracture_map)

        gradient = self._head(answer.body_part).conv5_gradient(
            outputs[POOLED_OUTPUT], outputs[EVIDENCE_OUTPUT], LABELS.index(FRACTURED)
        )
        heatmap = grad_cam(outputs[CONV5_OUTPUT], gradient)
        heatmap = over_radiograph(heatmap, place)
        finished = time.perf_counter()
        return Report(
            radiograph=radiograph,
            answer=answer,
            heatmap=heatmap,
            fracture_map=fracture_map,
            model=self.sha256,
            timings={
                "prepare": prepared - started,
                "network": answered - prepared,
                "heatmap": finished - answered,
                "total": finished - started,
            },
        )

    def probabilities(self, radiograph: Radiograph) -> dict[str, dict[str, float]]:
        """Return every head's answer to one radiograph, whatever it shows.

        Returns
        -------
        dict
            By head, ``"body_part"`` or a body part, the probability of each of its answers, of
            the radiograph and its mirror image as in :meth:`examine`.
        """
        ((outputs, mirrored),) = self._run_both_ways(network_input(radiograph.pixels)[np.newaxis])
        return _mean_answers(outputs, mirrored)

    def answer(
        self,
        inputs: npt.NDArray[np.float32],
        flaws: Sequence[Flaw | None] | None = None,
        places: Sequence[Placement] | None = None,
    ) -> list[Answer]:
        """Answer many radiographs in one pass, without their maps. Safe to call from threads.

        Parameters
        ----------
        inputs
            float32 of shape ``(n, 224, 224, 1)`` in 0 to 255: what
            :func:`~fracture_widgets.imaging.preprocessing.network_input` makes of each.
        flaws
            What :func:`~fracture_widgets.imaging.quality.find_flaw` says of each, so that the
            gate refuses what :meth:`examine` would; without, only the network's part of it does.
        places
            Where each radiograph lies in its input; without, nothing is said of where a finding
            is, and the answers have none.

        Returns
        -------
        list of Answer
            One for each, in order: what :meth:`examine` says of it, whatever stands beside it.
        """
        return [
            self._answer(
                outputs,
                mirrored,
                flaw,
                None if place is None else _fracture_map(outputs, mirrored, place),
            )
            for (outputs, mirrored), flaw, place in zip(
                self._run_both_ways(inputs),
                flaws or repeat(None),
                places or repeat(None),
                strict=False,
            )
        ]

    def outputs(self, radiograph: Radiograph) -> dict[str, npt.NDArray[np.float32]]:
        """Return all that the network says of one radiograph as it is, conv5's features among it.

        Returns
        -------
        dict
            The outputs of :func:`~fracture_widgets.models.networks.resnet50.build_cascade_network`
            without their first axis, e.g. ``conv5_block3_out`` of shape ``(7, 7, 2048)`` and
            ``avg_pool`` of shape ``(2048,)``.
        """
        values = self._engine.run(network_input(radiograph.pixels)[np.newaxis])
        return {name: value[0] for name, value in values.items()}

    def _answer(
        self,
        outputs: _Outputs,
        mirrored: _Outputs,
        flaw: Flaw | None,
        fracture_map: npt.NDArray[np.float32] | None,
    ) -> Answer:
        refusal = None if self._gate is None else self._gate.check(flaw, outputs)
        answers = _mean_answers(outputs, mirrored)
        part = _most_probable(answers[BODY_PART_OUTPUT])
        said = answers[part][FRACTURED]
        known = self._trust.of(part)
        calibrated = float(known.calibration(said))
        return Answer(
            body_part_probabilities=answers[BODY_PART_OUTPUT],
            fracture_probability=said,
            calibrated_probability=calibrated,
            band=known.band,
            peers=known.peers_of(calibrated),
            refusal="" if refusal is None else refusal.sentence,
            refusal_kind="" if refusal is None else refusal.kind,
            findings=() if fracture_map is None else (_highest_place(fracture_map, part),),
        )

    def _head(self, part: str) -> Head:
        if part not in self._heads:
            self._heads[part] = Head(self._model.weights, part)
        return self._heads[part]

    def _run_both_ways(
        self, inputs: npt.NDArray[np.float32]
    ) -> Iterator[tuple[_Outputs, _Outputs]]:
        """Yield what the network says of each radiograph and of its mirror image, in one run."""
        count = len(inputs)
        values = self._engine.run(np.concatenate([inputs, inputs[:, :, ::-1]]))
        for index in range(count):
            yield (
                {name: value[index] for name, value in values.items()},
                {name: value[count + index] for name, value in values.items()},
            )


_Outputs = Mapping[str, npt.NDArray[np.float32]]
_LEAST = np.finfo(np.float32).tiny


def _fracture_map(
    outputs: _Outputs, mirrored: _Outputs, place: Placement
) -> npt.NDArray[np.float32]:
    """Return the mean fracture map of a radiograph and its mirror image, over the radiograph."""
    cells = (
        outputs[FRACTURE_MAP_OUTPUT][..., 0] + mirrored[FRACTURE_MAP_OUTPUT][:, ::-1, 0]
    ) / np.float32(2)
    return over_radiograph(cells, place)


def _highest_place(fracture_map: npt.NDArray[np.float32], body_part: str) -> Finding:
    """Return the peak of a fracture map as a finding, its score the map's probability there."""
    height, width = fracture_map.shape
    row, column = divmod(int(fracture_map.argmax()), width)
    return Finding(
        kind="fracture",
        body_part=body_part,
        score=float(fracture_map[row, column]),
        source="fracture map",
        place=((column + 0.5) / width, (row + 0.5) / height),
    )


def _mean_answers(first: _Outputs, second: _Outputs) -> dict[str, dict[str, float]]:
    """Return every head's probabilities for the mean of two outputs' log-odds."""
    words = {BODY_PART_OUTPUT: BODY_PARTS, **dict.fromkeys(BODY_PARTS, LABELS)}
    answers = {}
    for head, names in words.items():
        likely = np.sqrt(
            np.maximum(first[head], _LEAST, dtype=np.float64) * np.maximum(second[head], _LEAST)
        )
        answers[head] = dict(zip(names, map(float, likely / likely.sum()), strict=True))
    return answers


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
        ``"Elbow"``, ``"Hand"`` or ``"Shoulder"``; or ``"fractured"`` or ``"normal"``. The gate is
        not asked: :meth:`Cascade.examine` refuses what is no such radiograph.

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
