"""Drawn radiographs: limb, fracture, frame, beam and film put together, one or a folder of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fracture_widgets.base.files import write_whole
from fracture_widgets.base.tables import write_frame
from fracture_widgets.errors import DatasetError
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.preprocessing import INPUT_SIZE
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.parts import FRACTURED, NORMAL, all_parts, drawn_parts, get_part
from fracture_widgets.phantoms.film import develop
from fracture_widgets.phantoms.limb import Pen, break_limb, choose_fracture
from fracture_widgets.phantoms.projection import choose_frame, project

if TYPE_CHECKING:
    from pandas import DataFrame

_BOXES_FILE = "boxes.csv"
_README_FILE = "README.txt"
_TITLE = "Drawn radiographs (phantoms)"

_MOST_VIEWS = 2
_EVERY_TEST = 5  # one patient in five is set aside for testing


@dataclass(frozen=True, eq=False)
class Phantom:
    """A drawn radiograph of which everything is known.

    Attributes
    ----------
    radiograph
        The picture; its ``source_format`` is ``"drawn"``.
    body_part
        ``"elbow"``, ``"hand"`` or ``"shoulder"``.
    label
        ``"fractured"`` or ``"normal"``.
    boxes
        The fractures in fractions of the picture; empty when normal.
    seed
        The seed it was drawn from.
    fracture_kind
        ``"gap"``, ``"step"`` or ``"angulation"``; None when normal.
    """

    radiograph: Radiograph
    body_part: str
    label: str
    boxes: tuple[Box, ...]
    seed: int
    fracture_kind: str | None


def draw_phantom(body_part: str, *, fractured: bool, seed: int, exposure: int = 0) -> Phantom:
    """Draw a radiograph.

    The same body part and seed give the same limb, frame, exposure and noise with and without a
    fracture, and the same picture every time.

    Parameters
    ----------
    body_part
        ``"elbow"``, ``"hand"`` or ``"shoulder"``.
    fractured
        Whether a bone is broken.
    seed
        Any integer from 0 up.
    exposure
        Which exposure of that limb, from 0 up: it lies as it lay and is broken as it was, but
        beam, display, noise, blades and marker are others.

    Raises
    ------
    ValueError
        If the body part is not one of those, or the seed or the exposure is negative.

    Examples
    --------
    >>> from fracture_widgets import draw_phantom
    >>> drawn = draw_phantom("elbow", fractured=True, seed=7)
    >>> drawn.label, len(drawn.boxes)
    ('fractured', 1)
    """
    part = get_part(body_part)
    if part.drawing is None:
        raise ValueError(f"No drawing is known of {part.an}: give its BodyPart one.")
    if seed < 0:
        raise ValueError(f"seed must be 0 or more. Received: {seed}")
    if exposure < 0:
        raise ValueError(f"exposure must be 0 or more. Received: {exposure}")
    streams = np.random.SeedSequence([seed, part.seed]).spawn(5)
    anatomy, framing, breaking, beam, film = (np.random.default_rng(s) for s in streams)
    if exposure:
        again = np.random.SeedSequence([seed, part.seed, exposure]).spawn(2)
        beam, film = (np.random.default_rng(s) for s in again)

    limb = part.drawing.draw(Pen(anatomy))
    frame = choose_frame(limb, framing)
    fracture = None
    if fractured:
        seen_mm = max(frame.width, frame.height) / frame.scale / INPUT_SIZE
        fracture = choose_fracture(limb, breaking, visible_mm=seen_mm)
        limb = break_limb(limb, fracture)
    absorption = project(limb, fracture, frame, beam)
    grey = develop(absorption, part.drawing.absorption, frame, film)
    eight_bit = np.rint(grey * 255).astype(np.uint8)
    broken, repeated = "-fractured" if fractured else "", f"-{exposure}" if exposure else ""
    radiograph = Radiograph(
        pixels=eight_bit.astype(np.float32) / np.float32(255),
        name=f"drawn-{body_part}-{seed}{broken}{repeated}.png",
        sha256="",
        source_format="drawn",
        spacing_mm=frame.spacing_mm,
    )
    # The digest is that of the file as it would be written.
    radiograph = replace(radiograph, sha256=hashlib.sha256(radiograph.to_png()).hexdigest())
    return Phantom(
        radiograph,
        body_part,
        FRACTURED if fractured else NORMAL,
        () if fracture is None else (frame.box(fracture.corners()),),
        seed,
        None if fracture is None else fracture.kind,
    )


def sample_phantoms() -> tuple[Phantom, ...]:
    """Return the samples shown in the workbench: each part once normal and once fractured.

    Examples
    --------
    >>> from fracture_widgets import sample_phantoms
    >>> [sample.label for sample in sample_phantoms()][:2]
    ['normal', 'fractured']
    """
    return tuple(
        draw_phantom(part.name, fractured=bool(number), seed=part.drawing.samples[number])
        for part in all_parts()
        if part.drawing is not None
        for number in range(2)
    )


def write_phantoms(
    destination: Path,
    *,
    patients: int = 12,
    seed: int = 0,
    exposures: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> DataFrame:
    """Draw radiographs of elbows, hands and shoulders into a folder.

    The pictures lie at ``train_valid|test/Elbow/patient00001/study1_positive/image1.png`` and so
    on; every second patient has a fracture, one in five is in ``test``. ``boxes.csv`` lists the
    fractures, ``README.txt`` tells what the folder is. The same settings write the same pixels.
    Pictures that are already there are drawn again.

    Parameters
    ----------
    destination
        A new or empty folder, or one that this function wrote with the same settings.
    patients
        Patients per body part, at least 1; each has one study of one or two views.
    seed
        Which patients: 0 or more.
    exposures
        How many radiographs each patient has, all of one limb that lies still; by default one or
        two, each of a limb of its own.
    progress
        Called with the number of pictures written so far and the number of all.

    Returns
    -------
    pandas.DataFrame
        The rows of ``boxes.csv``: ``image_path`` (relative to ``destination``, with forward
        slashes), ``x0``, ``y0``, ``x1``, ``y1`` (fractions of that picture's width and height).

    Raises
    ------
    DatasetError
        If the destination holds anything else, or cannot be written.
    ValueError
        If ``patients`` or ``exposures`` is less than 1, or ``seed`` negative.

    Examples
    --------
    >>> from fracture_widgets import load_dataset, write_phantoms
    >>> _ = write_phantoms("drawn", patients=2)
    >>> sorted(load_dataset("drawn")["label"].unique())
    ['fractured', 'normal']
    """
    import pandas as pd

    if patients < 1:
        raise ValueError(f"patients must be 1 or more. Received: {patients}")
    if seed < 0:
        raise ValueError(f"seed must be 0 or more. Received: {seed}")
    if exposures is not None and exposures < 1:
        raise ValueError(f"exposures must be 1 or more. Received: {exposures}")
    destination = Path(destination)
    readme = _readme(patients, seed, exposures)
    _check_destination(destination, readme)
    plan = tuple(_plan(patients, seed, exposures))
    rows: list[tuple[str, float, float, float, float]] = []
    try:
        write_whole(destination / _README_FILE, readme.encode())
        for number, (path, draw) in enumerate(plan, start=1):
            phantom = draw()
            write_whole(destination / path, phantom.radiograph.to_png())
            for box in phantom.boxes:
                x0, y0, x1, y1 = np.round((box.x0, box.y0, box.x1, box.y1), 5).tolist()
                rows.append((path, x0, y0, x1, y1))
            if progress is not None:
                progress(number, len(plan))
        boxes = pd.DataFrame(rows, columns=["image_path", "x0", "y0", "x1", "y1"])
        write_frame(destination / _BOXES_FILE, boxes)
    except OSError as error:
        raise DatasetError(
            f"Drawn radiographs cannot be written to {destination.name}: "
            f"{error.strerror or 'the folder does not accept files'}; "
            "choose a folder that you may write to."
        ) from error
    return boxes


def _plan(
    patients: int, seed: int, exposures: int | None
) -> Iterator[tuple[str, Callable[[], Phantom]]]:
    """Yield where each picture goes, and what draws it."""
    for part_number, part in enumerate(drawn_parts()):
        for index in range(patients):
            fractured = index % 2 == 1
            # Two neighbours in ten are set aside: one with and one without a fracture.
            split = "test" if index % (2 * _EVERY_TEST) in (2, 3) else "train_valid"
            patient = f"patient{part_number * patients + index + 1:05d}"
            study = f"study1_{'positive' if fractured else 'negative'}"
            rng = np.random.default_rng([seed, part.seed, index])
            views = int(rng.integers(1, _MOST_VIEWS + 1))
            limb = int(rng.integers(2**31))
            for view in range(views if exposures is None else exposures):
                if exposures is None and view:
                    limb = int(rng.integers(2**31))
                yield (
                    f"{split}/{part.name.title()}/{patient}/{study}/image{view + 1}.png",
                    partial(
                        draw_phantom,
                        part.name,
                        fractured=fractured,
                        seed=limb,
                        exposure=0 if exposures is None else view,
                    ),
                )


def _check_destination(destination: Path, readme: str) -> None:
    if not destination.exists():
        return
    if not destination.is_dir():
        raise DatasetError(f"{destination.name} is a file; choose a folder for the drawings.")
    if not any(destination.iterdir()):
        return
    found = destination / _README_FILE
    there = found.read_text(encoding="utf-8", errors="replace") if found.is_file() else ""
    if there == readme:
        return
    if there.startswith(_TITLE):
        raise DatasetError(
            f"The folder {destination.name} holds radiographs drawn with other settings; choose "
            "an empty folder, or the number of patients and the seed written in its README.txt."
        )
    raise DatasetError(
        f"The folder {destination.name} holds other files; choose an empty or a new folder, so "
        "that drawn radiographs are not mixed with them."
    )


def _readme(patients: int, seed: int, exposures: int | None) -> str:
    folders = "|".join(part.name.title() for part in drawn_parts())
    repeated = "" if exposures is None else f"Exposures of each limb: {exposures}\n"
    return f"""{_TITLE}

Every picture in this folder was drawn by a computer program (Fracture Widgets). None shows a
person. They are for tests and first lessons: what a network scores on them says nothing about
radiographs of people.

Layout: train_valid|test / {folders} / patient / study1_positive|negative / image1.png
positive: one bone is broken, by a gap, a step or an angulation; negative: none is.
boxes.csv: where, as left, top, right and bottom in fractions of the picture's width and height.

Patients per body part: {patients}
Seed: {seed}
{repeated}"""
