"""FracAtlas's own split of its fractured radiographs, and what of it a copy holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fracture_widgets.datasets.fracatlas import FracAtlas, of_other_regions
from fracture_widgets.datasets.joints import joint_table
from fracture_widgets.errors import DatasetError

TRAIN, VALID, TEST = "train", "valid", "test"
PARTS = (TRAIN, VALID, TEST)


@dataclass(frozen=True)
class OfficialSplit:
    """What of the published split is at hand, outlined, and on one side alone, by name."""

    train: tuple[str, ...]  # none is of a study of test
    valid: tuple[str, ...]  # none is of a study of either
    test: tuple[str, ...]  # as published
    studies: Mapping[str, str]  # by name of a radiograph
    upper: frozenset[str]  # those that show no leg or hip alone
    told: tuple[str, ...]  # what there is, and what was left out, in sentences


def official_split(atlas: FracAtlas) -> OfficialSplit:
    """Read ``train.csv``, ``valid.csv`` and ``test.csv`` of a copy, wherever they lie in it."""
    listed = {part: _listed(atlas, part) for part in PARTS}
    here = {
        part: tuple(name for name in names if name in atlas.image_ids and atlas.outlines_of(name))
        for part, names in listed.items()
    }
    studies = _studies(atlas)
    test = here[TEST]
    train, of_test = _apart(here[TRAIN], test, studies)
    valid, of_others = _apart(here[VALID], (*train, *test), studies)
    missing = [part for part, names in ((TRAIN, train), (VALID, valid), (TEST, test)) if not names]
    if missing:
        raise DatasetError(
            f"{atlas.name} holds nothing of the official {missing[0]} part with its outlines: "
            "give a copy with the fractured radiographs."
        )
    counts = ", ".join(f"{len(here[part])} of {len(listed[part])} {part}" for part in PARTS)
    table = atlas.table
    return OfficialSplit(
        train,
        valid,
        test,
        studies,
        frozenset(map(str, table["image_id"][~of_other_regions(table)])),
        (
            f"Official split, at hand: {counts}.",
            f"Of train, {_words(of_test)} of a study of test{_left_out(of_test)}.",
            f"Of valid, {_words(of_others)} of a study of train or test{_left_out(of_others)}.",
        ),
    )


def _listed(atlas: FracAtlas, part: str) -> list[str]:
    table = atlas.read_table(f"{part}.csv")
    if table is None or "image_id" not in table:
        raise DatasetError(
            f"{atlas.name} has no {part}.csv with a column image_id: copy the published Fracture "
            "Split, train.csv, valid.csv and test.csv, into a folder of it."
        )
    return [str(name) for name in table["image_id"]]


def _studies(atlas: FracAtlas) -> dict[str, str]:
    """Return the study of every radiograph; each counts for one where the copy names none."""
    studies = {name: name for name in atlas.image_ids}
    for table in (atlas.table, joint_table()):
        if "study" in table:
            known = table[table["image_id"].isin(studies)]
            studies |= dict(zip(known["image_id"], known["study"].astype(str), strict=True))
    return studies


def _apart(
    names: Iterable[str], others: Iterable[str], studies: Mapping[str, str]
) -> tuple[tuple[str, ...], int]:
    """Return those of no study of the others, and how many are."""
    everyone, taken = tuple(names), {studies[name] for name in others}
    kept = tuple(name for name in everyone if studies[name] not in taken)
    return kept, len(everyone) - len(kept)


def _words(count: int) -> str:
    return f"{count or 'none'} {'are' if count > 1 else 'is'}"


def _left_out(count: int) -> str:
    return " and left out" if count else ""
