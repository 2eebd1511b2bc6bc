"""What is found by its folder, and by entry point in other people's packages."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any


@dataclass(frozen=True)
class Registry:
    """The modules of a folder and the entry points of a group, by name."""

    found: dict[str, object]
    problems: tuple[str, ...] = ()
    """A sentence for each that does not import."""

    def collect(self, attribute: str) -> Iterator[Any]:
        """Yield what modules call ``attribute``; an entry point may also name the object itself."""
        for found in self.found.values():
            if not isinstance(found, ModuleType):
                yield found
            elif hasattr(found, attribute):
                yield getattr(found, attribute)


def discover(package: str, group: str) -> Registry:
    """Import every module of a folder of ours and every entry point of ``group``."""
    home = import_module(package)
    modules = sorted(f"{package}.{module.name}" for module in pkgutil.iter_modules(home.__path__))
    points = sorted(entry_points(group=group), key=lambda point: (point.name, point.value))
    places: list[tuple[str, str, Callable[[], object]]] = [
        *((place.rpartition(".")[2], place, partial(import_module, place)) for place in modules),
        *((point.name, point.value, point.load) for point in points),
    ]
    found: dict[str, object] = {}
    problems: list[str] = []
    for name, place, load in places:
        if name in found:
            problems.append(
                f"{place} was left out, because {name} is there already: give its entry point in "
                f"{group} another name."
            )
            continue
        try:
            found[name] = load()
        except Exception as error:  # noqa: BLE001 - one that fails, however, must not stop the rest
            why = str(error) or type(error).__name__
            problems.append(
                f"{place} was left out, because it cannot be imported ({why}): mend or remove it."
            )
    return Registry(found, tuple(problems))
