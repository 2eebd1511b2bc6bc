"""What an epoch shows: which views of what, in which order and sizes, the same every time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.errors import TrainingError
from fracture_widgets.models.networks.looks import (
    FRACTURE_HEAT,
    FRACTURE_LOGITS,
    FRACTURE_SIDES,
    JOINT_HEAT,
    JOINT_SIDES,
)
from fracture_widgets.models.networks.names import FRACTURE_MAP_OUTPUT
from fracture_widgets.training.recipes.looks.radiographs import (
    DRAWN,
    LIMB,
    OTHER,
    LabelledRadiograph,
)
from fracture_widgets.training.recipes.looks.recipe import LooksRecipe
from fracture_widgets.training.recipes.looks.views import (
    JOINT,
    PATCH,
    WHOLE,
    View,
    ViewRequest,
    draw,
)

Batch = tuple[npt.NDArray[np.float32], dict[str, npt.NDArray[np.float32]]]

OUTPUTS = (
    *(JOINT_HEAT, JOINT_SIDES),
    *(FRACTURE_MAP_OUTPUT, FRACTURE_HEAT, FRACTURE_SIDES, FRACTURE_LOGITS),
)
"""The outputs that are taught."""


@dataclass(frozen=True, eq=False)
class PlannedBatch:
    """One step: the sides of its views, and what they are of."""

    size: int
    requests: Sequence[ViewRequest]


class Lesson:
    """What a run learns from, ready to be drawn epoch by epoch."""

    def __init__(
        self, learned: Sequence[LabelledRadiograph], recipe: LooksRecipe, parts: int
    ) -> None:
        self._recipe, self._parts = recipe, parts
        self._limbs = [known for known in learned if known.kind == LIMB]
        self._drawn = [known for known in learned if known.kind == DRAWN]
        self._others = [known for known in learned if known.kind == OTHER]
        self._broken_others = [known for known in self._others if known.outlines]
        self._sound_others = [
            known for known in self._others if not known.outlines and not known.fractured
        ]
        self._several = [known for known in self._limbs if len(known.joints) > 1]
        joints = [
            ViewRequest(JOINT, known, joint)
            for known in self._limbs
            for joint in known.joints
            if joint.label >= 0
        ]
        self._broken = [request for request in joints if _label_of(request) == 1]
        self._sound = [request for request in joints if _label_of(request) == 0]
        often = Counter(_part_of(request) for request in self._sound)
        commonest = max(often, key=often.__getitem__, default=None)
        self._rarer = [request for request in self._sound if _part_of(request) != commonest]
        self.steps = len(self.plan(0))
        """Steps of every epoch."""
        if not self.steps:
            raise TrainingError(
                f"There is too little to learn from for a batch of {recipe.batch}: choose a "
                "smaller batch, or a larger dataset."
            )

    def plan(self, epoch: int) -> list[PlannedBatch]:
        """Return the steps of an epoch, from 0."""
        recipe = self._recipe
        rng = np.random.default_rng([recipe.seed, epoch])
        limb_size, joint_size = recipe.sizes(epoch)

        def some(of: Sequence[Any], most: int) -> list[Any]:
            return [of[at] for at in rng.permutation(len(of))[:most]]

        sound = some(self._sound, recipe.joints)
        # Parts with fewer joints make up for it.
        rarer = some(self._rarer, recipe.joints // 4)
        joints = [*self._broken * 2, *sound[: int(0.75 * len(sound))], *rarer]
        patches = [*self._broken_others, *some(self._sound_others, recipe.sound_patches)]
        joints += [ViewRequest(PATCH, known) for known in patches]
        joints += [
            ViewRequest(JOINT, known, known.joints[0]) for known in some(self._drawn, recipe.drawn)
        ]
        wholes = [*some(self._limbs, recipe.limbs), *some(self._others, recipe.others)]
        wholes += some(self._drawn, recipe.drawn_limbs)
        wholes += some(self._several, recipe.several)
        limbs = [ViewRequest(WHOLE, known) for known in wholes]
        rng.shuffle(limbs)
        rng.shuffle(joints)
        steps = [*self._batches(limbs, limb_size), *self._batches(joints, joint_size)]
        rng.shuffle(steps)
        return steps

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Draw the steps of an epoch, from 0."""
        for step, planned in enumerate(self.plan(epoch)):
            rng = np.random.default_rng([self._recipe.seed, epoch, step])
            yield _batch(
                [
                    draw(request, planned.size, rng, strong=self._recipe.strong, parts=self._parts)
                    for request in planned.requests
                ]
            )

    def _batches(self, requests: Sequence[ViewRequest], size: int) -> list[PlannedBatch]:
        batch = self._recipe.batch
        whole = len(requests) // batch * batch
        return [PlannedBatch(size, requests[at : at + batch]) for at in range(0, whole, batch)]


def _label_of(request: ViewRequest) -> int:
    assert request.joint is not None
    return request.joint.label


def _part_of(request: ViewRequest) -> int:
    assert request.joint is not None
    return request.joint.part


def _batch(views: Sequence[View]) -> Batch:
    """Stack views and what the network should have said of them, each with how much it counts."""
    pixels = np.stack([view.pixels for view in views])[..., None].astype(np.float32)
    targets = [view.targets for view in views]
    wanted: Mapping[str, list[npt.NDArray[np.float32]]] = {
        JOINT_HEAT: [_joined(view.joints.heat, view.joints.weight) for view in targets],
        JOINT_SIDES: [view.joints.sides for view in targets],
        FRACTURE_MAP_OUTPUT: [_joined(view.share, view.fractures.weight) for view in targets],
        FRACTURE_HEAT: [_joined(view.fractures.heat, view.fractures.weight) for view in targets],
        FRACTURE_SIDES: [view.fractures.sides for view in targets],
        FRACTURE_LOGITS: [view.label for view in targets],
    }
    return pixels, {name: np.stack(arrays) for name, arrays in wanted.items()}


def _joined(*arrays: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return np.concatenate(arrays, axis=-1)
