"""One network for one question: built, trained from a folder of radiographs, evaluated, saved."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fracture_widgets.base.language import NOTICE
from fracture_widgets.base.progress import Cancelled
from fracture_widgets.errors import FractureWidgetsError, ModelError, TrainingError
from fracture_widgets.evaluation.learned import LEARNED_COLUMN
from fracture_widgets.models.folder import (
    BODY_PART,
    CARD_FILE,
    FRACTURE,
    LEARNED_FROM,
    amend_card,
    load_model_folder,
    read_card,
    save_model_folder,
)
from fracture_widgets.models.learned_from import LearnedFrom, learned_from_weights
from fracture_widgets.models.networks import (
    BODY_PART_OUTPUT,
    POOLED_OUTPUT,
    precision,
    require_keras,
)
from fracture_widgets.models.networks.question import (
    build_single_question_network,
    question_graph,
)
from fracture_widgets.models.networks.trunks import ARCHITECTURES, TrunkBuilder
from fracture_widgets.models.networks.trunks.applications import build_trunk
from fracture_widgets.models.weight_files import assign_weights, collect_weights
from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.training.data import (
    Augmenter,
    Examples,
    Shuffle,
    batches,
    check_splits,
    check_study_labels,
    class_weights,
    counts,
    label_names,
    one_hot,
    read_examples,
    select_task,
    split_dataset,
)
from fracture_widgets.training.features import FeatureCache, pooled_examples
from fracture_widgets.training.loop import (
    STOPPED_EARLY,
    Fitted,
    Strategy,
    TrainingLoop,
    even_batch,
    is_chief,
    strategy_for,
)
from fracture_widgets.training.plan import TrainingPlan
from fracture_widgets.training.run_folder import DatasetIdentity, RunFolder, RunRecord
from fracture_widgets.training.runs import Judged, TrainingResult
from fracture_widgets.training.teaching import TrainingMonitor

if TYPE_CHECKING:
    import keras

Dataset = pd.DataFrame | str | os.PathLike[str]

_ROOM_FOR_FIGURES = 1_000_000
# The last epoch, the best one and the one being written: each weight and Adam's two memories of
# it, as float32.
_STATES = 3 * 3 * 4


class ModelNotSaved(TrainingError):
    """A network was trained and could not be saved."""

    def __init__(self, message: str, model: keras.Model) -> None:
        super().__init__(message)
        self.model = model


class ClassifierTraining:
    """A training of one network: what it learns, how, where it is kept and who follows it."""

    def __init__(
        self,
        question: str,
        dataset: Dataset,
        plan: TrainingPlan,
        monitor: TrainingMonitor,
        *,
        out: str | os.PathLike[str] | None = None,
        features: str | os.PathLike[str] | None = None,
        trunk: TrunkBuilder = build_trunk,
        strategy: str | Strategy | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
    ) -> None:
        self._question = question
        self._plan = plan
        self._monitor = monitor
        self._run = None if out is None else RunFolder(Path(out))
        self._features = features
        self._trunk = trunk
        self._strategy = strategy
        self._callbacks = callbacks
        chosen = select_task(question, dataset)
        check_study_labels(question, chosen)
        self._table = split_dataset(question, chosen, plan)
        self._labels = label_names(question, self._table)
        known = (name for name, known in ARCHITECTURES.items() if known.build is trunk)
        network = next(known, getattr(trunk, "__name__", type(trunk).__name__))
        identity = DatasetIdentity.of_table(self._table)
        self._record = RunRecord(question, network, plan.to_dict(), identity)

    def train(self, *, resume: bool) -> TrainingResult:
        """Train from the start, or from where the run in the folder was stopped."""
        run = self._run
        before = run if resume and run is not None and run.started else None
        if before is not None:
            before.check_same_training(self._record)
        elif run is not None and run.started and not run.finished:
            self._monitor.say(
                f"The unfinished run in {run.folder.name} ({len(run.history())} epochs) is "
                "replaced when the first epoch of this one ends; it would have been continued if "
                "asked to."
            )
        strategy = strategy_for(self._strategy)
        model = self._built(strategy)
        kept_in = run if is_chief(strategy) else None
        if kept_in is not None:
            prepare_folder(kept_in.folder, self._question, model)
        with nullcontext() if kept_in is None else kept_in.locked():
            if before is not None:
                before.check_same_training(
                    self._record
                )  # somebody else may have ended it meanwhile
            try:
                examples, learner = self._examples(model)
                check_splits(self._question, examples.table)
                fitted = self._fit(learner, strategy, examples, before, kept_in)
            except Cancelled:
                raise TrainingError(STOPPED_EARLY) from None
            return self._conclude(model, learner, examples, fitted, kept_in)

    def is_finished(self) -> bool:
        """Whether this very training came to its end in the folder."""
        if self._run is None or not self._run.finished:
            return False
        self._run.check_same_training(self._record, finished=True)
        return True

    def _built(self, strategy: Strategy) -> keras.Model:
        keras = require_keras("Training")
        plan = self._plan
        keras.utils.set_random_seed(plan.seed)
        with strategy.scope(), precision(bfloat16=plan.bfloat16):
            built = build_single_question_network(
                self._question,
                load_model_folder().weights if plan.weights == "shipped" else plan.weights,
                labels=self._labels,
                trunk=self._trunk,
                frozen_trunk=plan.frozen_trunk,
                say=self._monitor.say,
            )
        # Outside of the scope, answers are given once, and not by every device.
        return keras.Model(built.input, built.output, name=built.name)

    def _examples(self, model: keras.Model) -> tuple[Examples, keras.Model]:
        """Return what is learned from, and the part of the model that learns."""
        if self._plan.frozen_trunk and self._plan.augmentation is None:
            cache = FeatureCache(self._features, self._monitor.say)
            return pooled_examples(model, self._table, cache, self._monitor), _head_of(model)
        return read_examples(self._table, self._monitor), model

    def _fit(
        self,
        learner: keras.Model,
        strategy: Strategy,
        examples: Examples,
        before: RunFolder | None,
        kept_in: RunFolder | None,
    ) -> Fitted:
        plan = self._plan
        targets = one_hot(examples.table["answer"], self._labels)
        train, validation = examples.rows("train"), examples.rows("validation")
        vary = None if plan.augmentation is None else Augmenter(plan.augmentation, plan.seed)
        shuffle = Shuffle(plan.seed)
        devices = strategy.num_replicas_in_sync
        sizes = [even_batch(len(rows), plan.batch, devices) for rows in (train, validation)]
        if sizes[0] != plan.batch:
            self._monitor.say(
                f"The batch is {sizes[0]}, not {plan.batch}, so that {devices} devices have a "
                "share of each."
            )

        def begin(epoch: int) -> None:
            shuffle.begin(epoch)
            if vary is not None:
                vary.begin(epoch)

        loop = TrainingLoop(
            learner,
            plan,
            self._monitor,
            begin_epoch=begin,
            start=None if before is None else before.state(),
            keep=None if kept_in is None else partial(kept_in.keep, self._record),
            strategy=strategy,
            callbacks=self._callbacks,
        )
        return loop.fit(
            batches(examples.inputs, targets, train, size=sizes[0], shuffled=shuffle, vary=vary),
            batches(examples.inputs, targets, validation, size=sizes[1]),
            class_weight=class_weights(targets[train]) if plan.class_weights else None,
        )

    def _conclude(
        self,
        model: keras.Model,
        learner: keras.Model,
        examples: Examples,
        fitted: Fitted,
        run: RunFolder | None,
    ) -> TrainingResult:
        """Save the weights first, then whatever can be said of them."""
        question, network = self._question, self._record.network
        card = self._card(examples, fitted)
        known = self._learned_from(examples)
        files: dict[str, Path] = {}
        if run is not None:
            card = save_network(run.folder, question, self._labels, network, model, card, known)
            weights = next(name for name in card["files"] if name.endswith(".npz"))
            fingerprints = next(name for name in card["files"] if name.startswith(LEARNED_FROM))
            files = {"weights": run.folder / weights, "card": run.folder / CARD_FILE}
            files["learned_from"] = run.folder / fingerprints
        answers = None if fitted.interrupted else self._answers(learner, examples, known)
        judged = Judged.of(question, answers)
        if answers is not None and judged.evaluation is not None:
            card["test"] = judged.evaluation.to_dict()
            if run is not None:
                card = amend_card(run.folder, test=card["test"])
                run.finish(answers)
        result = TrainingResult(
            question=question,
            model=model,
            plan=self._plan,
            history=fitted.history,
            split=examples.table,
            **vars(judged),
            skipped=examples.skipped,
            files=files,
            interrupted=fitted.interrupted,
            card=card,
        )
        if run is not None:
            for name, display in result.figures().items():
                try:
                    files[name] = display.save(run.folder / f"{name}.png")
                except FractureWidgetsError as error:  # it is named, and no more
                    self._monitor.say(str(error))
        return result

    def _card(self, examples: Examples, fitted: Fitted) -> dict[str, Any]:
        return {
            "question": self._question,
            "labels": list(self._labels),
            "architecture": f"{self._record.network}, mean over places, Dense 128, Dense 50, "
            "softmax",
            "notice": NOTICE,
            "plan": self._plan.to_dict(),
            "learned_from": {
                **counts(examples.table, self._question),
                "skipped": len(examples.skipped),
                "sha256": self._record.dataset.sha256,
            },
            "epochs": len(fitted.history),
            "best_epoch": fitted.best_epoch,
            "interrupted": fitted.interrupted,
            "validation": {
                name: round(float(values[fitted.best_epoch]), 4)
                for name, values in fitted.history.items()
            },
            "test": None,
        }

    def _learned_from(self, examples: Examples) -> LearnedFrom:
        """Return what the network learned from, and what the weights did that it started from."""
        start = learned_from_weights(self._plan.weights)
        own = [examples.fingerprints[examples.rows(split)] for split in ("train", "validation")]
        return LearnedFrom.together([*own, *([] if start is None else [start.fingerprints])])

    def _answers(
        self, learner: keras.Model, examples: Examples, known: LearnedFrom
    ) -> pd.DataFrame:
        """Return what the network answers to the test split, for :class:`Judged`."""
        rows = examples.rows("test")
        targets = one_hot(examples.table["answer"], self._labels)
        tested = batches(examples.inputs, targets, rows, size=self._plan.batch)
        answers = [np.asarray(learner.predict_on_batch(x), dtype=float) for x, _ in tested]
        given = pd.DataFrame(np.concatenate(answers), columns=list(self._labels))
        test = examples.table.iloc[rows][["patient_id", "answer"]].reset_index(drop=True)
        test[LEARNED_COLUMN] = known.which(examples.fingerprints[rows])
        return pd.concat([test, given], axis=1)


def _head_of(model: keras.Model) -> keras.Model:
    """Return the part above the pooled features; it shares its layers with the whole."""
    keras = require_keras("Training")
    return keras.Model(model.get_layer(POOLED_OUTPUT).output, model.output)


def prepare_folder(folder: Path, question: str, model: keras.Model) -> None:
    """Make the folder for a network, before hours are spent on training it."""
    question_graph(model)  # one that cannot be written down as a graph is refused here
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".trial").touch()
        (folder / ".trial").unlink()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise TrainingError(
            f"The model cannot be saved in {folder.name} ({error.strerror}): choose a folder that "
            "you may write to."
        ) from error
    if (folder / CARD_FILE).exists() and _question_of(folder) != question:
        raise TrainingError(
            f"The folder {folder.name} holds another model ({CARD_FILE}): choose another folder, "
            "so that it is not overwritten."
        )
    learning = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    needed = 2 * model.count_params() + _STATES * learning + _ROOM_FOR_FIGURES
    if free < needed:
        raise TrainingError(
            f"There is no room for the model in {folder.name}: it takes {needed / 1e6:,.0f} MB and "
            f"{free / 1e6:,.0f} MB are free. Make room, or choose another folder."
        )


def save_network(
    folder: Path,
    question: str,
    labels: Sequence[str],
    network: str,
    model: keras.Model,
    card: Mapping[str, Any],
    learned: LearnedFrom | None = None,
) -> dict[str, Any]:
    """Write a network, its card and what it learned from; give the model the written weights."""
    whole = question == BODY_PART_OUTPUT
    parts = labels if whole else [question] if question in BODY_PARTS else []
    try:
        complete = save_model_folder(
            folder,
            collect_weights(model),
            question_graph(model),
            {"question": question, **card},
            kind=BODY_PART if whole else FRACTURE,
            network=network,
            body_parts=parts,
        )
        if learned is not None:
            complete = learned.add_to(folder)
        assign_weights(model, load_model_folder(folder).weights)
    except ModelError as error:
        cause = error.__cause__
        why = cause.strerror if isinstance(cause, OSError) else str(error)
        raise ModelNotSaved(
            f"The trained model could not be saved in {folder.name} ({why}): make room; in Python, "
            "this error's model is the trained network.",
            model,
        ) from error
    return complete


def _question_of(folder: Path) -> str:
    try:
        return str(read_card(folder).get("question", ""))
    except ModelError:
        return ""
