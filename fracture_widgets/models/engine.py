"""Engines turn network inputs into network outputs: ONNX Runtime serves, Keras is the reference."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from fracture_widgets.base.cores import cores, is_limited
from fracture_widgets.errors import ModelError
from fracture_widgets.models.graph_cache import cached_graph
from fracture_widgets.models.weight_files import Weights, assign_weights

if TYPE_CHECKING:
    import onnx

    from fracture_widgets.models.folder import ModelFolder

__all__ = ["ENGINES", "Engine", "KerasEngine", "OnnxEngine", "engine_of"]

ENGINES = ("onnx", "keras")


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
            self._session = onnxruntime.InferenceSession(
                source, options, providers=["CPUExecutionProvider"]
            )
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

        graph = cached_graph(model.sha256, build, folder=cache)
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


def engine_of(model: ModelFolder, engine: str) -> Engine:
    """Return what runs a model: ``"onnx"``, which needs no TensorFlow, or ``"keras"``."""
    if engine not in ENGINES:
        raise ModelError(f"The engine is one of {', '.join(ENGINES)}. Received: {engine!r}")
    return KerasEngine(model) if engine == "keras" else OnnxEngine.of_model(model)
