"""What is found by its folder, and by entry point in other people's packages."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
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
    found: dict[str, object] = {}
    problems: list[str] = []
    for module in sorted(pkgutil.iter_modules(home.__path__), key=lambda module: module.name):
        try:
            found[module.name] = import_module(f"{home.__name__}.{module.name}")
        except Exception as error:  # noqa: BLE001 - one that fails, however, must not stop the rest
            problems.append(_problem(f"{home.__name__}.{module.name}", error))
    for point in sorted(entry_points(group=group), key=lambda point: (point.name, point.value)):
        if point.name in found:
            problems.append(
                f"{point.value} was left out, because {point.name} is there already: give its "
                f"entry point in {group} another name."
            )
            continue
        try:
            found[point.name] = point.load()
        except Exception as error:  # noqa: BLE001 - other people's code fails as it likes
            problems.append(_problem(point.value, error))
    return Registry(found, tuple(problems))


def _problem(name: str, error: Exception) -> str:
    why = str(error) or type(error).__name__
    return f"{name} was left out, because it cannot be imported ({why}): mend or remove it."
