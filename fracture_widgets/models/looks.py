"""Two looks at a radiograph: over all of it for joints, then at each joint for fractures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice

import numpy as np

from fracture_widgets.base.language import marked
from fracture_widgets.imaging.preprocessing import STANDARD_MARGIN
from fracture_widgets.imaging.quality import QualityProblem
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.imaging.views import VIEWS, ExposedField, SquareView, square_view
from fracture_widgets.models.answering import Floats, Maps, Prepared
from fracture_widgets.models.crops import Crops
from fracture_widgets.models.detection import Joint, JointSeen, detect, over_radiograph, sigmoid
from fracture_widgets.models.engine import Engine
from fracture_widgets.models.explain import grad_cam
from fracture_widgets.models.first_look import FirstLook, Looked, placed
from fracture_widgets.models.folder import ModelFolder
from fracture_widgets.models.gate import INVERTED, NOT_A_RADIOGRAPH, TOO_UNLIKE
from fracture_widgets.models.networks import BODY_PART_OUTPUT, FRACTURE_MAP_OUTPUT
from fracture_widgets.models.networks.looks import (
    FEATURES,
    FRACTURE_HEAT,
    FRACTURE_LOGITS,
    FRACTURE_SIDES,
    FRACTURE_STRIDE,
    HOTTEST,
    SOFT,
)
from fracture_widgets.models.readers import Outputs
from fracture_widgets.models.record import Finding
from fracture_widgets.models.report import UNLIKE_KNOWN, Answer, JointAnswer
from fracture_widgets.models.showings import AS_IS, Showing
from fracture_widgets.models.study import GRAVEST_FIRST
from fracture_widgets.models.trust import (
    SENSITIVE,
    ErrorRates,
    OperatingPoint,
    Trusted,
    error_rates,
)
from fracture_widgets.parts import FRACTURED, NORMAL, in_words, with_article

NO_JOINT = "no joint"
"""Why a radiograph is refused on which the first look finds nothing."""

TURNED = "Black and white were exchanged, with dark bones; they were turned to examine it."
"""What is noted of a radiograph whose greys were turned."""

_TOO_UNLIKE = marked(
    "This looks too unlike the radiographs that were learned from for an answer: cut it to the "
    "joint."
)

_AT_ONCE = 16
_PLAINLY, _STRANGE = 3.0, 2.5
"""Standard deviations beyond the limits of a gate for crops: plainly dark bones; too unlike."""

SOURCE = marked("fracture boxes")
"""What is said to have found a fracture."""

_Place = tuple[Joint, Floats, ExposedField]
"""A joint, the greys it is on, and what of them is exposed."""


class TwoLooks(FirstLook):
    """Finds joints on whole radiographs, and where a fracture may be on each.

    Whether one is there, the same network says, or others that answer crops of one joint.
    """

    def __init__(
        self,
        model: ModelFolder,
        engine: Engine,
        point: OperatingPoint = SENSITIVE,
        crops: Crops | None = None,
    ) -> None:
        trusted = Trusted(model.card, model.sha256, point) if crops is None else crops.trusted
        super().__init__(model, engine, trusted)
        self._weights = model.weights
        self._crops = crops
        # What is known of them was measured at the first operating point of these networks.
        rates = None
        if crops is not None and point == SENSITIVE:
            rates = error_rates(model.card, crops.networks)
        self._unlike = unlike_known(rates)
        self._gradients: dict[str, Floats] = {}

    def answered(self, prepared: Sequence[Prepared]) -> Iterator[tuple[Answer, Callable[[], Maps]]]:
        """Yield the answer to each radiograph after a pass over all, then one over their joints."""
        for answer, seen in self._judged(prepared):
            yield answer, partial(_maps, seen)

    def probabilities(self, radiograph: Radiograph) -> dict[str, dict[str, float]]:
        """Return the parts' probabilities, and for each that of a fracture were it this part."""
        ((answer, (gravest, *_)),) = self._judged([self.prepare(radiograph)])
        parts = {BODY_PART_OUTPUT: dict(answer.body_part_probabilities)}
        if self._crops is not None:
            crop = radiograph.crop(gravest.joint.box.grown(STANDARD_MARGIN))
            return {**self._crops.probabilities(crop), **parts}
        fractured = gravest.fracture_probabilities
        return {**parts, **{part: {FRACTURED: p, NORMAL: 1.0 - p} for part, p in fractured.items()}}

    def outputs(self, radiograph: Radiograph) -> Outputs:
        """Return what the network says in the first look, or those of crops of all of it."""
        if self._crops is not None:
            return self._crops.outputs(radiograph)
        return self.first_outputs(radiograph)

    def look_at(self, prepared: Prepared, joints: Sequence[Joint]) -> list[JointSeen]:
        """Return what the second look sees of joints of a radiograph, whoever found them."""
        field = prepared.frame_as(ExposedField)
        return self._look_at([(joint, prepared.pixels, field) for joint in joints])

    def answer_of(self, seen: JointSeen, refusal: QualityProblem | None = None) -> Answer:
        """Return what is said of one joint: refused where a gate refuses the radiograph."""
        joint, probability = seen.joint, seen.fracture_probability
        answer = self.trusted.answer(joint.probabilities, probability, refusal, seen.findings)
        # What became of others with this probability says nothing of one unlike them.
        alike = not (seen.is_unlike or seen.showing.sigma)
        return answer if alike else replace(answer, peers=None)

    def _judged(self, prepared: Sequence[Prepared]) -> Iterator[tuple[Answer, list[JointSeen]]]:
        """Yield the answers and what they are made of, the gravest joint first."""
        looked = [self.look(given) for given in prepared]
        seen = self._seen_of(looked)
        # What was turned and looks dark then, was bright before.
        dark = {
            at
            for at, (look, joints) in enumerate(zip(looked, seen, strict=True))
            if _are_dark(joints, beyond=0.0 if look.inverted else _PLAINLY)
        }
        for at in dark:
            looked[at] = self.look(prepared[at], turned=not looked[at].inverted)
        for at, joints in zip(dark, self._seen_of([looked[at] for at in dark]), strict=True):
            seen[at] = joints
        for at, (given, look, joints) in enumerate(zip(prepared, looked, seen, strict=True)):
            yield self._answer(given, look, joints, either_way=at in dark and _are_dark(joints))

    def _seen_of(self, looked: Sequence[Looked]) -> list[list[JointSeen]]:
        """Return what is seen of the joints of each radiograph, or of all of it without one."""
        places = [(joint, look.pixels, look.field) for look in looked for joint in look.examined]
        seen = iter(self._look_at(places))
        return [list(islice(seen, len(look.examined))) for look in looked]

    def _answer(
        self, given: Prepared, look: Looked, seen: list[JointSeen], *, either_way: bool
    ) -> tuple[Answer, list[JointSeen]]:
        """Make the answer of a radiograph of those of its joints; they may be dark either way."""
        refusal = given.problem
        too_unlike = either_way or all(_is_strange(joint) for joint in seen)
        if refusal is None and not look.is_radiograph:
            refusal = QualityProblem(NOT_A_RADIOGRAPH, 1.0, _no_radiograph(self.body_parts))
        if refusal is None and too_unlike:
            refusal = QualityProblem(TOO_UNLIKE, 1.0, _TOO_UNLIKE)
        # A joint of another part is none; a crop so tight that none is found is one, if it is
        # like those that the networks of crops learned from.
        ours = [joint for joint in seen if joint.is_ours] if look.joints else []
        if refusal is None and not ours and (look.joints or not seen[0].is_familiar):
            refusal = QualityProblem(NO_JOINT, 1.0, _no_joint(self.body_parts))
        seen = ours or seen
        answers = [self.answer_of(joint, refusal) for joint in seen]
        order = sorted(range(len(seen)), key=lambda at: _gravity(answers[at]), reverse=True)
        unlike = refusal is None and any(joint.is_unlike for joint in seen)
        turned = look.inverted and look.is_radiograph and not too_unlike
        answerable = refusal is None or refusal is given.problem
        shown = {joint.showing.note for joint in seen if answerable} - {""}
        gravest = answers[order[0]]
        whole = replace(
            gravest,
            peers=None if unlike else gravest.peers,
            findings=tuple(finding for at in order for finding in answers[at].findings),
            joints=tuple(
                JointAnswer(seen[at].joint.box, seen[at].joint.score, answers[at])
                for at in (order if look.joints else ())
            ),
            notes=(
                *((TURNED,) if turned else ()),
                *sorted(shown),
                *((self._unlike,) if unlike else ()),
            ),
        )
        return whole, [seen[at] for at in order]

    def _look_at(self, places: Sequence[_Place]) -> list[JointSeen]:
        """Look at each joint, some at a time; then the networks of crops, if there are some."""
        seen: list[JointSeen] = []
        for start in range(0, len(places), _AT_ONCE):
            several = places[start : start + _AT_ONCE]
            views = [_second_view(*place) for place in several]
            outputs = self._engine.run(np.stack([view.pixels for view in views]))
            found = [
                self._joint_seen(joint, view, said)
                for (joint, _, _), view, said in zip(several, views, _each(outputs), strict=True)
            ]
            if self._crops is not None:
                found = self._crops.answer_joints(found, [pixels for _, pixels, _ in several])
                found = self._looked_again(found)
            seen += found
        return seen

    def _looked_again(self, seen: list[JointSeen]) -> list[JointSeen]:
        """Look for fractures as the networks of crops saw a joint, where it lay turned for them."""
        turned = [joint for joint in seen if joint.showing.eighths]
        if not turned:
            return seen
        views = [joint.showing.of(joint.view.pixels) for joint in turned]
        again = _each(self._engine.run(np.stack(views)))
        return [
            self._turned_back(joint, next(again)) if joint.showing.eighths else joint
            for joint in seen
        ]

    def _turned_back(self, joint: JointSeen, outputs: Outputs) -> JointSeen:
        """Take what was found on a joint as it was shown to the networks of crops."""
        return replace(
            joint,
            findings=self._findings(joint.joint.body_part, joint.view, outputs, joint.showing),
            fracture_map=joint.showing.back(_fracture_map(outputs)),
        )

    def _joint_seen(self, joint: Joint, view: SquareView, outputs: Outputs) -> JointSeen:
        part = joint.body_part
        logits = outputs[FRACTURE_LOGITS]
        fractured = sigmoid(logits[0] + logits[1:])
        return JointSeen(
            joint,
            view,
            dict(zip(self.body_parts, map(float, fractured), strict=True)),
            self._findings(part, view, outputs),
            _fracture_map(outputs),
            grad_cam(outputs[FEATURES], self._gradient(part)),
            view,
        )

    def _findings(
        self, part: str, view: SquareView, outputs: Outputs, showing: Showing = AS_IS
    ) -> tuple[Finding, ...]:
        """Return the fractures in a view that was shown in some way, the most probable first."""
        limits = self._limits
        several = detect(
            outputs[FRACTURE_HEAT],
            outputs[FRACTURE_SIDES],
            FRACTURE_STRIDE,
            threshold=min(limits.finding, limits.surest),
            overlap=limits.finding_overlap,
            most=limits.most_findings,
            voted=True,
        )
        surest = several[:1] + [box for box in several[1:] if box.score >= limits.finding]
        size = len(view.pixels)
        back = [showing.box_back(box, size) for box in surest]
        # In the empty corners of what is turned by an eighth lies nothing of the view.
        within = [box for box in back if all(0 <= at <= size for at in box.centre)]
        return tuple(
            Finding("fracture", part, box.score, SOURCE, place)
            for box, place in placed(within, view)
        )

    def _gradient(self, part: str) -> Floats:
        """Return the gradient of a part's log-odds to the features, summed over places."""
        # The softmax of the attention gives gradients that sum to nothing over places, and a
        # log-sum-exp some that sum to 1: what is left does not depend on the picture
        # (Selvaraju et al., Grad-CAM, ICCV 2017, eq. 1 and 2).
        if part not in self._gradients:
            kernel = self._weights[f"{FRACTURE_LOGITS}/kernel"]
            row = kernel[:, 0] + kernel[:, 1 + self.body_parts.index(part)]
            features = self._weights[f"{FRACTURE_MAP_OUTPUT}/kernel"].shape[2]
            gradient = row[HOTTEST : HOTTEST + features].copy()
            for index, name in enumerate((FRACTURE_MAP_OUTPUT, FRACTURE_HEAT)):
                gradient += SOFT * row[index] * self._weights[f"{name}/kernel"].reshape(-1)
            self._gradients[part] = gradient.astype(np.float32)
        return self._gradients[part]


def _second_view(joint: Joint, pixels: Floats, field: ExposedField) -> SquareView:
    region = joint.box if joint.box == field.box else joint.box.grown(VIEWS.margin)
    return square_view(pixels, field, region, VIEWS.second, around=True)


def _each(outputs: Mapping[str, Floats]) -> Iterator[dict[str, Floats]]:
    """Yield what is said of each of several inputs."""
    for values in zip(*outputs.values(), strict=True):
        yield dict(zip(outputs, values, strict=True))


def _fracture_map(outputs: Outputs) -> Floats:
    return sigmoid(outputs[FRACTURE_MAP_OUTPUT])[..., 0]


def _maps(seen: Sequence[JointSeen]) -> Maps:
    """Lay what is seen of each joint over the radiograph."""
    heatmap = over_radiograph([(joint.heat_view, joint.heatmap) for joint in seen])
    return heatmap, over_radiograph([(joint.view, joint.fracture_map) for joint in seen])


def _are_dark(seen: Sequence[JointSeen], *, beyond: float = 0.0) -> bool:
    """Say whether a gate for crops takes all joints for such with black and white exchanged."""
    return all(kind == INVERTED and by > beyond for kind, by in (joint.furthest for joint in seen))


def _is_strange(joint: JointSeen) -> bool:
    """Say whether a crop lies further from all radiographs known than other hospitals' do."""
    return joint.excess.get(NOT_A_RADIOGRAPH, 0.0) > _STRANGE


def _gravity(answer: Answer) -> tuple[int, float]:
    """Return what the gravest answer has most of."""
    probability = answer.calibrated_probability
    return -GRAVEST_FIRST.index(answer.band.verdict(probability)), probability


def unlike_known(rates: tuple[ErrorRates, ErrorRates] | None) -> str:
    """Return what is noted of a radiograph unlike those learned from: what its answer is worth."""
    if rates is None:
        return UNLIKE_KNOWN
    (missed, false), (more_missed, more_false) = (
        (round(100 * rate.missed), round(100 * rate.false)) for rate in rates
    )
    measured = (
        f"Of such, drawn for a test, {more_missed} in 100 fractures were called none seen and "
        f"{more_false} in 100 sound joints a fracture; of others {missed} and {false}."
    )
    return f"{UNLIKE_KNOWN} {measured}"


def _no_radiograph(body_parts: Sequence[str]) -> str:
    return (
        f"This does not look like a radiograph: choose one of {with_article(in_words(body_parts))}."
    )


def _no_joint(body_parts: Sequence[str]) -> str:
    return (
        f"No {in_words(body_parts)} was found: choose a radiograph that shows one, or cut it to "
        "the joint."
    )
