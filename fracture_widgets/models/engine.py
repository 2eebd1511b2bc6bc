"""What runs a network: ONNX Runtime, OpenVINO, or Keras, the reference; and which of them does.

Both runtimes read graphs that are kept on disk as each wants them.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from fracture_widgets.base.cache import ArrayCache
from fracture_widgets.base.cores import cores, has_bfloat16, is_limited
from fracture_widgets.base.files import cache_folder
from fracture_widgets.errors import FractureWidgetsError, MissingExtra, ModelError
from fracture_widgets.imaging.preprocessing import network_input
from fracture_widgets.imaging.views import VIEWS, find_exposed_field, square_view
from fracture_widgets.models.folder import LOOKS, ModelFolder
from fracture_widgets.models.weight_files import Weights, assign_weights

if TYPE_CHECKING:
    import onnx

AUTO = "auto"
"""Not an engine: the fastest that is installed, fits the processor and passes the check."""

ENGINE_VARIABLE = "FRACTURE_WIDGETS_ENGINE"
"""Environment variable that names the engine where nobody else does."""

MOST_APART = 0.02
"""How far an engine may be from ONNX Runtime on drawn radiographs: see :func:`apart`."""

GRAPH_FILE = "network.onnx"
_WEIGHTS_FILE = "network.bin"
_OPENVINO_FILE = "network.xml"
_SMALL = 1024  # bytes of a constant that stays in the graph's own file
_CPU = ["CPUExecutionProvider"]
_TELLS_INTEL = ("openvino.tools.ovc", "openvino_telemetry")
"""What OpenVINO imports by the way, where it can, and what then reports that it was imported."""

Floats = npt.NDArray[np.float32]

_log = logging.getLogger(__name__)


class Engine(Protocol):
    """Runs a network."""

    def run(self, inputs: Floats) -> Mapping[str, Floats]:
        """Return every output by name; inputs are float32 ``(n, 224, 224, 1)``, 0 to 255."""


class OnnxEngine:
    """ONNX Runtime on the CPU, without TensorFlow."""

    def __init__(self, graph: onnx.ModelProto | Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        # Left to itself, the runtime counts the machine's cores and binds a thread to each: in a
        # container that has fewer, it complains of every thread.
        options.intra_op_num_threads = cores() if is_limited() else 0
        options.log_severity_level = 3
        # Visitors of one server share its cores: a thread that waits must not keep one busy, and
        # memory that an answer took is given back.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.enable_cpu_mem_arena = False
        source: str | bytes
        if isinstance(graph, Path):
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
            # What is packed once more is no longer the memory that all programs share.
            options.add_session_config_entry("session.disable_prepacking", "1")
            source = str(graph)
        else:
            source = graph.SerializeToString()
        try:
            self._session = onnxruntime.InferenceSession(source, options, providers=_CPU)
        except Exception as error:
            # ONNX Runtime's errors share no base of their own.
            raise ModelError(
                f"The network cannot be run here ({error}): use the weights trained for this "
                "version of Fracture Widgets."
            ) from error
        self._input = self._session.get_inputs()[0].name
        self._outputs = [output.name for output in self._session.get_outputs()]

    @classmethod
    def of_graph(cls, graph: Mapping[str, Any], weights: Weights) -> Self:
        """Write the ONNX model of a network's graph and weights, in memory."""
        return cls(_onnx_model(graph, weights))

    @classmethod
    def of_model(cls, model: ModelFolder) -> Self:
        """Take a model's graph from the cache on disk, and put it there the first time."""

        def build() -> onnx.ModelProto:
            return _onnx_model(model.graph, model.weights)

        graph = cached_graph(_graph_identity(model), build)
        return cls(build() if graph is None else graph)

    def run(self, inputs: Floats) -> Mapping[str, Floats]:
        """Return every output of the network; safe to call from several threads."""
        answers = self._session.run(self._outputs, {self._input: inputs})
        return dict(zip(self._outputs, answers, strict=True))


class OpenVinoEngine:
    """OpenVINO on the CPU, which computes in bfloat16 where the processor does so itself."""

    def __init__(self, network: onnx.ModelProto | Path) -> None:
        core = _core()
        config: dict[str, Any] = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "bf16" if has_bfloat16() else "f32",
            "ENABLE_CPU_PINNING": False,  # visitors of one server share its cores
        }
        if is_limited():
            config["INFERENCE_NUM_THREADS"] = cores()
        try:
            source = network if isinstance(network, Path) else network.SerializeToString()
            self._compiled = core.compile_model(core.read_model(source), "CPU", config)
        except RuntimeError as error:
            raise ModelError(
                f"OpenVINO cannot run the network here ({_last_line(error)}): use --engine onnx."
            ) from error
        self._outputs = [output.any_name for output in self._compiled.outputs]
        self._local = threading.local()

    @classmethod
    def of_model(cls, model: ModelFolder) -> Self:
        """Take a model's network from the cache on disk, and put it there the first time."""
        version = import_openvino().__version__

        def build(folder: Path) -> None:
            _write_openvino(_openvino_network(model), folder / _OPENVINO_FILE)

        decides = {"graph": _graph_identity(model), "openvino": [version, Path(__file__)]}
        kept = _kept_graph(decides, build)
        return cls(_openvino_network(model) if kept is None else kept / _OPENVINO_FILE)

    def run(self, inputs: Floats) -> Mapping[str, Floats]:
        """Return every output of the network; safe to call from several threads."""
        request = getattr(self._local, "request", None)
        if request is None:
            request = self._local.request = self._compiled.create_infer_request()
        answers = request.infer([np.ascontiguousarray(inputs)])
        return {name: answers[at] for at, name in enumerate(self._outputs)}


class KerasEngine:
    """The reference: the Keras graph itself, on whatever backend it is set to."""

    def __init__(self, model: ModelFolder) -> None:
        from fracture_widgets.models.networks.graph import keras_model

        self.model = keras_model(model.graph)
        assign_weights(self.model, model.weights)

    def run(self, inputs: Floats) -> Mapping[str, Floats]:
        """Return every output of the network."""
        answers = self.model.predict_on_batch(inputs)
        return {name: np.asarray(answer) for name, answer in answers.items()}


ENGINES: Mapping[str, Callable[[ModelFolder], Engine]] = {
    "onnx": OnnxEngine.of_model,
    "openvino": OpenVinoEngine.of_model,
    "keras": KerasEngine,
}


def chosen_engine(name: str) -> str:
    """Return the engine that is meant, or refuse a name that is none's."""
    if name == AUTO:
        name = os.environ.get(ENGINE_VARIABLE, "").strip().lower() or AUTO
    if name not in (AUTO, *ENGINES):
        raise ModelError(f"The engine is one of {', '.join((AUTO, *ENGINES))}. Received: {name!r}")
    return name


def engine_of(model: ModelFolder, name: str = AUTO) -> Engine:
    """Return the engine of a name for a model, or the fastest that is right here."""
    if name != AUTO:
        return ENGINES[name](model)
    if find_spec("openvino") is not None and has_bfloat16():
        try:
            if _agrees(model):
                return OpenVinoEngine.of_model(model)
        except (FractureWidgetsError, OSError, RuntimeError) as error:
            _log.info("OpenVINO is not used: %s", error)
    return OnnxEngine.of_model(model)


def _agrees(model: ModelFolder) -> bool:
    """Say whether OpenVINO answers as ONNX Runtime does, as was found once on this machine."""

    def measure() -> dict[str, Floats]:
        engines = OpenVinoEngine.of_model(model), OnnxEngine.of_model(model)
        found = [apart(*(engine.run(inputs) for engine in engines)) for inputs in samples(model)]
        return {"apart": np.array(found, np.float32)}

    version = import_openvino().__version__
    decides = {"check": _graph_identity(model), "openvino": version, **_graph_makers()}
    kept = ArrayCache(cache_folder() / "graphs").get_or_compute(decides, measure)
    furthest = float(kept["apart"].max())
    if not furthest <= MOST_APART:
        _log.info("OpenVINO is not used: it lies %.3f apart on drawn radiographs.", furthest)
    return furthest <= MOST_APART


def samples(model: ModelFolder) -> list[Floats]:
    """Return what a model's network sees of the drawn radiographs, by the size of its views."""
    from fracture_widgets.phantoms import sample_phantoms

    drawn = [sample.radiograph.pixels for sample in sample_phantoms()]
    if model.kind != LOOKS:
        return [np.stack([network_input(pixels) for pixels in drawn])]
    fields = [find_exposed_field(pixels) for pixels in drawn]
    return [
        np.stack(
            [
                square_view(pixels, field, field.box, size, around=False).pixels
                for pixels, field in zip(drawn, fields, strict=True)
            ]
        )
        for size in (VIEWS.first, VIEWS.second)
    ]


def apart(ours: Mapping[str, Floats], theirs: Mapping[str, Floats]) -> float:
    """Return how far the outputs of two engines lie apart, the output that is furthest.

    Probabilities by the largest difference, others by the norm of the difference as a share of
    their own.
    """
    if ours.keys() != theirs.keys():
        return float("inf")
    return max(_output_apart(ours[name], values) for name, values in theirs.items())


def _output_apart(ours: Floats, theirs: Floats) -> float:
    if ours.shape != theirs.shape or not np.isfinite(ours).all():
        return float("inf")
    difference = np.abs(ours - theirs)
    if theirs.ndim == 2 and np.allclose(theirs.sum(axis=1), 1.0, atol=1e-3):
        return float(difference.max())
    norms = (np.linalg.norm(values.ravel()) for values in (difference, theirs))
    wrong, all_of_it = map(float, norms)
    return wrong / all_of_it if all_of_it else wrong


def cached_graph(identity: str, build: Callable[[], onnx.ModelProto]) -> Path | None:
    """Return the file of a model's graph as ONNX Runtime optimises it here, made if need be."""
    import onnxruntime

    decides = {"graph": identity, "runtime": onnxruntime.__version__}
    home = _kept_graph(decides, lambda making: _optimise(making, build()))
    return None if home is None else home / GRAPH_FILE


def _kept_graph(decides: Mapping[str, object], build: Callable[[Path], object]) -> Path | None:
    """Return the folder of a graph as a runtime wants it, made if need be; None if it cannot be."""
    try:
        cache = ArrayCache(cache_folder() / "graphs")
        return cache.get_or_build({**decides, **_graph_makers()}, build)
    except OSError as error:
        _log.info("The optimised graph is not kept: %s", error)
        return None


def _graph_identity(model: ModelFolder) -> str:
    """Return what decides the graph that is written of a model."""
    wired = hashlib.sha256(json.dumps(model.graph, sort_keys=True).encode()).hexdigest()
    return f"{model.sha256} {wired}"


def _graph_makers() -> dict[str, object]:
    """Return what of this package and machine decides a kept graph."""
    return {
        "writers": sorted(Path(__file__).parent.glob("onnx*.py")),
        "simd": np.show_config(mode="dicts")["SIMD Extensions"]["found"],
    }


def _onnx_model(graph: Mapping[str, Any], weights: Weights) -> onnx.ModelProto:
    from fracture_widgets.models.onnx import build_onnx_model

    return build_onnx_model(graph, weights)


def _optimise(folder: Path, graph: onnx.ModelProto) -> None:
    """Let ONNX Runtime write a graph as it has optimised it."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1  # nothing is run
    options.optimized_model_filepath = str(folder / GRAPH_FILE)
    for key, value in (("file_name", _WEIGHTS_FILE), ("min_size_in_bytes", str(_SMALL))):
        options.add_session_config_entry(
            f"session.optimized_model_external_initializers_{key}", value
        )
    try:
        onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=_CPU)
    except Exception as error:
        # ONNX Runtime's errors share no base of their own.
        raise OSError(f"ONNX Runtime could not write it: {error}") from error


def import_openvino() -> Any:
    """Return OpenVINO's package, or say how to install it."""
    silenced = [name for name in _TELLS_INTEL if name not in sys.modules]
    sys.modules.update(dict.fromkeys(silenced))  # type: ignore[arg-type]  # None forbids the import
    try:
        import openvino
    except ImportError:
        raise MissingExtra("The engine openvino", "openvino") from None
    finally:
        for name in silenced:
            del sys.modules[name]
    return openvino


@cache
def _core() -> Any:
    return import_openvino().Core()


def _openvino_network(model: ModelFolder) -> onnx.ModelProto:
    """Write a network with every log-sum-exp step by step.

    OpenVINO 2026.4 takes ONNX's own operator of opset 17 over every axis, the batch among them.
    """
    from onnx import helper, numpy_helper

    whole = _onnx_model(model.graph, model.weights)
    graph, nodes = whole.graph, []
    for node in graph.node:
        if node.op_type != "ReduceLogSumExp":
            nodes.append(node)
            continue
        (tensor,), (result,) = node.input, node.output
        axes = next(helper.get_attribute_value(x) for x in node.attribute if x.name == "axes")
        names = [f"{result}_{step}" for step in ("highest", "below", "shares", "sum", "above")]
        highest, below, shares, total, above = names
        graph.initializer.append(
            numpy_helper.from_array(np.array(axes, np.int64), f"{result}_axes")
        )
        nodes += [
            helper.make_node("ReduceMax", [tensor], [highest], axes=axes, keepdims=1),
            helper.make_node("Sub", [tensor, highest], [below]),
            helper.make_node("Exp", [below], [shares]),
            helper.make_node("ReduceSum", [shares, f"{result}_axes"], [total], keepdims=1),
            helper.make_node("Log", [total], [above]),
            helper.make_node("Add", [highest, above], [result]),
        ]
    del graph.node[:]
    graph.node.extend(nodes)
    return whole


def _write_openvino(graph: onnx.ModelProto, path: Path) -> None:
    """Write a network as OpenVINO reads it, its numbers as they are."""
    try:
        network = _core().read_model(graph.SerializeToString())
        import_openvino().save_model(network, str(path), compress_to_fp16=False)
    except RuntimeError as error:
        raise OSError(f"OpenVINO could not write it: {_last_line(error)}") from error


def _last_line(error: Exception) -> str:
    """Return the last line that OpenVINO says, which is the reason."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
