"""Graphs on disk: made once, whole or not at all, and never needed."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from fracture_widgets.imaging.preprocessing import network_input
from fracture_widgets.models import engine
from fracture_widgets.models.engine import GRAPH_FILE, OnnxEngine, cached_graph
from fracture_widgets.models.folder import load_model_folder
from fracture_widgets.phantoms import draw_phantom


def tiny_graph(factor: float = 2.0) -> onnx.ModelProto:
    """Multiply 500 numbers by as many; enough for a weight file of its own."""
    values = numpy_helper.from_array(np.full(500, factor, np.float32), "factor")
    shape = {"elem_type": TensorProto.FLOAT, "shape": [500]}
    graph = helper.make_graph(
        [helper.make_node("Mul", ["x", "factor"], ["y"])],
        "tiny",
        [helper.make_tensor_value_info("x", **shape)],
        [helper.make_tensor_value_info("y", **shape)],
        [values],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    return model


class Builder:
    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> onnx.ModelProto:
        self.times += 1
        return tiny_graph()


@pytest.fixture(autouse=True)
def kept_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "cache_folder", lambda: tmp_path)


@pytest.fixture
def build() -> Builder:
    return Builder()


def answer(graph: Path) -> float:
    return float(OnnxEngine(graph).run(np.full(500, 3, np.float32))["y"][-1])


def test_a_graph_is_made_once(build: Builder) -> None:
    graphs = [cached_graph("a", build) for _ in range(3)]
    assert graphs[0] is not None
    assert graphs == [graphs[0]] * 3
    assert build.times == 1
    assert answer(graphs[0]) == 6.0


def test_programs_that_need_it_at_once_make_it_once(build: Builder) -> None:
    with ThreadPoolExecutor(4) as pool:
        graphs = set(pool.map(lambda _: cached_graph("a", build), range(8)))
    assert build.times == 1
    assert len(graphs) == 1


def test_another_model_has_another_graph(build: Builder) -> None:
    assert cached_graph("a", build) != cached_graph("b", build)
    assert build.times == 2


@pytest.mark.parametrize("name", [GRAPH_FILE, "network.bin", "sha256.json"])
@pytest.mark.parametrize("damage", ["cut", "removed", "changed"])
def test_a_damaged_graph_is_made_again(build: Builder, name: str, damage: str) -> None:
    graph = cached_graph("a", build)
    assert graph is not None
    file = graph.with_name(name)
    content = file.read_bytes()
    if damage == "removed":
        file.unlink()
    else:
        file.write_bytes(content[:-7] if damage == "cut" else content[:-1] + b"\0")
    again = cached_graph("a", build)
    assert again == graph
    assert build.times == 2
    assert answer(again) == 6.0


@pytest.mark.slow
def test_where_it_cannot_be_kept_the_model_answers_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setattr(engine, "cache_folder", lambda: blocked)
    assert cached_graph("a", tiny_graph) is None
    unkept = OnnxEngine.of_model(load_model_folder())
    assert unkept.run(np.zeros((1, 224, 224, 1), np.float32))["body_part"].shape == (1, 3)


def test_a_graph_that_nobody_used_for_long_goes_when_another_is_made() -> None:
    old, used = (cached_graph(name, tiny_graph) for name in "ab")
    assert old is not None
    assert used is not None
    os.utime(old.parent, (0, 0))
    os.utime(used.parent, (time.time() - 24 * 60 * 60,) * 2)
    cached_graph("c", tiny_graph)
    assert not old.exists()
    assert used.exists()


@pytest.mark.slow
def test_the_kept_graph_gives_the_numbers_of_the_one_in_memory() -> None:
    model = load_model_folder()
    inputs = np.stack(
        [
            network_input(draw_phantom(part, fractured=True, seed=4).radiograph.pixels)
            for part in ("hand", "elbow")
        ]
    )
    in_memory = OnnxEngine.of_graph(model.graph, model.weights).run(inputs)
    for _ in ("made", "found"):
        kept = OnnxEngine.of_model(model).run(inputs)
        assert kept.keys() == in_memory.keys()
        for name, values in in_memory.items():
            scale = max(1.0, float(np.abs(values).max()))
            np.testing.assert_allclose(kept[name] / scale, values / scale, atol=1e-5, err_msg=name)
