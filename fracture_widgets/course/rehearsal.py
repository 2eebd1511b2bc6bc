"""A lesson is run on a folder of radiographs before a class does: how long, and what it says."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from fracture_widgets.base.files import scratch_folder, write_whole
from fracture_widgets.errors import FractureWidgetsError, MissingExtra

_FOLDER = "DATASET = "
"""How the one line begins that says where a lesson's radiographs are."""
_CELL_SECONDS = 3600


@dataclass(frozen=True)
class Rehearsal:
    """What became of a lesson: its notebook with what the cells gave, seconds, what stopped it."""

    notebook: Any
    seconds: float
    problem: str = ""

    @property
    def printed(self) -> str:
        """What its cells printed or showed, as text."""
        return "".join(
            output.get("text") or output.get("data", {}).get("text/plain", "") + "\n"
            for cell in self.notebook.cells
            for output in cell.get("outputs", ())
            if output.output_type != "error" and output.get("name") != "stderr"
        )

    def save(self, file: Path) -> None:
        """Write the notebook with what its cells gave."""
        formats: Any = import_module("nbformat")
        write_whole(file, (formats.writes(self.notebook) + "\n").encode())


def rehearse(lesson: Path, dataset: Path | None = None) -> Rehearsal:
    """Run a lesson from its first cell to its last, on a folder in place of the drawn ones."""
    try:
        import nbclient

        formats: Any = import_module("nbformat")
    except ImportError:
        raise MissingExtra("Running a lesson", "notebooks") from None
    notebook: Any = formats.read(lesson, as_version=4)
    if dataset is not None:
        _name_folder(notebook, dataset.resolve(), lesson.name)
    problem, start = "", time.monotonic()
    with scratch_folder() as scratch:
        client = nbclient.NotebookClient(
            notebook, timeout=_CELL_SECONDS, resources={"metadata": {"path": os.fspath(scratch)}}
        )
        _keep_to_itself(client)
        try:
            client.execute(
                env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "MPLBACKEND": "Agg"},
                stderr=subprocess.DEVNULL,  # what the kernel says of itself; a cell's is kept
            )
        except nbclient.exceptions.CellExecutionError as error:
            problem = f"{error.ename}: {error.evalue}"
    return Rehearsal(notebook, time.monotonic() - start, problem)


def _keep_to_itself(client: Any) -> None:
    """Have the output widgets of what can be slid tell the kernel nothing of what they show.

    nbclient sends that past the loop that waits for the cell's reply, and so may never hear of the
    reply: a cell with a slider then hung until its time was up (jupyter/nbclient, issue 312).
    """
    from nbclient.output_widget import OutputWidget

    class Quiet(OutputWidget):
        def send(self, *_: object, **__: object) -> None:
            pass

    client.widget_registry = {"@jupyter-widgets/output": {"OutputModel": Quiet}}


def _name_folder(notebook: Any, dataset: Path, lesson: str) -> None:
    for cell in notebook.cells:
        lines = cell.source.split("\n")
        named = [number for number, line in enumerate(lines) if line.startswith(_FOLDER)]
        if cell.cell_type == "code" and named:
            lines[named[0]] = f"{_FOLDER}{os.fspath(dataset)!r}"
            cell.source = "\n".join(lines)
            return
    raise FractureWidgetsError(f"{lesson} has no line {_FOLDER.strip()} that names a folder.")
