"""A dataset that a file lists: a table (CSV), or COCO's annotations (JSON)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from fracture_widgets.base.tables import read_frame
from fracture_widgets.datasets.layout import body_part_of, label_of, split_of
from fracture_widgets.errors import DatasetError
from fracture_widgets.imaging.files import looks_like_dicom, looks_like_raster
from fracture_widgets.imaging.walk import HEAD, SkippedFiles
from fracture_widgets.parts import FRACTURED, NORMAL, in_words

_MOST_BYTES = 1 << 30
_NAMES = {
    "image_path": ("path", "file", "filename", "file_name", "image"),
    "body_part": ("part", "bodypart"),
    "label": ("fractured", "fracture", "target"),
    "patient_id": ("patient", "subject"),
    "study_id": ("study",),
    "split": (),
}
"""What a table's columns may be called, too."""

Row = dict[str, str | None]


def is_listing(path: Path) -> bool:
    """Say whether a path is a file that lists a dataset."""
    return path.suffix.lower() in (".csv", ".json") and path.is_file()


def listed_rows(path: Path, skipped: SkippedFiles) -> list[Row]:
    """Read a listing's rows, as they stand there; an image that is missing is skipped by name."""
    read = _rows_of_table if path.suffix.lower() == ".csv" else _rows_of_coco
    rows: list[Row] = []
    for name, file, row in read(path):
        if why := why_not_a_picture(file):
            skipped.add(name, why)
            continue
        patient = row.get("patient_id") or str(PurePosixPath(name).with_suffix("")).lower()
        rows.append(
            {
                "body_part": row.get("body_part"),
                "patient_id": patient,
                "study_id": row.get("study_id") or f"{patient}/{PurePosixPath(name).stem}",
                "label": row.get("label"),
                "image_path": str(file),
                "split": split_of(row.get("split") or ""),
            }
        )
    return rows


def listed_boxes(path: Path) -> pd.DataFrame:
    """Return the fracture boxes of COCO's annotations, in fractions of their radiographs."""
    coco = _coco(path)
    images = {image["id"]: image for image in coco["images"]}
    rows = []
    for annotation in coco["annotations"]:
        image = images.get(annotation["image_id"])
        box = annotation.get("bbox")
        if image is None or not box or _meaning(coco, annotation) != FRACTURED:
            continue
        try:
            width, height = float(image["width"]), float(image["height"])
            x, y, w, h = map(float, box)
            edges = (x / width, y / height, (x + w) / width, (y + h) / height)
        except (LookupError, TypeError, ValueError, ArithmeticError) as error:
            raise DatasetError(
                f"{path.name} has a box of {image['file_name']} that is none: COCO's bbox is left, "
                "top, width and height in pixels of an image that has a width and a height."
            ) from error
        rows.append((str(_place(path, str(image["file_name"]))), *edges, 1.0))
    return pd.DataFrame(rows, columns=["image_path", "x0", "y0", "x1", "y1", "visible"])


def why_not_a_picture(file: Path) -> str:
    """Return why a file that is named like a radiograph is none, or nothing."""
    try:
        with file.open("rb") as opened:
            start = opened.read(HEAD)
    except FileNotFoundError:
        return "missing"
    except (OSError, ValueError):  # the second: no file system has such a name
        return "unreadable"
    if not start:
        return "empty"
    return "" if looks_like_raster(start) or looks_like_dicom(start) else "not a picture"


def _rows_of_table(path: Path) -> Iterator[tuple[str, Path, Row]]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            head = file.readline(1 << 16)
        comma = ";" if ";" in head and "," not in head else ","
        table = read_frame(path, dtype=str, keep_default_na=False, sep=comma)
    except (OSError, ValueError) as error:
        raise DatasetError(f"{path.name} cannot be read as a table ({error}).") from error
    table.columns = [str(name).strip().lower().replace(" ", "_") for name in table.columns]
    for name, others in _NAMES.items():
        called = next((other for other in others if other in table), None)
        if name not in table and called:
            table = table.rename(columns={called: name})
    missing = [name for name in ("image_path", "body_part", "label") if name not in table]
    if missing:
        raise DatasetError(
            f"The table {path.name} has no column {' and no column '.join(missing)}: name them "
            "image_path, body_part and label; patient_id, study_id and split are read, too."
        )
    known = [name for name in _NAMES if name in table]
    for row in table[known].to_dict("records"):
        name = str(row["image_path"]).replace("\\", "/")
        yield name, _place(path, name), {str(key): str(value) for key, value in row.items()}


def _rows_of_coco(path: Path) -> Iterator[tuple[str, Path, Row]]:
    coco = _coco(path)
    said: dict[Any, set[str]] = {}
    for annotation in coco["annotations"]:
        said.setdefault(annotation["image_id"], set()).add(_meaning(coco, annotation))
    for image in coco["images"]:
        name = str(image["file_name"])
        of_image = said.get(image["id"], set())
        words = [image.get("body_part") or "", *of_image, *reversed(Path(name).parts[:-1])]
        part = next((found.name for word in words if (found := body_part_of(str(word)))), None)
        label = FRACTURED if FRACTURED in of_image else label_of(str(image.get("label") or ""))
        if part is None:
            raise DatasetError(
                f"{path.name} does not say what {name} shows: give each image a body_part, an "
                f"annotation of a category {in_words()}, or a folder of that name."
            )
        row: Row = {key: str(image[key]) for key in ("patient_id", "study_id", "split")
                    if image.get(key) is not None}  # fmt: skip
        yield name, _place(path, name), {**row, "body_part": part, "label": label or NORMAL}


def _meaning(coco: Mapping[str, Any], annotation: Mapping[str, Any]) -> str:
    """Return fractured, a body part's name, or another word for what an annotation marks."""
    names = {category["id"]: str(category["name"]) for category in coco["categories"]}
    name = names.get(annotation["category_id"], "")
    return label_of(name) or name


def _coco(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError(f"it is longer than {_MOST_BYTES >> 20:,} MB")
        coco = json.loads(path.read_text("utf-8-sig"))
        for image in coco["images"]:
            if not isinstance(image["file_name"], str) or image["id"] is None:
                raise ValueError("an image without a name")
        wanted = [("annotations", "image_id"), ("annotations", "category_id"), ("categories", "id")]
        for listed, key in (*wanted, ("categories", "name")):
            if any(each[key] is None for each in coco[listed]):
                raise ValueError(f"one of the {listed} without {key}")
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise DatasetError(
            f"{path.name} is not COCO's format ({type(error).__name__}: {error}): it needs images, "
            "annotations and categories."
        ) from error
    return dict(coco)


def _place(listing: Path, name: str) -> Path:
    """Return where an image lies: beside its list, in a folder images there, or one level up."""
    home = listing.parent
    places = [base / name for base in (home, home / "images", home.parent, home.parent / "images")]
    return next((place for place in places if place.is_file()), places[0])
