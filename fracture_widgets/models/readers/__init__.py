"""What reads findings out of what a network saw: one file each, found here and by entry point.

A module calls its reader ``READER``; a package of somebody else's names it in the entry point group
``fracture_widgets.readers``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fracture_widgets.base.plugins import discover
from fracture_widgets.imaging.preprocessing import Placement
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.explain import over_radiograph
from fracture_widgets.models.networks import FRACTURE_MAP_OUTPUT
from fracture_widgets.models.record import Finding

__all__ = ["GROUP", "Outputs", "Reader", "Seen", "all_readers", "read_findings"]

GROUP = "fracture_widgets.readers"

Outputs = Mapping[str, npt.NDArray[np.float32]]
"""What a network says of one radiograph, by the names of its outputs."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Seen:
    """One radiograph as the networks saw it, as it is and mirrored; alone, with the radiograph."""

    body_part: str
    place: Placement
    outputs: Outputs
    mirrored: Outputs
    radiograph: Radiograph | None = None

    @cached_property
    def fracture_map(self) -> npt.NDArray[np.float32] | None:
        """The mean fracture map of both ways over the radiograph; None without such an output."""
        if FRACTURE_MAP_OUTPUT not in self.outputs:
            return None
        plain, mirrored = self.outputs[FRACTURE_MAP_OUTPUT], self.mirrored[FRACTURE_MAP_OUTPUT]
        cells: npt.NDArray[np.float32] = (plain[..., 0] + mirrored[:, ::-1, 0]) / np.float32(2)
        return over_radiograph(cells, self.place)


class Reader(Protocol):
    """Adds findings to an answer."""

    def read(self, seen: Seen) -> Iterable[Finding]:
        """Yield what is found on a radiograph; nothing where the model has not what it reads."""


def read_findings(seen: Seen) -> tuple[Finding, ...]:
    """Return what all readers find on a radiograph."""
    return tuple(finding for reader in all_readers() for finding in reader.read(seen))


@cache
def all_readers() -> tuple[Reader, ...]:
    """Return every reader; one that does not import is named in the log, and the rest goes on."""
    registry = discover(__name__, GROUP)
    for problem in registry.problems:
        _log.warning("%s", problem)
    return tuple(registry.collect("READER"))
