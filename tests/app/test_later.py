"""What a lesson lets people click through is computed while they read."""

from __future__ import annotations

import ipywidgets
import pytest

from fracture_widgets.app.later import Later

CELLS = ["import ipywidgets\nprint('told where it is stored')", "number = 6 * 7"]
LAST = "made = ipywidgets.HTML(str(number))\n\nmade"


def test_what_the_last_line_gives_is_shown_once_all_has_run(patient, capsys):
    later = Later(CELLS, LAST, executor=patient)
    assert later.status.busy
    assert later.status.text == (
        "What you can click through here is being computed; read on meanwhile."
    )
    patient.go()
    (shown,) = later.children
    assert isinstance(shown, ipywidgets.HTML)
    assert shown.value == "42"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("cells", "last"), [(["1 / 0"], LAST), (CELLS, "1 / 0"), (CELLS, "f(")])
def test_what_goes_wrong_is_a_sentence_and_no_traceback(cells, last, synchronous):
    later = Later(cells, last, executor=synchronous)
    assert later.status.tone == "problem"
    assert later.status.text.startswith("Something went wrong that should not (")
    assert later.status in later.children
