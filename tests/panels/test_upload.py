from __future__ import annotations

import pytest

from fracture_widgets.panels.state import WorkbenchState
from fracture_widgets.panels.upload import MAX_FILE_BYTES, UploadPanel

PIECE = 1000


@pytest.fixture
def state():
    return WorkbenchState()


@pytest.fixture
def panel(state):
    panel = UploadPanel(state)
    panel.sent = []
    panel.send = panel.sent.append
    return panel


def upload(panel, name, content, *, key="1"):
    """Play the page's part: send the next piece whenever the panel asks for one."""
    panel.receive({"type": "begin", "upload": key, "name": name, "size": len(content)})
    position = 0
    while panel.sent[-1]["type"] == "next":
        piece = memoryview(content[position : position + PIECE])
        panel.receive({"type": "piece", "upload": key}, [piece])
        position += PIECE
    assert panel.sent[-1] == {"type": "done", "upload": key}


@pytest.fixture
def png(radiograph):
    return radiograph("x", width=60, height=90).to_png()


def test_a_file_in_pieces_becomes_a_radiograph(panel, state, png):
    assert len(png) > 3 * PIECE
    upload(panel, "hand.png", png)
    (entry,) = state.entries
    assert entry.radiograph.name == "hand.png"
    assert (entry.radiograph.width, entry.radiograph.height) == (60, 90)
    assert state.selected is entry


def test_a_file_that_is_no_radiograph_leaves_a_sentence_and_the_next_one_is_read(panel, state, png):
    upload(panel, "notes.png", b"no picture at all", key="1")
    upload(panel, "empty.png", b"", key="2")
    upload(panel, "hand.png", png, key="3")
    assert [entry.radiograph.name for entry in state.entries] == ["hand.png"]
    assert len(state.problems) == 2
    assert all(name in said for name, said in zip(["notes", "empty"], state.problems, strict=True))


def test_the_bytes_are_let_go_and_never_in_the_widget_state(panel, png):
    upload(panel, "hand.png", png)
    assert not panel._arriving
    assert png[100:140] not in repr(panel.get_state()).encode("latin-1", "replace")
    assert not any(isinstance(value, bytes | memoryview) for value in panel.get_state().values())


def test_a_file_over_the_limit_is_refused_with_the_limit(panel, state):
    begin = {"type": "begin", "upload": "1", "name": "huge.dcm", "size": MAX_FILE_BYTES + 1}
    panel.receive(begin)
    assert panel.sent == [{"type": "done", "upload": "1"}]
    assert state.problems[0].startswith("huge.dcm is larger than 64 MB")


@pytest.mark.parametrize("reason", ["size", "folder", "unreadable"])
def test_what_the_page_refuses_is_said(panel, state, reason):
    panel.receive({"type": "refused", "name": "C:\\patients\\wrist", "reason": reason})
    (said,) = state.problems
    assert said.startswith("wrist ")
    assert "patients" not in said


def test_a_new_choice_of_files_clears_the_old_sentences(panel, state):
    state.tell("An old one.")
    panel.receive({"type": "batch"})
    assert state.problems == ()


def test_a_piece_of_an_unknown_file_is_passed_over(panel, state):
    panel.receive({"type": "piece", "upload": "9"}, [memoryview(b"x")])
    panel.receive({"type": "never heard of"})
    assert not panel.sent
    assert not state.entries
