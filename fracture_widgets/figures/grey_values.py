"""What a radiograph is: numbers, and the window through which they are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fracture_widgets.figures.display import Display
from fracture_widgets.figures.style import FAINT, KEPT, TRAINING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fracture_widgets.imaging.radiograph import Radiograph

__all__ = ["GreyValuesDisplay"]


class GreyValuesDisplay(Display):
    """A radiograph seen through a window of grey values, beside the histogram of all of them.

    Parameters
    ----------
    radiograph
        Whose greys are counted.
    window
        The greys that become black and white, 0 to 1, the first below the second.
    title
        Above the radiograph.
    """

    _size = (8.6, 3.8)
    _columns = 2

    def __init__(
        self,
        radiograph: Radiograph,
        *,
        window: tuple[float, float] = (0.0, 1.0),
        title: str | None = None,
    ) -> None:
        if not window[0] < window[1]:
            raise ValueError(f"A window rises from black to white. Received: {window}")
        self.radiograph = radiograph
        self.window = window
        self.title = title

    def __repr__(self) -> str:
        low, high = self.window
        return f"GreyValuesDisplay({low:.2f} to {high:.2f})"

    def _draw(self, axes: tuple[Axes, ...]) -> None:
        picture, counts = axes
        low, high = self.window
        picture.imshow(self.radiograph.pixels, cmap="gray", vmin=low, vmax=high)
        picture.set_axis_off()
        if self.title:
            picture.set_title(self.title)
        counts.axvspan(low, high, color=FAINT, alpha=0.6, linewidth=0, label="window")
        counts.hist(
            np.asarray(self.radiograph.pixels).reshape(-1), bins=64, range=(0, 1), color=TRAINING
        )
        highest = counts.get_ylim()[1]
        counts.plot([low, high], [0, highest], color=KEPT, linewidth=1.8,
                    label="from black to white")  # fmt: skip
        counts.set_xlim(0, 1)
        counts.set_ylim(0, 1.35 * highest)  # room for the legend
        counts.set_xlabel("Grey value")
        counts.set_ylabel("Pixels")
        counts.legend(loc="upper right")
