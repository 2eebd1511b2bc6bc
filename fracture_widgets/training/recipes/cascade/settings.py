"""How the shipped cascade is taught."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["CascadeRecipe"]


@dataclass(frozen=True)
class CascadeRecipe:
    """Settings of the shipped cascade's training."""

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
