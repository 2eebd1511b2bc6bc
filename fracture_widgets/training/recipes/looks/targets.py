"""What the network should have said of a view, and how far its answers are from it.

What it should have said holds, in its last channels, how much each place counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from fracture_widgets.models.detection import LONGEST, SHORTEST
from fracture_widgets.models.networks import FRACTURE_MAP_OUTPUT
from fracture_widgets.models.networks.looks import (
    FRACTURE_HEAT,
    FRACTURE_LOGITS,
    FRACTURE_SIDES,
    FRACTURE_STRIDE,
    JOINT_HEAT,
    JOINT_SIDES,
    JOINT_STRIDE,
)
from fracture_widgets.training.recipes.looks.radiographs import (
    OTHER,
    Corners,
    Joint,
    LabelledRadiograph,
    known_parts,
)

Floats = npt.NDArray[np.float32]
Loss = Callable[[Any, Any], Any]

_SHOWN = 0.5
"""Share of a box that must be shown for it to be looked for; below it, nothing is said there."""
_LEAST_JOINT, _LEAST_FRACTURE = 0.15, 0.1
"""Shares below which a joint or a fracture counts as not there."""
_LABELLED = 0.6
"""Share of a joint that must be shown for its label to hold."""
_BESIDE = 0.5
"""How much the sides count that a centre's neighbours give."""
_CENTRE = 0.999
_FOCUS, _NEARNESS = 2, 4
_FRACTURED = 5.0
_SHARE_SCALE = 30.0


@dataclass(frozen=True)
class _Form:
    """How a kind of box is marked: the pixels of a cell, the bell, how far neighbours count."""

    stride: int
    least: float
    bell: float
    reach: float


_JOINT = _Form(JOINT_STRIDE, 0.55, 0.12, 0.25)
_FRACTURE = _Form(FRACTURE_STRIDE, 0.6, 0.15, 0.3)


class Grid:
    """Cells over a view: how near a centre is, by kind; what counts; how far the sides are."""

    def __init__(self, form: _Form, size: int, kinds: int) -> None:
        cells = size // form.stride
        self.heat = np.zeros((cells, cells, kinds), np.float32)
        self.weight = np.ones((cells, cells, 1), np.float32)
        self.sides = np.zeros((cells, cells, 5), np.float32)
        """To the left, top, right and bottom in cells, and how much they count."""
        self._form = form
        self._size = size

    def mark(self, box: Corners, kind: int) -> None:
        """Mark a box, in pixels of the view: its centre, a bell around it, its sides from there."""
        form, cells = self._form, len(self.heat)
        x0, y0, x1, y1 = np.clip(box, 0, self._size) / form.stride
        x, y, width, height = (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0
        spread_x, spread_y = (max(form.least, side * form.bell) for side in (width, height))
        rows, columns = np.mgrid[:cells, :cells] + 0.5
        bell = np.exp(-(((columns - x) / spread_x) ** 2 + ((rows - y) / spread_y) ** 2) / 2)
        np.maximum(self.heat[..., kind], bell, out=self.heat[..., kind])
        column, row = min(cells - 1, int(x)), min(cells - 1, int(y))
        self.heat[row, column, kind] = self.weight[row, column] = 1
        for down in (-1, 0, 1):
            for right in (-1, 0, 1):
                at, centre = (row + down, column + right), down == right == 0
                if not (0 <= at[0] < cells and 0 <= at[1] < cells):
                    continue
                near = abs(right) <= width * form.reach and abs(down) <= height * form.reach
                if centre or (near and self.sides[at][4] < 1):
                    here_x, here_y = at[1] + 0.5, at[0] + 0.5
                    sides = (here_x - x0, here_y - y0, x1 - here_x, y1 - here_y)
                    self.sides[at] = [*sides, 1.0 if centre else _BESIDE]

    def pass_over(self, box: Corners) -> None:
        """Let nothing be said where a box lies that is shown in part."""
        x0, y0, x1, y1 = (np.clip(box, 0, self._size - 1) / self._form.stride).astype(int)
        self.weight[y0 : y1 + 1, x0 : x1 + 1] = 0


@dataclass(frozen=True, eq=False)
class Targets:
    """Of one view: both grids, the share of each cell that is fractured, and labels.

    ``label`` holds 0 or 1 for any fracture and for each part, then how much each counts.
    """

    joints: Grid
    fractures: Grid
    share: Floats
    label: Floats


def to_view(matrix: npt.NDArray[np.float64], points: Corners) -> Corners:
    """Map points ``(n, 2)`` of a radiograph to a view."""
    there: Corners = points @ matrix[:, :2].T + matrix[:, 2]
    return there


def turned_box(matrix: npt.NDArray[np.float64], box: Corners) -> Corners:
    """Map a box to the box of its ellipse, turned: that of its corners would grow with the turn."""
    centre = to_view(matrix, np.array([[(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]]))[0]
    half = np.array([box[2] - box[0], box[3] - box[1]]) / 2
    reach = np.hypot(matrix[:, 0] * half[0], matrix[:, 1] * half[1])
    return np.concatenate([centre - reach, centre + reach])


def dense_targets(
    known: LabelledRadiograph,
    matrix: npt.NDArray[np.float64],
    shown: npt.NDArray[np.bool_],
    joint: Joint | None,
) -> Targets:
    """Return the targets of a view; ``joint`` is the one it is of, ``shown`` what can be seen."""
    size, parts = len(shown), len(known_parts())
    seen = _Seen(shown)
    joints, fractures = Grid(_JOINT, size, parts), Grid(_FRACTURE, size, 1)
    for other in known.joints:
        box = turned_box(matrix, other.box)
        _mark(joints, box, other.part, seen.share(box), _LEAST_JOINT)
    drawing = Image.new("L", (size, size))
    pen = ImageDraw.Draw(drawing)
    fractured = False
    for outline in known.outlines:
        corners = to_view(matrix, outline)
        box = np.concatenate([corners.min(0), corners.max(0)])
        share = seen.share(box)
        if share >= _LEAST_FRACTURE:
            pen.polygon([(float(x), float(y)) for x, y in corners], fill=255, outline=255)
        _mark(fractures, box, 0, share, _LEAST_FRACTURE)
        fractured |= bool(share >= _SHOWN)
    cells = len(fractures.heat)
    drawn = np.asarray(drawing, np.float32) / 255 * shown
    shares = drawn.reshape(cells, FRACTURE_STRIDE, cells, FRACTURE_STRIDE).mean((1, 3))
    label = np.zeros(2 * (1 + parts), np.float32)
    if joint is None:
        if known.kind == OTHER:
            label[0], label[1 + parts] = fractured, 1
    elif joint.label >= 0 and seen.share(turned_box(matrix, joint.box)) > _LABELLED:
        label[0] = label[1 + joint.part] = joint.label
        label[2 + parts + joint.part] = 1
    return Targets(joints, fractures, shares[..., None], label)


def _mark(grid: Grid, box: Corners, kind: int, share: float, least: float) -> None:
    if share >= _SHOWN:
        grid.mark(box, kind)
    elif share >= least:
        grid.pass_over(box)


class _Seen:
    """How much of a box can be seen."""

    def __init__(self, shown: npt.NDArray[np.bool_]) -> None:
        self._size = len(shown)
        self._sums = np.pad(shown.astype(np.float64), ((1, 0), (1, 0))).cumsum(0).cumsum(1)

    def share(self, box: Corners) -> float:
        """Return the share of a box's area that is shown; what lies outside the view is not."""
        x0, y0, x1, y1 = np.clip(np.round(box), 0, self._size).astype(int)
        if x1 <= x0 or y1 <= y0:
            return 0.0
        sums = self._sums
        there = sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0]
        return float(there / max(1.0, (box[2] - box[0]) * (box[3] - box[1])))


def focal(true: Any, logits: Any) -> Any:
    """Return the loss of centres (Law and Deng, CornerNet, *ECCV* 2018), for each centre."""
    from keras import ops

    heat, weight = true[..., :-1], true[..., -1:]
    probability = ops.sigmoid(logits)
    centre = ops.cast(heat >= _CENTRE, "float32")
    missed = centre * (1 - probability) ** _FOCUS * ops.log_sigmoid(logits)
    away = (1 - centre) * (1 - heat) ** _NEARNESS
    false = away * probability**_FOCUS * ops.log_sigmoid(-logits)
    return -ops.sum((missed + false) * weight) / ops.maximum(1.0, ops.sum(centre * weight))


def sides(true: Any, raw: Any) -> Any:
    """Return 1 less the generalised IoU (Rezatofighi et al., *CVPR* 2019), for each that counts.

    ``raw`` are logarithms of the distances from a cell's middle to the left, top, right and bottom.
    """
    from keras import ops

    counts = true[..., 4]
    found = ops.exp(ops.clip(raw, SHORTEST, LONGEST))
    wanted = ops.maximum(true[..., :4], 1e-3)

    def area(reach: Any) -> Any:
        return (reach[..., 0] + reach[..., 2]) * (reach[..., 1] + reach[..., 3])

    shared, hull = area(ops.minimum(found, wanted)), area(ops.maximum(found, wanted))
    union = area(found) + area(wanted) - shared
    overlap = shared / union - (hull - union) / hull
    return ops.sum((1 - overlap) * counts) / ops.maximum(1.0, ops.sum(counts))


def share(true: Any, logits: Any) -> Any:
    """Return the cross-entropy of the share of each cell that is fractured."""
    from keras import ops

    wanted, weight = true[..., :1], true[..., 1:]
    loss = ops.binary_crossentropy(wanted, logits, from_logits=True)
    weighted = loss * (1 + _FRACTURED * wanted) * weight
    return ops.mean(ops.sum(weighted, axis=(1, 2, 3))) / _SHARE_SCALE


def label(true: Any, logits: Any) -> Any:
    """Return the cross-entropy of what is labelled: any fracture, or one of a part.

    The log-odds of a part are those of anything, and what its own output adds to them.
    """
    from keras import ops

    known = logits.shape[-1]
    wanted, weight = true[:, :known], true[:, known:]
    anything = logits[:, :1]
    odds = ops.concatenate([anything, anything + logits[:, 1:]], axis=1)
    loss = ops.binary_crossentropy(wanted, odds, from_logits=True) * weight
    return ops.sum(loss) / ops.maximum(1.0, ops.sum(weight))


def _half(loss: Loss) -> Loss:
    return lambda true, logits: 0.5 * loss(true, logits)


LOSSES: Mapping[str, Loss] = {
    JOINT_HEAT: focal,
    JOINT_SIDES: sides,
    FRACTURE_MAP_OUTPUT: share,
    FRACTURE_HEAT: _half(focal),
    FRACTURE_SIDES: sides,
    FRACTURE_LOGITS: label,
}
"""By the output it is of; their sum is what falls."""
