"""Write the golden files in ``tests/golden/data/`` anew, from what the program answers now.

    python tests/golden/regenerate.py --write            every answer
    python tests/golden/regenerate.py --write screening  one of them
    python tests/golden/regenerate.py --freeze           today's formats, where none is kept yet

Do so only for a change that is meant, look at ``git diff`` line by line, and say in the commit
what changed for whom: the tests compare the program with these files and know nothing better.
The new files hold their numbers as this machine rounds them.

What older versions wrote (histories, a model's card, radiographs, an unfinished screening, reading
sessions) is never written anew. ``--freeze`` adds what today's version writes under names that are
not taken yet; a history gets the number of its schema.

It does nothing where ``CI`` is set in the environment, or from within pytest.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
NOT_HERE = ("CI", "GITHUB_ACTIONS", "PYTEST_CURRENT_TEST")


def main(words: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"of {', '.join(ANSWERS)}; all by default")
    parser.add_argument("--write", action="store_true", help="write the answers anew")
    parser.add_argument("--freeze", action="store_true", help="keep what today's version writes")
    parsed = parser.parse_args(words)
    for name in NOT_HERE:
        if os.environ.get(name):
            parser.error(f"{name} is set: golden files are written by people, not by their tests")
    if not (parsed.write or parsed.freeze):
        parser.error("say --write or --freeze: the golden files are what the tests compare with")
    if unknown := set(parsed.names) - set(ANSWERS):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    _prepare()
    if parsed.freeze:
        _freeze()
    if parsed.write:
        _write(parsed.names or list(ANSWERS))
    return 0


def _prepare() -> None:
    """Use the checkout's code, and nobody's own data."""
    sys.path[:0] = [str(HERE), str(HERE.parent.parent)]
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME"):
        os.environ[name] = tempfile.mkdtemp(prefix="fracture-widgets-golden-")
    os.environ.setdefault("MPLBACKEND", "Agg")
    os.environ["FRACTURE_WIDGETS_ENGINE"] = "onnx"


def _write(names: Sequence[str]) -> None:
    import golden_compare

    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            golden_compare.write(f"{name}.json", ANSWERS[name](Path(folder)))
        sys.stderr.write(f"{name}\n")
    here = golden_compare.machine()
    # With files of several machines beside each other, no machine is that of all of them.
    all_here = set(names) == set(ANSWERS) or golden_compare.read("machine.json")["digest"] == here
    golden_compare.write("machine.json", {"digest": here if all_here else ""})


def _answers(_: Path) -> Any:
    from golden_reports import answers

    return answers()


def _answers_of_crops(folder: Path) -> Any:
    from golden_reports import answers
    from golden_tables import old_models_folder

    return answers(old_models_folder(folder / "models"))


def _commands(folder: Path) -> Any:
    from golden_reports import commands

    return commands(folder)


def _reports(folder: Path) -> Any:
    from golden_reports import reports

    return reports(folder)


def _structured_reports(folder: Path) -> Any:
    from golden_reports import structured_reports

    return structured_reports(folder)


def _screening(folder: Path) -> Any:
    from golden_tables import screening

    return screening(folder)


def _trust(folder: Path) -> Any:
    from golden_tables import out_of_fold

    return out_of_fold(folder)["printed"]


def _histories(folder: Path) -> Any:
    from golden_records import histories

    return histories(folder)


def _worklist(folder: Path) -> Any:
    from golden_records import worklist

    return worklist(folder)


def _readings(folder: Path) -> Any:
    from golden_records import readings

    return readings(folder)


ANSWERS: dict[str, Callable[[Path], Any]] = {
    "answers": _answers,
    "answers_of_crops": _answers_of_crops,
    "commands": _commands,
    "reports": _reports,
    "structured_reports": _structured_reports,
    "screening": _screening,
    "trust": _trust,
    "histories": _histories,
    "worklist": _worklist,
    "readings": _readings,
}


def _freeze() -> None:
    """Keep what there is no older copy of."""
    from golden_compare import DATA, write
    from golden_records import JOURNAL, READINGS, write_history, write_journal, write_readings
    from golden_tables import CARD, RADIOGRAPHS, models_folder

    from fracture_widgets import sample_phantoms

    if not RADIOGRAPHS.exists():
        RADIOGRAPHS.mkdir(parents=True)
        for sample in sample_phantoms():
            file = RADIOGRAPHS / f"{sample.body_part}-{sample.label}.png"
            file.write_bytes(sample.radiograph.to_png(max_side=120))
    if not (DATA / CARD).exists():
        shutil.copyfile(models_folder() / "card.json", DATA / CARD)
    with tempfile.TemporaryDirectory() as folder:
        history = write_history(Path(folder))
        version = history.rstrip(";\n").rpartition(" ")[2]
        if not (DATA / f"history_schema_{version}.sql").exists():
            write(f"history_schema_{version}.sql", history)
    if not (DATA / JOURNAL).exists():
        with tempfile.TemporaryDirectory() as folder:
            write(JOURNAL, write_journal(Path(folder)))
    if not READINGS.exists():
        write_readings(READINGS)
        (READINGS / "sessions.lock").unlink()


if __name__ == "__main__":
    sys.exit(main())
