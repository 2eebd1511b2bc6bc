"""The cascade: one radiograph in, one report out."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.preprocessing import Placement, network_input
from fracture_widgets.imaging.quality import CUT_SHORT, QualityProblem, find_quality_problem
from fracture_widgets.imaging.radiograph import Radiograph, read_radiograph
from fracture_widgets.models.compose import Composition, compose, holds_models, load_composition
from fracture_widgets.models.engine import ENGINES, Engine
from fracture_widgets.models.explain import Head, grad_cam, over_radiograph
from fracture_widgets.models.folder import ModelFolder
from fracture_widgets.models.gate import Gate
from fracture_widgets.models.networks.names import (
    BODY_PART_OUTPUT,
    EVIDENCE_OUTPUT,
    POOLED_OUTPUT,
)
from fracture_widgets.models.readers import Outputs, Seen, read_findings
from fracture_widgets.models.report import Answer, Report
from fracture_widgets.models.trust import PartTrust, trust_of_card
from fracture_widgets.parts import FRACTURED, LABELS

__all__ = ["ENGINES", "Cascade", "predict", "shipped_cascade"]


class Cascade:
    """Names the body part of a radiograph, then says fractured or normal and where it looked.

    Parameters
    ----------
    model
        A cascade, or a fracture network for one part; or networks that answer together.
    engine
        What runs the network; by model, where there are several.

    See Also
    --------
    Cascade.load : The usual way to get one.
    """

    def __init__(
        self, model: ModelFolder | Composition, engine: Engine | Mapping[ModelFolder, Engine]
    ) -> None:
        known = model if isinstance(model, Composition) else compose([model])
        self._composition = known
        self._engines = (
            engine if isinstance(engine, Mapping) else dict.fromkeys(known.networks, engine)
        )
        self._trust = trust_of_card(known.card)
        self._gate = None if known.first is None else Gate.of_weights(known.first.weights)
        self._heads: dict[str, Head] = {}

    @classmethod
    def load(cls, models: str | os.PathLike[str] | None = None, *, engine: str = "onnx") -> Cascade:
        """Load a cascade from a models folder.

        Parameters
        ----------
        models
            A model folder: a cascade, or a fracture network for one part. Or a folder of model
            folders, one that names the body part and one for the fractures of each. The shipped
            cascade by default.
        engine
            ``"onnx"``, which needs no TensorFlow, or ``"keras"``, the reference.

        Raises
        ------
        ModelError
            If the folder holds no model this version can use, models that do not fit together, or
            the engine has another name.
        MissingExtra
            If the engine is ``"keras"`` and Keras is not installed.
        """
        if engine not in ENGINES:
            raise ModelError(f"The engine is one of {', '.join(ENGINES)}. Received: {engine!r}")
        known = load_composition(models)
        return cls(known, {model: ENGINES[engine](model) for model in known.networks})

    @property
    def card(self) -> Mapping[str, Any]:
        """The model's card: how it was made, from what, and how well it does."""
        return self._composition.card

    @property
    def sha256(self) -> str:
        """The model's identity."""
        return self._composition.sha256

    @property
    def body_parts(self) -> tuple[str, ...]:
        """The body parts it tells apart and answers for, as its card says."""
        return self._composition.body_parts

    def examine(self, radiograph: Radiograph) -> Report:
        """Answer one radiograph. Safe to call from several threads.

        Parameters
        ----------
        radiograph
            One joint of a body part that the model knows, filling most of the picture.

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
        answers = self._mean_answers(outputs, mirrored)
        seen = Seen(_most_probable(answers[BODY_PART_OUTPUT]), place, outputs, mirrored, radiograph)
        answer = self._answer(answers, outputs, find_quality_problem(radiograph), seen)
        heatmap = over_radiograph(self._heatmap(answer.body_part, outputs), place)
        finished = time.perf_counter()
        return Report(
            radiograph=radiograph,
            answer=answer,
            heatmap=heatmap,
            fracture_map=seen.fracture_map,
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
        inputs = network_input(radiograph.pixels)[np.newaxis]
        ((outputs, mirrored),) = self._run_both_ways(inputs, every_part=True)
        return self._mean_answers(outputs, mirrored)

    def answer(
        self,
        inputs: npt.NDArray[np.float32],
        flaws: Sequence[QualityProblem | None] | None = None,
        places: Sequence[Placement] | None = None,
    ) -> list[Answer]:
        """Answer many radiographs in one pass, without their maps. Safe to call from threads.

        Parameters
        ----------
        inputs
            float32 of shape ``(n, 224, 224, 1)`` in 0 to 255: what
            :func:`~fracture_widgets.imaging.preprocessing.network_input` makes of each.
        flaws
            What :func:`~fracture_widgets.imaging.quality.find_quality_problem` says of each, so
            that the gate refuses what :meth:`examine` would; without, only the network's part of
            it does.
        places
            Where each radiograph lies in its input; without, nothing is said of where a finding
            is, and the answers have none.

        Returns
        -------
        list of Answer
            One for each, in order: what :meth:`examine` says of it, whatever stands beside it.
        """
        answered = []
        given = zip(flaws or repeat(None), places or repeat(None), strict=False)
        for (outputs, mirrored), (flaw, place) in zip(
            self._run_both_ways(inputs), given, strict=False
        ):
            answers = self._mean_answers(outputs, mirrored)
            part = _most_probable(answers[BODY_PART_OUTPUT])
            seen = None if place is None else Seen(part, place, outputs, mirrored)
            answered.append(self._answer(answers, outputs, flaw, seen))
        return answered

    def outputs(self, radiograph: Radiograph) -> dict[str, npt.NDArray[np.float32]]:
        """Return all that the network says of one radiograph as it is, conv5's features among it.

        Returns
        -------
        dict
            The network's outputs without their first axis, e.g. of the shipped cascade
            ``conv5_block3_out`` of shape ``(7, 7, 2048)`` and ``avg_pool`` of shape ``(2048,)``.
        """
        inputs = network_input(radiograph.pixels)[np.newaxis]
        found: list[dict[str, npt.NDArray[np.float32]]] = [{}]
        first = self._composition.first
        if first is not None:
            self._run(first, inputs, [0], found)
        model, _ = self._composition.fracture[_most_probable(self._named(found[0], found[0]))]
        if model is not first:
            self._run(model, inputs, [0], found)
        return found[0]

    def _answer(
        self,
        answers: Mapping[str, Mapping[str, float]],
        outputs: Outputs,
        flaw: QualityProblem | None,
        seen: Seen | None,
    ) -> Answer:
        refusal = None
        if self._gate is not None:
            refusal = self._gate.check(flaw, outputs, self.body_parts)
        elif flaw is not None and flaw.kind == CUT_SHORT:
            refusal = flaw
        part = _most_probable(answers[BODY_PART_OUTPUT])
        probability = answers[part][FRACTURED]
        known = self._trust.get(part, PartTrust())
        calibrated = float(known.calibration(probability))
        return Answer(
            body_part_probabilities=answers[BODY_PART_OUTPUT],
            fracture_probability=probability,
            calibrated_probability=calibrated,
            band=known.band,
            peers=known.peers_of(calibrated),
            calibrated=part in self._trust,
            refusal="" if refusal is None else refusal.sentence,
            refusal_kind="" if refusal is None else refusal.kind,
            findings=() if seen is None else read_findings(seen),
        )

    def _heatmap(self, part: str, outputs: Outputs) -> npt.NDArray[np.float32]:
        model, output = self._composition.fracture[part]
        if part not in self._heads:
            self._heads[part] = Head(model.weights, output)
        gradient = self._heads[part].features_gradient(
            outputs[POOLED_OUTPUT], outputs.get(EVIDENCE_OUTPUT), LABELS.index(FRACTURED)
        )
        return grad_cam(outputs[model.graph["features"]], gradient)

    def _run_both_ways(
        self, inputs: npt.NDArray[np.float32], *, every_part: bool = False
    ) -> Iterator[tuple[Outputs, Outputs]]:
        """Yield what the networks say of each radiograph and its mirror image, the part first."""
        count = len(inputs)
        both = np.concatenate([inputs, inputs[:, :, ::-1]])
        found: list[dict[str, npt.NDArray[np.float32]]] = [{} for _ in both]
        waiting: dict[ModelFolder, list[int]] = {}
        first = self._composition.first
        if first is not None:
            self._run(first, both, list(range(2 * count)), found)
        for index in range(count):
            parts = self.body_parts
            if first is not None and not every_part:
                parts = (_most_probable(self._named(found[index], found[count + index])),)
            for model in dict.fromkeys(self._composition.fracture[part][0] for part in parts):
                if model is not first:
                    waiting.setdefault(model, []).extend((index, count + index))
        for model, rows in waiting.items():
            self._run(model, both[rows], rows, found)
        yield from zip(found[:count], found[count:], strict=True)

    def _run(
        self,
        model: ModelFolder,
        inputs: npt.NDArray[np.float32],
        rows: Sequence[int],
        found: Sequence[dict[str, npt.NDArray[np.float32]]],
    ) -> None:
        values = self._engines[model].run(inputs)
        for name, value in values.items():
            if not np.isfinite(value).all():
                raise ModelError(
                    f"The network {model.name} answers with what is no number ({name}): train it "
                    "again, or choose another one."
                )
        for at, row in enumerate(rows):
            found[row] |= {name: value[at] for name, value in values.items()}

    def _named(self, outputs: Outputs, mirrored: Outputs) -> dict[str, float]:
        """Return the probability of every body part."""
        first = self._composition.first
        if first is None:
            return dict.fromkeys(self.body_parts, 1.0)
        return _mean(outputs, mirrored, first.answer_output, self.body_parts)

    def _mean_answers(self, outputs: Outputs, mirrored: Outputs) -> dict[str, dict[str, float]]:
        """Return the probabilities of every head that was asked."""
        answers = {BODY_PART_OUTPUT: self._named(outputs, mirrored)}
        for part, (_, output) in self._composition.fracture.items():
            if output in outputs:
                answers[part] = _mean(outputs, mirrored, output, LABELS)
        return answers


_LEAST = np.finfo(np.float32).tiny


def _mean(first: Outputs, second: Outputs, head: str, names: Sequence[str]) -> dict[str, float]:
    """Return a head's probabilities for the mean of two outputs' log-odds."""
    likely = np.sqrt(
        np.maximum(first[head], _LEAST, dtype=np.float64) * np.maximum(second[head], _LEAST)
    )
    return dict(zip(names, map(float, likely / likely.sum()), strict=True))


def _most_probable(probabilities: Mapping[str, float]) -> str:
    return max(probabilities, key=probabilities.__getitem__)


@cache
def shipped_cascade() -> Cascade:
    """Return the shipped cascade, loaded once in a process."""
    return Cascade.load()


def predict(
    image_path: str | os.PathLike[str],
    model: str | os.PathLike[str] | Cascade = "Parts",
) -> str:
    """Answer one question about one file, as the paper's reference implementation does.

    Parameters
    ----------
    image_path
        A radiograph.
    model
        ``"Parts"`` asks for the body part; ``"Elbow"``, ``"Hand"`` or ``"Shoulder"`` asks that
        part's network whether the radiograph shows a fracture, whatever it shows. A cascade or a
        models folder is asked for a fracture of the part that it sees.

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
        If ``model`` has another name, or the model is damaged.

    Examples
    --------
    >>> from fracture_widgets import predict
    >>> predict("hand.png")  # doctest: +SKIP
    'Hand'
    >>> predict("hand.png", model="Hand")  # doctest: +SKIP
    'fractured'
    """
    if isinstance(model, str) and not holds_models(Path(model)):
        cascade = shipped_cascade()
        outputs = {"parts": BODY_PART_OUTPUT, **{part: part for part in cascade.body_parts}}
        output = outputs.get(model.lower())
        if output is None:
            names = ", ".join(name.capitalize() for name in outputs)
            raise ModelError(f"The model is one of {names}. Received: {model!r}")
        answers = cascade.probabilities(read_radiograph(image_path))[output]
        best = _most_probable(answers)
        return best.capitalize() if output == BODY_PART_OUTPUT else best
    cascade = model if isinstance(model, Cascade) else Cascade.load(model)
    radiograph = read_radiograph(image_path)
    (answer,) = cascade.answer(network_input(radiograph.pixels)[np.newaxis])
    return answer.label
