"""What older versions kept: histories, an unfinished screening, reading sessions, a worklist.

Everything here that is not the public face of the package stands in the functions at the end that
open a page's parts.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from golden_compare import DATA
from golden_reports import lines, run, write_samples
from golden_tables import RADIOGRAPHS, odd_folder, stop_a_screening

from fracture_widgets import Cascade, History, ReadingRoom, Workbench, read_radiograph

HISTORY = "history.sqlite3"
JOURNAL = "screening.part"
READINGS = DATA / "readings"
KEPT = 4
"""Files that the unfinished screening had answered."""


def schemas() -> list[str]:
    """Return the names of the histories that were kept, the oldest first."""
    return sorted(file.name for file in DATA.glob("history_schema_*.sql"))


def restore(name: str, folder: Path) -> Path:
    """Make the history that a dump was taken of."""
    with closing(sqlite3.connect(folder / HISTORY)) as connection:
        connection.executescript((DATA / name).read_text("utf-8"))
    return folder / HISTORY


def dump(path: Path) -> str:
    """Return a history as the statements that make it."""
    with closing(sqlite3.connect(path)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        return "\n".join([*connection.iterdump(), f"PRAGMA user_version = {version};"]) + "\n"


@contextmanager
def data_folder(folder: Path) -> Iterator[None]:
    """Let commands find their data in this folder."""
    before = os.environ.get("FRACTURE_WIDGETS_DATA")
    os.environ["FRACTURE_WIDGETS_DATA"] = str(folder)
    try:
        yield
    finally:
        del os.environ["FRACTURE_WIDGETS_DATA"]
        if before is not None:
            os.environ["FRACTURE_WIDGETS_DATA"] = before


def histories(folder: Path) -> dict[str, Any]:
    """Return what every kept history has, as JSON and as CSV."""
    found = {}
    for name in schemas():
        home = folder / name
        home.mkdir()
        restore(name, home)
        with data_folder(home):
            found[name] = {
                "json": lines(run("history", "--json", "-"), home)["out"],
                "csv": lines(run("history", "--csv", "-"), home)["out"],
            }
    return found


def write_history(folder: Path) -> str:
    """Save, read and delete results with today's version; return the file as a dump."""
    cascade = Cascade.load()
    with data_folder(folder):
        history = History()
        for file in sorted(RADIOGRAPHS.iterdir()):
            report = cascade.examine(read_radiograph(file))
            history.save(report)
            if report.refused:
                history.save(report.override("For teaching"))
        noise = cascade.examine(read_radiograph(write_samples(folder)[-1]))
        assert noise.refused
        history.save(noise)
        for words in (
            ("read", 1, "doubt"),
            ("read", 3, "none seen", "--remark", "=1+1, zwei\nZeilen"),
            ("read", 4, "not read", "--remark", "later"),
            ("delete", 5, "--yes"),
        ):
            told = run("history", *words)
            assert told["code"] == 0, told
    return dump(folder / HISTORY)


def write_journal(folder: Path) -> str:
    """Return what today's version keeps of a screening that was stopped."""
    stop_a_screening(odd_folder(folder / "radiographs"), folder / "t.csv", after=KEPT)
    return (folder / "t.csv.part").read_text("utf-8")


class _Synchronous(Executor):
    """Runs what it is given before ``submit`` returns."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def worklist(folder: Path) -> list[str]:
    """Return the worklist's table of the kept radiographs."""
    bench = Workbench(
        answer_at_once=False,
        cascade=Cascade.load(),
        history=History(folder / HISTORY),
        samples=(),
        executor=_Synchronous(),
    )
    bench.state.extend([read_radiograph(file) for file in sorted(RADIOGRAPHS.iterdir())])
    bench.predict_all.click()
    return _downloaded(bench.worklist.export).decode("utf-8-sig").splitlines()


def write_readings(home: Path) -> None:
    """Read drawn radiographs with today's version: a whole session, and the beginning of one."""
    room = _room(home)
    _start(room, count=4, code="CLASS 1", reader="=1+1")
    for number, (verdict, box) in enumerate(
        [("fracture", (0.4, 0.4, 0.6, 0.6)), ("none seen", None), ("doubt", (0.5, 0.5, 0.5, 0.5)),
         ("none seen", None)], 1
    ):  # fmt: skip
        _read(room, number, verdict, box)
        room.sheet.receive({"type": "next", "number": number})
    room = _room(home)
    _start(room, count=3, code="CLASS 2", reader="Zoë")
    _read(room, 1, "doubt", None)


def readings(folder: Path) -> dict[str, Any]:
    """Return what the kept sessions are on the page, in a class's table and in its summary."""
    shutil.copytree(READINGS, folder / "readings")
    room = _room(folder / "readings")
    listed = [dict(row) for row in room.start.table.content["rows"]]
    tables = {}
    for row in listed:
        room = _room(folder / "readings")
        room.start.table.receive({"type": "open", "id": row["id"]})
        if room.state.session.finished:
            file = folder / f"{row['id']}.csv"
            file.write_bytes(_downloaded(room.score.export))
            tables[file.name] = file.read_text("utf-8-sig").splitlines()
    words = ("readings", *(folder / name for name in tables))
    return {
        "listed": [row["cells"][1:] for row in listed],
        "tables": tables,
        "class": lines(run(*words), folder),
        "class as json": lines(run(*words, "--json"), folder)["out"],
    }


def _room(home: Path) -> Any:
    return ReadingRoom(home=home, folders=(), cascade=Cascade.load(), executor=_Synchronous())


def _start(room: Any, **fields: Any) -> None:
    for name, value in fields.items():
        room.start.form.change(name, value)
    room.start.start.click()


def _read(room: Any, number: int, verdict: str, box: tuple[float, ...] | None) -> None:
    if box is not None:
        key = room.viewer.content["key"]
        room.viewer.receive({"type": "place", "key": key, "box": list(box)})
    room.sheet.receive({"type": "say", "number": number, "verdict": verdict})
    room.sheet.receive({"type": "reveal", "number": number})


def _downloaded(button: Any) -> bytes:
    """Return the file that a button gives to the browser."""
    sent: list[tuple[Mapping[str, Any], list[bytes]]] = []
    button.send = lambda content, buffers=None: sent.append((content, list(buffers or ())))
    button.receive({"type": "wanted"})
    (file,) = (buffers[0] for content, buffers in sent if content["type"] == "file")
    return bytes(file)
