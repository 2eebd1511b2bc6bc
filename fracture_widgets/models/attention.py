"""Where the network looked: exact Grad-CAM without a gradient tape.

A head sees conv5 through its mean over places, and through the soft maxima of linear maps of it.
Grad-CAM averages an answer's gradient over places (Selvaraju et al., Grad-CAM, ICCV 2017, equations
1 and 2). Of the mean, the gradient is the same at every place; of the soft maximum, it is the map's
kernel times weights that sum to 1 over the places. Averaged, both are products of small matrices.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from fracture_widgets.imaging.preprocessing import Placement
from fracture_widgets.models.networks.names import CONV5_MAP, CONV5_READOUT, HEAD_UNITS, probe_name
from fracture_widgets.models.weight_files import Weights

__all__ = ["Head", "grad_cam", "over_radiograph"]


class Head:
    """A head's dense layers, to follow an answer back to the features it came from."""

    def __init__(self, weights: Weights, name: str) -> None:
        layers = [f"{name}_dense{index}" for index in range(1, len(HEAD_UNITS) + 1)] + [name]
        self._kernels = [np.asarray(weights[f"{layer}/kernel"], np.float32) for layer in layers]
        self._biases = [np.asarray(weights[f"{layer}/bias"], np.float32) for layer in layers]
        taught, read_out = (
            np.asarray(weights[f"{layer}/kernel"], np.float32).reshape(-1)
            for layer in (CONV5_MAP, CONV5_READOUT)
        )
        self._heard = {-1: taught, -2: weights[f"{probe_name(name)}/kernel"][-1] * read_out}

    def conv5_gradient(
        self,
        pooled: npt.NDArray[np.float32],
        evidence: npt.NDArray[np.float32],
        answer: int,
    ) -> npt.NDArray[np.float32]:
        """Return an answer's gradient with respect to conv5, summed over places."""
        active = []
        hidden = np.concatenate([pooled, evidence])
        for kernel, bias in zip(self._kernels[:-1], self._biases[:-1], strict=True):
            hidden = np.maximum(_product(kernel.T, hidden) + bias, 0.0)
            active.append(hidden > 0.0)
        last = self._kernels[-1][:, answer]
        gradient = last[: len(hidden)]
        for kernel, on in zip(reversed(self._kernels[:-1]), reversed(active), strict=True):
            gradient = _product(kernel, gradient * on)
        heard = sum(last[row] * kernel for row, kernel in self._heard.items())
        return np.asarray(gradient[: len(pooled)] + heard, dtype=np.float32)


def grad_cam(
    conv5: npt.NDArray[np.float32], gradient: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Weigh the channels of conv5 by how much they speak for an answer."""
    evidence: npt.NDArray[np.float32] = np.maximum(_product(conv5, gradient), 0.0)
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
