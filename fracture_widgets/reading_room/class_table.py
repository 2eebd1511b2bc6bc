"""A session as a table for a class, one row a case, and the exports of a class put together."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from fracture_widgets.base.tables import csv_text, read_frame
from fracture_widgets.errors import ReadingRoomError
from fracture_widgets.models.record import cells_of, rounded
from fracture_widgets.parts import FRACTURED, LABELS, NORMAL, Verdict
from fracture_widgets.reading_room.cases import digest
from fracture_widgets.reading_room.scoring import score_readings
from fracture_widgets.reading_room.session import (
    KEPT,
    READERS_WORDS,
    Reading,
    ReadingSession,
    one_line,
)

_SHORT = {"verdict", "calibrated_probability"}
"""What of the network's answer has a shorter name in a class's table."""

_MORE = tuple(column for column in KEPT if column.name not in _SHORT)

COLUMNS = (
    "session", "reader", "class_code", "source", "number", "case", "patient", "truth", "reading",
    "mark_left", "mark_top", "mark_right", "mark_bottom", "mark_on_fracture", "seconds",
    "network_verdict", "network_probability", "read_at",
    *(f"network_{column.name}" for column in _MORE),
)  # fmt: skip
"""The columns; ``case`` and ``patient`` are digests, the same for every reader of a case."""


def readings_csv(session: ReadingSession) -> str:
    """Return the readings whose answers were shown as CSV text with a header line."""
    return csv_text(COLUMNS, _rows(session))


def _rows(session: ReadingSession) -> Iterator[Sequence[object]]:
    plan = session.plan
    for place, reading in session.done:
        mark, probability = reading.mark, reading.network_probability
        assert reading.verdict is not None
        yield (
            session.id,
            session.reader,
            plan.code,
            plan.title,
            place + 1,
            digest(session.keys[place]),
            reading.group,
            reading.truth,
            READERS_WORDS[reading.verdict],
            *([None] * 4 if mark is None else [round(edge, 4) for edge in mark.corners]),
            {None: None, True: "yes", False: "no"}[reading.on_fracture],
            round(reading.seconds, 1),
            reading.network_verdict,
            None if probability is None else round(probability, 4),
            reading.revealed_at,
            *cells_of(rounded(reading.network or {}), _MORE).values(),
        )


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
        for _, session in self.table.groupby("session", sort=False):
            readings = [_reading(row) for row in session.to_dict("records")]
            score = score_readings(readings, resamples=resamples)
            assert score is not None
            name = str(session["reader"].iloc[0]) or "unnamed"
            names[name] = names.get(name, 0) + 1
            points = {"as fractured": score.reader.cautious, "as normal": score.reader.sure}
            rows.append(
                {
                    "reader": name if names[name] == 1 else f"{name} ({names[name]})",
                    "class_code": session["class_code"].iloc[0],
                    "n": score.n,
                    "fractured": score.fractured,
                    **{
                        f"{metric}, doubt {word}": str(getattr(point, metric))
                        for word, point in points.items()
                        for metric in ("sensitivity", "specificity", "kappa")
                    },
                    "AUROC": str(score.reader.auroc),
                    "accuracy of always normal": f"{score.baseline:.3f}",
                }
            )
        return pd.DataFrame(rows)

    def cases(self) -> pd.DataFrame:
        """Return one row for each case, those that fewest got right first."""
        table = self.table
        counted = (
            table.assign(
                right=table["reading"] == table["truth"],
                doubt=table["reading"] == READERS_WORDS[Verdict.DOUBT],
            )
            .groupby("case", sort=False, as_index=False)
            .agg(
                truth=("truth", "first"),
                read=("truth", "size"),
                right=("right", "sum"),
                doubt=("doubt", "sum"),
                network=("network_verdict", "first"),
            )
        )
        pairs = zip(counted["right"].tolist(), counted["read"].tolist(), strict=True)
        counted.insert(5, "wrong", counted["read"] - counted["right"] - counted["doubt"])
        counted.insert(6, "share_right", [round(right / read, 3) for right, read in pairs])
        return counted.sort_values(["share_right", "case"], ignore_index=True)


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
    def refused(why: str) -> ReadingRoomError:
        return ReadingRoomError(f"{file.name} {why}: it was left out.")

    try:
        if file.stat().st_size > _MOST_BYTES:
            raise refused("is too large to be an export")
        table = read_frame(file, dtype=str, keep_default_na=False)
    except OSError as error:
        raise refused(f"cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise refused("is no CSV table") from error
    missing = [name for name in _NEEDED if name not in table.columns]
    if missing:
        raise refused(f"is no export of the reading room (it has no column {missing[0]})")
    if table.empty:
        raise refused("holds no reading")
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
        network=record if known else None,
    )
