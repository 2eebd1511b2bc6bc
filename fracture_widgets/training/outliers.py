"""Outliers: pictures that are no radiographs, each by its kind, from which a gate tells those."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from fracture_widgets.errors import DatasetError, UnreadableRadiograph
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.imaging.walk import walk

Grey = npt.NDArray[np.float32]
Size = tuple[int, int]

OUTSIDE = "never taught"
_SIDE = 384
_WORDS = (
    "radiograph of the left hand in two planes no evidence "
    "fracture soft tissue swelling dorsal and patient was seen by"
)


@dataclass(frozen=True, eq=False)
class Sample:
    """One picture, by what it is."""

    kind: str
    name: str
    study: str
    split: str
    draw: Callable[[], Grey]


def drawn_pictures(each: int = 32, *, seed: int = 0) -> Iterator[Sample]:
    """Draw noise, patterns, line drawings, pages of text and charts."""
    for number, (source, (kind, draw)) in enumerate(_RECIPES.items()):
        for index in range(each):
            rng = np.random.default_rng([seed, number, index])
            height, width = (int(side) for side in rng.integers(160, 2 * _SIDE, 2))
            picture = draw(rng, (height, width))
            if rng.random() < 0.5:
                picture = np.float32(1) - picture
            yield _outside(kind, f"{source} {index}", source, picture.astype(np.float32))


def installed_photographs() -> Iterator[Sample]:
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


def folder_pictures(folder: Path) -> Iterator[Sample]:
    """Return the pictures of a folder with one folder for each kind, such as ``chest``."""
    files = [folder / name for name in walk(folder).names if "/" in name]
    if not files:
        raise DatasetError(
            f"{folder.name} holds no pictures in folders named after their kind: put them into "
            "folders such as chest or photograph."
        )
    return (
        picture
        for path in files
        for picture in _with_quarters(path.relative_to(folder).parts[0], path)
    )


def _outside(kind: str, name: str, source: str, pixels: Grey) -> Sample:
    return Sample(kind, name, source, OUTSIDE, partial(np.asarray, pixels))


def _with_quarters(kind: str, path: Path) -> Iterator[Sample]:
    try:
        pixels = read_radiograph(path).pixels
    except UnreadableRadiograph:
        return
    yield _outside(kind, path.name, path.name, pixels)
    half_height, half_width = pixels.shape[0] // 2, pixels.shape[1] // 2
    if min(half_height, half_width) < 64:
        return
    for number, (top, left) in enumerate(
        ((0, 0), (0, half_width), (half_height, 0), (half_height, half_width)), start=1
    ):
        quarter = pixels[top : top + half_height, left : left + half_width]
        yield _outside(kind, f"{path.name}, quarter {number}", path.name, quarter)


def _noise(rng: np.random.Generator, size: Size) -> Grey:
    """Noise whose power falls with frequency or, as in white noise, does not."""
    rows, columns = np.fft.fftfreq(size[0])[:, None], np.fft.rfftfreq(size[1])[None]
    frequency = np.hypot(rows, columns)
    frequency[0, 0] = 1.0
    spectrum = np.fft.rfft2(rng.standard_normal(size)) / frequency ** rng.uniform(0, 1.6)
    return _stretched(np.fft.irfft2(spectrum, size))


def _speckle(rng: np.random.Generator, size: Size) -> Grey:
    dots = Image.fromarray((rng.random(size) < rng.uniform(0.002, 0.05)).astype(np.uint8) * 255)
    return _stretched(_grey(dots.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 4.0)))))


def _waves(rng: np.random.Generator, size: Size) -> Grey:
    """Stripes, or rings around a place."""
    rows, columns = np.indices(size)
    angle, (y, x) = rng.uniform(0, np.pi), rng.uniform(0.2, 0.8, 2) * size
    along = np.cos(angle) * rows + np.sin(angle) * columns
    distance = along if rng.random() < 0.5 else np.hypot(rows - y, columns - x)
    return _stretched(np.sin(2 * np.pi * distance / rng.uniform(5, 80)))


def _scribble(rng: np.random.Generator, size: Size) -> Grey:
    """Lines drawn by hand, and shapes."""
    picture, pen = _paper(size)
    for _ in range(int(rng.integers(3, 12))):
        steps = rng.normal(0, 0.06, (int(rng.integers(10, 60)), 2)).cumsum(axis=0)
        path = np.clip(rng.uniform(0.2, 0.8, 2) + steps, 0, 1) * (size[1], size[0])
        width = int(rng.integers(1, 7))
        if rng.random() < 0.5:
            pen.line([(float(x), float(y)) for x, y in path], fill=0, width=width)
        else:
            (left, top), (right, bottom) = path.min(0), path.max(0)
            draw = pen.ellipse if rng.random() < 0.5 else pen.rectangle
            draw((left, top, right + 2, bottom + 2), outline=0, width=width)
    return _grey(picture)


def _page(rng: np.random.Generator, size: Size) -> Grey:
    picture, pen = _paper(size)
    points, margin = int(rng.integers(9, 30)), int(rng.integers(5, 30))
    font = ImageFont.load_default(points)
    for top in range(margin, size[0] - points, int(points * 1.4)):
        words = rng.choice(_WORDS.split(), int(rng.integers(2, 14)))
        pen.text((margin, top), " ".join(words), fill=0, font=font)
    return _grey(picture)


def _chart(rng: np.random.Generator, size: Size) -> Grey:
    """Bars or a line, between axes with numbers."""
    picture, pen = _paper(size)
    left, top, right, bottom = 0.14 * size[1], 0.08 * size[0], 0.96 * size[1], 0.88 * size[0]
    font = ImageFont.load_default(11)
    for share in np.linspace(0, 1, int(rng.integers(4, 8))):
        x, y = left + share * (right - left), bottom - share * (bottom - top)
        pen.text((3, y - 6), f"{share:.1f}", fill=0, font=font)
        pen.text((x - 8, bottom + 4), f"{100 * share:.0f}", fill=0, font=font)
    pen.line([(left, top), (left, bottom), (right, bottom)], fill=0)
    heights = bottom - rng.uniform(0.05, 0.95, int(rng.integers(3, 40))) * (bottom - top)
    places = np.linspace(left, right, len(heights) + 1)
    fill, width = int(rng.integers(20, 200)), int(rng.integers(1, 4))
    if rng.random() < 0.5:
        path = [(float(x), float(y)) for x, y in zip(places[:-1], heights, strict=True)]
        pen.line(path, fill=fill, width=width)
    else:
        for x, after, y in zip(places[:-1], places[1:], heights, strict=True):
            pen.rectangle((x, y, x + 0.7 * (after - x), bottom), fill=fill, outline=0)
    return _grey(picture)


_RECIPES: Mapping[str, tuple[str, Callable[[np.random.Generator, Size], Grey]]] = MappingProxyType(
    {
        "clouds": ("noise", _noise),
        "speckle": ("noise", _speckle),
        "waves": ("pattern", _waves),
        "scribble": ("drawing", _scribble),
        "page": ("text", _page),
        "chart": ("chart", _chart),
    }
)


def _paper(size: Size) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("L", (size[1], size[0]), 255)
    return picture, ImageDraw.Draw(picture)


def _grey(picture: Image.Image) -> Grey:
    return np.asarray(picture, np.float32) / np.float32(255)


def _stretched(values: npt.NDArray[np.floating]) -> Grey:
    """Let values reach from black to white."""
    stretched: Grey = ((values - values.min()) / max(np.ptp(values), 1e-6)).astype(np.float32)
    return stretched
