"""How a radiograph is looked at, as a page says it: window, inversion, rulers and a region."""

from __future__ import annotations

import math
from typing import Any

from fracture_widgets.figures.overlay import Look as Seen

Look = dict[str, Any]
"""``window`` with ``width`` and ``level``, ``inverted``, ``rulers``, and ``region`` or None; the
last two with the ends ``from`` and ``to``, in pixels of the picture shown."""

_MOST_RULERS = 100
_FARTHEST = 1e6


def look_from_page(value: Any) -> Look | None:
    """Return the look that a page sent, with nothing else in it; None where that is none."""
    try:
        window, rulers, region = value["window"], value["rulers"], value["region"]
        return {
            "window": {
                "width": _number(window["width"], 0.02, 2.0),
                "level": _number(window["level"], 0.0, 1.0),
            },
            "inverted": value["inverted"] is True,
            "rulers": [_ends(ruler) for ruler in list(rulers)[:_MOST_RULERS]],
            "region": None if region is None else _ends(region),
            **({"map": over} if isinstance(over := value.get("map"), str) else {}),
        }
    except (TypeError, KeyError, ValueError, IndexError):
        return None


def seen_as(look: Look | None, opacity: float) -> Seen:
    """Return a look as pictures of the radiograph are drawn."""
    if look is None:
        return Seen(opacity=opacity)
    window = look["window"]
    return Seen(window["width"], window["level"], look["inverted"], look.get("map"), opacity)


def _ends(mark: Any) -> dict[str, dict[str, float]]:
    return {
        end: {axis: _number(mark[end][axis], 0.0, _FARTHEST) for axis in ("x", "y")}
        for end in ("from", "to")
    }


def _number(value: Any, least: float, most: float) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no number")
    return min(max(float(value), least), most)
