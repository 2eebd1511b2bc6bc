"""The trunks by name, and the weights that they start from.

Each is registered by one file of this folder, or by somebody else's entry point.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from fracture_widgets.base.plugins import discover
from fracture_widgets.errors import ModelError
from fracture_widgets.models.networks import require_keras
from fracture_widgets.models.weight_files import (
    Weights,
    assign_weights,
    collect_weights,
    read_weights,
)

if TYPE_CHECKING:
    import keras

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


ARCHITECTURES: dict[str, Architecture] = {}
"""The trunks that there are, by name, in the order of lists."""


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
        ARCHITECTURES[name] = Architecture(name, title, build, imagenet, frozen_up_to, order)
        ordered = sorted(ARCHITECTURES.values(), key=lambda trunk: (trunk.order, trunk.name))
        ARCHITECTURES.clear()
        ARCHITECTURES.update((trunk.name, trunk) for trunk in ordered)
        return build

    return register


def fill_trunk(
    trunk: keras.Model, weights: str | os.PathLike[str] | Weights | None, builder: TrunkBuilder
) -> list[str]:
    """Load a trunk's weights and return the names of those that stay random."""
    if weights is None:
        return assign_weights(trunk, {}, complete=False)
    found = given_weights(weights, partial(_application, builder))
    missing = assign_weights(trunk, found, complete=False)
    if len(missing) == len(trunk.weights):
        raise ModelError(
            f"The weights are of another architecture: none of the trunk's {len(missing)} is among "
            "them. Use the weights trained for this network."
        )
    return missing


def started_from(weights: str | os.PathLike[str] | Weights | None, missing: list[str]) -> str:
    """Say what a trunk started from, as it stands in tables."""
    if weights is None:
        return "random"
    if isinstance(weights, Mapping):
        named = "given weights"
    else:
        file = Path(weights).name
        named = "ImageNet" if "imagenet" in file.lower() else file
    return f"{named} in part: {len(missing)} weights at random" if missing else named


def given_weights(
    weights: str | os.PathLike[str] | Weights, application: Callable[[], str]
) -> Weights:
    """Return the weights of a file, those given, or what Keras downloads for ``"imagenet"``.

    ``application`` names Keras's network that they are of.
    """
    if isinstance(weights, Mapping):
        return weights
    return _downloaded(application()) if weights == "imagenet" else read_weights(Path(weights))


def _application(builder: TrunkBuilder) -> str:
    """Return the network among Keras's applications that a trunk is."""
    application = next((a.imagenet for a in ARCHITECTURES.values() if a.build is builder), None)
    if application is None:
        known = ", ".join(name for name, trunk in ARCHITECTURES.items() if trunk.imagenet)
        raise ModelError(
            f"There are no ImageNet weights for this trunk, only for {known}: give a weight file, "
            "or let it start at random."
        )
    return application


def _downloaded(application: str) -> Weights:
    """Return what Keras downloads for a network, without its top, by ``layer/weight`` name."""
    keras = require_keras("Building a network")
    try:
        source = getattr(keras.applications, application)(weights="imagenet", include_top=False)
    except Exception as error:
        raise ModelError(
            f"The ImageNet weights of {application} could not be downloaded ({error}); connect to "
            "the internet, or in place of 'imagenet' give the path of a weight file, or 'shipped' "
            "for ResNet-50."
        ) from error
    return collect_weights(source)


def find_networks() -> None:
    """Import what registers trunks; one that does not import is named in the log."""
    for problem in discover(__name__, GROUP).problems:
        _log.warning("%s", problem)


find_networks()
