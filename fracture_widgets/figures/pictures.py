"""Radiographs beside one another, and the grey values that one is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.figures.display import Display
from fracture_widgets.figures.overlay import grey_picture, overlay
from fracture_widgets.figures.style import DASHES, FAINT, KEPT, TRAINING, VALIDATION

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fracture_widgets.imaging.boxes import Box
    from fracture_widgets.imaging.radiograph import Radiograph


class RadiographsDisplay(Display):
    """Radiographs side by side, with a map laid over those that have one.

    Parameters
    ----------
    radiographs
        What to show, at least one.
    titles
        Above each.
    maps
        A map of 0 to 1 to lay over each, shape ``(h, w)``, or ``None`` for the bare radiograph.
    boxes, marked
        Boxes to draw on each: those that were found, and, dashed, those that are there.
    columns
        How many stand side by side before the next row begins; all of them by default.

    Examples
    --------
    >>> from fracture_widgets import RadiographsDisplay, sample_phantoms
    >>> RadiographsDisplay([sample.radiograph for sample in sample_phantoms()])
    RadiographsDisplay(6 radiographs)
    """

    def __init__(
        self,
        radiographs: Sequence[Radiograph],
        *,
        titles: Sequence[str] = (),
        maps: Sequence[npt.NDArray[np.float32] | None] = (),
        boxes: Sequence[Sequence[Box]] = (),
        marked: Sequence[Sequence[Box]] = (),
        columns: int | None = None,
    ) -> None:
        if not radiographs:
            raise ValueError("There is nothing to show: give at least one radiograph.")
        self.radiographs = tuple(radiographs)
        count = len(self.radiographs)
        self.titles = tuple(titles) or ("",) * count
        self.maps = tuple(maps) or (None,) * count
        self.boxes = tuple(boxes) or ((),) * count
        self.marked = tuple(marked) or ((),) * count
        given = {"titles": self.titles, "maps": self.maps, "boxes": self.boxes,
                 "marked": self.marked}  # fmt: skip
        for name, each in given.items():
            if len(each) != count:
                raise ValueError(
                    f"Give as many {name} as radiographs. Received: {count} radiographs, "
                    f"{len(each)} {name}"
                )
        self._columns = min(columns or count, count)
        self._rows = -(-count // self._columns)
        self._size = (2.3 * self._columns, 3.1 * self._rows)

    def __repr__(self) -> str:
        return f"RadiographsDisplay({len(self.radiographs)} radiographs)"

    def _draw(self, axes: tuple[Axes, ...]) -> None:
        for place in axes:  # the last row may be shorter
            place.set_axis_off()
        shown = zip(axes, self.radiographs, self.titles, self.maps, strict=False)
        for number, (place, radiograph, title, heat) in enumerate(shown):
            picture = grey_picture(radiograph).convert("RGB")
            place.imshow(np.asarray(picture if heat is None else overlay(picture, heat)))
            self._draw_boxes(place, self.marked[number], radiograph, VALIDATION, DASHES)
            self._draw_boxes(place, self.boxes[number], radiograph, KEPT, "-")
            place.set_title(title, fontsize=9.5, loc="center")

    def _draw_boxes(
        self, place: Axes, boxes: Sequence[Box], radiograph: Radiograph, colour: str, line: Any
    ) -> None:
        from matplotlib.patches import Rectangle

        width, height = radiograph.width, radiograph.height
        for box in boxes:
            corner = (box.x0 * width - 0.5, box.y0 * height - 0.5)
            sides = (box.width * width, box.height * height)
            place.add_patch(
                Rectangle(corner, *sides, fill=False, edgecolor=colour, linestyle=line,
                          linewidth=1.8)
            )  # fmt: skip


class GreyValuesDisplay(Display):
    """A radiograph seen through a window of grey values, beside the histogram of all of them.

    The greys of ``window`` become black and white; they lie in 0 to 1, the first below the second.
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
