"""Where the network looked: exact Grad-CAM without a gradient tape, and other people's heatmaps."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from fracture_widgets.errors import MissingExtra, ModelError
from fracture_widgets.imaging.preprocessing import Placement, network_input
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.folder import ModelFolder, load_model_folder
from fracture_widgets.models.networks import (
    CONV5_MAP,
    CONV5_READOUT,
    HEAD_UNITS,
    probe_name,
    require_keras,
)
from fracture_widgets.models.networks.graph import keras_model
from fracture_widgets.models.weight_files import Weights, assign_weights
from fracture_widgets.parts import FRACTURED, LABELS

METHODS = ("Grad-CAM", "Grad-CAM++", "LayerCAM", "SmoothGrad")


class Head:
    """A head's dense layers, to follow an answer back to the features it came from."""

    def __init__(self, weights: Weights, name: str) -> None:
        layers = [f"{name}_dense{index}" for index in range(1, len(HEAD_UNITS) + 1)] + [name]
        self._kernels = [np.asarray(weights[f"{layer}/kernel"], np.float32) for layer in layers]
        self._biases = [np.asarray(weights[f"{layer}/bias"], np.float32) for layer in layers]
        self._direct: dict[int, npt.NDArray[np.float32]] = {}
        if f"{probe_name(name)}/kernel" in weights:
            taught, read_out = (
                np.asarray(weights[f"{layer}/kernel"], np.float32).reshape(-1)
                for layer in (CONV5_MAP, CONV5_READOUT)
            )
            probe = weights[f"{probe_name(name)}/kernel"]
            self._direct = {-1: taught, -2: probe[-1] * read_out}

    def features_gradient(
        self,
        pooled: npt.NDArray[np.float32],
        evidence: npt.NDArray[np.float32] | None,
        answer: int,
    ) -> npt.NDArray[np.float32]:
        """Return an answer's gradient with respect to the features, summed over places."""
        # Of a mean, the gradient is the same at every place; of a soft maximum, it is the map's
        # kernel times weights that sum to 1 (Selvaraju et al., Grad-CAM, ICCV 2017, eq. 1 and 2).
        active = []
        hidden = pooled if evidence is None else np.concatenate([pooled, evidence])
        for kernel, bias in zip(self._kernels[:-1], self._biases[:-1], strict=True):
            hidden = np.maximum(_product(kernel.T, hidden) + bias, 0.0)
            active.append(hidden > 0.0)
        last = self._kernels[-1][:, answer]
        gradient = last[: len(hidden)]
        for kernel, on in zip(reversed(self._kernels[:-1]), reversed(active), strict=True):
            gradient = _product(kernel, gradient * on)
        direct = sum(last[row] * kernel for row, kernel in self._direct.items())
        return np.asarray(gradient[: len(pooled)] + direct, dtype=np.float32)


def grad_cam(
    features: npt.NDArray[np.float32], gradient: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Weigh the channels of the features by how much they speak for an answer."""
    evidence: npt.NDArray[np.float32] = np.maximum(_product(features, gradient), 0.0)
    highest = evidence.max()
    return evidence / highest if highest > 0 else evidence


def _product(
    array: npt.NDArray[np.float32], vector: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Multiply by a vector along the last axis, without NumPy's algebra."""
    return np.asarray(np.einsum("...i,i->...", array, vector))


def over_radiograph(cells: npt.NDArray[np.float32], place: Placement) -> npt.NDArray[np.float32]:
    """Scale a map of the network's input smoothly, and cut it to what the radiograph covers."""
    square = Image.fromarray(np.ascontiguousarray(cells, dtype=np.float32)).resize(
        (place.size, place.size), Image.Resampling.BICUBIC
    )
    smooth = np.asarray(square, dtype=np.float32).clip(cells.min(), cells.max())
    return smooth[place.top : place.top + place.height, place.left : place.left + place.width]


class GradientMaps:
    """Heatmaps of one body part's fracture answer, by several methods."""

    def __init__(self, body_part: str, model: ModelFolder | None = None) -> None:
        model = load_model_folder() if model is None else model
        if body_part not in model.body_parts:
            raise ValueError(
                f"The body part is one of {', '.join(model.body_parts)}. Received: {body_part!r}"
            )
        keras = require_keras("Explaining")
        network = keras_model(model.graph)
        assign_weights(network, model.weights)
        self._features = model.graph["features"]
        answer = network.get_layer(
            body_part if body_part in model.graph["outputs"] else model.answer_output
        )
        # The answer before the softmax, by a layer of our own: tf-keras-vis would clone the whole
        # network for it, or change the caller's.
        linear = keras.layers.Dense(len(LABELS), name=f"{body_part}_before_softmax")
        logits = linear(answer.input)
        linear.set_weights(answer.get_weights())
        # A list of one input, as tf-keras-vis gives it: Keras warns of any other structure.
        self._model = keras.Model([network.input], logits)

    def heatmap(
        self, radiograph: Radiograph, method: str, *, samples: int = 12, seed: int = 0
    ) -> npt.NDArray[np.float32]:
        """Return where the network looked, 0 to 1 from edge to edge of the radiograph."""
        if method not in METHODS:
            raise ValueError(f"The method is one of {', '.join(METHODS)}. Received: {method!r}")
        keras = require_keras("Explaining")
        inputs = network_input(radiograph.pixels)[np.newaxis]
        if method == "SmoothGrad":
            # Also NumPy's and TensorFlow's: tf-keras-vis draws from their common source.
            keras.utils.set_random_seed(seed)
            cells = self._tool(method)(_fractured, inputs, smooth_samples=samples)
        else:
            cells = self._tool(method)(
                _fractured,
                inputs,
                penultimate_layer=self._features,
                # As it is named: the sum after the block, not the convolution before it.
                seek_penultimate_conv_layer=False,
                expand_cam=False,
            )
        place = Placement.of(radiograph.width, radiograph.height)
        return over_radiograph(np.asarray(cells, dtype=np.float32).reshape(cells.shape[-2:]), place)

    def _tool(self, method: str) -> Any:
        try:
            # It asks SciPy for a function by a name that SciPy 2 will no longer know.
            with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
                from tf_keras_vis.gradcam import Gradcam
                from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
                from tf_keras_vis.layercam import Layercam
                from tf_keras_vis.saliency import Saliency
        except ImportError as error:
            raise MissingExtra("Explaining", "train") from error
        tools = dict(zip(METHODS, (Gradcam, GradcamPlusPlus, Layercam, Saliency), strict=True))
        return tools[method](self._model, clone=False)


def _fractured(logits: Any) -> Any:
    return logits[:, LABELS.index(FRACTURED)]


def randomised_weights(
    weights: Weights, layers: Sequence[str], *, seed: int = 0
) -> dict[str, npt.NDArray[np.float32]]:
    """Shuffle the weights of some layers, so that what they learned is gone: a sanity check."""
    rng = np.random.default_rng(seed)
    changed = {name: np.asarray(array, dtype=np.float32) for name, array in weights.items()}
    for beginning in layers:
        chosen = [name for name in changed if name.startswith(beginning) and "moving" not in name]
        if not chosen:
            raise ModelError(
                f"No layer's name begins with {beginning!r}: choose a body part, or conv1 to conv5."
            )
        for name in chosen:
            array = changed[name]
            changed[name] = rng.permutation(array.reshape(-1)).reshape(array.shape)
    return changed
