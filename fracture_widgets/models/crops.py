"""Crops of one joint: one pass names the body part, then that part's network answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
from fracture_widgets.models.gate import NOT_A_RADIOGRAPH, OTHER_BODY_PART, Gate
from fracture_widgets.models.networks import (
    BODY_PART_OUTPUT,
    EVIDENCE_OUTPUT,
    POOLED_OUTPUT,
)
from fracture_widgets.models.readers import Outputs, Seen, read_findings
from fracture_widgets.models.report import Answer, most_probable
from fracture_widgets.models.showings import AS_IS, OTHERS, Showing
from fracture_widgets.models.trust import SENSITIVE, OperatingPoint, Trusted
from fracture_widgets.parts import FRACTURED, LABELS

_LEAST = np.finfo(np.float32).tiny


@dataclass(frozen=True, eq=False)
class _Shown:
    """What is said of a crop that is shown in one way."""

    said: tuple[Outputs, ...]
    """Of it and its mirror; of one that is smoothed, of it and its mirror as they are, too."""
    excess: Mapping[str, float]
    """As :attr:`JointSeen.excess`; empty without a gate."""
    showing: Showing = AS_IS


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
        shown = self._shown_best(
            [view.pixels for view in views], [seen.joint.probabilities for seen in joints]
        )
        answered = []
        for seen, view, crop in zip(joints, views, shown, strict=True):
            named = _together(seen.joint.probabilities, self._named(*crop.said))
            part = most_probable(named)
            probabilities = _mean(crop.said, self._fracture[part][1], LABELS)
            answered.append(
                replace(
                    seen,
                    joint=replace(seen.joint, probabilities=named),
                    findings=tuple(replace(each, body_part=part) for each in seen.findings),
                    fracture_probabilities={part: probabilities[FRACTURED]},
                    heatmap=crop.showing.back(self._heatmap(part, crop.said[0])),
                    heat_view=view,
                    excess=crop.excess,
                    showing=crop.showing,
                )
            )
        return answered

    def _shown_best(
        self, crops: Sequence[Floats], beforehand: Sequence[Mapping[str, float]]
    ) -> list[_Shown]:
        """Return what is said of crops, each shown as it looks most like those learned from."""
        both = self._run_both_ways(np.stack(crops), beforehand=beforehand)
        shown = [_Shown(said, self._excess(said[0])) for said in both]
        for at, as_it_is in enumerate(shown):
            showing = self._best_showing(crops[at], as_it_is)
            if showing != AS_IS:
                otherwise = showing.of(crops[at])[np.newaxis]
                known = beforehand[at : at + 1]
                (said,) = self._run_both_ways(otherwise, beforehand=known)
                excess = self._excess(said[0])
                # What is no joint of ours does not become one by being turned or smoothed.
                leaning = max(each[OTHER_BODY_PART] for each in (excess, as_it_is.excess))
                # The network of another part has no say.
                same = said[0].keys() == as_it_is.said[0].keys()
                together = (*said, *as_it_is.said) if showing.sigma and same else said
                shown[at] = _Shown(together, {**excess, OTHER_BODY_PART: leaning}, showing)
        return shown

    def _best_showing(self, crop: Floats, as_it_is: _Shown) -> Showing:
        """Return the way to show a crop in which it looks most like those learned from."""
        far = as_it_is.excess.get(NOT_A_RADIOGRAPH, -np.inf)
        ways = [showing for showing in OTHERS if far > showing.tried_from]
        if self._first is None or not ways:
            return AS_IS
        said: list[dict[str, Floats]] = [{} for _ in ways]
        self._run(self._first, np.stack([way.of(crop) for way in ways]), range(len(ways)), said)
        distances = [
            self._excess(outputs)[NOT_A_RADIOGRAPH] + way.reluctance
            for way, outputs in zip(ways, said, strict=True)
        ]
        nearest = int(np.argmin(distances))
        return ways[nearest] if distances[nearest] < far else AS_IS

    def _excess(self, outputs: Outputs) -> Mapping[str, float]:
        return {} if self._gate is None else self._gate.excess_by_kind(outputs)

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

    def _named(self, *said: Outputs) -> dict[str, float]:
        """Return the probability of every body part."""
        if self._first is None:
            return dict.fromkeys(self.body_parts, 1.0)
        return _mean(said, self._first.answer_output, self.body_parts)

    def _mean_answers(self, outputs: Outputs, mirrored: Outputs) -> dict[str, dict[str, float]]:
        """Return the probabilities of every head that was asked."""
        answers = {BODY_PART_OUTPUT: self._named(outputs, mirrored)}
        for part, (_, output) in self._fracture.items():
            if output in outputs:
                answers[part] = _mean((outputs, mirrored), output, LABELS)
        return answers


def _together(first: Mapping[str, float], second: Mapping[str, float]) -> dict[str, float]:
    """Return what two say of the parts, each by what it saw alone."""
    likely = {part: first[part] * second[part] for part in first}
    total = sum(likely.values())
    return {part: share / total for part, share in likely.items()} if total else dict(first)


def _mean(said: Sequence[Outputs], head: str, names: Sequence[str]) -> dict[str, float]:
    """Return a head's probabilities for the mean of several outputs' log-odds."""
    several = [np.maximum(outputs[head], _LEAST, dtype=np.float64) for outputs in said]
    likely = np.prod(several, axis=0) ** (1 / len(several))
    return dict(zip(names, map(float, likely / likely.sum()), strict=True))
