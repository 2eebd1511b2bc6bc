"""The whole of the paper in one folder: its cascade of networks, and its table of networks."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fracture_widgets.base.files import write_whole
from fracture_widgets.base.progress import Monitor
from fracture_widgets.base.tables import markdown_table
from fracture_widgets.datasets.table import load_dataset
from fracture_widgets.errors import ModelError, TrainingError
from fracture_widgets.evaluation.scores import Scores, score_fracture
from fracture_widgets.models.networks import BODY_PART_OUTPUT, POOLED_OUTPUT
from fracture_widgets.models.networks.trunks import ARCHITECTURES, given_weights
from fracture_widgets.parts import BODY_PARTS, LABELS
from fracture_widgets.training.classifier import Dataset
from fracture_widgets.training.compare.contenders import (
    Contender,
    NetworkChoice,
    WeightSource,
    choose,
)
from fracture_widgets.training.compare.result import (
    ALL_PARTS,
    BUDGET,
    PAPER,
    WHY,
    Comparison,
    interval_words,
)
from fracture_widgets.training.compare.run import compare
from fracture_widgets.training.plan import TrainingPlan
from fracture_widgets.training.recipes.paper import train_mura_models
from fracture_widgets.training.run_folder import (
    CAP_OF_EPOCHS,
    DatasetIdentity,
    changed_settings,
)
from fracture_widgets.training.runs import TrainingRun, save_results, task_title
from fracture_widgets.training.teaching import Progress, TrainingMonitor

PAPER_MODELS = (
    *("always-normal", "k-means-pixels", "k-means-features"),
    *("resnet50", "alexnet", "vgg16", "densenet169"),
)
"""What the paper compares, and what answers normal to everything."""

STOPPED = "Stopped: the same command goes on from here."

_PLAN = TrainingPlan(epochs=100)
_TRUNK = "resnet50"
_KEPT = "reproduce.json"
_PAPERS_BODY_PART = 0.99
_METRICS = ("accuracy", "precision", "recall")

_OPENING = """\
# The paper's Table 6.1, again

*CNN based bone fracture detection for medical imaging using ResNet-50* (Thaarakaraam, Reddy,
Vijayakumar) trains a ResNet-50 that names the body part, one for the fractures of each part, and
sets other networks beside. The first rows here are such a cascade, each network judged on the
patients set aside for its test; the others are one network for all parts, cross-validated by
patient, so that every radiograph counts. In brackets: 95 percent intervals from draws of whole
patients. Always normal is the accuracy of that answer alone, or of the most frequent body part."""


@dataclass(frozen=True, eq=False)
class Reproduction:
    """The paper's networks, trained anew."""

    runs: Mapping[str, TrainingRun]
    """The cascade's trainings by question."""
    comparison: Comparison
    """The networks, k-means and always-normal on the same folds."""

    @property
    def table(self) -> pd.DataFrame:
        """One row for each network: its metrics with their intervals, and the paper's."""
        rows = [
            _scored(
                f"ResNet-50, {task_title(question)}",
                run.evaluation,
                run.seconds,
                (_PAPERS_BODY_PART,) if question == BODY_PART_OUTPUT else (),
            )
            for question, run in self.runs.items()
            if run.evaluation is not None
        ]
        pooled, seconds = self._pooled()
        if pooled is not None:
            name = "ResNet-50, a network for each part"
            rows.append(_scored(name, pooled, seconds, PAPER[_TRUNK]))
        return pd.DataFrame([*rows, *self._compared()])

    @property
    def budget(self) -> pd.DataFrame:
        """What each training took, and what stopped it; the cascade's have no fold."""
        cascade = [
            (
                f"ResNet-50, {task_title(question)}", "", len(run.history), run.best_epoch,
                run.stopped_by, run.seconds,
            )
            for question, run in self.runs.items()
        ]  # fmt: skip
        titles = self.comparison.models["title"]
        folds = self.comparison.budget.assign(model=self.comparison.budget["model"].map(titles))
        first = pd.DataFrame(cascade, columns=list(BUDGET))
        return pd.concat([first, folds], ignore_index=True) if len(folds) else first

    def __str__(self) -> str:
        return self.to_markdown()

    def to_markdown(self) -> str:
        """Return the table beside the paper's, and what each training took."""
        return f"{_OPENING}\n\n{self._table()}\n\n{WHY}\n\n{self._costs()}\n"

    def save(self, folder: str | os.PathLike[str]) -> dict[str, Path]:
        """Write the tables; figures are with the networks, and in ``comparison``."""
        home = Path(folder)
        tables = {"table_6_1.csv": self.table.round(6), "budget.csv": self.budget.round(3)}
        pages = {"table_6_1.md": self.to_markdown()}
        written = save_results(home, tables, pages, kept="trained networks")
        return written | self.comparison.save(home / "comparison")

    def _pooled(self) -> tuple[Scores | None, float]:
        """Return the answers of the parts' networks together, and what those took."""
        runs = [run for question, run in self.runs.items() if question in BODY_PARTS]
        scores = [run.evaluation for run in runs if run.evaluation is not None]
        if len(scores) < 2:
            return None, 0.0
        probability = np.concatenate([one.score for one in scores])
        pooled = score_fracture(
            "fracture, all parts",
            np.where(np.concatenate([one.true for one in scores]), *LABELS),
            np.where(probability >= 0.5, *LABELS),
            probability,
            groups=np.concatenate([one.group for one in scores]),
        )
        return pooled, sum(run.seconds for run in runs)

    def _compared(self) -> Iterator[dict[str, Any]]:
        known = self.comparison.table[self.comparison.table["part"] == ALL_PARTS]
        for model, facts in self.comparison.models.iterrows():
            here = known[known["model"] == model]
            first = here.iloc[0]
            numbers = here[["value", "low", "high"]].to_numpy(dtype=float).tolist()
            yield _row(
                facts["title"],
                (first["n"], first["groups"], 1 - first["fractured"] / first["n"]),
                dict(zip(here["metric"], numbers, strict=True)),
                facts["training_seconds"] + facts["feature_seconds"],
                PAPER.get(str(model), ()),
            )

    def _table(self) -> str:
        rows = []
        for row in self.table.to_dict("records"):
            ours = (
                interval_words(row[name], row[f"{name}_low"], row[f"{name}_high"])
                for name in _METRICS
            )
            papers = [row[f"paper_{name}"] for name in _METRICS]
            beside = " / ".join(f"{value:.2f}" for value in papers if np.isfinite(value))
            rows.append(
                (
                    row["network"], f"{row['n']:,} ({row['patients']:,})", *ours,
                    f"{row['always_normal']:.3f}", f"{row['seconds']:,.0f}", beside,
                )
            )  # fmt: skip
        heads = ("network", "radiographs (patients)", *_METRICS, "always normal", "s",
                 "paper: accuracy / precision / recall")  # fmt: skip
        return markdown_table(heads, rows)

    def _costs(self) -> str:
        budget = self.budget
        capped = int((budget["stopped_by"] == CAP_OF_EPOCHS).sum())
        plan = next(iter(self.runs.values())).plan
        said = (
            f"{capped} of {len(budget)} trainings were ended by the cap of epochs "
            f"({plan.epochs}) before early stopping: longer ones might end elsewhere."
            if capped
            else f"All {len(budget)} trainings ended by early stopping, after {plan.patience} "
            "epochs without a lower validation loss."
        )
        lines = [f"Left out: {name}. {why}" for name, why in self.comparison.failed.items()]
        rows = ((*row[:-1], f"{row[-1]:,.0f}") for row in budget.itertuples(index=False, name=None))
        table = markdown_table(("network", "fold", "epochs", "best", "stopped by", "s"), rows)
        started = "; ".join(
            f"{facts['title']} {facts['started_from']}"
            for _, facts in self.comparison.models.iterrows()
            if facts["epochs"]
        )
        told = "\n\n".join([said, f"Started from: {started}." if started else "", *lines])
        return f"## What each training took\n\n{table}\n\n{told.strip()}"


def reproduce(
    dataset: Dataset,
    out: str | os.PathLike[str],
    *,
    plan: TrainingPlan = _PLAN,
    trunk: WeightSource = "imagenet",
    weights: Mapping[str, WeightSource] | None = None,
    models: Sequence[str] = PAPER_MODELS,
    folds: int = 5,
    features: str | os.PathLike[str] | None = None,
    resamples: int = 2000,
    monitor: TrainingMonitor | None = None,
) -> Reproduction:
    """Train all of the paper's networks, each until early stopping; go on where it was stopped.

    The cascade is trained as :func:`train_mura_models` does, into ``networks``; the others are
    compared as :func:`compare` does, into ``comparison``: every network learns as a whole, or its
    head alone where the plan says so, and sees the same augmentation.
    """
    monitor = monitor or TrainingMonitor()
    home = Path(out)
    table = dataset if isinstance(dataset, pd.DataFrame) else load_dataset(dataset)
    asked = {_TRUNK: trunk, **(weights or {})}
    contenders = choose(models, asked)
    networks = {_TRUNK: ARCHITECTURES[_TRUNK].build} | {
        one.name: one.trunk for one in contenders if isinstance(one, NetworkChoice)
    }
    asked = {
        name: asked.get(name, "imagenet" if ARCHITECTURES[name].imagenet else None)
        for name in networks
    }
    named = table.assign(answer=table["body_part"] + " " + table["label"], split="")
    identity = DatasetIdentity.of_table(named)
    settings = {
        **{name: value for name, value in plan.to_dict().items() if name != "weights"},
        "folds": folds,
        "models": ", ".join(models),
        "radiographs": f"{identity} ({identity.sha256[:12]})",
        **{
            f"{name} from": NetworkChoice(name, build, asked[name]).identity()["weights"]
            for name, build in networks.items()
        },
    }
    starts = _begun(home, settings, asked, monitor)
    runs = train_mura_models(
        table,
        home / "networks",
        monitor,
        plan=replace(plan, weights=starts[_TRUNK]),
        trunk=networks[_TRUNK],
        features=features,
    )
    if not all(run.finished for run in runs.values()):
        raise KeyboardInterrupt(STOPPED)
    comparison = compare(
        table,
        _alike(choose(models, starts), starts, plan, monitor),
        folds=folds,
        plan=plan,
        out=home / "comparison",
        features=features,
        resamples=resamples,
        monitor=Monitor(
            lambda done, total, what: monitor.on_progress(Progress(what, done, total or done)),
            monitor.on_say,
            monitor.is_cancelled,
        ),
    )
    if comparison.interrupted:
        raise KeyboardInterrupt(STOPPED)
    return Reproduction(runs, comparison)


def _begun(
    home: Path,
    settings: Mapping[str, Any],
    asked: Mapping[str, WeightSource],
    monitor: TrainingMonitor,
) -> dict[str, WeightSource]:
    """Return what each network starts from: as found at first, if this goes on with a beginning."""
    try:
        kept = json.loads((home / _KEPT).read_text("utf-8"))
        then, random = dict(kept["settings"]), list(kept["random"])
    except FileNotFoundError:
        random = [name for name, source in asked.items() if not _to_be_had(name, source, monitor)]
        kept = {"settings": dict(settings), "random": random}
        try:
            write_whole(home / _KEPT, (json.dumps(kept, indent=2) + "\n").encode())
        except OSError as error:
            raise TrainingError(
                f"{_KEPT} could not be saved in {home.name} ({error.strerror}): make room, or "
                "choose another folder; what is finished is kept."
            ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(
            f"{_KEPT} in {home.name} is damaged: reproduce into another folder."
        ) from error
    else:
        if changed := changed_settings(then, settings):
            raise TrainingError(
                f"The reproduction in {home.name} was begun with other settings ({changed}): "
                "continue it with those, or choose another folder."
            )
    return {name: None if name in random else source for name, source in asked.items()}


def _to_be_had(name: str, source: WeightSource, monitor: TrainingMonitor) -> bool:
    """Whether weights can be had; a file that is named has been read."""
    application = ARCHITECTURES[name].imagenet
    if source != "imagenet" or application is None:
        return source is not None
    try:
        given_weights(source, lambda: application)
    except ModelError as error:
        monitor.say(f"{ARCHITECTURES[name].title} starts from random weights: {error}")
        return False
    return True


def _alike(
    chosen: Sequence[Contender],
    starts: Mapping[str, WeightSource],
    plan: TrainingPlan,
    monitor: TrainingMonitor,
) -> list[Contender]:
    """Let all networks learn as much, with the same augmentation; leave out what cannot be."""
    alike: list[Contender] = []
    for one in chosen:
        if isinstance(one, NetworkChoice):
            head_alone = plan.frozen_trunk and one.weights is not None
            frozen = POOLED_OUTPUT if head_alone else None
            alike.append(replace(one, frozen_up_to=frozen, augmented=True))
        elif one.features is None or starts[_TRUNK] is not None:
            alike.append(one)
        else:
            monitor.say(f"{one.title} is left out: without ImageNet weights there are none.")
    return alike


def _scored(network: str, scores: Scores, seconds: float, paper: Sequence[float]) -> dict[str, Any]:
    found = {
        "recall" if name == "sensitivity" else name: (each.value, each.low, each.high)
        for name, each in scores.estimates.items()
    }
    return _row(network, (scores.n, scores.groups, scores.baseline), found, seconds, paper)


def _row(
    network: str,
    about: tuple[int, int, float],
    found: Mapping[str, Sequence[float]],
    seconds: float,
    paper: Sequence[float],
) -> dict[str, Any]:
    n, patients, always_normal = about
    row: dict[str, Any] = {"network": network, "n": n, "patients": patients}
    for name, theirs in zip(_METRICS, (*paper, *[np.nan] * 3), strict=False):
        row[name], row[f"{name}_low"], row[f"{name}_high"] = found.get(name, (np.nan,) * 3)
        row[f"paper_{name}"] = theirs
    return row | {"always_normal": always_normal, "seconds": seconds}
