"""One drawn radiograph: limb, fracture, frame, beam and film put together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.preprocessing import INPUT_SIZE
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.parts import FRACTURED, NORMAL, all_parts, get_part
from fracture_widgets.phantoms.film import develop
from fracture_widgets.phantoms.limb import break_limb, choose_fracture
from fracture_widgets.phantoms.pen import Pen
from fracture_widgets.phantoms.projection import choose_frame, project


@dataclass(frozen=True, eq=False)
class Phantom:
    """A drawn radiograph of which everything is known.

    Attributes
    ----------
    radiograph
        The picture; its ``source_format`` is ``"drawn"``.
    body_part
        ``"elbow"``, ``"hand"`` or ``"shoulder"``.
    label
        ``"fractured"`` or ``"normal"``.
    boxes
        The fractures in fractions of the picture; empty when normal.
    seed
        The seed it was drawn from.
    fracture_kind
        ``"gap"``, ``"step"`` or ``"angulation"``; None when normal.
    """

    radiograph: Radiograph
    body_part: str
    label: str
    boxes: tuple[Box, ...]
    seed: int
    fracture_kind: str | None


def draw_phantom(body_part: str, *, fractured: bool, seed: int, exposure: int = 0) -> Phantom:
    """Draw a radiograph.

    The same body part and seed give the same limb, frame, exposure and noise with and without a
    fracture, and the same picture every time.

    Parameters
    ----------
    body_part
        ``"elbow"``, ``"hand"`` or ``"shoulder"``.
    fractured
        Whether a bone is broken.
    seed
        Any integer from 0 up.
    exposure
        Which exposure of that limb, from 0 up: it lies as it lay and is broken as it was, but
        beam, display, noise, blades and marker are others.

    Raises
    ------
    ValueError
        If the body part is not one of those, or the seed or the exposure is negative.

    Examples
    --------
    >>> from fracture_widgets import draw_phantom
    >>> drawn = draw_phantom("elbow", fractured=True, seed=7)
    >>> drawn.label, len(drawn.boxes)
    ('fractured', 1)
    """
    part = get_part(body_part)
    if part.drawing is None:
        raise ValueError(f"No drawing is known of {part.an}: give its BodyPart one.")
    if seed < 0:
        raise ValueError(f"seed must be 0 or more. Received: {seed}")
    if exposure < 0:
        raise ValueError(f"exposure must be 0 or more. Received: {exposure}")
    streams = np.random.SeedSequence([seed, part.seed]).spawn(5)
    anatomy, framing, breaking, beam, film = (np.random.default_rng(s) for s in streams)
    if exposure:
        again = np.random.SeedSequence([seed, part.seed, exposure]).spawn(2)
        beam, film = (np.random.default_rng(s) for s in again)

    limb = part.drawing.draw(Pen(anatomy))
    frame = choose_frame(limb, framing)
    fracture = None
    if fractured:
        seen_mm = max(frame.width, frame.height) / frame.scale / INPUT_SIZE
        fracture = choose_fracture(limb, breaking, visible_mm=seen_mm)
        limb = break_limb(limb, fracture)
    absorption = project(limb, fracture, frame, beam)
    grey = develop(absorption, part.drawing.absorption, frame, film)
    eight_bit = np.rint(grey * 255).astype(np.uint8)
    broken, repeated = "-fractured" if fractured else "", f"-{exposure}" if exposure else ""
    radiograph = Radiograph(
        pixels=eight_bit.astype(np.float32) / np.float32(255),
        name=f"drawn-{body_part}-{seed}{broken}{repeated}.png",
        sha256="",
        source_format="drawn",
        spacing_mm=frame.spacing_mm,
    )
    # The digest is that of the file as it would be written.
    radiograph = replace(radiograph, sha256=hashlib.sha256(radiograph.to_png()).hexdigest())
    return Phantom(
        radiograph,
        body_part,
        FRACTURED if fractured else NORMAL,
        () if fracture is None else (frame.box(fracture.corners()),),
        seed,
        None if fracture is None else fracture.kind,
    )


def sample_phantoms() -> tuple[Phantom, ...]:
    """Return the samples shown in the workbench: each part once normal and once fractured.

    Examples
    --------
    >>> from fracture_widgets import sample_phantoms
    >>> [sample.label for sample in sample_phantoms()][:2]
    ['normal', 'fractured']
    """
    return tuple(
        draw_phantom(part.name, fractured=bool(number), seed=part.drawing.samples[number])
        for part in all_parts()
        if part.drawing is not None
        for number in range(2)
    )
