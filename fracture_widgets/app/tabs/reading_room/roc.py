"""The ROC figure of a session: the reader's two points, and the network's curve beside them."""

from __future__ import annotations

from fracture_widgets.figures.curves import ReaderRocDisplay
from fracture_widgets.reading_room.scoring import Performance, SessionScore

__all__ = ["roc_picture"]


def roc_picture(score: SessionScore) -> bytes:
    """Return the figure as a PNG; empty where no case is fractured, or all are."""
    if score.fractured in {0, score.n}:
        return b""
    both = {"You": score.reader}
    if score.network is not None:
        both["The network"] = score.network
    display = ReaderRocDisplay(
        {
            name: ReaderRocDisplay.curve(one.positive, one.score, one.auroc)
            for name, one in both.items()
        },
        points={name: (_at(one, "cautious"), _at(one, "sure")) for name, one in both.items()},
        title=f"Fractures found, and false alarms (n = {score.n:,})",
    )
    return display._repr_png_()


def _at(one: Performance, name: str) -> tuple[float, float]:
    point = one.cautious if name == "cautious" else one.sure
    return 1.0 - point.specificity.value, point.sensitivity.value
