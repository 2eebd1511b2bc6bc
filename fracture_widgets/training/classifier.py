"""One network for one question: built, trained from a folder of radiographs, evaluated, saved."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fracture_widgets.base.progress import Cancelled
from fracture_widgets.base.words import NOTICE
from fracture_widgets.errors import FractureWidgetsError, TrainingError
from fracture_widgets.evaluation.scores import Scores
from fracture_widgets.models.folder import amend_card, load_model_folder
from fracture_widgets.models.networks.architectures import ARCHITECTURES
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.models.networks.names import POOLED_OUTPUT
from fracture_widgets.models.networks.precision import precision
from fracture_widgets.models.networks.question import TrunkBuilder, build_single_question_network
from fracture_widgets.models.networks.trunks.resnet50 import build_trunk
from fracture_widgets.models.weight_files import Weights
from fracture_widgets.training.data import (
    Examples,
    check_splits,
    check_study_labels,
    counts,
    label_names,
    read_examples,
    select_task,
    split_dataset,
)
from fracture_widgets.training.devices import Strategy, even_batch, is_chief, strategy_for
from fracture_widgets.training.features import FeatureCache, pooled_examples
from fracture_widgets.training.loop import STOPPED_EARLY, Fitted, TrainingLoop
from fracture_widgets.training.pipeline import Shuffle, augmenter, batches, class_weights, one_hot
from fracture_widgets.training.plan import TrainingPlan
from fracture_widgets.training.progress import TrainingMonitor
from fracture_widgets.training.run_folder import Arrays, DatasetIdentity, RunFolder, RunRecord
from fracture_widgets.training.runs import TrainingResult, displays, evaluate_answers
from fracture_widgets.training.saving import CARD_FILE, prepare_folder, save_network

if TYPE_CHECKING:
    import keras

__all__ = ["ClassifierTraining", "Dataset"]

Dataset = pd.DataFrame | str | os.PathLike[str]


class ClassifierTraining:
    """A training of one network: what it learns, how, where it is kept and who follows it."""

    def __init__(
        self,
        question: str,
        plan: TrainingPlan,
        monitor: TrainingMonitor,
        *,
        out: str | os.PathLike[str] | None = None,
        features: str | os.PathLike[str] | None = None,
        trunk: TrunkBuilder = build_trunk,
        strategy: str | Strategy | None = None,
    ) -> None:
        self.question = question
        self.plan = plan
        self.monitor = monitor
        self.run = None if out is None else RunFolder(Path(out))
        self._features = features
        self._trunk = trunk
        self._strategy = strategy

    @property
    def network_name(self) -> str:
        """Name of the trunk."""
        known = (name for name, one in ARCHITECTURES.items() if one.build is self._trunk)
        return next(known, getattr(self._trunk, "__name__", type(self._trunk).__name__))

    def train(self, dataset: Dataset, *, resume: bool) -> TrainingResult:
        """Train from the start, or from where the run in the folder was stopped."""
        table, record = self._task(dataset)
        run = self.run
        resumed = resume and run is not None and run.started
        if run is not None and resumed:
            run.check_same_training(record)
        elif run is not None and run.started and not run.finished:
            self.monitor.say(
                f"The unfinished run in {run.folder.name} ({len(run.history())} epochs) is "
                "replaced when the first epoch of this one ends; it would have been continued if "
                "asked to."
            )
        model, strategy = self._built(label_names(self.question, table))
        if run is None or not is_chief(strategy):
            before = run if resumed else None
            return _Attempt(self, model, strategy, table, record, before, None).result()
        prepare_folder(run.folder, self.question, model)
        with run.locked():
            if resumed:
                run.check_same_training(record)  # somebody else may have ended it meanwhile
            before = run if resumed else None
            return _Attempt(self, model, strategy, table, record, before, run).result()

    def is_finished(self, dataset: Dataset) -> bool:
        """Whether this very training came to its end in the folder."""
        if self.run is None or not self.run.finished:
            return False
        self.run.check_same_training(self._task(dataset)[1], finished=True)
        return True

    def _task(self, dataset: Dataset) -> tuple[pd.DataFrame, RunRecord]:
        """Return the divided table, and what the run in the folder is of."""
        chosen = select_task(self.question, dataset)
        check_study_labels(self.question, chosen)
        table = split_dataset(self.question, chosen, self.plan)
        identity = DatasetIdentity.of_table(table)
        return table, RunRecord(self.question, self.network_name, self.plan.to_dict(), identity)

    def examples(self, model: keras.Model, table: pd.DataFrame) -> tuple[Examples, keras.Model]:
        """Return what is learned from, and the part of the model that learns."""
        if self.plan.frozen_trunk and self.plan.augmentation is None:
            cache = FeatureCache(self._features, self.monitor.say)
            return pooled_examples(model, table, cache, self.monitor), _head_of(model)
        return read_examples(table, self.monitor), model

    def _built(self, labels: Sequence[str]) -> tuple[keras.Model, Strategy]:
        keras = require_keras("Training")
        strategy = strategy_for(self._strategy)
        keras.utils.set_random_seed(self.plan.seed)
        with strategy.scope(), precision(bfloat16=self.plan.bfloat16):
            built = build_single_question_network(
                self.question,
                _trunk_weights(self.plan),
                labels=labels,
                trunk=self._trunk,
                frozen_trunk=self.plan.frozen_trunk,
                say=self.monitor.say,
            )
        # Outside of the scope, answers are given once, and not by every device.
        return keras.Model(built.input, built.output, name=built.name), strategy


class _Attempt:
    """A training at work: from its examples to the network that is saved."""

    def __init__(
        self,
        training: ClassifierTraining,
        model: keras.Model,
        strategy: Strategy,
        table: pd.DataFrame,
        record: RunRecord,
        before: RunFolder | None,
        kept_in: RunFolder | None,
    ) -> None:
        self._training = training
        self._plan = training.plan
        self._model = model
        self._strategy = strategy
        self._table = table
        self._labels = label_names(training.question, table)
        self._record = record
        self._before = before
        self._kept_in = kept_in

    def result(self) -> TrainingResult:
        """Train to the end, or to where somebody stops it, and save what there is."""
        try:
            examples, learner = self._training.examples(self._model, self._table)
            check_splits(self._training.question, examples.table)
            fitted = self._fit(learner, examples)
        except Cancelled:
            raise TrainingError(STOPPED_EARLY) from None
        return self._conclude(learner, examples, fitted)

    def _fit(self, learner: keras.Model, examples: Examples) -> Fitted:
        plan = self._plan
        targets = one_hot(examples.table["answer"], self._labels)
        train, validation = examples.rows("train"), examples.rows("validation")
        vary = None if plan.augmentation is None else augmenter(plan.augmentation, plan.seed)
        shuffle = Shuffle(plan.seed)
        devices = self._strategy.num_replicas_in_sync
        sizes = [even_batch(len(rows), plan.batch, devices) for rows in (train, validation)]
        if sizes[0] != plan.batch:
            self._training.monitor.say(
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
            self._training.monitor,
            begin_epoch=begin,
            start=None if self._before is None else self._before.state(),
            keep=None if self._kept_in is None else self._keep,
            strategy=self._strategy,
        )
        return loop.fit(
            batches(examples.inputs, targets, train, size=sizes[0], shuffled=shuffle, vary=vary),
            batches(examples.inputs, targets, validation, size=sizes[1]),
            class_weight=class_weights(targets[train]) if plan.class_weights else None,
        )

    def _keep(self, history: pd.DataFrame, arrays: Arrays) -> None:
        assert self._kept_in is not None
        self._kept_in.keep(self._record, history, arrays)

    def _conclude(self, learner: keras.Model, examples: Examples, fitted: Fitted) -> TrainingResult:
        """Save the weights first, then whatever can be said of them."""
        question, run = self._training.question, self._kept_in
        card = self._card(examples, fitted)
        files: dict[str, Path] = {}
        if run is not None:
            card = save_network(
                run.folder, question, self._labels, self._record.network, self._model, card
            )
            weights = next(name for name in card["files"] if name.endswith(".npz"))
            files = {"weights": run.folder / weights, "card": run.folder / CARD_FILE}
        scores = None
        if not fitted.interrupted:
            answers = self._answers(learner, examples)
            scores = evaluate_answers(question, answers)
            card["test"] = scores.to_dict()
            if run is not None:
                card = amend_card(run.folder, test=card["test"])
                run.finish(answers)
        if run is not None:
            files |= self._figures(fitted, scores, run.folder)
        return TrainingResult(
            question=question,
            model=self._model,
            plan=self._plan,
            history=fitted.history,
            best_epoch=fitted.best_epoch,
            split=examples.table,
            evaluation=scores,
            skipped=examples.skipped,
            files=files,
            interrupted=fitted.interrupted,
            card=card,
        )

    def _card(self, examples: Examples, fitted: Fitted) -> dict[str, Any]:
        question = self._training.question
        return {
            "question": question,
            "labels": list(self._labels),
            "architecture": f"{self._record.network}, mean over places, Dense 128, Dense 50, "
            "softmax",
            "notice": NOTICE,
            "plan": self._plan.to_dict(),
            "learned_from": {
                **counts(examples.table, question),
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

    def _answers(self, learner: keras.Model, examples: Examples) -> pd.DataFrame:
        """Return what the network answers to the test split, for :func:`evaluate_answers`."""
        rows = examples.rows("test")
        targets = one_hot(examples.table["answer"], self._labels)
        probabilities = np.concatenate(
            [
                np.asarray(learner.predict_on_batch(inputs), dtype=float)
                for inputs, _ in batches(examples.inputs, targets, rows, size=self._plan.batch)
            ]
        )
        given = pd.DataFrame(probabilities, columns=list(self._labels))
        test = examples.table.iloc[rows][["patient_id", "answer"]].reset_index(drop=True)
        return pd.concat([test, given], axis=1)

    def _figures(self, fitted: Fitted, scores: Scores | None, folder: Path) -> dict[str, Path]:
        """Draw what there is to draw; a figure that cannot be written is named, and no more."""
        written: dict[str, Path] = {}
        for name, display in displays(self._training.question, fitted.history, scores).items():
            try:
                written[name] = display.save(folder / f"{name}.png")
            except FractureWidgetsError as error:
                self._training.monitor.say(str(error))
        return written


def _head_of(model: keras.Model) -> keras.Model:
    """Return the part above the pooled features; it shares its layers with the whole."""
    keras = require_keras("Training")
    return keras.Model(model.get_layer(POOLED_OUTPUT).output, model.output)


def _trunk_weights(plan: TrainingPlan) -> str | os.PathLike[str] | Weights | None:
    return load_model_folder().weights if plan.weights == "shipped" else plan.weights
