"""Gates: of crops, which lets pass those of a model's body parts, and of whole radiographs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import numpy.typing as npt

from fracture_widgets.base.language import marked
from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.quality import QualityProblem
from fracture_widgets.models.networks import PROBE_INPUTS, STAGE_MEANS
from fracture_widgets.models.networks.looks import CONTEXT
from fracture_widgets.models.readers import Outputs
from fracture_widgets.models.weight_files import Weights
from fracture_widgets.parts import in_words, with_article

NOT_A_RADIOGRAPH = "not a radiograph"
OTHER_BODY_PART = "other body part"
INVERTED = "black and white exchanged"
TOO_UNLIKE = "too unlike"
"""Of a radiograph so unlike those learned from that an answer would be a guess."""
_KINDS = (NOT_A_RADIOGRAPH, OTHER_BODY_PART, INVERTED)

GATE_WEIGHTS: Mapping[str, tuple[int | None, ...]] = {
    "gate_ours/mean": (STAGE_MEANS,),
    "gate_ours/scale": (STAGE_MEANS,),
    "gate_ours/basis": (STAGE_MEANS, None),
    "gate_ours/residual": (1,),
    "gate_part/kernel": (STAGE_MEANS,),
    "gate_part/bias": (1,),
    "gate_greys/kernel": (STAGE_MEANS,),
    "gate_greys/bias": (1,),
    "gate/thresholds": (len(_KINDS),),
    "gate/spreads": (len(_KINDS),),
}
"""Arrays of a gate and their shapes."""

RADIOGRAPH_HEAD, INVERTED_HEAD = "gate_radiograph", "gate_inverted"
"""Heads of a gate of whole radiographs, over the coarsest features of the first look."""

Floats = npt.NDArray[np.float32]

_COUNTS = {
    1: marked("this part"),
    2: marked("one of the two"),
    3: marked("one of the three"),
    4: marked("one of the four"),
}


def sentence(kind: str, body_parts: Sequence[str]) -> str:
    """Return what is said of a refused picture, by a model that answers these parts."""
    parts = with_article(in_words(body_parts))
    wanted = _COUNTS.get(len(body_parts), marked("one of these"))
    return {
        NOT_A_RADIOGRAPH: f"This does not look like a radiograph of {parts}: choose "
        "the radiograph itself, upright, uncovered and not photographed from a screen.",
        OTHER_BODY_PART: f"This looks like another body part than {parts}, such as a "
        f"leg or hip: choose a radiograph of {wanted}, or cut it to the joint.",
        INVERTED: "Black and white look exchanged, with dark bones on a bright ground: if "
        "this is a radiograph, exchange them, or export it with bright bones.",
    }[kind]


class Gate:
    """Refuses what is no radiograph of the body parts that a model answers."""

    def __init__(self, weights: Weights) -> None:
        arrays = {name: _array(weights, name) for name in GATE_WEIGHTS}
        self._mean = arrays["gate_ours/mean"]
        self._scale = arrays["gate_ours/scale"]
        self._basis = arrays["gate_ours/basis"]
        self._residual = float(arrays["gate_ours/residual"][0])
        self._kernels = np.stack([arrays["gate_part/kernel"], arrays["gate_greys/kernel"]])
        self._biases = np.concatenate([arrays["gate_part/bias"], arrays["gate_greys/bias"]])
        self._thresholds = arrays["gate/thresholds"]
        self._spreads = arrays["gate/spreads"]

    @classmethod
    def of_weights(cls, weights: Weights) -> Self | None:
        """Return the gate among a model's weights, or None if the model has none."""
        return cls(weights) if any(name in weights for name in GATE_WEIGHTS) else None

    def scores(self, means: Floats) -> npt.NDArray[np.float64]:
        """Return the distance, the leaning and the darkness of bone of pictures."""
        centred = (means - self._mean) / self._scale
        # What remains without the directions in which known radiographs differ: probabilistic
        # principal components (Tipping and Bishop, *J. R. Stat. Soc. B* 61:611, 1999).
        # Not by BLAS, whose threads would wait on the cores that the network's next pass needs.
        explained = np.einsum("ni,ij->nj", centred, self._basis)
        rest = np.square(centred).sum(1) - np.square(explained).sum(1)
        distance = np.log(np.maximum(rest, 1e-6) / self._residual)
        odds = np.einsum("ni,ki->nk", centred, self._kernels) + self._biases
        return np.column_stack([distance, odds]).astype(np.float64)

    def excess(self, means: Floats) -> npt.NDArray[np.float64]:
        """Return how far the three numbers lie beyond their limits, in standard deviations."""
        beyond: npt.NDArray[np.float64] = (self.scores(means) - self._thresholds) / self._spreads
        return beyond

    def excess_by_kind(self, outputs: Outputs) -> dict[str, float]:
        """Return how far one picture lies beyond each limit, by the kind of refusal."""
        beyond = self.excess(stage_means(outputs)[np.newaxis])[0].tolist()
        return dict(zip(_KINDS, beyond, strict=True))

    def check(
        self,
        flaw: QualityProblem | None,
        outputs: Outputs,
        body_parts: Sequence[str],
    ) -> QualityProblem | None:
        """Say why a model that answers these parts refuses a radiograph, or None if it does not."""
        if flaw is not None:
            return flaw
        excess = self.excess_by_kind(outputs)
        kind = max(excess, key=lambda each: (excess[each], each))
        if (furthest := excess[kind]) <= 0:
            return None
        means = stage_means(outputs)[np.newaxis]
        if kind == INVERTED and self.scores(means)[0, _KINDS.index(kind)] <= 0:
            kind = NOT_A_RADIOGRAPH  # strange in that direction, and yet no more dark than bright
        return QualityProblem(kind, furthest, sentence(kind, body_parts))


def stage_means(outputs: Outputs) -> Floats:
    """Return what the gate judges by: the means of conv3 and conv4, shape ``(..., 1536)``."""
    return outputs[PROBE_INPUTS][..., :STAGE_MEANS]


def _array(weights: Weights, name: str) -> Floats:
    try:
        array = np.asarray(weights[name], dtype=np.float32)
    except KeyError:
        raise ModelError(
            f"The gate's weights are incomplete: {name} is missing. Fit it again with "
            "fracture-widgets train gate."
        ) from None
    expected = GATE_WEIGHTS[name]
    fits = array.ndim == len(expected) and all(
        want is None or want == have for want, have in zip(expected, array.shape, strict=True)
    )
    if not fits:
        raise ModelError(
            f"The gate's weights are of another network: {name} has shape {array.shape}. Fit it "
            "again with fracture-widgets train gate."
        )
    return array


class LooksGate:
    """Tells radiographs from other pictures, and such with dark bones, by the first look."""

    def __init__(self, weights: Weights) -> None:
        self._heads = {
            name: (weights[f"{name}/kernel"].reshape(-1), float(weights[f"{name}/bias"][0]))
            for name in (RADIOGRAPH_HEAD, INVERTED_HEAD)
            if f"{name}/kernel" in weights
        }

    def is_radiograph(self, outputs: Outputs) -> bool:
        """Say whether it is a radiograph, of whatever body part; so is all without such a head."""
        return self._log_odds(RADIOGRAPH_HEAD, outputs) >= 0.0

    def is_inverted(self, outputs: Outputs) -> bool:
        """Say whether bones are dark; nothing is without such a head."""
        return INVERTED_HEAD in self._heads and self._log_odds(INVERTED_HEAD, outputs) > 0.0

    def _log_odds(self, name: str, outputs: Outputs) -> float:
        if name not in self._heads:
            return 0.0
        kernel, bias = self._heads[name]
        return float(np.einsum("i,i->", kernel, gate_features(outputs))) + bias


def gate_features(outputs: Outputs) -> Floats:
    """Return what the gate's heads see of one picture: the context's means, then its maxima."""
    context = outputs[CONTEXT]
    return np.concatenate([context.mean((0, 1)), context.max((0, 1))]).astype(np.float32)
