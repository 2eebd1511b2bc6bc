"""What is kept can be opened by its owner alone, and is no program for those who open it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from history_reports import make_report
from hypothesis import given
from hypothesis import strategies as st

from fracture_widgets.base.files import scratch_folder
from fracture_widgets.base.language import plain
from fracture_widgets.base.tables import guarded, unguarded
from fracture_widgets.cli.narrator import Narrator, say, tell
from fracture_widgets.reading_room.session import SessionStore
from fracture_widgets.records.history import History

posix = pytest.mark.skipif(os.name != "posix", reason="Windows keeps no such modes")
_HOLD = """
import signal
import time
for name in ("SIGHUP", "SIGQUIT"):
    signal.signal(getattr(signal, name), signal.SIG_DFL)  # also where the tests run beside others
signal.signal(signal.SIGINT, signal.default_int_handler)
from fracture_widgets.serving.prepare import folders_of_our_own
with folders_of_our_own() as folder:
    print(folder, flush=True)
    time.sleep(60)
"""


@posix
def test_histories_and_sessions_are_their_owners_alone(tmp_path):
    before = os.umask(0o022)
    try:
        history = History(tmp_path / "own" / "history.sqlite3")
        history.save(make_report())
        store = SessionStore(tmp_path / "own" / "readings")
        store.delete("nothing")
    finally:
        os.umask(before)
    assert history.path.stat().st_mode & 0o777 == 0o600
    assert {x.stat().st_mode & 0o777 for x in (history.path.parent, store.folder)} == {0o700}


@posix
@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGKILL"])
def test_nothing_is_left_of_a_server_that_was_ended(name):
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        folder = Path(server.stdout.readline().strip())
        assert folder.stat().st_mode & 0o777 == 0o700
        server.send_signal(getattr(signal, name))
        server.wait(30)
    if name == "SIGKILL":  # which no program hears of: the next one sees to it
        assert folder.exists()
        with scratch_folder():
            pass
    assert not folder.exists()


@posix
def test_what_a_program_uses_that_runs_is_left_alone():
    with scratch_folder() as first, scratch_folder():
        assert first.is_dir()


_SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
_CELLS = st.text(st.sampled_from(f"{_SIGNS};'\n\r\t a1"), max_size=12)


@pytest.mark.slow
@given(_CELLS)
def test_no_cell_is_a_formula_also_where_semicolons_divide_cells(cell):
    shown = guarded(cell)
    for part in shown.replace("\n", ";").replace("\r", ";").split(";"):
        assert not part.startswith(tuple(_SIGNS))
    assert unguarded(shown) == cell


@pytest.mark.slow
@given(st.text(max_size=100))
def test_no_text_moves_a_console_s_cursor(text):
    assert all(letter.isprintable() or letter == "\n" for letter in plain(text))


def test_every_console_line_is_plain(capsys):
    hostile = "\x1b[2J\x1b]0;owned\x07name\r.png \u202egnp"
    say(hostile)
    tell(hostile)
    with Narrator() as narrator:
        narrator.say(hostile)
    written = capsys.readouterr()
    for line in (written.out + written.err).splitlines():
        assert line == r"\x1b[2J\x1b]0;owned\x07name\r.png \u202egnp"


@posix
@pytest.mark.slow
def test_a_name_of_a_file_is_plain_where_it_is_refused(tmp_path):
    file = tmp_path / "\x1b[31mred.png"
    file.write_bytes(b"none")
    code = "import sys; from fracture_widgets.cli import main; sys.exit(main())"
    ended = subprocess.run(
        [sys.executable, "-c", code, "predict", str(file)], capture_output=True, timeout=300,
        check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert b"\x1b" not in ended.stdout + ended.stderr
