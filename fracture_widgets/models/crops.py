"""Crops of one joint: one pass names the body part, then that part's network answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.preprocessing import Placement, network_input
from fracture_widgets.imaging.quality import CUT_SHORT, QualityProblem, find_quality_problem
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.imaging.views import standard_crop
from fracture_widgets.models.answering import Answers, Floats, Maps, Prepared
from fracture_widgets.models.compose import Composition
from fracture_widgets.models.detection import JointSeen
from fracture_widgets.models.engine import Engine
from fracture_widgets.models.explain import Head, grad_cam, over_radiograph
from fracture_widgets.models.folder import ModelFolder
from fracture_widgets.models.gate import Gate
from fracture_widgets.models.networks import (
    BODY_PART_OUTPUT,
    EVIDENCE_OUTPUT,
    POOLED_OUTPUT,
)
from fracture_widgets.models.readers import Outputs, Seen, read_findings
from fracture_widgets.models.report import Answer, most_probable
from fracture_widgets.models.trust import SENSITIVE, OperatingPoint, Trusted
from fracture_widgets.parts import FRACTURED, LABELS

_LEAST = np.finfo(np.float32).tiny


class Crops(Answers):
    """Answers radiographs that one joint fills, each as it is and mirrored."""

    def __init__(
        self,
        composition: Composition,
        engines: Mapping[ModelFolder, Engine],
        point: OperatingPoint = SENSITIVE,
    ) -> None:
        trusted = Trusted(composition.card, composition.sha256, point)
        super().__init__(composition.body_parts, trusted)
        self.networks = [model.sha256 for model in composition.of_crops]
        """Digests of the networks that answer."""
        self._engines = engines
        self._first = composition.first
        self._fracture = composition.fracture
        self._gate = None if self._first is None else Gate.of_weights(self._first.weights)
        self._heads: dict[str, Head] = {}

    def prepare(self, radiograph: Radiograph) -> Prepared:
        """Scale a radiograph into the networks' square input."""
        return Prepared(
            network_input(radiograph.pixels),
            Placement.of(radiograph.width, radiograph.height),
            find_quality_problem(radiograph),
        )

    def answered(self, prepared: Sequence[Prepared]) -> Iterator[tuple[Answer, Callable[[], Maps]]]:
        """Yield the answer to each radiograph, after one pass over all."""
        inputs = np.stack([given.pixels for given in prepared])
        for (outputs, mirrored), given in zip(self._run_both_ways(inputs), prepared, strict=True):
            answers = self._mean_answers(outputs, mirrored)
            part = most_probable(answers[BODY_PART_OUTPUT])
            place = given.frame_as(Placement)
            seen = Seen(part, place, outputs, mirrored, given.radiograph)
            answer = self.trusted.answer(
                answers[BODY_PART_OUTPUT],
                answers[part][FRACTURED],
                self._refusal(given.problem, outputs),
                read_findings(seen),
            )
            yield answer, partial(self._maps, seen)

    def probabilities(self, radiograph: Radiograph) -> dict[str, dict[str, float]]:
        """Return every head's answer to one radiograph, whatever it shows."""
        inputs = network_input(radiograph.pixels)[np.newaxis]
        ((outputs, mirrored),) = self._run_both_ways(inputs, [self.body_parts])
        return self._mean_answers(outputs, mirrored)

    def outputs(self, radiograph: Radiograph) -> Outputs:
        """Return all that the networks say of one radiograph as it is."""
        inputs = network_input(radiograph.pixels)[np.newaxis]
        found: list[dict[str, Floats]] = [{}]
        if self._first is not None:
            self._run(self._first, inputs, [0], found)
        model, _ = self._fracture[most_probable(self._named(found[0], found[0]))]
        if model is not self._first:
            self._run(model, inputs, [0], found)
        return found[0]

    def answer_joints(
        self, joints: Sequence[JointSeen], greys: Sequence[Floats]
    ) -> list[JointSeen]:
        """Say of joints, each on a radiograph's greys, what the networks of their parts say.

        Which part a joint is, whoever found it and the network of crops say together.
        """
        views = [
            standard_crop(pixels, seen.joint.box)
            for seen, pixels in zip(joints, greys, strict=True)
        ]
        both = self._run_both_ways(
            np.stack([view.pixels for view in views]),
            beforehand=[seen.joint.probabilities for seen in joints],
        )
        answered = []
        for seen, view, (outputs, mirrored) in zip(joints, views, both, strict=True):
            named = _together(seen.joint.probabilities, self._named(outputs, mirrored))
            part = most_probable(named)
            probabilities = _mean(outputs, mirrored, self._fracture[part][1], LABELS)
            answered.append(
                replace(
                    seen,
                    joint=replace(seen.joint, probabilities=named),
                    findings=tuple(replace(each, body_part=part) for each in seen.findings),
                    fracture_probabilities={part: probabilities[FRACTURED]},
                    heatmap=self._heatmap(part, outputs),
                    heat_view=view,
                    excess={} if self._gate is None else self._gate.excess_by_kind(outputs),
                )
            )
        return answered

    def _refusal(self, problem: QualityProblem | None, outputs: Outputs) -> QualityProblem | None:
        if self._gate is not None:
            return self._gate.check(problem, outputs, self.body_parts)
        return problem if problem is not None and problem.kind == CUT_SHORT else None

    def _maps(self, seen: Seen) -> Maps:
        heatmap = self._heatmap(seen.body_part, seen.outputs)
        return over_radiograph(heatmap, seen.place), seen.fracture_map

    def _heatmap(self, part: str, outputs: Outputs) -> Floats:
        model, output = self._fracture[part]
        if part not in self._heads:
            self._heads[part] = Head(model.weights, output)
        gradient = self._heads[part].features_gradient(
            outputs[POOLED_OUTPUT], outputs.get(EVIDENCE_OUTPUT), LABELS.index(FRACTURED)
        )
        return grad_cam(outputs[model.graph["features"]], gradient)

    def _run_both_ways(
        self,
        inputs: Floats,
        asked: Sequence[Sequence[str]] = (),
        beforehand: Sequence[Mapping[str, float]] = (),
    ) -> Iterator[tuple[Outputs, Outputs]]:
        """Yield what is said of each radiograph and its mirror, by the part's network or some.

        What was known of the parts beforehand has a say in which part it is.
        """
        count = len(inputs)
        both = np.concatenate([inputs, inputs[:, :, ::-1]])
        said: list[dict[str, Floats]] = [{} for _ in both]
        waiting: dict[ModelFolder, list[int]] = {}
        if self._first is not None:
            self._run(self._first, both, list(range(2 * count)), said)
        for index in range(count):
            parts = asked[index] if asked else ()
            if not parts:
                named = self._named(said[index], said[count + index])
                likely = _together(beforehand[index], named) if beforehand else named
                parts = (most_probable(likely),)
            for model in dict.fromkeys(self._fracture[part][0] for part in parts):
                if model is not self._first:
                    waiting.setdefault(model, []).extend((index, count + index))
        for model, rows in waiting.items():
            self._run(model, both[rows], rows, said)
        yield from zip(said[:count], said[count:], strict=True)

    def _run(
        self,
        model: ModelFolder,
        inputs: Floats,
        rows: Sequence[int],
        found: Sequence[dict[str, Floats]],
    ) -> None:
        """Put what a network says of many inputs into their rows, if all of it are numbers."""
        for name, values in self._engines[model].run(inputs).items():
            if not np.isfinite(values).all():
                raise ModelError(
                    f"The network {model.name} answers with what is no number ({name}): train it "
                    "again, or choose another one."
                )
            for row, value in zip(rows, values, strict=True):
                found[row][name] = value

    def _named(self, outputs: Outputs, mirrored: Outputs) -> dict[str, float]:
        """Return the probability of every body part."""
        if self._first is None:
            return dict.fromkeys(self.body_parts, 1.0)
        return _mean(outputs, mirrored, self._first.answer_output, self.body_parts)

    def _mean_answers(self, outputs: Outputs, mirrored: Outputs) -> dict[str, dict[str, float]]:
        """Return the probabilities of every head that was asked."""
        answers = {BODY_PART_OUTPUT: self._named(outputs, mirrored)}
        for part, (_, output) in self._fracture.items():
            if output in outputs:
                answers[part] = _mean(outputs, mirrored, output, LABELS)
        return answers


def _together(first: Mapping[str, float], second: Mapping[str, float]) -> dict[str, float]:
    """Return what two say of the parts, each by what it saw alone."""
    likely = {part: first[part] * second[part] for part in first}
    total = sum(likely.values())
    return {part: share / total for part, share in likely.items()} if total else dict(first)


def _mean(first: Outputs, second: Outputs, head: str, names: Sequence[str]) -> dict[str, float]:
    """Return a head's probabilities for the mean of two outputs' log-odds."""
    likely = np.sqrt(
        np.maximum(first[head], _LEAST, dtype=np.float64) * np.maximum(second[head], _LEAST)
    )
    return dict(zip(names, map(float, likely / likely.sum()), strict=True))
