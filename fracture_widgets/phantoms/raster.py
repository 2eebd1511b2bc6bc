"""Small pieces of picture arithmetic on float32 arrays, with NumPy and Pillow alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from fracture_widgets.phantoms.limb import Points

Picture = npt.NDArray[np.float32]

_FINE = 4.0


def resized(picture: Picture, width: int, height: int) -> Picture:
    """Return the picture at another size (bicubic; averaged when reduced)."""
    image = Image.fromarray(np.ascontiguousarray(picture, np.float32))
    return np.array(image.resize((width, height), Image.Resampling.BICUBIC), np.float32)


def blur(picture: Picture, sigma: float) -> Picture:
    """Return the picture blurred by a Gaussian of ``sigma`` pixels; edges are repeated."""
    height, width = picture.shape
    if sigma > _FINE:
        # A wide blur leaves nothing fine: do it on a reduced picture.
        factor = sigma / (_FINE / 2)
        small_width, small_height = max(round(width / factor), 4), max(round(height / factor), 4)
        small = resized(picture, small_width, small_height)
        return resized(blur(small, sigma * small_width / width), width, height)
    if sigma < 0.15:
        return picture.copy()
    reach = int(np.ceil(3 * sigma))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2).astype(np.float32)
    weights /= weights.sum()
    for axis in (0, 1):
        margin = [(reach, reach) if along == axis else (0, 0) for along in (0, 1)]
        padded = np.moveaxis(np.pad(picture, margin, mode="edge"), axis, 0)
        length = picture.shape[axis]
        total = weights[reach] * padded[reach : reach + length]
        for k in range(reach):
            total += weights[k] * (
                padded[k : k + length] + padded[2 * reach - k : 2 * reach - k + length]
            )
        picture = np.moveaxis(total, 0, axis)
    return picture


def path_distance(x: Picture, y: Picture, path: Points, *, closed: bool) -> Picture:
    """Return the distance of points to a polyline."""
    nearest = np.full(x.shape, np.inf, np.float32)
    ends = np.roll(path, -1, axis=0) if closed else path[1:]
    for (ax, ay), (bx, by) in zip(path, ends, strict=False):
        ex, ey = np.float32(bx - ax), np.float32(by - ay)
        squared = ex * ex + ey * ey
        if squared == 0:
            continue
        dx, dy = x - np.float32(ax), y - np.float32(ay)
        share = dx * (ex / squared)
        share += dy * (ey / squared)
        np.clip(share, 0, 1, out=share)
        dx -= share * ex
        dy -= share * ey
        dx *= dx
        dy *= dy
        dx += dy
        np.minimum(nearest, dx, out=nearest)
    return np.sqrt(nearest)


def edge_distance(outline: Points, left: int, top: int, width: int, height: int) -> Picture:
    """Return how far each pixel inside a closed outline lies from it, and 0 outside."""
    corners = outline - (left, top)
    mask = Image.new("1", (width, height))
    ImageDraw.Draw(mask).polygon([(float(a) - 0.5, float(b) - 0.5) for a, b in corners], fill=1)
    rows, columns = np.nonzero(np.asarray(mask))
    distance = np.zeros((height, width), np.float32)
    if rows.size:
        x, y = columns.astype(np.float32) + 0.5, rows.astype(np.float32) + 0.5
        distance[rows, columns] = path_distance(x, y, corners, closed=True)
    return distance


def sample(picture: Picture, x: Picture, y: Picture) -> Picture:
    """Return the picture at pixel places ``x``, ``y`` (bilinear; 0 outside)."""
    height, width = picture.shape
    padded = np.pad(picture, 1)
    x = np.clip(x + 1, np.float32(0), np.float32(width + 0.999))
    y = np.clip(y + 1, np.float32(0), np.float32(height + 0.999))
    column, row = x.astype(np.intp), y.astype(np.intp)
    fx, fy = x - column.astype(np.float32), y - row.astype(np.float32)
    corner, beside = padded[row, column], padded[row, column + 1]
    upper = corner + fx * (beside - corner)
    corner, beside = padded[row + 1, column], padded[row + 1, column + 1]
    lower = corner + fx * (beside - corner)
    taken: Picture = upper + fy * (lower - upper)
    return taken
