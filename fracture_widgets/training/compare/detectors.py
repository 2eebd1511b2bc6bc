"""Detectors of fractures on the official split of FracAtlas: the paper's two, and ours."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from fracture_widgets.base.files import write_whole
from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.base.tables import markdown_table
from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.datasets.split import OfficialSplit, official_split
from fracture_widgets.errors import FractureWidgetsError, TrainingError
from fracture_widgets.evaluation.detection import (
    ALL,
    PUBLISHED_SOURCE,
    UPPER,
    Found,
    score_table,
    scores_in_markdown,
)
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.looks import TwoLooks
from fracture_widgets.models.weight_files import (
    Weights,
    collect_weights,
    read_weights,
    write_weights,
)
from fracture_widgets.training.atlas import radiograph_reader
from fracture_widgets.training.compare.detector_training import (
    NETWORKS,
    DetectorJob,
    Picture,
    examined,
    finding,
    fit_detector,
    framed,
    read_pictures,
    started,
)
from fracture_widgets.training.plan import DetectorPlan
from fracture_widgets.training.recipes.looks import LooksRecipe
from fracture_widgets.training.recipes.looks.evidence import served
from fracture_widgets.training.recipes.looks.fit import TrainingJob, fit_looks, new_network
from fracture_widgets.training.recipes.looks.radiographs import Run, read_radiographs
from fracture_widgets.training.run_folder import RunFolder, RunRecord, best_of
from fracture_widgets.training.runs import save_results

if TYPE_CHECKING:
    import keras

TWO_LOOKS = "two-looks"
MODELS = (*NETWORKS, TWO_LOOKS)

_FACTS = "facts.json"
_EDGES = ("x0", "y0", "x1", "y1")
_COLUMNS = ("image_id", "score", *_EDGES)
_TIMED = 12
_PLAN = DetectorPlan()
_INTERVALS = "In brackets: 95 percent intervals from draws of whole studies."
_LEARNED_MORE = (
    "it learned from sound and drawn radiographs and from boxes of joints, too, but from no study "
    "of the split's other parts; and it looks for fractures on joints alone, which legs and hips "
    "have none of. Its last epoch is judged, and no radiograph chose one."
)


@dataclass(frozen=True)
class DetectorFacts:
    """What a detector is and took."""

    title: str  # in tables
    parameters: int
    trained_parameters: int
    epochs: int
    best_epoch: int  # whose weights were kept
    training_seconds: float  # of its epochs
    seconds: float  # median, from the pixels of one radiograph to its boxes
    engine: str
    note: str = ""  # what else is to be known of its figures


@dataclass(frozen=True, eq=False)
class DetectorComparison:
    """Detectors judged on the test part of the official split."""

    table: pd.DataFrame  # a row for each model, limb and metric, with its interval
    facts: Mapping[str, DetectorFacts]  # by name of a model
    found: pd.DataFrame  # a row for each box: model, image_id, score, its edges in fractions
    split: tuple[str, ...]  # what of the split is at hand, in sentences
    failed: Mapping[str, str]  # by name of a model, why it is left out

    def __str__(self) -> str:
        return "\n\n".join(
            [
                *self.split,
                *(self._scores(str(limb)) for limb in self.table["limb"].unique()),
                f"{_INTERVALS} {PUBLISHED_SOURCE}",
                self._costs(),
                *(f"{facts.title}: {facts.note}" for facts in self.facts.values() if facts.note),
                *(f"Left out: {name}. {why}" for name, why in self.failed.items()),
            ]
        )

    def save(self, folder: str | os.PathLike[str]) -> dict[str, Path]:
        """Write ``detectors.csv``, ``models.csv``, ``found.csv`` and ``detectors.md``."""
        costs = pd.DataFrame([{"model": name, **asdict(each)} for name, each in self.facts.items()])
        tables = {
            "detectors.csv": self.table.round(6),
            "models.csv": costs.round(4),
            "found.csv": self.found.round(5),
        }
        pages = {"detectors.md": f"# Detectors of fractures\n\n{self}\n"}
        return save_results(folder, tables, pages, kept="trained detectors")

    def _scores(self, limb: str) -> str:
        here = self.table[self.table["limb"] == limb].iloc[0]
        titles = {name: facts.title for name, facts in self.facts.items()}
        counts = f"{here['n']} radiographs, {here['groups']} studies, {here['fractures']} fractures"
        return f"{limb.capitalize()}: {counts}\n\n{scores_in_markdown(self.table, titles, limb)}"

    def _costs(self) -> str:
        head = ["model", "parameters", "taught", "epochs (best)", "training, h", "a radiograph, s"]
        rows = [
            [
                facts.title,
                f"{facts.parameters:,}",
                f"{facts.trained_parameters:,}",
                f"{facts.epochs} ({facts.best_epoch})",
                f"{facts.training_seconds / 3600:.2f}",
                f"{facts.seconds:.3f} ({facts.engine})",
            ]
            for facts in self.facts.values()
        ]
        return markdown_table(head, rows)


_FoundBy = Mapping[str, Sequence[Found]]
"""What a detector found, by the name of a radiograph."""
_Judged = tuple[_FoundBy, DetectorFacts]
"""What it found, and what it took."""


def compare_detectors(
    atlas: FracAtlas,
    work: Path,
    *,
    models: Sequence[str] = MODELS,
    plan: DetectorPlan = _PLAN,
    trunk: str | os.PathLike[str] | Weights = "imagenet",
    resamples: int = 200,
    monitor: Monitor = SILENT,
) -> DetectorComparison:
    """Train the detectors that are not trained yet on the official split, and judge all of them.

    ``work`` keeps a run for each, which the same call continues. The network that looks twice is
    trained as ``train looks`` trains it, without the studies of the split's other parts; of the
    plan, its seed and whether it is computed in bfloat16 hold for it.
    """
    for name in models:
        if name not in MODELS:
            raise TrainingError(
                f"There is no detector called {name}: choose among {', '.join(MODELS)}."
            )
    split = official_split(atlas)
    for sentence in split.told:
        monitor.say(sentence)
    test = read_pictures(atlas, split.test, plan, monitor.stage("test"))
    found: dict[str, _FoundBy] = {}
    facts: dict[str, DetectorFacts] = {}
    failed: dict[str, str] = {}
    lessons: list[list[Picture]] = []
    for name in models:
        here, folder = monitor.stage(name), RunFolder(work / name)
        job: DetectorJob | TrainingJob
        try:
            if name == TWO_LOOKS:
                recipe = LooksRecipe(bfloat16=plan.bfloat16, seed=plan.seed)
                job = _looks_job(atlas, split, recipe, folder, here)
                judge = partial(_looked_twice, job, atlas, test, trunk, here)
            else:
                lessons = lessons or [
                    read_pictures(atlas, part, plan, monitor.stage("lessons"))
                    for part in (split.train, split.valid)
                ]
                train, valid = lessons
                job = DetectorJob(NETWORKS[name], train, valid, split.studies, plan, folder)
                judge = partial(_trained, job, atlas, test, trunk, here)
            found[name], facts[name] = _judged_once(folder, job.record, test, judge, here)
        except FractureWidgetsError as error:
            failed[name] = str(error)
            monitor.say(f"{name} is left out: {error}")
    if not found:
        raise TrainingError(f"No detector was judged: {next(iter(failed.values()))}")
    answers = {
        name: {
            picture.name: examined(picture, by_radiograph[picture.name], split.studies)
            for picture in test
        }
        for name, by_radiograph in found.items()
    }
    boxes = [
        _table(by_radiograph).assign(model=name)[["model", *_COLUMNS]]
        for name, by_radiograph in found.items()
    ]
    return DetectorComparison(
        table=score_table(answers, _limbs(test, split), resamples=resamples),
        facts=facts,
        found=pd.concat(boxes, ignore_index=True),
        split=split.told,
        failed=failed,
    )


def _trained(
    job: DetectorJob,
    atlas: FracAtlas,
    test: Sequence[Picture],
    trunk: str | os.PathLike[str] | Weights,
    monitor: Monitor,
) -> _Judged:
    """Train a detector and look at the test part."""
    detector = started(job, trunk)
    seconds = fit_detector(detector, job, monitor)
    find = finding(detector)
    history = job.folder.history()
    write_weights(job.folder.folder / "weights.npz", collect_weights(detector.learner))
    return {picture.name: find([picture])[0] for picture in test}, DetectorFacts(
        title=job.network.title,
        parameters=detector.learner.count_params(),
        trained_parameters=_taught(detector.learner),
        epochs=len(history),
        best_epoch=best_of(history),
        training_seconds=seconds,
        seconds=_seconds(atlas, test, lambda each: find([framed(each, (), job.plan)])),
        engine="Keras",
    )


def _looks_job(
    atlas: FracAtlas, split: OfficialSplit, recipe: LooksRecipe, folder: RunFolder, monitor: Monitor
) -> TrainingJob:
    """Return the training of the network that looks twice, without the split's other parts."""
    others = {split.studies[name] for name in (*split.valid, *split.test)}
    radiographs = read_radiographs(atlas, folder.folder, phantoms=recipe.phantoms, monitor=monitor)
    learned = [known for known in radiographs if known.study not in others]
    return TrainingJob(Run("official", learned, []), recipe, folder)


def _looked_twice(
    job: TrainingJob,
    atlas: FracAtlas,
    test: Sequence[Picture],
    trunk: str | os.PathLike[str] | Weights,
    monitor: Monitor,
) -> _Judged:
    """Train the network that looks twice, and look at the test part as it is served."""
    network = new_network(job.recipe, trunk)
    model = served(read_weights(fit_looks(network, job, monitor)))
    read = radiograph_reader(atlas)
    return {picture.name: tuple(_seen(model, read(picture.name))) for picture in test}, (
        DetectorFacts(
            title="Two looks (ours)",
            parameters=network.count_params(),
            trained_parameters=_taught(network),
            epochs=job.recipe.epochs,
            best_epoch=job.recipe.epochs,
            training_seconds=job.folder.seconds,
            seconds=_seconds(atlas, test, lambda each: tuple(_seen(model, each))),
            engine="ONNX Runtime",
            note=_LEARNED_MORE,
        )
    )


def _judged_once(
    folder: RunFolder,
    record: RunRecord,
    test: Sequence[Picture],
    judge: Callable[[], _Judged],
    monitor: Monitor,
) -> _Judged:
    """Return what a detector finds on the test part and what it took: as kept, or after its run."""
    facts_file = folder.folder / _FACTS
    if folder.finished:
        folder.check_same_training(record, finished=True)
        kept = folder.answers()
        assert kept is not None
        monitor.say("It was trained and judged before.")
        return _by_name(kept, test), DetectorFacts(**json.loads(facts_file.read_text("utf-8")))
    with folder.locked():
        found, facts = judge()
        write_whole(facts_file, json.dumps(asdict(facts), indent=1).encode())
        folder.finish(_table(found))
    return found, facts


def _taught(network: keras.Model) -> int:
    """Return how many weights are taught."""
    return int(sum(np.prod(variable.shape) for variable in network.trainable_variables))


def _seen(model: TwoLooks, radiograph: Radiograph) -> Iterator[Found]:
    """Yield the findings on all joints of a radiograph."""
    prepared = model.prepare(radiograph)
    for joint in model.look_at(prepared, model.find_joints(prepared)):
        for seen in joint.findings:
            if seen.box is not None:
                yield Found(seen.box, float(seen.score))


def _seconds(atlas: FracAtlas, test: Sequence[Picture], find: Callable[[Radiograph], Any]) -> float:
    """Return the median time from a radiograph's pixels to its boxes."""
    times, read = [], radiograph_reader(atlas)
    for picture in test[:_TIMED]:
        radiograph = read(picture.name)
        began = time.perf_counter()
        find(radiograph)
        times.append(time.perf_counter() - began)
    return median(times)


def _limbs(test: Sequence[Picture], split: OfficialSplit) -> dict[str, list[str]]:
    """Return which radiographs are judged together, by what they are."""
    everything = [picture.name for picture in test]
    return {ALL: everything, UPPER: [name for name in everything if name in split.upper]}


def _table(found: Mapping[str, Sequence[Found]]) -> pd.DataFrame:
    """Return a row for each box."""
    rows = [
        (name, each.score, *astuple(each.box)) for name, boxes in found.items() for each in boxes
    ]
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def _by_name(table: pd.DataFrame, test: Sequence[Picture]) -> dict[str, tuple[Found, ...]]:
    """Return the boxes of a table by radiograph, none where nothing was found."""
    nothing: dict[str, tuple[Found, ...]] = {picture.name: () for picture in test}
    return nothing | {
        str(name): tuple(
            Found(Box(*map(float, edges)), float(score))
            for score, *edges in rows[["score", *_EDGES]].to_numpy().tolist()
        )
        for name, rows in table.groupby("image_id")
    }
