"""Radiographs beside one another, as other archives would have them, and their grey values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from fracture_widgets.evaluation.shifts import SHIFTS, STRENGTHS
from fracture_widgets.figures.display import DASHES, FAINT, KEPT, TRAINING, VALIDATION, Display
from fracture_widgets.figures.overlay import grey_picture, overlay

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fracture_widgets.evaluation.shifts import Shifted
    from fracture_widgets.imaging.boxes import Box
    from fracture_widgets.imaging.radiograph import Radiograph

_GAP = 4


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

    def _draw(self, *axes: Axes) -> None:
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

    def _draw(self, picture: Axes, counts: Axes) -> None:
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
        counts.set(xlim=(0, 1), ylim=(0, 1.35 * highest))  # room for the legend
        counts.set(xlabel="Grey value", ylabel="Pixels")
        counts.legend(loc="upper right")


class ShiftsDisplay(Display):
    """A contact sheet: a row for each kind of shift, a column for each strength.

    The radiographs take turns over the rows; boxes are drawn where they are after the change.
    ``side`` is the pixels of one picture's longer side.
    """

    def __init__(
        self,
        radiographs: Sequence[Radiograph],
        *,
        kinds: Sequence[str] | None = None,
        boxes: Sequence[Sequence[Box]] = (),
        side: int = 160,
    ) -> None:
        if not radiographs:
            raise ValueError("There is nothing to show: give at least one radiograph.")
        self.radiographs = tuple(radiographs)
        self.kinds = tuple(SHIFTS if kinds is None else kinds)
        self.boxes = tuple(boxes) or ((),) * len(self.radiographs)
        self._side = side
        self._size = (1.2 + 1.1 * len(STRENGTHS), 0.4 + 1.1 * len(self.kinds))

    def __repr__(self) -> str:
        return f"ShiftsDisplay({len(self.kinds)} kinds)"

    def _draw(self, axes: Axes) -> None:
        cell = self._side + _GAP
        shape = (cell * len(self.kinds) - _GAP, cell * len(STRENGTHS) - _GAP)
        sheet = Image.new("RGB", shape[::-1], "white")
        for row, kind in enumerate(self.kinds):
            which = row % len(self.radiographs)
            for column, strength in enumerate(STRENGTHS):
                shifted = SHIFTS[kind].apply(self.radiographs[which].pixels, strength)
                picture = self._thumbnail(shifted, self.boxes[which])
                rest = (self._side - np.array(picture.size)) // 2
                sheet.paste(picture, (column * cell + int(rest[0]), row * cell + int(rest[1])))
        axes.imshow(np.asarray(sheet))
        titles = [SHIFTS[kind].title.replace(" ", "\n", 1) for kind in self.kinds]
        middle = self._side / 2
        axes.set_xticks(cell * np.arange(len(STRENGTHS)) + middle, map(str, STRENGTHS))
        axes.set_yticks(cell * np.arange(len(titles)) + middle, titles, fontsize=8)
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)

    def _thumbnail(self, shifted: Shifted, boxes: Sequence[Box]) -> Image.Image:
        picture = Image.fromarray(np.rint(shifted.pixels * 255).astype(np.uint8)).convert("RGB")
        scale = self._side / max(picture.size)
        width, height = (max(1, round(side * scale)) for side in picture.size)
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
        pen = ImageDraw.Draw(picture)
        for box in shifted.boxes(boxes):
            edges = (box.x0 * width, box.y0 * height, box.x1 * width - 1, box.y1 * height - 1)
            pen.rectangle(edges, outline=KEPT)
        return picture
