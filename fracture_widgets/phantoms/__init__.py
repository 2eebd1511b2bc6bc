"""Drawn limbs with known fractures and known boxes: for tests, lessons and the workbench.

A phantom is drawn from what a radiograph is: bones as shells of cortex around spongy marrow, soft
tissue, a beam that they weaken, scatter, noise, lead blades and letters, and a display curve.
"""

from __future__ import annotations

from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.phantoms.drawing import (
    Phantom,
    draw_phantom,
    sample_phantoms,
    write_phantoms,
)
from fracture_widgets.phantoms.film import add_marker
from fracture_widgets.phantoms.limb import FRACTURE_KINDS

__all__ = [
    "BODY_PARTS",
    "FRACTURE_KINDS",
    "Phantom",
    "add_marker",
    "draw_phantom",
    "sample_phantoms",
    "write_phantoms",
]
