"""What a model learned from: a fingerprint of each radiograph, by which it is known again.

A fingerprint is no picture. It is 128 bits of how a radiograph looks, the signs of its slowest
waves (Zauner, *Implementation and benchmarking of perceptual image hash functions*, 2010), and 16
of the sha256 of its greys, which tell the same pixels from a copy that looks alike.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.imaging.views import WHOLE, find_exposed_field
from fracture_widgets.models.folder import (
    LEARNED_FROM,
    ModelFolder,
    amend_card,
    default_models_folder,
    load_model_folder,
    read_card,
)

FINGERPRINT = np.dtype([("low", "<u8"), ("high", "<u8"), ("exact", "<u2")])
"""A radiograph's fingerprint, as it stands in the file: 18 bytes."""
FINGERPRINT_FORM = 1
"""Another number where fingerprints are made in another way."""

NOT, ALIKE, SAME = "no", "alike", "same"
"""Whether a radiograph was learned from: not, or one that looks like it, or its very pixels."""

Fingerprints = npt.NDArray[np.void]

_MOST_BITS = 12
"""Bits in which a copy may differ: saved anew, scaled, or cut a little at its edges."""
_THUMBNAIL, _SIDE, _WAVES, _BITS = 64, 32, 16, 128
_LEAST_WAVE = 1e-4
_MOST_BYTES = 64 << 20


def fingerprint_of(radiograph: Radiograph) -> Fingerprints:
    """Return a radiograph's fingerprint, shape ``(1,)``."""
    return _fingerprint(radiograph, _thumbnail(radiograph.pixels))


def _fingerprints_of_origins(radiograph: Radiograph) -> Fingerprints:
    """Return the fingerprints of what a radiograph may be a copy of, shape ``(3,)``.

    It may be whole, cut at its edges, which are drawn on a little, or in a frame, which is left.
    """
    whole = _thumbnail(radiograph.pixels)
    field = find_exposed_field(radiograph.pixels).box
    origins = (whole, np.pad(whole, 1, mode="edge"), _thumbnail(radiograph.pixels, field))
    return np.concatenate([_fingerprint(radiograph, each) for each in origins])


def _fingerprint(radiograph: Radiograph, small: npt.NDArray[np.float32]) -> Fingerprints:
    greys = radiograph.to_uint8()
    digest = hashlib.sha256(f"{greys.shape}".encode())
    digest.update(np.ascontiguousarray(greys).data)
    low, high = _looks(small)
    return np.array([(low, high, int.from_bytes(digest.digest()[:2], "little"))], FINGERPRINT)


def _thumbnail(pixels: npt.NDArray[np.float32], box: Box = WHOLE) -> npt.NDArray[np.float32]:
    height, width = pixels.shape
    part = (box.x0 * width, box.y0 * height, box.x1 * width, box.y1 * height)
    picture = Image.fromarray(np.ascontiguousarray(pixels, dtype=np.float32))
    small = picture.resize((_THUMBNAIL, _THUMBNAIL), Image.Resampling.BOX, part)
    return np.asarray(small, dtype=np.float32)


def _looks(small: npt.NDArray[np.float32]) -> tuple[int, int]:
    """Return the signs of a picture's slowest waves, its mean left out, in two numbers."""
    waves, order = _basis()
    scaled = np.asarray(Image.fromarray(small).resize((_SIDE, _SIDE), Image.Resampling.BOX))
    strengths = (waves @ scaled @ waves.T).ravel()[order]
    low, high = np.packbits(strengths > _LEAST_WAVE, bitorder="little").view("<u8").tolist()
    return low, high


@cache
def _basis() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.intp]]:
    """Return cosines, a row for each frequency, and the order of their products, slowest first."""
    frequency, place = np.mgrid[:_WAVES, :_SIDE]
    down, right = np.mgrid[:_WAVES, :_WAVES]
    order = np.argsort(((down + right) * 100 + abs(down - right)).ravel(), kind="stable")
    return np.cos(np.pi * frequency * (place + 0.5) / _SIDE), order[1 : _BITS + 1]


class LearnedFrom:
    """The radiographs that a model learned from, known by their fingerprints alone."""

    def __init__(self, fingerprints: Fingerprints, silent: Sequence[str] = ()) -> None:
        self.fingerprints: Fingerprints = np.unique(fingerprints)
        self.silent = tuple(silent)
        """Models that answer too, and whose cards tell of no radiographs."""

    @classmethod
    def together(cls, fingerprints: Sequence[Fingerprints]) -> LearnedFrom:
        """Put fingerprints together."""
        return cls(np.concatenate([np.empty(0, FINGERPRINT), *fingerprints]))

    def __len__(self) -> int:
        return len(self.fingerprints)

    def __repr__(self) -> str:
        return f"LearnedFrom({len(self)} fingerprints)"

    def holds(self, radiograph: Radiograph) -> str:
        """Say whether it was learned from, or one that it is a copy of."""
        return max(self.which(_fingerprints_of_origins(radiograph)), key=(NOT, ALIKE, SAME).index)

    def which(self, fingerprints: Fingerprints) -> list[str]:
        """Say of each fingerprint whether it is that of one of them."""
        known, found = self.fingerprints, []
        for fingerprint in fingerprints:
            differing = np.bitwise_count(known["low"] ^ fingerprint["low"]).astype(np.intp)
            differing += np.bitwise_count(known["high"] ^ fingerprint["high"])
            same = (differing == 0) & (known["exact"] == fingerprint["exact"])
            found.append(SAME if same.any() else ALIKE if (differing <= _MOST_BITS).any() else NOT)
        return found

    def add_to(self, folder: Path) -> dict[str, Any]:
        """Write the fingerprints into a model folder, whose card names them; return that."""
        fingerprints = BytesIO()
        np.save(fingerprints, self.fingerprints, allow_pickle=False)
        return amend_card(folder, {f"{LEARNED_FROM}.npy": fingerprints.getvalue()})


def learned_from(models: Iterable[ModelFolder]) -> LearnedFrom | None:
    """Return what models learned from, or None where no card says."""
    fingerprints: list[Fingerprints] = []
    silent: list[str] = []
    for model in models:
        files = [name for name in model.card.get("files", {}) if name.startswith(LEARNED_FROM)]
        if model.home is None or not files:
            silent.append(model.name)
        else:
            fingerprints += [_read(model.home / name) for name in files]
    return LearnedFrom(np.concatenate(fingerprints), silent) if fingerprints else None


def learned_from_weights(weights: str | os.PathLike[str] | None) -> LearnedFrom | None:
    """Return what weights learned from that a training starts from, as far as a card says."""
    shipped = weights == "shipped"
    path = Path(weights or "")
    folder = default_models_folder() if shipped else path.parent
    try:
        named = shipped or path.name in read_card(folder)["files"]
        return learned_from([load_model_folder(folder)]) if named else None
    except ModelError:
        return None


def _read(path: Path) -> Fingerprints:
    try:
        with path.open("rb") as stream:
            fingerprints: Fingerprints = np.load(
                BytesIO(stream.read(_MOST_BYTES)), allow_pickle=False
            )
        if fingerprints.dtype != FINGERPRINT or fingerprints.ndim != 1:
            raise ValueError("it holds other numbers")
    except (OSError, ValueError, EOFError) as error:
        raise ModelError(
            f"{path.name} does not tell what the model learned from ({error}): install the package "
            "again, or train the model again."
        ) from error
    return fingerprints
