"""A lesson is run on a folder, in a kernel of its own, and what stops it is said."""

from __future__ import annotations

import nbformat
import pytest

from fracture_widgets import write_phantoms
from fracture_widgets.cli import main
from fracture_widgets.course import rehearse
from fracture_widgets.course.lessons import notebooks_folder
from fracture_widgets.errors import FractureWidgetsError

FOLDER = "DATASET = None  # or the folder of your own radiographs"


def write_lesson(folder, *cells):
    path = folder / "01_x.ipynb"
    written = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(written, path)
    return path


@pytest.mark.slow
def test_a_folder_takes_the_place_of_the_drawn_ones_and_a_stop_is_told(tmp_path):
    lesson = write_lesson(tmp_path, FOLDER, "print(DATASET[-5:])", "1 / 0", "print('never')")
    done = rehearse(lesson, tmp_path / "mine'")
    assert done.printed == "mine'\n"
    assert done.problem == "ZeroDivisionError: division by zero"
    assert done.seconds > 0
    done.save(tmp_path / "kept" / "x.ipynb")
    kept = nbformat.read(tmp_path / "kept" / "x.ipynb", as_version=4)
    assert kept.cells[1].outputs[0].text == "mine'\n"
    assert "None" in lesson.read_text("utf-8")


@pytest.mark.slow
def test_what_can_be_slid_tells_the_kernel_nothing_while_a_cell_runs(tmp_path):
    shown = "import ipywidgets\nout = ipywidgets.Output()\nwith out:\n    print('seen')\nout"
    done = rehearse(write_lesson(tmp_path, shown, "print(out.outputs)"))
    assert not done.problem
    assert done.notebook.cells[1].outputs[0].text == "()\n"
    assert "seen" in str(done.notebook.metadata.widgets)


@pytest.mark.slow
@pytest.mark.parametrize("number", [2, 3, 4, 7])
def test_a_lesson_stops_with_a_sentence_where_packages_are_not_installed(number, tmp_path):
    (lesson,) = notebooks_folder().glob(f"{number:02}_*.ipynb")
    code = [c.source for c in nbformat.read(lesson, 4).cells if c.cell_type == "code"]
    (asking,) = (cell for cell in code if "require(" in cell)
    assert not any("import sklearn" in c or "from sklearn" in c for c in code[: code.index(asking)])
    without = "import sys\nsys.modules.update(keras=None, sklearn=None)"
    done = rehearse(write_lesson(tmp_path, without, asking))
    (shown,) = done.notebook.cells[1].outputs[0].traceback
    assert "lesson needs packages that are not installed: run  pip install" in shown


def test_a_notebook_that_names_no_folder_is_no_lesson(tmp_path):
    lesson = write_lesson(tmp_path, "print(1)")
    with pytest.raises(FractureWidgetsError, match=r"01_x\.ipynb has no line DATASET ="):
        rehearse(lesson, tmp_path)


def test_the_command_wants_a_data_set_and_a_lesson_that_are_there(tmp_path, capsys):
    assert main(["rehearse", str(tmp_path / "gone")]) == 1
    assert "dataset folder gone does not exist" in capsys.readouterr().err
    write_phantoms(tmp_path / "drawn", patients=1)
    assert main(["rehearse", str(tmp_path / "drawn"), "--lessons", "99"]) == 1
    assert "no such lesson: they are 1 to 10" in capsys.readouterr().err
