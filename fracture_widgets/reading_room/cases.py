"""One radiograph to be read, with what is known of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph

__all__ = ["Case", "digest"]


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
