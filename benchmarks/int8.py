"""What eight bits would cost and bring: the fracture AUROC out of fold, and the time of an answer.

    python benchmarks/int8.py FRACATLAS RUNS [--calibrate 96] [--rounds 20]

RUNS is the folder with ``fold0.npz`` and so on that ``fracture-widgets train cascade`` keeps under
``runs`` in its work folder. Each fold's network is quantised by ONNX Runtime's static quantisation
(convolutions alone, weights by channel, ranges from radiographs that the fold learned from) and
answers the fold's radiographs beside the network it was made from. Folds whose file is not there
are left out, and the first line says which were measured.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pandas as pd
import typer
from comparing import Comparison, in_turn, print_table
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quant_pre_process,
    quantize_static,
)

from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.evaluation.metrics import auroc, bootstrap_interval
from fracture_widgets.imaging.preprocessing import STANDARD_MARGIN, network_input
from fracture_widgets.models.cascade import Cascade
from fracture_widgets.models.engine import OnnxEngine
from fracture_widgets.models.folder import ModelFolder
from fracture_widgets.models.networks.cascade import cascade_network_graph
from fracture_widgets.models.onnx import build_onnx_model
from fracture_widgets.models.weight_files import read_weights
from fracture_widgets.parts import BODY_PARTS, FRACTURED
from fracture_widgets.training.atlas import box_of, radiograph_reader, rows_of
from fracture_widgets.training.recipes.cascade import CascadeRecipe
from fracture_widgets.training.recipes.cascade.evidence import judge, served
from fracture_widgets.training.recipes.cascade.training import (
    JOINT,
    Run,
    plan_runs,
    teaching_table,
)


class Crops(CalibrationDataReader):  # type: ignore[misc]  # ONNX Runtime ships no types
    """Some radiographs, for the ranges that eight bits have to span."""

    def __init__(self, atlas: FracAtlas, joints: pd.DataFrame) -> None:
        self._inputs = self._read(atlas, joints)

    @staticmethod
    def _read(atlas: FracAtlas, joints: pd.DataFrame) -> Iterator[dict[str, Any]]:
        read = radiograph_reader(atlas)
        for joint in rows_of(joints):
            crop = read(joint.image_id).crop(box_of(joint).grown(STANDARD_MARGIN).clipped())
            yield {"radiograph": network_input(crop.pixels)[np.newaxis]}

    def get_next(self) -> dict[str, Any] | None:
        """Return the next one, or None after the last."""
        return next(self._inputs, None)


def quantised(weights: Path, crops: Crops) -> Cascade:
    """Return a run's cascade with its convolutions in eight bits."""
    arrays = read_weights(weights)
    graph = cascade_network_graph(BODY_PARTS)
    with tempfile.TemporaryDirectory() as name:
        whole, ready, small = (
            Path(name) / f"{stage}.onnx" for stage in ("whole", "ready", "small")
        )
        onnx.save(build_onnx_model(graph, arrays), whole)
        quant_pre_process(whole, ready, skip_symbolic_shape=True)
        quantize_static(
            ready,
            small,
            crops,
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            per_channel=True,
            # Processors without VNNI add pairs of products in 16 bits, which 7 bits never overflow.
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        engine = OnnxEngine(onnx.load(small))
    return Cascade(ModelFolder.of_cascade(arrays, graph, BODY_PARTS, "int8"), engine)


def main(fracatlas: str, runs: Path, calibrate: int = 96, rounds: int = 20) -> None:
    """Quantise each fold's network, and compare its answers and its time."""
    recipe = CascadeRecipe()
    judged = []
    with FracAtlas.open(fracatlas) as atlas:
        table = teaching_table(atlas, sound_patches=recipe.sound_patches, phantoms=recipe.phantoms)
        for run in plan_runs(table):
            weights = runs / f"{run.name}.npz"
            if not run.name.startswith("fold") or not weights.is_file():
                continue
            cascades = (
                served(weights, BODY_PARTS),
                quantised(weights, _crops(run, atlas, table, calibrate)),
            )
            answers = [judge(run, cascade, atlas, table) for cascade in cascades]
            judged.append(answers[0].assign(eight=answers[1]["fracture_probability"]))
            print(f"{run.name}: {len(answers[0])} radiographs", flush=True)
    _compare(pd.concat(judged))
    _time(cascades, rounds)


def _crops(run: Run, atlas: FracAtlas, table: pd.DataFrame, count: int) -> Crops:
    learned = table.iloc[run.learned]
    joints = learned[learned["kind"] == JOINT]
    return Crops(atlas, joints.sample(count, random_state=0))


def _compare(judged: pd.DataFrame) -> None:
    fractured = judged["label"] == FRACTURED
    for name, column in (("float32", "fracture_probability"), ("int8", "eight")):
        estimate = bootstrap_interval(auroc, fractured, judged[column], groups=judged["study"])
        print(f"AUROC {name}: {estimate}")
    change = bootstrap_interval(
        _change, fractured, judged["fracture_probability"], judged["eight"], groups=judged["study"]
    )
    print(f"what eight bits change: {change}")


def _change(fractured: Any, whole: Any, eight: Any) -> float:
    return auroc(fractured, eight) - auroc(fractured, whole)


def _time(cascades: tuple[Cascade, Cascade], rounds: int) -> None:
    from fracture_widgets.phantoms import draw_phantom

    radiograph = draw_phantom("hand", fractured=True, seed=2).radiograph
    whole, eight = (partial(cascade.examine, radiograph) for cascade in cascades)
    ours, theirs = in_turn(eight, whole, rounds=rounds, warm_up=3)
    milliseconds = [[1000 * seconds for seconds in series] for series in (ours, theirs)]
    print_table([Comparison("one answer in int8", "float32", *milliseconds, "–")])


if __name__ == "__main__":
    typer.run(main)
