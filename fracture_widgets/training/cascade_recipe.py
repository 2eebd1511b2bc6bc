"""How the shipped cascade is taught."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["CascadeRecipe"]


@dataclass(frozen=True)
class CascadeRecipe:
    """Settings of the shipped cascade's training.

    Attributes
    ----------
    views
        Views drawn of every radiograph; an epoch shows one of them, chosen at random.
    sound_patches, phantoms
        Sound leg and hip radiographs, and drawn radiographs, beside the joints.
    map_epochs, map_rate
        First, the fracture map alone: epochs, and Adam's rate, which falls to 0 by a cosine.
    joint_epochs, joint_rate
        Then conv5, the heads and the map together.
    fracture_weight
        Weight of a cell that an outline covers, against 1 for one it leaves free.
    dropout, l2
        Of the fracture map's channels and kernel.
    head_dropout
        Share of the pooled features that a head does not see in training.
    readout_strength, readout_weight
        Last, the reading out of conv5: inverse of the logistic regression's penalty, and how much
        the heads' log-odds move with its soft maximum.
    probe_strength, probe_weight
        The same of each part's linear probe of the frozen stages; the strength is for one view of
        each radiograph.
    peak_weight
        How much the heads' log-odds move with the fracture map's maximum, in log-odds too.
    temper
        What the heads' log-odds are multiplied with last: witnesses who saw the same picture agree
        more than independent ones would, and their sum is too sure.
    batch
        Views in one step.
    bfloat16
        Compute in bfloat16; see :func:`~fracture_widgets.networks.precision.precision`.
    seed
        Of weights, order and choice of views.
    """

    views: int = 6
    sound_patches: int = 350
    phantoms: int = 120
    map_epochs: int = 12
    map_rate: float = 1e-3
    joint_epochs: int = 5
    joint_rate: float = 5e-4
    fracture_weight: float = 6.0
    dropout: float = 0.3
    l2: float = 1e-4
    head_dropout: float = 0.5
    readout_strength: float = 1e-3
    readout_weight: float = 1.0
    probe_strength: float = 3e-2
    probe_weight: float = 1.0
    peak_weight: float = 1.0
    temper: float = 0.3
    batch: int = 32
    bfloat16: bool = False
    seed: int = 0

    @property
    def taught(self) -> dict[str, Any]:
        """The settings that decide what is taught, before anything is read out of it."""
        return {
            name: value
            for name, value in self.to_dict().items()
            if not name.startswith(("readout_", "probe_", "peak_", "temper"))
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as they stand on the model's card."""
        return asdict(self)
