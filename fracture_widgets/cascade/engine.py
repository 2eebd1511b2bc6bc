"""Engines turn network inputs into network outputs: ONNX Runtime serves, Keras is the reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fracture_widgets.errors import ModelError
from fracture_widgets.networks.weight_files import Weights

__all__ = ["Engine", "OnnxEngine"]


class Engine(Protocol):
    """Runs the cascade's network."""

    def run(self, inputs: npt.NDArray[np.float32]) -> Mapping[str, npt.NDArray[np.float32]]:
        """Return every output of the network.

        Parameters
        ----------
        inputs
            float32 of shape ``(n, 224, 224, 1)`` in 0 to 255.

        Returns
        -------
        Mapping
            The outputs of :func:`~fracture_widgets.networks.resnet50.build_cascade_network`.
        """


class OnnxEngine:
    """ONNX Runtime on the CPU: no TensorFlow, and the first answer within a second or two.

    Parameters
    ----------
    weights
        The network's weights; the graph is written from them in memory.
    threads
        Cores to use at most; 0 leaves it to the runtime.

    Raises
    ------
    ModelError
        If the weights do not make a network that runs.
    """

    def __init__(self, weights: Weights, *, threads: int = 0) -> None:
        import onnxruntime

        from fracture_widgets.networks.onnx_graph import build_onnx_model

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        graph = build_onnx_model(weights).SerializeToString()
        try:
            self._session = onnxruntime.InferenceSession(
                graph, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            # ONNX Runtime's errors share no base of their own.
            raise ModelError(
                f"The network cannot be run here ({error}): use the weights trained for this "
                "version of Fracture Widgets."
            ) from error
        self._input = self._session.get_inputs()[0].name
        self._outputs = [output.name for output in self._session.get_outputs()]

    def run(self, inputs: npt.NDArray[np.float32]) -> Mapping[str, npt.NDArray[np.float32]]:
        """Return every output of the network; safe to call from several threads."""
        answers = self._session.run(self._outputs, {self._input: inputs})
        return dict(zip(self._outputs, answers, strict=True))
