"""Where the network looked: exact Grad-CAM without a gradient tape.

A head sees conv5 only through its mean over places, so the gradient that Grad-CAM averages over
places is the gradient with respect to that mean, the same at every place. It is the product of a
few small matrices (Selvaraju et al., Grad-CAM, ICCV 2017, equations 1 and 2).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from fracture_widgets.imaging.preprocessing import Placement
from fracture_widgets.networks.names import HEAD_UNITS
from fracture_widgets.networks.weight_files import Weights

__all__ = ["Head", "grad_cam", "over_radiograph"]


class Head:
    """A head's dense layers, to follow an answer back to the features it came from.

    Parameters
    ----------
    weights
        The network's weights.
    name
        The head's output: ``"body_part"`` or a body part.
    """

    def __init__(self, weights: Weights, name: str) -> None:
        layers = [f"{name}_dense{index}" for index in range(1, len(HEAD_UNITS) + 1)] + [name]
        self._kernels = [np.asarray(weights[f"{layer}/kernel"], np.float32) for layer in layers]
        self._biases = [np.asarray(weights[f"{layer}/bias"], np.float32) for layer in layers]

    def logit_gradient(
        self, features: npt.NDArray[np.float32], answer: int
    ) -> npt.NDArray[np.float32]:
        """Return the gradient of an answer's value before the softmax.

        Parameters
        ----------
        features
            What the head saw, shape ``(channels,)``.
        answer
            Index of the answer.

        Returns
        -------
        numpy.ndarray
            float32 of shape ``(channels,)``.
        """
        active = []
        hidden = features
        for kernel, bias in zip(self._kernels[:-1], self._biases[:-1], strict=True):
            hidden = np.maximum(hidden @ kernel + bias, 0.0)
            active.append(hidden > 0.0)
        # What the softmax sees beside the hidden layer does not come from these features.
        gradient = self._kernels[-1][: len(active[-1]), answer]
        for kernel, on in zip(reversed(self._kernels[:-1]), reversed(active), strict=True):
            gradient = kernel @ (gradient * on)
        return np.asarray(gradient, dtype=np.float32)


def grad_cam(
    conv5: npt.NDArray[np.float32], pooled_gradient: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Weigh the channels of conv5 by how much they speak for an answer.

    Parameters
    ----------
    conv5
        Feature map, shape ``(h, w, channels)``.
    pooled_gradient
        Gradient of the answer with respect to the map's mean over places, shape ``(channels,)``.

    Returns
    -------
    numpy.ndarray
        float32 of shape ``(h, w)`` in 0 to 1: only what speaks for the answer, the highest place
        1. All 0 where nothing speaks for it.
    """
    evidence: npt.NDArray[np.float32] = np.maximum(conv5 @ pooled_gradient, 0.0)
    highest = evidence.max()
    return evidence / highest if highest > 0 else evidence


def over_radiograph(cells: npt.NDArray[np.float32], place: Placement) -> npt.NDArray[np.float32]:
    """Scale a map of the network's input smoothly, and cut it to what the radiograph covers.

    Parameters
    ----------
    cells
        Shape ``(h, w)``, over the whole square input.
    place
        Where the radiograph lies in it.

    Returns
    -------
    numpy.ndarray
        float32 of shape ``(place.height, place.width)``, within the range of ``cells``.
    """
    square = Image.fromarray(np.ascontiguousarray(cells, dtype=np.float32)).resize(
        (place.size, place.size), Image.Resampling.BICUBIC
    )
    smooth = np.asarray(square, dtype=np.float32).clip(cells.min(), cells.max())
    return smooth[place.top : place.top + place.height, place.left : place.left + place.width]
