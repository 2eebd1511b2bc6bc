"""A copy of FracAtlas, as downloaded or reduced, opened and checked."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from types import MappingProxyType, TracebackType

import pandas as pd

from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.datasets.fracatlas_files import (
    OUTLINE_COLUMNS,
    RECORD,
    Files,
    compared_name,
    opened,
    outlines_from_coco,
)
from fracture_widgets.errors import DatasetError, UnreadableRadiograph
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph, read_radiograph

__all__ = ["ATTRIBUTION", "PUBLISHED", "RECORD", "FracAtlas", "misfit", "of_other_regions"]

ATTRIBUTION = f"""\
FracAtlas: A Dataset for Fracture Classification, Localization and Segmentation of
Musculoskeletal Radiographs, by Iftekharul Abedeen, Md. Ashiqur Rahman, Fatema Zohra Prottyasha,
Tasnim Ahmed, Tareque Mohmud Chowdhury and Swakkhar Shatabda.
Scientific Data 10, 521 (2023), https://doi.org/10.1038/s41597-023-02432-4
Data: {RECORD}
Licence: Creative Commons Attribution 4.0 International (CC BY 4.0),
https://creativecommons.org/licenses/by/4.0/"""
"""The credit that the licence asks for wherever the radiographs, or crops of them, are shown."""

PUBLISHED: Mapping[str, int] = MappingProxyType(
    {"radiographs": 4083, "fractured": 717, "outlines": 922}
)
"""What the paper counts."""

_COLUMNS = (
    *("hand", "leg", "hip", "shoulder", "mixed", "hardware", "multiscan"),
    *("fractured", "fracture_count", "frontal", "lateral", "oblique"),
)
_IMAGE_ID = re.compile(r"IMG\d{7}\.jpg")
_COCO = "coco_fracture_masks.json"


class FracAtlas:
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
    """

    def __init__(self, files: Files, name: str) -> None:
        self.name = name
        self._files = files
        root, table_bytes = self._find_root()
        self.table = _read_table(table_bytes)
        deviations: list[str] = []
        self._members = self._find_images(root, deviations)
        listed = set(self.table["image_id"])
        self.image_ids: tuple[str, ...] = tuple(sorted(listed & set(self._members)))
        if not self.image_ids:
            raise DatasetError(
                f"{name} lists radiographs in dataset.csv but holds none of them: download "
                f"FracAtlas again from {RECORD}."
            )
        self._drawn_sizes: dict[str, tuple[float, float]] = {}
        self.outlines = self._read_outlines(root, deviations)
        self._boxes = {
            str(image_id): tuple(
                Box(*map(float, row)) for row in boxes[OUTLINE_COLUMNS[1:]].to_numpy()
            )
            for image_id, boxes in self.outlines.groupby("image_id")
        }
        deviations += self._count_deviations()
        deviations += self._name_deviations()
        self.deviations: tuple[str, ...] = tuple(deviations)

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
        if path.is_dir() and inside.is_file() and not any(path.glob("**/dataset.csv")):
            path = inside
        files = opened(path)
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

    def outlines_of(self, image_id: str) -> tuple[Box, ...]:
        """Return the boxes around the fractures of one radiograph, none if it has none."""
        return self._boxes.get(image_id, ())

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

    def __enter__(self) -> FracAtlas:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"FracAtlas({self.name!r}, {self.layout}, {len(self.image_ids):,} radiographs)"

    def _find_root(self) -> tuple[PurePosixPath, bytes]:
        tables = [name for name in self._files.names if compared_name(name) == "dataset.csv"]
        if not tables:
            raise DatasetError(
                f"{self.name} is not FracAtlas, it has no dataset.csv: give the downloaded "
                f"FracAtlas.zip or the folder it was unpacked into."
            )
        found = min(tables, key=lambda name: (name.count("/"), name))
        return PurePosixPath(found).parent, self._files.read(found)

    def _find_images(self, root: PurePosixPath, deviations: list[str]) -> dict[str, str]:
        """Return the member that holds each radiograph, by its id."""
        folder = root / "images"
        candidates: dict[str, list[str]] = {}
        for name in self._files.names:
            path = PurePosixPath(name)
            if path.suffix.lower() in (".jpg", ".jpeg") and path.is_relative_to(folder):
                candidates.setdefault(path.name, []).append(name)
        folders = {
            compared_name(str(PurePosixPath(n).parent)) for ns in candidates.values() for n in ns
        }
        self.layout = "published" if "fractured" in folders else "reduced"
        fractured = dict(zip(self.table["image_id"], self.table["fractured"] == 1, strict=True))
        twice, misplaced, chosen = [], [], {}
        for image_id, names in candidates.items():
            folder_named = "fractured" if fractured.get(image_id) else "non_fractured"
            right = [
                n for n in names if compared_name(str(PurePosixPath(n).parent)) == folder_named
            ]
            chosen[image_id] = (right or names)[0]
            if len(names) > 1:
                twice.append(image_id)
            elif not right and self.layout == "published" and image_id in fractured:
                misplaced.append(image_id)
        if twice:
            deviations.append(
                f"{_listed(twice)} stand{'s' if len(twice) == 1 else ''} in two image folders; "
                f"the one that dataset.csv speaks of is used."
            )
        if misplaced:
            deviations.append(
                f"{_listed(misplaced)} stand{'s' if len(misplaced) == 1 else ''} in the folder "
                f"of the other label; dataset.csv is believed."
            )
        return chosen

    def _read_outlines(self, root: PurePosixPath, deviations: list[str]) -> pd.DataFrame:
        coco = [name for name in self._files.names if compared_name(name) == _COCO]
        reduced = str(root / "fractures.csv")
        try:
            if coco:
                outlines, self._drawn_sizes = outlines_from_coco(
                    json.loads(self._files.read(coco[0]))
                )
            elif reduced in self._files.names:
                outlines = pd.read_csv(io.BytesIO(self._files.read(reduced)))[OUTLINE_COLUMNS]
            else:
                deviations.append(
                    "The fracture outlines (Annotations/COCO JSON/COCO_fracture_masks.json) are "
                    "missing, so no fracture box can be written."
                )
                return pd.DataFrame(
                    {n: pd.Series(dtype=str if n == "image_id" else float)
                     for n in OUTLINE_COLUMNS}
                )  # fmt: skip
        except (ValueError, KeyError, TypeError, ZeroDivisionError) as error:
            raise DatasetError(
                f"The fracture outlines of {self.name} cannot be read: download FracAtlas again "
                f"from {RECORD}."
            ) from error
        edges = outlines[OUTLINE_COLUMNS[1:]]
        empty = (outlines["x1"] <= outlines["x0"]) | (outlines["y1"] <= outlines["y0"])
        outside = ((edges < -0.001) | (edges > 1.001)).any(axis=1) & ~empty
        if empty.any():
            names = _listed(outlines.loc[empty, "image_id"])
            deviations.append(f"Fracture outlines without area are left out: {names}.")
        if outside.any():
            names = _listed(outlines.loc[outside, "image_id"])
            deviations.append(f"Fracture outlines reach beyond the radiograph in {names}.")
        return outlines[~empty].sort_values("image_id", kind="stable").reset_index(drop=True)

    def _count_deviations(self) -> list[str]:
        counted = {
            "radiographs": len(self.image_ids),
            "fractured": int(
                self.table.loc[self.table["image_id"].isin(self.image_ids), "fractured"].sum()
            ),
            "outlines": len(self.outlines),
        }
        words = {
            "radiographs": "radiographs",
            "fractured": "fractured radiographs",
            "outlines": "fracture outlines",
        }
        return [
            f"{count:,} {words[what]} are here; the paper counts {PUBLISHED[what]:,}."
            for what, count in counted.items()
            if count != PUBLISHED[what]
        ]

    def _name_deviations(self) -> list[str]:
        listed = set(self.table["image_id"])
        held = set(self._members)
        outlined = set(self._boxes)
        fractured = set(self.table.loc[self.table["fractured"] == 1, "image_id"])
        found = (
            (
                [name for name in listed if not _IMAGE_ID.fullmatch(name)],
                "Names unlike IMG0000019.jpg in dataset.csv",
            ),
            (self.table["image_id"][self.table["image_id"].duplicated()], "Listed twice"),
            (listed - held, "Listed in dataset.csv but not present"),
            (held - listed, "Present but not listed in dataset.csv, and left out"),
            (outlined - fractured, "Outlined but not marked fractured in dataset.csv"),
            (
                (fractured & held) - outlined if outlined else (),
                "Marked fractured but without an outline",
            ),
        )
        return [f"{what}: {_listed(names)}." for names, what in found if len(names)]


def misfit(image_id: str) -> str:
    """Return the sentence about a radiograph that is not the shape its outlines were drawn on."""
    return (
        f"{image_id} is turned or cropped against its fracture outlines, which may lie elsewhere."
    )


def _listed(names: Iterable[str], most: int = 5) -> str:
    ordered = sorted(set(names))
    if len(ordered) <= most:
        return ", ".join(ordered)
    return f"{', '.join(ordered[:most])} and {len(ordered) - most:,} more"


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
