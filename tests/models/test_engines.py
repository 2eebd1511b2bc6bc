"""Engines say the same of the same inputs, and the fastest is taken where it is right."""

from __future__ import annotations

import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fracture_widgets import Cascade
from fracture_widgets.base.cores import THREADS_VARIABLE, has_bfloat16
from fracture_widgets.errors import MissingExtra, ModelError
from fracture_widgets.models import engine as engines
from fracture_widgets.models.engine import (
    AUTO,
    ENGINE_VARIABLE,
    MOST_APART,
    OnnxEngine,
    OpenVinoEngine,
    apart,
    chosen_engine,
    engine_of,
    samples,
)
from fracture_widgets.models.folder import ModelFolder, load_model_folder
from fracture_widgets.phantoms import sample_phantoms

_MOST_IN_BFLOAT16 = 0.1
"""Bfloat16 keeps 8 bits of a number: each is within 0.004 of itself, after 50 layers this much."""

needs_openvino = pytest.mark.skipif(
    find_spec("openvino") is None, reason="the extra openvino is not installed"
)


@pytest.fixture(scope="module")
def model() -> ModelFolder:
    return load_model_folder()


@pytest.fixture(scope="module")
def onnx(model: ModelFolder) -> OnnxEngine:
    return OnnxEngine.of_model(model)


@pytest.fixture(scope="module")
def openvino(model: ModelFolder) -> OpenVinoEngine:
    pytest.importorskip("openvino")
    return OpenVinoEngine.of_model(model)


@pytest.fixture(scope="module")
def seen(model: ModelFolder) -> Any:
    (inputs,) = samples(model)
    return inputs[:3]


@needs_openvino
@pytest.mark.slow
def test_openvino_says_what_onnx_runtime_says(
    onnx: OnnxEngine, openvino: OpenVinoEngine, seen: Any
) -> None:
    ours, theirs = openvino.run(seen), onnx.run(seen)
    # In bfloat16 features may lie further apart: then the check on drawn radiographs, below,
    # leaves OpenVINO out, but what it answers must be an answer all the same.
    assert apart(ours, theirs) < (_MOST_IN_BFLOAT16 if has_bfloat16() else 1e-3)
    for name, values in theirs.items():
        assert (ours[name].shape, ours[name].dtype) == (values.shape, np.float32)
        if not has_bfloat16():
            scale = max(1.0, float(np.abs(values).max()))
            np.testing.assert_allclose(ours[name] / scale, values / scale, atol=1e-3, err_msg=name)


@needs_openvino
@pytest.mark.slow
def test_threads_that_ask_at_once_get_their_own_answers(
    openvino: OpenVinoEngine, seen: Any
) -> None:
    alone = [openvino.run(one[np.newaxis]) for one in seen]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(openvino.run, [one[np.newaxis] for one in seen] * 2))
    for at, given in enumerate(together):
        assert apart(given, alone[at % len(seen)]) < 1e-5
    assert apart(alone[0], alone[1]) > 1e-3


@needs_openvino
@pytest.mark.slow
def test_a_cascade_on_openvino_gives_the_verdicts_of_the_other() -> None:
    cascades = [Cascade.load(engine=name) for name in ("openvino", "onnx")]
    for sample in sample_phantoms()[:2]:
        ours, theirs = (cascade.examine(sample.radiograph) for cascade in cascades)
        assert (ours.verdict, ours.body_part, ours.model) == (
            theirs.verdict, theirs.body_part, theirs.model,
        )  # fmt: skip
        assert ours.calibrated_probability == pytest.approx(
            theirs.calibrated_probability, abs=MOST_APART if has_bfloat16() else 1e-3
        )


@needs_openvino
@pytest.mark.slow
def test_the_threads_that_are_asked_for_are_taken(
    model: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def threads(engine: OpenVinoEngine) -> int:
        return int(engine._compiled.get_property("INFERENCE_NUM_THREADS"))

    monkeypatch.setenv(THREADS_VARIABLE, "1")
    assert threads(OpenVinoEngine.of_model(model)) == 1


def test_a_missing_openvino_is_said_with_its_extra(
    model: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(MissingExtra, match=r"fracture-widgets\[openvino\]"):
        OpenVinoEngine.of_model(model)


class _Said:
    """Engines that are made of what they are to say, and of the checks that were made."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shift: float) -> None:
        self.checks = 0

        class Engine:
            def __init__(self, moved: float) -> None:
                self.moved = moved

            def run(self, inputs: Any) -> dict[str, Any]:
                return {"body_part": np.array([[0.5 + self.moved, 0.5 - self.moved]], np.float32)}

        def drawn(_: ModelFolder) -> list[Any]:
            self.checks += 1
            return [np.zeros((1, 224, 224, 1), np.float32)]

        self.openvino, self.onnx = Engine(shift), Engine(0.0)
        monkeypatch.setattr(engines.OpenVinoEngine, "of_model", lambda _: self.openvino)
        monkeypatch.setattr(engines.OnnxEngine, "of_model", lambda _: self.onnx)
        monkeypatch.setattr(engines, "import_openvino", lambda: _Version)
        monkeypatch.setattr(engines, "find_spec", lambda _: _Version)
        monkeypatch.setattr(engines, "has_bfloat16", lambda: True)
        monkeypatch.setattr(engines, "samples", drawn)
        monkeypatch.setattr(engines, "cache_folder", lambda: tmp_path)


class _Version:
    __version__ = "1"


def test_where_the_processor_has_bfloat16_openvino_is_taken_and_checked_once(
    model: ModelFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = _Said(monkeypatch, tmp_path, shift=0.01)
    assert [engine_of(model) for _ in range(3)] == [said.openvino] * 3
    assert said.checks == 1


@pytest.mark.parametrize("shift", [0.03, np.nan])
def test_an_openvino_that_says_something_else_is_not_taken(
    model: ModelFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    caplog: pytest.LogCaptureFixture, shift: float,
) -> None:  # fmt: skip
    said = _Said(monkeypatch, tmp_path, shift)
    with caplog.at_level(logging.INFO):
        assert engine_of(model) is said.onnx
    assert "OpenVINO is not used" in caplog.text


def test_without_bfloat16_or_openvino_onnx_runtime_answers(
    model: ModelFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for lacking in ("has_bfloat16", "find_spec"):
        said = _Said(monkeypatch, tmp_path, shift=0.0)
        monkeypatch.setattr(engines, lacking, lambda *_: None)
        assert engine_of(model) is said.onnx
        assert said.checks == 0


def test_an_openvino_that_fails_gives_way(
    model: ModelFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = _Said(monkeypatch, tmp_path, shift=0.0)

    def fail(_: ModelFolder) -> None:
        raise ModelError("OpenVINO cannot run the network here: use --engine onnx.")

    monkeypatch.setattr(engines.OpenVinoEngine, "of_model", fail)
    assert engine_of(model, AUTO) is said.onnx


def test_the_environment_names_the_engine_where_nobody_else_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(ENGINE_VARIABLE, "Keras")
    assert [chosen_engine(name) for name in (AUTO, "onnx")] == ["keras", "onnx"]
    monkeypatch.setenv(ENGINE_VARIABLE, "torch")
    with pytest.raises(ModelError, match="The engine is one of auto, onnx, openvino, keras. Rec"):
        Cascade.load()
    monkeypatch.delenv(ENGINE_VARIABLE)
    assert chosen_engine(AUTO) == AUTO


def test_outputs_lie_apart_by_what_differs_most() -> None:
    same = {"p": np.array([[0.3, 0.7]], np.float32), "f": np.full((1, 9), 2.0, np.float32)}
    assert apart(same, same) == 0.0
    assert apart({**same, "f": same["f"] + 0.1}, same) == pytest.approx(0.05)
    assert apart({**same, "p": np.array([[0.4, 0.6]], np.float32)}, same) == pytest.approx(0.1)
    assert apart({"p": same["p"]}, same) == np.inf
    assert apart({**same, "f": same["f"][:, :3]}, same) == np.inf
    assert apart({**same, "f": same["f"] * np.nan}, same) == np.inf


@pytest.mark.parametrize(
    ("flags", "has"),
    [
        ("fpu sse4_2 avx2 amx_bf16 amx_tile", True),
        ("fpu avx512f avx512_bf16", True),
        ("fpu avx2 avx512f", False),
        ("", False),
    ],
)
def test_bfloat16_is_read_from_the_flags_of_the_processor(
    tmp_path: Path, flags: str, has: bool
) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text(f"processor\t: 0\nmodel name\t: amx_bf16\nflags\t\t: {flags}\n\n", "utf-8")
    assert has_bfloat16(file) is has
    assert not has_bfloat16(tmp_path / "missing")


@needs_openvino
@pytest.mark.slow
def test_openvino_tells_nobody_that_it_is_used() -> None:
    code = (
        "import sys\nfrom fracture_widgets.models.engine import import_openvino\n"
        "import_openvino().Core()\n"
        "print(*(name for name in sys.modules if 'telemetry' in name or '.ovc' in name))"
    )
    told = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert told.stdout == "\n"
