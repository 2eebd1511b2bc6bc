"""A folder of radiographs becomes a table, one row for each; and what in it is there twice."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pandas as pd

from fracture_widgets.base.files import file_sha256
from fracture_widgets.base.tables import read_frame
from fracture_widgets.datasets.layout import body_part_of, expected_layout, label_of, place_of
from fracture_widgets.datasets.listed import (
    is_listing,
    listed_boxes,
    listed_rows,
    why_not_a_picture,
)
from fracture_widgets.errors import DatasetError
from fracture_widgets.imaging.walk import SkippedFiles, walk
from fracture_widgets.parts import FRACTURED, NORMAL, in_words, with_article

BOXES_FILE = "boxes.csv"
"""Name of the table of fracture boxes at the top of a dataset that has one."""

_COMPANIONS = {BOXES_FILE, "crops.csv", "crops.json", "readme.txt"}
_BOX_COLUMNS = ["x0", "y0", "x1", "y1"]
_NEEDED = ("body_part", "label", "image_path")
_FLAGS = {
    **dict.fromkeys(("1", "1.0", "true", "yes"), FRACTURED),
    **dict.fromkeys(("0", "0.0", "false", "no"), NORMAL),
}


def load_dataset(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Find the radiographs in a folder, or in a file that lists them, and read their labels.

    A folder's layout is MURA's (``train_valid/Elbow/patient00011/study1_positive/image1.png``,
    with or without the first level, also as ``MURA-v1.1/train/XR_ELBOW/...``) or the plain one
    (``Elbow/fractured/any-name.png``), in any letter case. Files are recognised by their first
    bytes; none is decoded.

    A table (``.csv``) has the columns ``image_path``, ``body_part`` and ``label``, and may have
    ``patient_id``, ``study_id`` and ``split``. Of COCO's format (``.json``), an image is fractured
    that has an annotation of a category ``fracture`` or ``fractured``; its ``body_part`` is said by
    the image, by the category of an annotation, or by a folder. Images lie beside the list or in
    ``images/``; those that are missing are skipped.

    Parameters
    ----------
    path
        The folder that holds the dataset, or the file that lists it.

    Returns
    -------
    DataFrame
        One row for each radiograph, sorted by path, with the columns

        ``body_part``
            ``"elbow"``, ``"hand"`` or ``"shoulder"``; other parts of MURA are skipped.
        ``patient_id``
            The patient's folder in lower case. The same id is the same patient in all body
            parts and splits, as in MURA. In the plain layout a folder inside the label's names
            the patient; without one, every radiograph is taken for a patient of its own.
        ``study_id``
            Patient and study, e.g. ``"patient00011/study1_positive"``.
        ``label``
            ``"fractured"`` or ``"normal"``. In MURA itself, "positive" means abnormal.
        ``image_path``
            The file, below ``path`` as given.
        ``split``
            ``"train_valid"``, ``"train"``, ``"validation"`` or ``"test"``; only where folders
            name a split.

        ``attrs["skipped"]`` is a :class:`SkippedFiles` of what was left out and why;
        ``attrs["warnings"]`` is a list of sentences about what looks wrong.

    Raises
    ------
    DatasetError
        If there is no such folder, or no radiograph of a known part and label in it.

    Examples
    --------
    >>> from fracture_widgets import load_dataset, write_phantoms
    >>> _ = write_phantoms("drawn", patients=2)
    >>> table = load_dataset("drawn")
    >>> sorted(table["body_part"].unique())
    ['elbow', 'hand', 'shoulder']
    """
    if not isinstance(path, str | os.PathLike):
        raise DatasetError(
            "A dataset is named by its folder, or by the file that lists it. Received: "
            f"{type(path).__name__}"
        )
    root = Path(path)
    if is_listing(root):
        return _listed(root)
    if not root.is_dir():
        what = "is a file" if root.exists() else "does not exist"
        raise DatasetError(
            f"The dataset folder {root.name or root} {what}: give the folder that holds the "
            f"radiographs.\n{expected_layout()}"
        )
    skipped = SkippedFiles()
    rows: list[dict[str, str | None]] = []
    walked = walk(root)
    skips = dict(walked.skipped)
    for name in sorted((*walked.names, *skips), key=lambda name: name.split("/")):
        why, relative, file = skips.get(name), Path(name), root / name
        if not why and file.is_dir():
            raise DatasetError(
                f"The folder {file.name} cannot be read ({os.strerror(errno.EACCES)}): check its "
                "permissions."
            )
        reason = why or why_not_a_picture(file)
        # Somebody may point at one part's own folder, which then is not in the relative path.
        above = relative.parts[:-1]
        if not any(map(body_part_of, above)):
            above = (root.resolve().name, *above)
        place = place_of(above)
        if isinstance(place, str) and (not reason or place.startswith("another")):
            reason = place
        if reason or isinstance(place, str):
            if len(relative.parts) > 1 or relative.name.lower() not in _COMPANIONS:
                skipped.add(name, reason)
            continue
        patient = place.patient or "/".join((*above, relative.stem)).lower()
        rows.append(
            {
                "body_part": place.body_part,
                "patient_id": patient,
                "study_id": f"{patient}/{place.study}",
                "label": place.label,
                "image_path": str(file),
                "split": place.split,
            }
        )
    if not rows:
        found = f" ({skipped})" if skipped else ", it is empty"
        raise DatasetError(
            f"No radiograph of {with_article(in_words())} was found in the folder "
            f"{root.resolve().name}{found}\n{expected_layout()}"
        )
    return _whole_table(rows, skipped)


def _listed(file: Path) -> pd.DataFrame:
    """Return the table of a dataset that a file lists."""
    skipped = SkippedFiles()
    rows = listed_rows(file, skipped)
    if not rows:
        found = f" ({skipped})" if skipped else ""
        raise DatasetError(
            f"{file.name} lists no radiograph that is there{found}: names are looked up beside it "
            "and in a folder images."
        )
    table = labelled_table(_whole_table(rows, skipped)).sort_values("image_path", kind="stable")
    said = table.groupby("image_path")[["body_part", "label"]].nunique().max(axis="columns")
    if disagreeing := sorted(Path(path).name for path in said.index[said > 1]):
        raise DatasetError(
            f"{file.name} lists {disagreeing[0]} more than once and does not agree with itself "
            "on body part or label: correct it."
        )
    table = table.drop_duplicates("image_path").reset_index(drop=True)
    if skipped:
        named = [f"{name} ({why})" for name, why in skipped[:3]]
        more = f" and {len(skipped) - 3:,} more" if len(skipped) > 3 else ""
        table.attrs["warnings"].append(
            f"{file.name} lists what cannot be used: {', '.join(named)}{more}; the rest goes on."
        )
    return table


def _whole_table(rows: list[dict[str, str | None]], skipped: SkippedFiles) -> pd.DataFrame:
    table = pd.DataFrame(rows)
    if table["split"].isna().all():
        table = table.drop(columns="split")
    table.attrs["skipped"] = skipped
    table.attrs["warnings"] = _warnings(table)
    return table


def labelled_table(
    dataset: pd.DataFrame | str | os.PathLike[str], columns: Sequence[str] = ()
) -> pd.DataFrame:
    """Return a dataset's table with its body parts and labels in our words.

    Tables of one's own may say ``Elbow`` or ``XR_ELBOW``, ``Fractured``, ``positive``, 1 or True.
    """
    if not isinstance(dataset, pd.DataFrame):
        return load_dataset(dataset)
    require_columns(dataset, dict.fromkeys((*_NEEDED, *columns)))
    return dataset.assign(
        body_part=_in_our_words(dataset["body_part"], _part_name, f"none of {in_words()}"),
        label=_in_our_words(dataset["label"], _label_name, f"neither {FRACTURED} nor {NORMAL}"),
    )


def require_columns(table: pd.DataFrame, names: Iterable[str]) -> None:
    """Refuse a table of radiographs that lacks a column."""
    if missing := [name for name in names if name not in table]:
        raise DatasetError(
            f"The table of radiographs has no column {' and no column '.join(missing)}: "
            "use the one load_dataset returns."
        )


def _in_our_words(
    column: pd.Series, word_of: Callable[[str], str | None], otherwise: str
) -> pd.Series:
    """Return a column's values in our words, or name the first that is none."""
    words = {value: word_of(str(value)) for value in column.unique()}
    for value, word in words.items():
        if word is None:
            raise DatasetError(
                f"The table's column {column.name} holds {value!r}, which is {otherwise}: correct "
                "it, or leave those rows out."
            )
    return column.map(words)


def _part_name(value: str) -> str | None:
    part = body_part_of(value)
    return None if part is None else part.name


def _label_name(value: str) -> str | None:
    return _FLAGS.get(value.lower()) or label_of(value)


def load_boxes(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read the fracture boxes that belong to a dataset.

    Parameters
    ----------
    path
        What :func:`load_dataset` was given: a folder, with a table ``boxes.csv`` at its top, or a
        file that lists a dataset; COCO's has boxes itself, a table has ``boxes.csv`` beside it.

    Returns
    -------
    DataFrame
        A row for each box: ``image_path`` as :func:`load_dataset` has it; ``x0``, ``y0``, ``x1``
        and ``y1`` in fractions of the radiograph; ``visible``, the share of the box inside it.
        Without such a table, none.

    Raises
    ------
    DatasetError
        If the table cannot be read.

    Examples
    --------
    >>> from fracture_widgets import load_boxes, write_phantoms
    >>> _ = write_phantoms("drawn", patients=2)
    >>> list(load_boxes("drawn").columns)
    ['image_path', 'x0', 'y0', 'x1', 'y1', 'visible']
    """
    root = Path(path)
    if is_listing(root):
        if root.suffix.lower() == ".json":
            return listed_boxes(root)
        root = root.parent
    file = root / BOXES_FILE
    columns = ["image_path", *_BOX_COLUMNS, "visible"]
    if not file.is_file():
        kinds = dict.fromkeys(columns, float) | {"image_path": str}
        return pd.DataFrame(columns=columns).astype(kinds)
    try:
        boxes = read_frame(file, dtype={"image_path": str})
        boxes = boxes.assign(**{name: boxes[name].astype(float) for name in _BOX_COLUMNS})
    except (OSError, ValueError, KeyError) as error:
        raise DatasetError(
            f"{BOXES_FILE} cannot be read as a table with the columns image_path, x0, y0, x1, "
            f"y1: write the dataset again."
        ) from error
    if "visible" not in boxes:
        boxes["visible"] = 1.0
    boxes["image_path"] = [str(root / name) for name in boxes["image_path"]]
    return boxes[columns]


def find_duplicates(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of files that are the same byte for byte, with the number of the content."""
    content = pd.Series([_digest(Path(path)) for path in table["image_path"]], index=table.index)
    repeated = content[content.duplicated(keep=False)]
    numbers = pd.Series(pd.factorize(repeated)[0] + 1, index=repeated.index, dtype="int64")
    return table.loc[repeated.index].assign(copy_of=numbers).sort_values("copy_of", kind="stable")


def _digest(path: Path) -> str:
    try:
        return file_sha256(path)
    except OSError as error:
        raise DatasetError(
            f"{path.name} cannot be read ({error.strerror}): load the dataset again."
        ) from error


def _warnings(table: pd.DataFrame) -> list[str]:
    if "split" not in table:
        return []
    splits = table.groupby("patient_id")["split"].nunique()
    several = sorted(splits.index[splits > 1])
    if not several:
        return []
    shown = ", ".join(several[:3]) + (" ..." if len(several) > 3 else "")
    sentence = (
        f"{len(several):,} patient{' stands' if len(several) == 1 else 's stand'} in more than one "
        f"split folder ({shown}): results on the test folder will look better than they are."
    )
    return [sentence]
