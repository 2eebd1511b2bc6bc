"""The trunks by name: each is one file of this folder, or somebody else's entry point."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from fracture_widgets.base.plugins import discover

if TYPE_CHECKING:
    import keras

__all__ = ["GROUP", "Architecture", "TrunkBuilder", "all_networks", "network"]

GROUP = "fracture_widgets.networks"
"""The group of entry points by which other packages add networks."""

TrunkBuilder = Callable[[int], "keras.Model"]
"""From the side of the input in pixels to a flat model with one input ``(n, size, size, 1)``, grey
values of 0 to 255, and one output ``(n, h, w, channels)``."""

_Builder = TypeVar("_Builder", bound=TrunkBuilder)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Architecture:
    """A trunk by name, up to which layer a comparison freezes it, and where it stands in lists."""

    name: str
    title: str
    build: TrunkBuilder
    imagenet: str | None
    frozen_up_to: str | None = None
    order: int = 100


_known: dict[str, Architecture] = {}


def network(
    name: str,
    *,
    title: str,
    imagenet: str | None = None,
    frozen_up_to: str | None = None,
    order: int = 100,
) -> Callable[[_Builder], _Builder]:
    """Make what builds a trunk known by a name."""

    def register(build: _Builder) -> _Builder:
        _known[name] = Architecture(name, title, build, imagenet, frozen_up_to, order)
        return build

    return register


@cache
def all_networks() -> Mapping[str, Architecture]:
    """Return every trunk by name; one that does not import is named in the log."""
    for problem in discover(__name__, GROUP).problems:
        _log.warning("%s", problem)
    found = sorted(_known.values(), key=lambda trunk: (trunk.order, trunk.name))
    return MappingProxyType({trunk.name: trunk for trunk in found})
