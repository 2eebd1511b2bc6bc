"""What runs a network: ONNX Runtime, from a graph kept on disk, and Keras, the reference."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from fracture_widgets.base.cache import ArrayCache
from fracture_widgets.base.cores import cores, is_limited
from fracture_widgets.base.files import cache_folder
from fracture_widgets.errors import ModelError
from fracture_widgets.models.weight_files import Weights, assign_weights

if TYPE_CHECKING:
    import onnx

    from fracture_widgets.models.folder import ModelFolder

GRAPH_FILE = "network.onnx"
_WEIGHTS_FILE = "network.bin"
_SMALL = 1024  # bytes of a constant that stays in the graph's own file
_CPU = ["CPUExecutionProvider"]

_log = logging.getLogger(__name__)


class Engine(Protocol):
    """Runs a network."""

    def run(self, inputs: npt.NDArray[np.float32]) -> Mapping[str, npt.NDArray[np.float32]]:
        """Return every output by name; inputs are float32 ``(n, 224, 224, 1)``, 0 to 255."""


class OnnxEngine:
    """ONNX Runtime on the CPU, without TensorFlow; 0 threads leave it to the runtime."""

    def __init__(self, graph: onnx.ModelProto | Path, *, threads: int = 0) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        # Left to itself, the runtime counts the machine's cores and binds a thread to each: in a
        # container that has fewer, it complains of every thread.
        options.intra_op_num_threads = threads or (cores() if is_limited() else 0)
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
    def of_graph(cls, graph: Mapping[str, Any], weights: Weights, *, threads: int = 0) -> Self:
        """Write the ONNX model of a network's graph and weights, in memory."""
        from fracture_widgets.models.onnx import build_onnx_model

        return cls(build_onnx_model(graph, weights), threads=threads)

    @classmethod
    def of_model(cls, model: ModelFolder, *, threads: int = 0, cache: Path | None = None) -> Self:
        """Take a model's graph from the cache on disk, and put it there the first time."""

        def build() -> onnx.ModelProto:
            from fracture_widgets.models.onnx import build_onnx_model

            return build_onnx_model(model.graph, model.weights)

        graph = cached_graph(graph_identity(model), build, folder=cache)
        return cls(build() if graph is None else graph, threads=threads)

    def run(self, inputs: npt.NDArray[np.float32]) -> Mapping[str, npt.NDArray[np.float32]]:
        """Return every output of the network; safe to call from several threads."""
        answers = self._session.run(self._outputs, {self._input: inputs})
        return dict(zip(self._outputs, answers, strict=True))


class KerasEngine:
    """The reference: the Keras graph itself, on whatever backend it is set to."""

    def __init__(self, model: ModelFolder) -> None:
        from fracture_widgets.models.networks.graph import keras_model

        self.model = keras_model(model.graph)
        assign_weights(self.model, model.weights)

    def run(self, inputs: npt.NDArray[np.float32]) -> Mapping[str, npt.NDArray[np.float32]]:
        """Return every output of the network."""
        answers = self.model.predict_on_batch(inputs)
        return {name: np.asarray(answer) for name, answer in answers.items()}


def graph_identity(model: ModelFolder) -> str:
    """Return what decides the graph that is written of a model."""
    wired = hashlib.sha256(json.dumps(model.graph, sort_keys=True).encode()).hexdigest()
    return f"{model.sha256} {wired}"


def cached_graph(
    identity: str, build: Callable[[], onnx.ModelProto], *, folder: Path | None = None
) -> Path | None:
    """Return the file of a model's graph as ONNX Runtime optimises it here, made if need be."""
    import onnxruntime

    decides = {"graph": identity, "runtime": onnxruntime.__version__}
    home = kept_graph(decides, lambda making: _optimise(making, build()), folder=folder)
    return None if home is None else home / GRAPH_FILE


def kept_graph(
    decides: Mapping[str, object], build: Callable[[Path], object], *, folder: Path | None = None
) -> Path | None:
    """Return the folder of a graph as a runtime wants it, made if need be; None if it cannot be."""
    try:
        cache = ArrayCache(cache_folder() / "graphs" if folder is None else folder)
        return cache.get_or_build({**decides, **graph_makers()}, build)
    except OSError as error:
        _log.info("The optimised graph is not kept: %s", error)
        return None


def graph_makers() -> dict[str, object]:
    """Return what of this package and machine decides a kept graph."""
    return {
        "writers": sorted(Path(__file__).parent.glob("onnx*.py")),
        "simd": np.show_config(mode="dicts")["SIMD Extensions"]["found"],
    }


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
