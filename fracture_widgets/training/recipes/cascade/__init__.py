"""The shipped cascade: taught by outlines, judged out of fold, saved with its card."""

from dataclasses import dataclass


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
