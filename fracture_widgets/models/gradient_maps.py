"""Other people's heatmaps, from tf-keras-vis, over the cascade's own network.

They need TensorFlow and take seconds, where the Grad-CAM of
:mod:`fracture_widgets.models.attention` takes nothing: for lessons and studies.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.errors import MissingExtra
from fracture_widgets.imaging.preprocessing import Placement, network_input
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.attention import over_radiograph
from fracture_widgets.models.networks.keras_import import require_keras
from fracture_widgets.models.networks.names import CONV5_OUTPUT
from fracture_widgets.models.networks.resnet50 import build_cascade_network
from fracture_widgets.models.weight_files import Weights, assign_weights
from fracture_widgets.parts import BODY_PARTS, FRACTURED, LABELS

__all__ = ["METHODS", "GradientMaps"]

METHODS = ("Grad-CAM", "Grad-CAM++", "LayerCAM", "SmoothGrad")


class GradientMaps:
    """Heatmaps of one body part's fracture answer, by several methods.

    Parameters
    ----------
    weights
        The cascade's, e.g. ``load_model().weights``.
    body_part
        Whose answer is explained: ``"elbow"``, ``"hand"`` or ``"shoulder"``.

    Raises
    ------
    ValueError
        If there is no such part.
    MissingExtra
        If TensorFlow or tf-keras-vis is not installed.
    """

    def __init__(self, weights: Weights, body_part: str) -> None:
        if body_part not in BODY_PARTS:
            raise ValueError(
                f"The body part is one of {', '.join(BODY_PARTS)}. Received: {body_part!r}"
            )
        keras = require_keras("Explaining")
        network = build_cascade_network()
        assign_weights(network, weights)
        answer = network.get_layer(body_part)
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
        """Return where the network looked, according to a method.

        Parameters
        ----------
        radiograph
            What was answered.
        method
            ``"Grad-CAM"``, ``"Grad-CAM++"`` (Chattopadhay et al., WACV 2018), ``"LayerCAM"``
            (Jiang et al., IEEE TIP 2021), all from conv5, or ``"SmoothGrad"`` (Smilkov et al.,
            2017), from the pixels.
        samples
            Noisy copies that SmoothGrad averages over.
        seed
            Of that noise. It becomes the seed of NumPy and TensorFlow altogether, as tf-keras-vis
            draws from their common source.

        Returns
        -------
        numpy.ndarray
            float32 of shape ``(h, w)`` in 0 to 1, over the radiograph from edge to edge.

        Raises
        ------
        ValueError
            If there is no such method.
        """
        if method not in METHODS:
            raise ValueError(f"The method is one of {', '.join(METHODS)}. Received: {method!r}")
        keras = require_keras("Explaining")
        inputs = network_input(radiograph.pixels)[np.newaxis]
        if method == "SmoothGrad":
            keras.utils.set_random_seed(seed)
            cells = self._tool(method)(_fractured, inputs, smooth_samples=samples)
        else:
            cells = self._tool(method)(
                _fractured,
                inputs,
                penultimate_layer=CONV5_OUTPUT,
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
