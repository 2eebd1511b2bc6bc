"""``fracture-widgets readings``: the exports of a class in one table."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fracture_widgets.errors import ReadingRoomError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["add_parser"]


def add_parser(subparsers: Any) -> None:
    """Register ``readings`` with the subparsers of the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "readings",
        help="put the reading sessions of a class together",
        description="Merge what students exported in the reading room: for each student how many "
        "cases they read, sensitivity, specificity, kappa and AUROC with 95 percent intervals; for "
        "each case how many got it right, the hardest first. A file that is no export does not "
        "stop the rest; the exit code is then 1.",
    )
    parser.add_argument("files", metavar="FILE.csv", type=Path, nargs="+", help="an export")
    parser.add_argument(
        "--students", metavar="FILE", type=Path, help="write the students' table to this CSV file"
    )
    parser.add_argument(
        "--cases", metavar="FILE", type=Path, help="write the cases' table to this CSV file"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from fracture_widgets.reading_room.class_table import read_exports

    readings = read_exports(arguments.files)
    for problem in readings.problems:
        print(problem, file=sys.stderr)
    students, cases = readings.students(), readings.cases()
    if arguments.json:
        both = {"students": students.to_dict("records"), "cases": cases.to_dict("records")}
        print(json.dumps(both, indent=2, default=str))
    else:
        _tell(students, cases)
    for table, file in ((students, arguments.students), (cases, arguments.cases)):
        if file is not None:
            _write(table, file)
    return 1 if readings.problems else 0


def _tell(students: pd.DataFrame, cases: pd.DataFrame) -> None:
    print(f"{len(students):,} session{'' if len(students) == 1 else 's'}")
    for row in students.to_dict("records"):
        print(
            f"\n{row['reader']}: {row['n']} cases, {row['fractured']} fractured "
            f"(class code {row['class_code']}; always normal is right in "
            f"{row['accuracy of always normal']})"
        )
        for word in ("fractured", "normal"):
            said = ", ".join(
                f"{metric} {row[f'{metric}, doubt as {word}']}"
                for metric in ("sensitivity", "specificity", "kappa")
            )
            print(f"  doubt as {word}: {said}")
        print(f"  AUROC {row['AUROC']}")
    print(f"\n{len(cases):,} cases, the hardest first")
    print(cases.to_string(index=False))


def _write(table: pd.DataFrame, file: Path) -> None:
    from fracture_widgets.base.tables import write_csv

    try:
        write_csv(file, list(table.columns), table.itertuples(index=False, name=None))
    except OSError as error:
        raise ReadingRoomError(
            f"{file.name} could not be written ({error.strerror}): choose another folder."
        ) from error
