"""The exports of a class, put together."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from fracture_widgets.base.tables import read_frame
from fracture_widgets.errors import ReadingRoomError
from fracture_widgets.parts import FRACTURED, LABELS, NORMAL, Verdict
from fracture_widgets.reading_room.export import COLUMNS
from fracture_widgets.reading_room.scoring import score_readings
from fracture_widgets.reading_room.session import READERS_WORDS, NetworkAnswer, Reading, one_line

__all__ = ["ClassReadings", "read_exports"]

_MOST_BYTES = 10_000_000
_NEEDED = ("session", "reader", "class_code", "case", "patient", "truth", "reading")
_VERDICTS = {words: verdict for verdict, words in READERS_WORDS.items()}


@dataclass(frozen=True, eq=False)
class ClassReadings:
    """The readings of a class."""

    table: pd.DataFrame
    problems: tuple[str, ...] = ()

    def students(self, *, resamples: int = 1000) -> pd.DataFrame:
        """Return one row for each session: who, how many cases, and how well."""
        rows = []
        names: dict[str, int] = {}
        for _, one in self.table.groupby("session", sort=False):
            score = score_readings([_reading(row) for row in one.to_dict("records")],
                                   resamples=resamples)  # fmt: skip
            assert score is not None
            name = str(one["reader"].iloc[0]) or "unnamed"
            names[name] = names.get(name, 0) + 1
            points = ((score.reader.cautious, "as fractured"), (score.reader.sure, "as normal"))
            rows.append(
                {
                    "reader": name if names[name] == 1 else f"{name} ({names[name]})",
                    "class_code": one["class_code"].iloc[0],
                    "n": score.n,
                    "fractured": score.fractured,
                    **{
                        f"{metric}, doubt {word}": str(getattr(point, metric))
                        for point, word in points
                        for metric in ("sensitivity", "specificity", "kappa")
                    },
                    "AUROC": str(score.reader.auroc),
                    "accuracy of always normal": f"{score.baseline:.3f}",
                }
            )
        return pd.DataFrame(rows)

    def cases(self) -> pd.DataFrame:
        """Return one row for each case, those that fewest got right first."""
        rows = []
        for case, one in self.table.groupby("case", sort=False):
            truth = str(one["truth"].iloc[0])
            right = int((one["reading"] == truth).sum())
            doubt = int((one["reading"] == READERS_WORDS[Verdict.DOUBT]).sum())
            rows.append(
                {
                    "case": case,
                    "truth": truth,
                    "read": len(one),
                    "right": right,
                    "doubt": doubt,
                    "wrong": len(one) - right - doubt,
                    "share_right": round(right / len(one), 3),
                    "network": one["network_verdict"].iloc[0],
                }
            )
        return pd.DataFrame(rows).sort_values(["share_right", "case"], ignore_index=True)


def read_exports(files: Sequence[str | os.PathLike[str]]) -> ClassReadings:
    """Read exports, and go on past those that are none."""
    tables, problems = [], []
    for name in files:
        try:
            tables.append(_read(Path(name)))
        except ReadingRoomError as error:
            problems.append(str(error))
    if not tables:
        raise ReadingRoomError(" ".join(problems) or "No file was given: give the exports.")
    table = pd.concat(tables, ignore_index=True)
    table = table.drop_duplicates(["session", "case"], keep="last", ignore_index=True)
    disputed = table.groupby("case")["truth"].nunique()
    if (disputed > 1).any():
        raise ReadingRoomError(
            "The files disagree on whether a case is fractured: give exports of one dataset, "
            "unchanged."
        )
    return ClassReadings(table, tuple(problems))


def _read(file: Path) -> pd.DataFrame:
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise ReadingRoomError(f"{file.name} is too large to be an export: it was left out.")
        table = read_frame(file, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except OSError as error:
        raise ReadingRoomError(
            f"{file.name} cannot be read ({error.strerror}): it was left out."
        ) from error
    except ValueError as error:
        raise ReadingRoomError(f"{file.name} is no CSV table: it was left out.") from error
    missing = [name for name in _NEEDED if name not in table.columns]
    if missing:
        raise ReadingRoomError(
            f"{file.name} is no export of the reading room (it has no column {missing[0]}): it "
            "was left out."
        )
    if table.empty:
        raise ReadingRoomError(f"{file.name} holds no reading: it was left out.")
    if not table["truth"].isin(LABELS).all() or not table["reading"].isin(list(_VERDICTS)).all():
        raise ReadingRoomError(
            f"{file.name} has words other than {FRACTURED}, {NORMAL} and doubt in truth or "
            "reading: export it again; it was left out."
        )
    table = table.reindex(columns=list(COLUMNS), fill_value="")
    cleaned: pd.DataFrame = table.map(one_line)
    return cleaned


def _reading(row: Mapping[Hashable, Any]) -> Reading:
    probability = pd.to_numeric(row["network_probability"], errors="coerce")
    known = row["network_verdict"] in list(Verdict) and pd.notna(probability)
    record = {"verdict": row["network_verdict"], "calibrated_probability": float(probability)}
    return Reading(
        verdict=_VERDICTS[row["reading"]],
        revealed_at=row["read_at"] or "then",
        truth=row["truth"],
        group=row["patient"],
        network=NetworkAnswer(record) if known else None,
    )
