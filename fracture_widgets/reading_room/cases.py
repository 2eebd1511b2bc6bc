"""A radiograph to be read with what is known of it, and which of them a session has."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph

__all__ = ["Case", "choose", "digest", "generator_of"]


def digest(text: str) -> str:
    """Return twelve letters and digits that stand for a text and do not tell it."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True, eq=False)
class Case:
    """A radiograph to be read."""

    key: str
    radiograph: Radiograph
    truth: str
    boxes: tuple[Box, ...] | None
    group: str

    @property
    def id(self) -> str:
        """Stands for the case in files for a class; the same in every session."""
        return digest(self.key)

    def blinded(self, number: int, session: str) -> Radiograph:
        """Return the picture without its name and digest, from which the answer could be told."""
        hidden = hashlib.sha256(f"{session} {number}".encode()).hexdigest()
        return replace(self.radiograph, name=f"Case {number}", sha256=hidden, warnings=())


def generator_of(code: str) -> np.random.Generator:
    """Return the random numbers of a class code; capitals and spaces at its ends do not count."""
    word = hashlib.sha256(code.strip().casefold().encode()).digest()
    return np.random.default_rng(int.from_bytes(word[:8], "big"))


def choose(
    fractured: npt.ArrayLike,
    patients: Sequence[str],
    count: int,
    rng: np.random.Generator,
    *,
    balanced: bool,
) -> list[int]:
    """Choose radiographs and shuffle them."""
    is_so = np.asarray(fractured, dtype=bool)
    order = [int(one) for one in rng.permutation(len(is_so))]
    if balanced:
        wanted = [count // 2, count // 2]
        wanted[int(rng.integers(2))] += count % 2
        of_kind = [int((is_so == kind).sum()) for kind in (False, True)]
        for kind in (0, 1):
            missing = max(0, wanted[kind] - of_kind[kind])
            wanted[1 - kind] += missing
    else:
        wanted = [count, count]
    chosen: list[int] = []
    known: set[str] = set()
    for again in (False, True):
        for place in order:
            kind = int(is_so[place])
            full = len(chosen) == min(count, len(order)) or wanted[kind] == 0
            if full or place in chosen or (patients[place] in known and not again):
                continue
            chosen.append(place)
            known.add(patients[place])
            wanted[kind] -= 1
    return [chosen[int(one)] for one in rng.permutation(len(chosen))]
