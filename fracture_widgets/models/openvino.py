"""OpenVINO on the CPU, which computes in bfloat16 where the processor does so itself."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from fracture_widgets.base.cores import cores, has_bfloat16, is_limited
from fracture_widgets.errors import MissingExtra, ModelError
from fracture_widgets.models.engine import graph_identity, kept_graph

if TYPE_CHECKING:
    import onnx

    from fracture_widgets.models.folder import ModelFolder

_NETWORK_FILE = "network.xml"
_TELLS_INTEL = ("openvino.tools.ovc", "openvino_telemetry")
"""What OpenVINO imports by the way, where it can, and what then reports that it was imported."""


class OpenVinoEngine:
    """OpenVINO, without TensorFlow; 0 threads are all that this program may use."""

    def __init__(self, network: onnx.ModelProto | Path, *, threads: int = 0) -> None:
        core = _core()
        config: dict[str, Any] = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "bf16" if has_bfloat16() else "f32",
            "ENABLE_CPU_PINNING": False,  # visitors of one server share its cores
        }
        if threads or is_limited():
            config["INFERENCE_NUM_THREADS"] = threads or cores()
        try:
            source = network if isinstance(network, Path) else network.SerializeToString()
            self._compiled = core.compile_model(core.read_model(source), "CPU", config)
        except RuntimeError as error:
            raise ModelError(
                f"OpenVINO cannot run the network here ({_brief(error)}): use --engine onnx."
            ) from error
        self._outputs = [output.any_name for output in self._compiled.outputs]
        self._local = threading.local()

    @classmethod
    def of_model(cls, model: ModelFolder, *, threads: int = 0, cache: Path | None = None) -> Self:
        """Take a model's network from the cache on disk, and put it there the first time."""
        version = import_openvino().__version__

        def build(folder: Path) -> None:
            _write(_network(model), folder / _NETWORK_FILE)

        decides = {"graph": graph_identity(model), "openvino": [version, Path(__file__)]}
        kept = kept_graph(decides, build, folder=cache)
        if kept is None:
            return cls(_network(model), threads=threads)
        return cls(kept / _NETWORK_FILE, threads=threads)

    def run(self, inputs: npt.NDArray[np.float32]) -> Mapping[str, npt.NDArray[np.float32]]:
        """Return every output of the network; safe to call from several threads."""
        request = getattr(self._local, "request", None)
        if request is None:
            request = self._local.request = self._compiled.create_infer_request()
        answers = request.infer([np.ascontiguousarray(inputs)])
        return {name: answers[at] for at, name in enumerate(self._outputs)}


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


def _network(model: ModelFolder) -> onnx.ModelProto:
    """Write a network with every log-sum-exp step by step.

    OpenVINO 2026.4 takes ONNX's own operator of opset 17 over every axis, the batch among them.
    """
    from onnx import helper, numpy_helper

    from fracture_widgets.models.onnx import build_onnx_model

    whole = build_onnx_model(model.graph, model.weights)
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


def _write(graph: onnx.ModelProto, path: Path) -> None:
    """Write a network as OpenVINO reads it, its numbers as they are."""
    try:
        network = _core().read_model(graph.SerializeToString())
        import_openvino().save_model(network, str(path), compress_to_fp16=False)
    except RuntimeError as error:
        raise OSError(f"OpenVINO could not write it: {_brief(error)}") from error


def _brief(error: Exception) -> str:
    """Return the last line that OpenVINO says, which is the reason."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
