"""An archive simulator: named changes between archives, each at five strengths.

In the manner of ImageNet-C (Hendrycks and Dietterich, ICLR 2019): what networks that learned from
one archive meet in another. At least half of the kinds are none that a training draws, and none
shares code with one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fracture_widgets.evaluation.shifts import greys, scene
from fracture_widgets.evaluation.shifts.shift import STRENGTHS, Shift, Shifted

__all__ = ["SHIFTS", "STRENGTHS", "Shift", "Shifted"]

SHIFTS: Mapping[str, Shift] = MappingProxyType(
    {
        kind.name: kind
        for module in (greys, scene)
        for kind in vars(module).values()
        if isinstance(kind, Shift)
    }
)
"""Every kind, by its name."""
