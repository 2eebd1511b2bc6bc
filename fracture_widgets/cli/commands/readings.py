"""``fracture-widgets readings``: the exports of a class in one table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fracture_widgets.cli.narrator import complain, tell_json
from fracture_widgets.cli.options import App, Json, writing

if TYPE_CHECKING:
    import pandas as pd

app = App()


@app.command(short_help="put the reading sessions of a class together")
def readings(
    files: list[Path],
    *,
    students: Path | None = None,
    cases: Path | None = None,
    as_json: Json = False,
) -> int:
    """Merge what students exported in the reading room.

    For each student how many cases they read, sensitivity, specificity, kappa and AUROC with 95
    percent intervals; for each case how many got it right, the hardest first. A file that is no
    export does not stop the rest; the exit code is then 1.

    Parameters
    ----------
    files : FILE.csv
        exports
    students : FILE
        write the students' table to this CSV file
    cases : FILE
        write the cases' table to this CSV file
    """
    from fracture_widgets.base.tables import write_csv
    from fracture_widgets.reading_room.class_table import read_exports

    merged = read_exports(files)
    for problem in merged.problems:
        complain(problem)
    by_student, by_case = merged.students(), merged.cases()
    if as_json:
        both = {"students": by_student.to_dict("records"), "cases": by_case.to_dict("records")}
        tell_json(both, indent=2)
    else:
        _print(by_student, by_case)
    for table, file in ((by_student, students), (by_case, cases)):
        if file is not None:
            with writing(f"{file.name} could not be written", "choose another folder"):
                write_csv(file, list(table.columns), table.itertuples(index=False, name=None))
    return 1 if merged.problems else 0


def _print(students: pd.DataFrame, cases: pd.DataFrame) -> None:
    print(f"{len(students):,} session{'' if len(students) == 1 else 's'}")
    for row in students.to_dict("records"):
        print(
            f"\n{row['reader']}: {row['n']} cases, {row['fractured']} fractured "
            f"(class code {row['class_code']}; always normal is right in "
            f"{row['accuracy of always normal']})"
        )
        for word in ("fractured", "normal"):
            scores = ", ".join(
                f"{metric} {row[f'{metric}, doubt as {word}']}"
                for metric in ("sensitivity", "specificity", "kappa")
            )
            print(f"  doubt as {word}: {scores}")
        print(f"  AUROC {row['AUROC']}")
    print(f"\n{len(cases):,} cases, the hardest first")
    print(cases.to_string(index=False))
