"""One radiograph as other archives would have it: every kind of shift at every strength."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from fracture_widgets.evaluation.shifts import SHIFTS, STRENGTHS
from fracture_widgets.figures.display import Display
from fracture_widgets.figures.style import KEPT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fracture_widgets.evaluation.shifts import Shifted
    from fracture_widgets.imaging.boxes import Box
    from fracture_widgets.imaging.radiograph import Radiograph

_GAP = 4


class ShiftsDisplay(Display):
    """A contact sheet: a row for each kind of shift, a column for each strength.

    Parameters
    ----------
    radiographs
        What to change, at least one; they take turns over the rows.
    kinds
        Names of :data:`~fracture_widgets.evaluation.shifts.SHIFTS`; all by default.
    boxes
        Boxes on each radiograph, drawn where they are after the change.
    side
        Pixels of one picture's longer side.
    """

    def __init__(
        self,
        radiographs: Sequence[Radiograph],
        *,
        kinds: Sequence[str] | None = None,
        boxes: Sequence[Sequence[Box]] = (),
        side: int = 160,
        seed: int = 0,
    ) -> None:
        if not radiographs:
            raise ValueError("There is nothing to show: give at least one radiograph.")
        self.radiographs = tuple(radiographs)
        self.kinds = tuple(SHIFTS if kinds is None else kinds)
        self.boxes = tuple(boxes) or ((),) * len(self.radiographs)
        self._side, self._seed = side, seed
        self._size = (1.2 + 1.1 * len(STRENGTHS), 0.4 + 1.1 * len(self.kinds))

    def __repr__(self) -> str:
        return f"ShiftsDisplay({len(self.kinds)} kinds)"

    def _draw(self, axes: tuple[Axes, ...]) -> None:
        (place,) = axes
        cell = self._side + _GAP
        shape = (cell * len(self.kinds) - _GAP, cell * len(STRENGTHS) - _GAP)
        sheet = Image.new("RGB", shape[::-1], "white")
        for row, kind in enumerate(self.kinds):
            which = row % len(self.radiographs)
            for column, strength in enumerate(STRENGTHS):
                shifted = SHIFTS[kind].apply(
                    self.radiographs[which].pixels, strength, seed=self._seed
                )
                picture = self._thumbnail(shifted, self.boxes[which])
                rest = (self._side - np.array(picture.size)) // 2
                sheet.paste(picture, (column * cell + int(rest[0]), row * cell + int(rest[1])))
        place.imshow(np.asarray(sheet))
        middle = self._side / 2
        place.set_xticks(
            [column * cell + middle for column in range(len(STRENGTHS))], map(str, STRENGTHS)
        )
        titles = [SHIFTS[kind].title.replace(" ", "\n", 1) for kind in self.kinds]
        place.set_yticks([row * cell + middle for row in range(len(titles))], titles, fontsize=8)
        place.xaxis.tick_top()
        place.tick_params(length=0)
        for spine in place.spines.values():
            spine.set_visible(False)

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
