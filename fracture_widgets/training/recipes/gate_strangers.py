"""Pictures that are no radiographs: noise and drawings made here, photographs found beside.

The gate is not taught with any of them. They measure whether it refuses what nobody thought of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from fracture_widgets.errors import DatasetError, UnreadableRadiograph
from fracture_widgets.imaging.radiograph import looks_like_radiograph_file, read_radiograph

__all__ = ["Stranger", "drawn_strangers", "folder_strangers", "installed_photographs"]

Grey = npt.NDArray[np.float32]
_SIDE = 384


@dataclass(frozen=True, eq=False)
class Stranger:
    """One picture the gate should refuse."""

    kind: str
    name: str
    source: str
    pixels: Grey


def drawn_strangers(each: int = 12, *, seed: int = 0) -> Iterator[Stranger]:
    """Draw noise, patterns, line drawings, pages of text and charts."""
    ways: dict[str, tuple[Callable[[np.random.Generator, tuple[int, int]], Grey], ...]] = {
        "noise": (_uniform, _normal, _coloured, _speckle),
        "pattern": (_checkerboard, _gradient, _stripes, _rings, _constant),
        "drawing": (_scribble, _shapes, _stick_figure),
        "text": (_page,),
        "chart": (_bars, _lines, _scatter),
    }
    for kind, makers in ways.items():
        for number, make in enumerate(makers):
            for index in range(each):
                rng = np.random.default_rng([seed, len(kind), ord(kind[0]), number, index])
                height, width = (int(side) for side in rng.integers(160, 2 * _SIDE, 2))
                picture = make(rng, (height, width))
                if rng.random() < 0.5:
                    picture = np.float32(1) - picture
                source = make.__name__.lstrip("_")
                yield Stranger(kind, f"{source} {index}", source, picture.astype(np.float32))


def installed_photographs() -> Iterator[Stranger]:
    """Yield the photographs that scikit-learn, Matplotlib and scikit-image bring."""
    for package, pattern in (
        ("sklearn", "datasets/images/*.jpg"),
        ("matplotlib", "mpl-data/sample_data/*.jpg"),
        ("skimage", "data/*.*g"),
    ):
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            continue
        for path in sorted(Path(spec.origin).parent.glob(pattern)):
            yield from _with_quarters("photograph", path)


def folder_strangers(folder: Path) -> Iterator[Stranger]:
    """Return the pictures of a folder with one folder for each kind, such as ``chest``."""
    files = (
        sorted(
            path
            for path in folder.glob("*/**/*")
            if path.is_file() and looks_like_radiograph_file(path)
        )
        if folder.is_dir()
        else []
    )
    if not files:
        raise DatasetError(
            f"{folder.name} holds no pictures in folders named after their kind: put them into "
            "folders such as chest or photograph."
        )
    return (
        stranger
        for path in files
        for stranger in _with_quarters(path.relative_to(folder).parts[0], path)
    )


def _with_quarters(kind: str, path: Path) -> Iterator[Stranger]:
    try:
        pixels = read_radiograph(path).pixels
    except UnreadableRadiograph:
        return
    yield Stranger(kind, path.name, path.name, pixels)
    half_height, half_width = pixels.shape[0] // 2, pixels.shape[1] // 2
    if min(half_height, half_width) < 64:
        return
    for number, (top, left) in enumerate(
        ((0, 0), (0, half_width), (half_height, 0), (half_height, half_width)), start=1
    ):
        quarter = pixels[top : top + half_height, left : left + half_width]
        yield Stranger(kind, f"{path.name}, quarter {number}", path.name, quarter)


def _uniform(rng: np.random.Generator, size: tuple[int, int]) -> Grey:
    return rng.random(size, np.float32)


def _normal(rng: np.random.Generator, size: tuple[int, int]) -> Grey:
    return _clipped(0.5 + 0.18 * rng.standard_normal(size))


def _coloured(rng: np.random.Generator, size: tuple[int, int]) -> Grey:
    """Noise whose power falls with frequency, as in clouds."""
    rows, columns = np.fft.fftfreq(size[0])[:, None], np.fft.rfftfreq(size[1])[None]
    frequency = np.hypot(rows, columns)
    frequency[0, 0] = 1.0
    spectrum = np.fft.rfft2(rng.standard_normal(size)) / frequency ** rng.uniform(0.5, 1.6)
    clouds = np.fft.irfft2(spectrum, size)
    return _clipped((clouds - clouds.min()) / np.ptp(clouds))


def _speckle(rng: np.random.Generator, size: tuple[int, int]) -> Grey:
    dots = (rng.random(size) < rng.uniform(0.002, 0.05)).astype(np.float32)
    return _blurred(dots, rng.uniform(0.5, 4.0))


def _checkerboard(rng: np.random.Generator, size: tuple[int, int]) -> Grey:
    side = int(rng.integers(4, 80))
    rows, columns = np.indices(size) // side
    return ((rows + columns) % 2).astype(np.float32)


def _gradient(rng: np.random.Generator, size: tuple[int, int]) -> Grey:
    angle = rng.uniform(0, 2 * np.pi)
    rows, columns = np.indices(size)
    ramp = np.cos(angle) * rows / size[0] + np.sin(angle) * columns / size[1]
    return _clipped((ramp - ramp.min()) / np.ptp(ramp))


def _stripes(rng: np.random.Generator, size: tuple[int, int]) -> Grey:
    angle, period = rng.uniform(0, np.pi), rng.uniform(5, 80)
    rows, columns = np.indices(size)
    wave = np.cos(angle) * rows + np.sin(angle) * columns
    return _clipped(0.5 + 0.5 * np.sin(2 * np.pi * wave / period))


def _rings(rng: np.random.Generator, size: tuple[int, int]) -> Grey:
    rows, columns = np.indices(size)
    y, x = rng.uniform(0.2, 0.8, 2) * size
    distance = np.hypot(rows - y, columns - x)
    return _clipped(0.5 + 0.5 * np.sin(2 * np.pi * distance / rng.uniform(8, 90)))


def _constant(rng: np.random.Generator, size: tuple[int, int]) -> Grey:
    return np.full(size, rng.random(), np.float32)


def _scribble(rng: np.random.Generator, size: tuple[int, int]) -> Grey:
    picture, pen = _paper(size)
    for _ in range(int(rng.integers(3, 12))):
        steps = rng.normal(0, 0.06, (int(rng.integers(10, 60)), 2)).cumsum(axis=0)
        path = np.clip(rng.uniform(0.2, 0.8, 2) + steps, 0, 1) * (size[1], size[0])
        pen.line([(float(x), float(y)) for x, y in path], fill=0, width=int(rng.integers(1, 7)))
    return _grey(picture)


def _shapes(rng: np.random.Generator, size: tuple[int, int]) -> Grey:
    picture, pen = _paper(size)
    for _ in range(int(rng.integers(3, 15))):
        left, right = np.sort(rng.uniform(0, size[1], 2))
        top, bottom = np.sort(rng.uniform(0, size[0], 2))
        draw = pen.ellipse if rng.random() < 0.5 else pen.rectangle
        fill = int(rng.integers(0, 255)) if rng.random() < 0.5 else None
        draw(
            (left, top, right + 2, bottom + 2), outline=0, width=int(rng.integers(1, 6)), fill=fill
        )
    return _grey(picture)


def _stick_figure(rng: np.random.Generator, size: tuple[int, int]) -> Grey:
    picture, pen = _paper(size)
    for _ in range(int(rng.integers(1, 4))):
        tall = rng.uniform(0.3, 0.8) * size[0]
        x, y = rng.uniform(0.25, 0.75) * size[1], rng.uniform(0.05, 0.95) * (size[0] - tall)
        width, head = int(rng.integers(1, 8)), tall / 7
        pen.ellipse((x - head, y, x + head, y + 2 * head), outline=0, width=width)
        hip = (x, y + tall * 0.6)
        pen.line([(x, y + 2 * head), hip], fill=0, width=width)
        for side in (-1, 1):
            hand = (x + side * tall * 0.25, y + tall * rng.uniform(0.2, 0.6))
            foot = (x + side * tall * rng.uniform(0.05, 0.25), y + tall)
            pen.line([(x, y + tall * 0.35), hand], fill=0, width=width)
            pen.line([hip, foot], fill=0, width=width)
    return _grey(picture)


_WORDS = (
    "radiograph of the left hand in two planes no evidence "
    "fracture soft tissue swelling dorsal and patient was seen by"
)


def _page(rng: np.random.Generator, size: tuple[int, int]) -> Grey:
    picture, pen = _paper(size)
    points = int(rng.integers(9, 30))
    font = ImageFont.load_default(points)
    margin = int(rng.integers(5, 30))
    for top in range(margin, size[0] - points, int(points * 1.4)):
        if rng.random() < 0.15:
            continue
        words = rng.choice(_WORDS.split(), int(rng.integers(2, 14)))
        pen.text((margin, top), " ".join(words), fill=0, font=font)
    return _grey(picture)


def _bars(rng: np.random.Generator, size: tuple[int, int]) -> Grey:
    picture, pen, box = _axes(rng, size)
    count = int(rng.integers(3, 14))
    step = (box[2] - box[0]) / count
    for number, high in enumerate(rng.uniform(0.05, 0.95, count)):
        left, top = box[0] + (number + 0.15) * step, box[3] - high * (box[3] - box[1])
        fill = int(rng.integers(20, 200))
        pen.rectangle((left, top, left + 0.7 * step, box[3]), fill=fill, outline=0)
    return _grey(picture)


def _lines(rng: np.random.Generator, size: tuple[int, int]) -> Grey:
    picture, pen, box = _axes(rng, size)
    for _ in range(int(rng.integers(1, 6))):
        count = int(rng.integers(8, 80))
        values = rng.standard_normal(count).cumsum()
        values = (values - values.min()) / max(np.ptp(values), 1e-9)
        x = np.linspace(box[0], box[2], count)
        y = box[3] - values * (box[3] - box[1])
        path = [(float(a), float(b)) for a, b in zip(x, y, strict=True)]
        pen.line(path, fill=int(rng.integers(0, 160)), width=int(rng.integers(1, 4)))
    return _grey(picture)


def _scatter(rng: np.random.Generator, size: tuple[int, int]) -> Grey:
    picture, pen, box = _axes(rng, size)
    radius = rng.uniform(1.5, 6)
    for x, y in np.clip(rng.normal(0.5, 0.2, (int(rng.integers(20, 300)), 2)), 0, 1):
        a, b = box[0] + x * (box[2] - box[0]), box[1] + y * (box[3] - box[1])
        pen.ellipse((a - radius, b - radius, a + radius, b + radius), fill=60)
    return _grey(picture)


def _axes(
    rng: np.random.Generator, size: tuple[int, int]
) -> tuple[Image.Image, ImageDraw.ImageDraw, tuple[float, float, float, float]]:
    picture, pen = _paper(size)
    box = (0.14 * size[1], 0.08 * size[0], 0.96 * size[1], 0.88 * size[0])
    font = ImageFont.load_default(11)
    for share in np.linspace(0, 1, int(rng.integers(4, 8))):
        y, x = box[3] - share * (box[3] - box[1]), box[0] + share * (box[2] - box[0])
        pen.line([(box[0] - 4, y), (box[0], y)], fill=0)
        pen.text((3, y - 6), f"{share:.1f}", fill=0, font=font)
        pen.text((x - 8, box[3] + 4), f"{100 * share:.0f}", fill=0, font=font)
    pen.line([(box[0], box[1]), (box[0], box[3]), (box[2], box[3])], fill=0)
    return picture, pen, box


def _paper(size: tuple[int, int]) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("L", (size[1], size[0]), 255)
    return picture, ImageDraw.Draw(picture)


def _grey(picture: Image.Image) -> Grey:
    return np.asarray(picture, np.float32) / np.float32(255)


def _blurred(pixels: Grey, sigma: float) -> Grey:
    picture = Image.fromarray((np.clip(pixels, 0, 1) * 255).astype(np.uint8))
    blurred = _grey(picture.filter(ImageFilter.GaussianBlur(sigma)))
    return _clipped(blurred / max(float(blurred.max()), 1e-6))


def _clipped(values: npt.NDArray[np.floating]) -> Grey:
    clipped: Grey = np.clip(values, 0.0, 1.0).astype(np.float32)
    return clipped
