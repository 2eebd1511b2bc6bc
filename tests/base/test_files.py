from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest
from full_disk import no_file_longer_than

from fracture_widgets.base import files
from fracture_widgets.base.files import (
    exclusively,
    file_sha256,
    move,
    write_by_content,
    write_folder,
    write_whole,
)


def listing(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def interrupted(stream):
    stream.write(b"half")
    raise KeyboardInterrupt


def test_a_file_is_written_into_a_folder_that_is_made_for_it(tmp_path):
    path = write_whole(tmp_path / "a" / "b" / "file", b"content")
    write_whole(path, lambda stream: stream.write(b"other content"))
    assert listing(path.parent) == {"file": b"other content"}


def test_an_interruption_leaves_the_older_file_and_nothing_beside_it(tmp_path):
    path = write_whole(tmp_path / "file", b"older")
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_by_content(path, interrupted)
    assert listing(tmp_path) == {"file": b"older"}


@pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")
def test_a_full_disk_leaves_the_older_file_and_nothing_beside_it(tmp_path):
    path = write_whole(tmp_path / "file", b"older")
    with no_file_longer_than(80), pytest.raises(OSError, match="File too large"):
        write_whole(path, b"x" * 100)
    assert listing(tmp_path) == {"file": b"older"}


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_what_a_killed_program_left_goes_with_the_next_writing(tmp_path):
    path = write_whole(tmp_path / "file", b"older")
    program = (
        "import os, pathlib\n"
        "from fracture_widgets.base.files import write_whole\n"
        f"write_whole(pathlib.Path({str(path)!r}), lambda s: os.kill(os.getpid(), 9))\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], check=False)
    assert ended.returncode == -signal.SIGKILL
    (_left,) = tmp_path.glob(".*")
    assert path.read_bytes() == b"older"
    write_whole(path, b"newer")
    assert listing(tmp_path) == {"file": b"newer"}


def test_what_another_machine_may_still_write_stays_for_an_hour(tmp_path):
    path = write_whole(tmp_path / "file", b"older")
    left = tmp_path / ".file.0a1b2c3d-1-4e5f6a7b.part"
    left.write_bytes(b"half")
    write_whole(path, b"newer")
    assert left.exists()
    os.utime(left, (0, 0))
    write_whole(path, b"newest")
    assert listing(tmp_path) == {"file": b"newest"}


def test_many_write_the_same_file_and_it_is_always_whole(tmp_path):
    path, seen = tmp_path / "file", set()

    def write(letter):
        for _ in range(20):
            write_whole(path, letter * 5000)
            seen.add(path.read_bytes())

    threads = [threading.Thread(target=write, args=(bytes([n]),)) for n in b"abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen <= {letter * 5000 for letter in (b"a", b"b", b"c")}
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


def test_file_and_folder_are_forced_to_disk_before_and_after_the_name_changes(
    tmp_path, monkeypatch
):
    path, happened = tmp_path / "file", []
    monkeypatch.setattr(files.os, "fsync", lambda _: happened.append(path.exists()))
    write_whole(path, b"content")
    assert happened == [False, True]


def test_a_file_is_named_by_its_content(tmp_path):
    path, sha256 = write_by_content(tmp_path / "weights.npz", b"content")
    assert path.name == f"weights-{sha256[:12]}.npz"
    assert sha256 == file_sha256(path)


def test_a_folder_is_put_in_place_when_all_of_it_is_there(tmp_path):
    home = tmp_path / "folder"
    write_folder(home, lambda folder: (folder / "a").write_bytes(b"1"))
    with pytest.raises(KeyboardInterrupt):
        write_folder(home, lambda folder: write_whole(folder / "b", interrupted))
    assert listing(home) == {"a": b"1"}
    write_folder(home, lambda folder: (folder / "b").write_bytes(b"2"))
    assert listing(home) == {"b": b"2"}
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_name_is_moved_over_another(tmp_path):
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "b").write_bytes(b"b")
    move(tmp_path / "a", tmp_path / "b")
    assert listing(tmp_path) == {"b": b"a"}


def test_a_lock_keeps_others_out_and_is_free_after_the_block(tmp_path):
    lock = tmp_path / "made" / "lock"
    with (
        exclusively(lock),
        pytest.raises(TimeoutError, match="lock is held by another program"),
        exclusively(lock),
    ):
        pass
    with exclusively(lock):
        pass
