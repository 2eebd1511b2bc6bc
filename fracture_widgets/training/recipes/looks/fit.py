"""Teach a network that looks twice, epoch by epoch, in a run that can be stopped and continued."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.errors import TrainingError
from fracture_widgets.models.networks import FRACTURE_MAP_OUTPUT, precision, require_keras
from fracture_widgets.models.networks.looks import (
    FRACTURE_HEAT,
    FRACTURE_LOGITS,
    FRACTURE_SIDES,
    JOINT_HEAT,
    JOINT_SIDES,
    build_looks_network,
    fill_from_imagenet,
)
from fracture_widgets.models.weight_files import Weights, collect_weights, write_weights
from fracture_widgets.training.recipes.looks import LooksRecipe
from fracture_widgets.training.recipes.looks.radiographs import (
    DRAWN,
    LIMB,
    OTHER,
    LabelledRadiograph,
    Run,
    known_parts,
)
from fracture_widgets.training.recipes.looks.targets import LOSSES
from fracture_widgets.training.recipes.looks.views import (
    JOINT,
    PATCH,
    WHOLE,
    View,
    ViewRequest,
    draw,
)
from fracture_widgets.training.run_folder import (
    DatasetIdentity,
    RunFolder,
    RunRecord,
    history_table,
)
from fracture_widgets.training.teaching import (
    drawn_ahead,
    kept_arrays,
    make_variables,
    put_back,
    rising_and_falling,
    teach_epoch,
)

if TYPE_CHECKING:
    import keras

PlannedStep = tuple[int, Sequence[ViewRequest]]
"""The sides of a step's views, and what they are of."""
Batch = tuple[npt.NDArray[np.float32], dict[str, npt.NDArray[np.float32]]]

_NEVER, _NOT_WARM = ("conv1_", "conv2_"), ("conv3_", "conv4_")
"""How the names of the layers begin that keep what ImageNet taught them; at first, or at all."""
_AVERAGE = "average/"
_EVERY = 2
"""Every so many steps the average of the weights follows them."""


class Lesson:
    """What a run learns from, ready to be drawn epoch by epoch."""

    def __init__(self, learned: Sequence[LabelledRadiograph], recipe: LooksRecipe) -> None:
        self._recipe = recipe
        self._limbs = [known for known in learned if known.kind == LIMB]
        self._drawn = [known for known in learned if known.kind == DRAWN]
        self._others = [known for known in learned if known.kind == OTHER]
        # What of a leg is called fractured, its outlines say.
        self._legs = recipe.legs and recipe.outlines
        legs = self._others if self._legs else []
        self._broken_others = [known for known in legs if known.outlines]
        self._sound_others = [known for known in legs if not known.outlines and not known.fractured]
        self._several = [known for known in self._limbs if len(known.joints) > 1]
        joints = [(known, joint) for known in self._limbs for joint in known.joints]
        sound = [pair for pair in joints if pair[1].label == 0]
        self._broken = [ViewRequest(JOINT, *pair) for pair in joints if pair[1].label == 1]
        self._sound = [ViewRequest(JOINT, *pair) for pair in sound]
        often = Counter(joint.part for _, joint in sound)
        commonest = max(often, key=often.__getitem__, default=None)
        self._rarer = [ViewRequest(JOINT, *pair) for pair in sound if pair[1].part != commonest]
        self.steps = len(self.plan(0))
        """Steps of every epoch."""
        if not self.steps:
            raise TrainingError(
                f"There is too little to learn from for a batch of {recipe.batch}: choose a "
                "smaller batch, or a larger dataset."
            )

    def plan(self, epoch: int) -> list[PlannedStep]:
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
        for step, (size, requests) in enumerate(self.plan(epoch)):
            rng = np.random.default_rng([self._recipe.seed, epoch, step])
            strong = self._recipe.strong
            views = [draw(request, size, rng, strong=strong) for request in requests]
            pixels, targets = _batch(views)
            label = targets[FRACTURE_LOGITS]
            for at, request in enumerate(requests):
                told = self._legs or request.radiograph.kind != OTHER
                if not told:
                    label[at, label.shape[1] // 2 :] = 0.0
                if not (told and self._recipe.outlines):
                    for name in (FRACTURE_MAP_OUTPUT, FRACTURE_HEAT, FRACTURE_SIDES):
                        targets[name][at, ..., -1] = 0.0
            yield pixels, targets

    def _batches(self, requests: Sequence[ViewRequest], size: int) -> list[PlannedStep]:
        batch = self._recipe.batch
        whole = len(requests) // batch * batch
        return [(size, requests[at : at + batch]) for at in range(0, whole, batch)]


@dataclass(frozen=True, eq=False)
class TrainingJob:
    """A run, the settings, and the folder that keeps it."""

    run: Run
    recipe: LooksRecipe
    folder: RunFolder

    @property
    def record(self) -> RunRecord:
        """What the run is, apart from how far it is."""
        lines = []
        for known in self.run.learned:
            joints = [(joint.part, joint.label, joint.box.tolist()) for joint in known.joints]
            outlines = [outline.tolist() for outline in known.outlines]
            about = (known.image_id, known.study, known.kind, known.pixels.shape)
            lines.append([*about, joints, outlines])
        identity = DatasetIdentity.of_lines(lines, [known.study for known in self.run.learned])
        return RunRecord(f"looks, {self.run.name}", "looks", asdict(self.recipe), identity)

    def weights_after(self, epochs: int) -> Path:
        """Return the file with the averaged weights after so many epochs."""
        return self.folder.folder / f"weights-{epochs}.npz"


def new_network(recipe: LooksRecipe, trunk: str | os.PathLike[str] | Weights) -> keras.Model:
    """Build a network for the parts that are known, at the weights that it starts from."""
    require_keras("Training").utils.set_random_seed(recipe.seed)
    with precision(bfloat16=recipe.bfloat16):
        network = build_looks_network(known_parts())
    fill_from_imagenet(network, trunk)
    return network


def fit_looks(network: keras.Model, job: TrainingJob, monitor: Monitor = SILENT) -> Path:
    """Teach a network in place, from where its run was stopped; return the last weights' file.

    What is kept after each epoch is all that the next one starts from, so that a run that was
    killed ends as one that was not.
    """
    recipe, folder, record = job.recipe, job.folder, job.record
    lesson = Lesson(job.run.learned, recipe)
    epochs: list[dict[str, float]] = []
    average: dict[str, npt.NDArray[np.float32]] = {}
    model: keras.Model | None = None
    if folder.started:
        folder.check_same_training(record)
        state = folder.state()
        epochs = state.epochs
        model = _compiled(network, recipe, lesson.steps, recipe.place(len(epochs) - 1)[0])
        kept = dict(state.last)
        for name in [name for name in kept if name.startswith(_AVERAGE)]:
            average[name.removeprefix(_AVERAGE)] = kept.pop(name)
        put_back(model, kept)
    for epoch in range(len(epochs), recipe.epochs):
        number = recipe.place(epoch)[0]
        if model is None or number != recipe.place(epoch - 1)[0]:
            model = _compiled(network, recipe, lesson.steps, number)
        logs = teach_epoch(
            model,
            drawn_ahead(lesson.batches(epoch)),
            epoch,
            epochs=recipe.epochs,
            steps=lesson.steps,
            batch=recipe.batch,
            rate=recipe.rate if number else recipe.warm_rate,
            monitor=monitor,
            step_ended=_following(average, model, recipe.kept) if number and recipe.kept else None,
        )
        epochs.append({"loss": logs["loss"]})
        monitor.say(_line(epoch, recipe.epochs, logs))
        if recipe.is_candidate(epoch):
            weights = {**collect_weights(network), **average}
            write_weights(job.weights_after(epoch + 1), weights)
        averages = {f"{_AVERAGE}{name}": array for name, array in average.items()}
        folder.keep(record, history_table(epochs), {**kept_arrays(model), **averages})
    return job.weights_after(recipe.epochs)


def _following(
    average: dict[str, npt.NDArray[np.float32]], model: keras.Model, kept: float
) -> Callable[[int], None]:
    """Return what moves the average of the weights that are taught towards what they are now."""

    def follow(step: int) -> None:
        if average and step % _EVERY:
            return
        for layer in model.layers:
            for variable in layer.trainable_weights:
                name, now = f"{layer.name}/{variable.name}", np.asarray(variable, np.float32)
                if name in average:
                    average[name] *= np.float32(kept)
                    average[name] += np.float32(1 - kept) * now
                else:
                    average[name] = now.copy()

    return follow


def _compiled(network: keras.Model, recipe: LooksRecipe, steps: int, number: int) -> keras.Model:
    """Return the network with the outputs that are taught, ready for a round of the training."""
    keras = require_keras("Training")
    taught = recipe.rounds[number]
    still = _NEVER if number and recipe.tuned else (*_NEVER, *_NOT_WARM)
    for layer in network.layers:
        layer.trainable = not layer.name.startswith(still)
    model = keras.Model(network.input, {name: network.output[name] for name in LOSSES})
    rate: Any = recipe.warm_rate
    if number:
        rate = rising_and_falling(taught.rate, recipe.rise, steps * taught.epochs)
    model.compile(
        optimizer=keras.optimizers.AdamW(
            rate, weight_decay=recipe.decay, global_clipnorm=recipe.clip
        ),
        loss=dict(LOSSES),
        jit_compile=False,
    )
    counts = {name: output.shape[-1] + 1 for name, output in model.output.items()}
    # The label says of each of its log-odds how much it counts, all else of each place.
    make_variables(model, counts | {FRACTURE_LOGITS: 2 * model.output[FRACTURE_LOGITS].shape[-1]})
    return model


def _line(epoch: int, epochs: int, logs: Mapping[str, float]) -> str:
    parts = ", ".join(
        f"{name.removesuffix('_loss').replace('_', ' ')} {value:.3f}"
        for name, value in logs.items()
        if name != "loss"
    )
    return f"epoch {epoch + 1} of {epochs}: loss {logs['loss']:.3f} ({parts})"


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
