"""The viewer as a page says it: window, inversion, turn, rulers and a region of a radiograph."""

from __future__ import annotations

import math
from typing import Any

from fracture_widgets.figures.overlay import Look

ViewState = dict[str, Any]
"""``window`` with ``width`` and ``level``, and ``stored`` where both are in the values of a DICOM
file; ``inverted``, ``turn`` in quarters to the right after it was ``flipped``, ``rulers``, and
``region`` or None; the last two with the ends ``from`` and ``to``, in pixels of the picture as in
its file."""

_MOST_RULERS = 100
_FARTHEST = 1e6
_NARROWEST, _FARTHEST_VALUE = 1e-6, 1e9


def view_state_from_page(value: Any) -> ViewState | None:
    """Return the state that a page sent, with nothing else in it; None where that is none."""
    try:
        window, rulers, region = value["window"], value["rulers"], value["region"]
        return {
            "window": _window(window),
            "inverted": value["inverted"] is True,
            "turn": int(_number(value.get("turn", 0), 0, 3)),
            "flipped": value.get("flipped") is True,
            "rulers": [_ends(ruler) for ruler in list(rulers)[:_MOST_RULERS]],
            "region": None if region is None else _ends(region),
            **({"map": over} if isinstance(over := value.get("map"), str) else {}),
        }
    except (AttributeError, TypeError, KeyError, ValueError, IndexError):
        return None


def look_of_state(state: ViewState | None, opacity: float) -> Look:
    """Return how pictures of the radiograph are drawn, as the viewer shows it."""
    if state is None:
        return Look(opacity=opacity)
    window = state["window"]
    return Look(
        window["width"],
        window["level"],
        state["inverted"],
        state.get("map"),
        opacity,
        state["turn"],
        state["flipped"],
        window.get("stored", False),
    )


def _window(window: Any) -> dict[str, float | bool]:
    if window.get("stored") is True:
        return {
            "width": _number(window["width"], _NARROWEST, _FARTHEST_VALUE),
            "level": _number(window["level"], -_FARTHEST_VALUE, _FARTHEST_VALUE),
            "stored": True,
        }
    return {
        "width": _number(window["width"], 0.02, 2.0),
        "level": _number(window["level"], 0.0, 1.0),
    }


def _ends(mark: Any) -> dict[str, dict[str, float]]:
    return {
        end: {axis: _number(mark[end][axis], 0.0, _FARTHEST) for axis in ("x", "y")}
        for end in ("from", "to")
    }


def _number(value: Any, least: float, most: float) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is no number")
    return min(max(float(value), least), most)
