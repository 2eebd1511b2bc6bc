"""A copy of FracAtlas, as downloaded or reduced, opened and checked."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.datasets.fracatlas_files import RECORD, Files
from fracture_widgets.errors import DatasetError, UnreadableRadiograph
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph, read_radiograph

_COLUMNS = (
    *("hand", "leg", "hip", "shoulder", "mixed", "hardware", "multiscan"),
    *("fractured", "fracture_count", "frontal", "lateral", "oblique"),
)
_IMAGE_ID = re.compile(r"IMG\d{7}\.jpg")
_EDGES = ["x0", "y0", "x1", "y1"]
_OUTLINE_COLUMNS = ["image_id", *_EDGES]
_CORNERS = "polygon"


class FracAtlas(AbstractContextManager["FracAtlas"]):
    """A FracAtlas copy: a folder or zip archive, in the published or the reduced layout.

    Open one with :meth:`open`; it can be used as a context manager, and its images can be read
    from several threads.

    Attributes
    ----------
    name
        Base name of the folder or archive.
    layout
        ``"published"`` (``images/Fractured``, ``images/Non_fractured``, COCO annotations) or
        ``"reduced"`` (``images``, ``fractures.csv``).
    image_ids
        The radiographs that are both listed and present, sorted, e.g. ``"IMG0000019.jpg"``.
    table
        ``dataset.csv``: ``image_id``, then 0 or 1 for ``hand, leg, hip, shoulder, mixed,
        hardware, multiscan, fractured, frontal, lateral, oblique``, and ``fracture_count``.
    outlines
        ``image_id, x0, y0, x1, y1``: the box around every fracture outline, in fractions of the
        radiograph's width and height as it is seen (EXIF orientation applied).
    deviations
        Sentences, one for each way in which the copy differs from the published dataset.

    Examples
    --------
    >>> from fracture_widgets import FracAtlas
    >>> with FracAtlas.open("FracAtlas.zip") as atlas:
    ...     atlas.layout
    'published'
    """

    def __init__(self, files: Files, name: str) -> None:
        self.name = name
        self._files = files
        deviations: list[str] = []
        table = self._find_table()
        root = PurePosixPath(table).parent
        self.table = _read_table(files.read(table))
        self._members = self._find_images(root, deviations)
        here = set(self.table["image_id"]) & set(self._members)
        self.image_ids: tuple[str, ...] = tuple(sorted(here))
        if not self.image_ids:
            raise DatasetError(
                f"{name} lists radiographs in dataset.csv but holds none of them: download "
                f"FracAtlas again from {RECORD}."
            )
        self._drawn_sizes: dict[str, tuple[float, float]] = {}
        outlines = self._read_outlines(root, deviations)
        self._polygons = {
            str(image_id): tuple(corners)
            for image_id, corners in outlines.groupby("image_id")[_CORNERS]
        }
        self.outlines = outlines[_OUTLINE_COLUMNS]
        self._boxes = {
            str(image_id): tuple(Box(*map(float, row)) for row in boxes[_EDGES].to_numpy())
            for image_id, boxes in self.outlines.groupby("image_id")
        }
        self.deviations: tuple[str, ...] = (*deviations, *self._differences())

    @classmethod
    def open(cls, source: str | os.PathLike[str]) -> FracAtlas:
        """Open a copy of FracAtlas.

        Parameters
        ----------
        source
            The downloaded ``FracAtlas.zip``, or the folder it was unpacked into.

        Raises
        ------
        DatasetError
            If it is neither, or what makes it usable is missing or damaged. What merely
            differs is listed in :attr:`deviations`.
        """
        path = Path(source)
        if not path.exists():
            raise DatasetError(
                f"There is no {path.name}: give the FracAtlas folder or zip, or leave it out to "
                f"have it downloaded."
            )
        inside = path / "FracAtlas.zip"
        if inside.is_file() and not any(path.glob("**/dataset.csv")):
            path = inside
        files = Files(path)
        try:
            return cls(files, path.name or str(path))
        except BaseException:
            files.close()
            raise

    def read_image(self, image_id: str) -> bytes:
        """Return the bytes of a radiograph's file, as published.

        Parameters
        ----------
        image_id
            One of :attr:`image_ids`.

        Raises
        ------
        DatasetError
            If the copy does not hold it, or its bytes in the archive are damaged.
        """
        try:
            member = self._members[image_id]
        except KeyError:
            raise DatasetError(f"{self.name} holds no radiograph {image_id}.") from None
        return self._files.read(member)

    def read_table(self, name: str) -> pd.DataFrame | None:
        """Return a table that lies somewhere in the copy, or ``None``; all its cells are text."""
        found = min((member for member in self._files.names if _plain(member) == name), default="")
        return pd.read_csv(io.BytesIO(self._files.read(found)), dtype=str) if found else None

    def outlines_of(self, image_id: str) -> tuple[Box, ...]:
        """Return the boxes around the fractures of one radiograph, none if it has none."""
        return self._boxes.get(image_id, ())

    def polygons_of(self, image_id: str) -> tuple[npt.NDArray[np.float64], ...]:
        """Return the corners of each outline of one radiograph, ``(n, 2)`` in fractions, x first.

        They are in the order of :meth:`outlines_of`; of an outline that is known as a box alone,
        its four corners.
        """
        return self._polygons.get(image_id, ())

    def fits_outlines(self, radiograph: Radiograph) -> bool:
        """Tell whether a radiograph has the shape that its outlines were drawn on.

        Parameters
        ----------
        radiograph
            Read from :meth:`read_image`, its name the image id. A scaled copy fits, one that is
            turned or cropped does not; without outlines anything fits.
        """
        drawn_size = self._drawn_sizes.get(radiograph.name)
        if drawn_size is None:
            return True
        width, height = drawn_size
        ratio = (radiograph.width / radiograph.height) / (width / height)
        return abs(ratio - 1) < 0.02

    def check_images(
        self,
        image_ids: Iterable[str] | None = None,
        *,
        monitor: Monitor = SILENT,
    ) -> tuple[str, ...]:
        """Decode radiographs and name those that cannot be, or do not fit their outlines.

        The 59 published files that are cut short by a few bytes decode, and are not named.

        Parameters
        ----------
        image_ids
            Which to decode; all when left out.
        monitor
            Follows it, and may stop it.

        Returns
        -------
        tuple of str
            A sentence for each problem.
        """
        chosen = list(self.image_ids if image_ids is None else image_ids)
        problems: list[str] = []
        for done, image_id in enumerate(chosen, start=1):
            try:
                radiograph = read_radiograph(self.read_image(image_id), name=image_id)
            except (UnreadableRadiograph, DatasetError) as error:
                problems.append(str(error))
            else:
                if not self.fits_outlines(radiograph):
                    problems.append(misfit(image_id))
            monitor.step(done, len(chosen))
        return tuple(problems)

    def close(self) -> None:
        """Close the archive, if it is one."""
        self._files.close()

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"FracAtlas({self.name!r}, {self.layout}, {len(self.image_ids):,} radiographs)"

    def _find_table(self) -> str:
        tables = [name for name in self._files.names if _plain(name) == "dataset.csv"]
        if not tables:
            raise DatasetError(
                f"{self.name} is not FracAtlas, it has no dataset.csv: give the downloaded "
                f"FracAtlas.zip or the folder it was unpacked into."
            )
        return min(tables, key=lambda name: (name.count("/"), name))

    def _find_images(self, root: PurePosixPath, deviations: list[str]) -> dict[str, str]:
        """Return the member that holds each radiograph, by its id."""
        candidates: dict[str, list[str]] = {}
        for name in self._files.names:
            path = PurePosixPath(name)
            if path.suffix.lower() in (".jpg", ".jpeg") and path.is_relative_to(root / "images"):
                candidates.setdefault(path.name, []).append(name)

        def folder(name: str) -> str:
            return _plain(str(PurePosixPath(name).parent))

        folders = {folder(name) for names in candidates.values() for name in names}
        self.layout = "published" if "fractured" in folders else "reduced"
        fractured = dict(zip(self.table["image_id"], self.table["fractured"] == 1, strict=True))
        twice, misplaced, chosen = [], [], {}
        for image_id, names in candidates.items():
            wanted = "fractured" if fractured.get(image_id) else "non_fractured"
            right = [name for name in names if folder(name) == wanted]
            chosen[image_id] = (right or names)[0]
            if len(names) > 1:
                twice.append(image_id)
            elif not right and self.layout == "published" and image_id in fractured:
                misplaced.append(image_id)
        for found, where in (
            (twice, "two image folders; the one that dataset.csv speaks of is used."),
            (misplaced, "the folder of the other label; dataset.csv is believed."),
        ):
            if found:
                stand = "stands" if len(found) == 1 else "stand"
                deviations.append(f"{listed(found)} {stand} in {where}")
        return chosen

    def _read_outlines(self, root: PurePosixPath, deviations: list[str]) -> pd.DataFrame:
        coco = [name for name in self._files.names if _plain(name) == "coco_fracture_masks.json"]
        reduced = str(root / "fractures.csv")
        try:
            if coco:
                outlines = self._outlines_from_coco(json.loads(self._files.read(coco[0])))
            elif reduced in self._files.names:
                outlines = _outlines_from_table(pd.read_csv(io.BytesIO(self._files.read(reduced))))
            else:
                deviations.append(
                    "The fracture outlines (Annotations/COCO JSON/COCO_fracture_masks.json) are "
                    "missing, so no fracture box can be written."
                )
                kinds = dict.fromkeys(_EDGES, float) | {"image_id": str}
                return pd.DataFrame(columns=[*_OUTLINE_COLUMNS, _CORNERS]).astype(kinds)
        except (ValueError, KeyError, TypeError, ZeroDivisionError) as error:
            raise DatasetError(
                f"The fracture outlines of {self.name} cannot be read: download FracAtlas again "
                f"from {RECORD}."
            ) from error
        edges = outlines[_EDGES]
        empty = (outlines["x1"] <= outlines["x0"]) | (outlines["y1"] <= outlines["y0"])
        outside = ((edges < -0.001) | (edges > 1.001)).any(axis=1) & ~empty
        for which, what in (
            (empty, "Fracture outlines without area are left out: "),
            (outside, "Fracture outlines reach beyond the radiograph in "),
        ):
            if which.any():
                deviations.append(f"{what}{listed(outlines.loc[which, 'image_id'])}.")
        return outlines[~empty].sort_values("image_id", kind="stable").reset_index(drop=True)

    def _outlines_from_coco(self, coco: Any) -> pd.DataFrame:
        """Return boxes in fractions from COCO's x, y, width, height in pixels."""
        sizes = {
            image["id"]: (str(image["file_name"]), float(image["width"]), float(image["height"]))
            for image in coco["images"]
        }
        self._drawn_sizes = {name: (width, height) for name, width, height in sizes.values()}
        rows = []
        for annotation in coco["annotations"]:
            name, width, height = sizes[annotation["image_id"]]
            x, y, w, h = map(float, annotation["bbox"])
            box = (x / width, y / height, (x + w) / width, (y + h) / height)
            drawn = annotation.get("segmentation")
            longest: Sequence[float] = (
                max(drawn, key=len, default=[]) if isinstance(drawn, list) else []
            )
            rows.append((name, *box, _corners(longest, box, (width, height))))
        return pd.DataFrame(rows, columns=[*_OUTLINE_COLUMNS, _CORNERS])

    def _differences(self) -> list[str]:
        """Say where the counts are not the paper's, and which names stand in one place only."""
        table, held, outlined = self.table, set(self._members), set(self._boxes)
        names, here = table["image_id"], table["image_id"].isin(self.image_ids)
        counts = (
            (len(self.image_ids), "radiographs", 4083),
            (int(table.loc[here, "fractured"].sum()), "fractured radiographs", 717),
            (len(self.outlines), "fracture outlines", 922),
        )
        known, fractured = set(names), set(names[table["fractured"] == 1])
        strange = {name for name in known if not _IMAGE_ID.fullmatch(name)}
        bare = (fractured & held) - outlined if outlined else set()
        found = (
            (strange, "Names unlike IMG0000019.jpg in dataset.csv"),
            (set(names[names.duplicated()]), "Listed twice"),
            (known - held, "Listed in dataset.csv but not present"),
            (held - known, "Present but not listed in dataset.csv, and left out"),
            (outlined - fractured, "Outlined but not marked fractured in dataset.csv"),
            (bare, "Marked fractured but without an outline"),
        )
        return [
            f"{count:,} {what} are here; the paper counts {published:,}."
            for count, what, published in counts
            if count != published
        ] + [f"{what}: {listed(which)}." for which, what in found if which]


def _plain(name: str) -> str:
    """Return the last part of a name, in the spelling that names are compared in."""
    return PurePosixPath(name).name.lower().replace("-", "_").replace(" ", "_")


def misfit(image_id: str) -> str:
    """Return the sentence about a radiograph that is not the shape its outlines were drawn on."""
    return (
        f"{image_id} is turned or cropped against its fracture outlines, which may lie elsewhere."
    )


def listed(names: Iterable[str], most: int = 5) -> str:
    """Name a few, in order, and count the rest."""
    ordered = sorted(set(names))
    if len(ordered) <= most:
        return ", ".join(ordered)
    return f"{', '.join(ordered[:most])} and {len(ordered) - most:,} more"


def _outlines_from_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return the outlines of ``fractures.csv``, whose polygons are in fractions already."""
    outlines = table[_OUTLINE_COLUMNS]
    texts = table[_CORNERS] if _CORNERS in table else [None] * len(table)
    corners = [
        _corners(json.loads(text) if isinstance(text, str) else [], box)
        for text, box in zip(texts, outlines[_EDGES].to_numpy(float).tolist(), strict=True)
    ]
    return outlines.assign(**{_CORNERS: pd.Series(corners, outlines.index, dtype=object)})


def _corners(
    numbers: Sequence[float], box: Sequence[float], size: tuple[float, float] = (1.0, 1.0)
) -> npt.NDArray[np.float64]:
    """Return corners from x and y in turn, or those of the box where there are too few."""
    if len(numbers) < 6:
        x0, y0, x1, y1 = box
        return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float64)
    return np.array(numbers, np.float64).reshape(-1, 2) / size


def _read_table(content: bytes) -> pd.DataFrame:
    try:
        table = pd.read_csv(io.BytesIO(content), encoding="utf-8-sig", dtype={"image_id": str})
        whole = {name: table[name].astype(int) for name in _COLUMNS}
        if not len(table) or table["image_id"].isna().any():
            raise ValueError("rows without an image_id")
    except (ValueError, KeyError) as error:
        raise DatasetError(
            f"dataset.csv is not FracAtlas's ({type(error).__name__}: "
            f"{str(error).strip()}): it needs image_id, hand, leg, hip, shoulder, fractured and "
            f"the other published columns."
        ) from error
    return table.assign(**whole)


def of_other_regions(table: pd.DataFrame) -> pd.Series[bool]:
    """Tell which radiographs show a leg or hip, and neither hand nor shoulder."""
    ours = (table["hand"] == 1) | (table["shoulder"] == 1)
    return ~ours & ((table["leg"] == 1) | (table["hip"] == 1))
