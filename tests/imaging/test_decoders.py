"""Files are decoded by processes of their own, which end with what they were started for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from picture_files import limb, picture_file

from fracture_widgets.errors import DecoderError, UnreadableRadiograph
from fracture_widgets.imaging import decoders, worker
from fracture_widgets.imaging.decoders import Decoders
from fracture_widgets.imaging.worker import Request

PNG = picture_file(limb(), "PNG")
REQUEST = Request("hand.png", 1 << 20, 30.0)
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and pipes are a Unix matter")

STAND_IN = """
import os, signal, sys, time
from fracture_widgets.imaging import worker

def decode(request, data):
    {body}

worker.decode = decode
worker.main()
"""


@pytest.fixture
def ours():
    """Workers of one's own, none of which outlives the test."""
    ours = Decoders()
    yield ours
    ours.end()


def worker_that(monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """Have workers decode in another way."""
    command = (sys.executable, "-P", "-c", STAND_IN.format(body=body))
    monkeypatch.setattr(decoders, "_COMMAND", command)


def pid_of(ours: Decoders) -> int:
    (idle,) = ours._idle
    return idle._process.pid


def is_running(pid: int) -> bool:
    """Say whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def ended(pid: int, *, within: float = 20.0) -> bool:
    until = time.monotonic() + within
    while is_running(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not is_running(pid)


def test_one_worker_decodes_one_file_after_another(ours: Decoders) -> None:
    first = ours.decode(REQUEST, PNG)
    pid = pid_of(ours)
    second = ours.decode(REQUEST, PNG)
    assert pid_of(ours) == pid != os.getpid()
    assert (first.pixels == second.pixels).all()
    assert first.source_format == "PNG"


def test_what_is_wrong_with_a_file_does_not_end_its_worker(ours: Decoders) -> None:
    ours.decode(REQUEST, PNG)
    pid = pid_of(ours)
    with pytest.raises(UnreadableRadiograph, match=r"hand\.png is cut short or damaged"):
        ours.decode(REQUEST, PNG[:300])
    assert pid_of(ours) == pid


def test_threads_that_decode_at_once_have_a_worker_each(
    ours: Decoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ours, "_places", threading.BoundedSemaphore(2))
    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda _: ours.decode(REQUEST, PNG), range(12)))
    assert len({reply.pixels.tobytes() for reply in replies}) == 1
    assert 1 <= len(ours._idle) <= 2


@POSIX
def test_a_worker_loads_no_network_and_no_page(ours: Decoders) -> None:
    ours.decode(REQUEST, PNG)
    loaded = Path(f"/proc/{pid_of(ours)}/maps").read_text()
    assert "onnxruntime" not in loaded
    assert "tensorflow" not in loaded
    assert "_imaging" in loaded, "this does look at what is loaded"


def test_a_worker_knows_no_token(ours: Decoders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRACTURE_WIDGETS_TOKEN", "planted-token")
    ours.decode(REQUEST, PNG)
    assert b"planted-token" not in Path(f"/proc/{pid_of(ours)}/environ").read_bytes()


def test_what_takes_too_long_is_killed_and_others_are_decoded(
    ours: Decoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker_that(monkeypatch, "time.sleep(600)")
    ours.start()
    pid = pid_of(ours)
    with pytest.raises(UnreadableRadiograph, match=r"hand\.png takes longer than 0\.2 seconds"):
        ours.decode(Request("hand.png", 1 << 20, 0.2), PNG)
    assert not is_running(pid)
    monkeypatch.undo()
    assert ours.decode(REQUEST, PNG).pixels.size


@POSIX
@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGKILL"])
def test_a_file_that_its_worker_dies_of_is_refused_in_a_sentence(
    ours: Decoders, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    worker_that(monkeypatch, f"os.kill(os.getpid(), signal.{name})")
    with pytest.raises(UnreadableRadiograph) as refused:
        ours.decode(REQUEST, PNG)
    assert str(refused.value) == (
        "hand.png makes the program that decodes it fail: copy or export it again."
    )
    assert ours._idle == []


def test_a_mistake_of_ours_is_no_end_of_the_others(
    ours: Decoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker_that(monkeypatch, "raise KeyError('bone')")
    with pytest.raises(UnreadableRadiograph, match="makes the program that decodes it fail"):
        ours.decode(REQUEST, PNG)


@POSIX
def test_memory_beyond_the_limit_is_refused_in_a_sentence(
    ours: Decoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker_that(monkeypatch, "return bytearray(worker.MOST_MEMORY)")
    with pytest.raises(UnreadableRadiograph) as refused:
        ours.decode(REQUEST, PNG)
    assert str(refused.value) == (
        "hand.png needs more than 3 GB of memory to decode: export it again, smaller or "
        "uncompressed."
    )
    assert ours._idle == [], "what memory it took goes with it"


@POSIX
@pytest.mark.slow
def test_a_worker_that_nobody_is_left_to_kill_ends_by_itself(
    ours: Decoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker_that(monkeypatch, "import numpy\n    while True: pass")
    monkeypatch.setattr("threading.Timer.start", lambda timer: None)
    with pytest.raises(UnreadableRadiograph, match=r"takes longer than 0\.1 seconds"):
        ours.decode(Request("hand.png", 1 << 20, 0.1), PNG)


@POSIX
def test_a_worker_that_has_nothing_to_do_goes_and_the_next_file_finds_another(
    ours: Decoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_IDLE_SECONDS", 0.1)
    resting = STAND_IN.replace("worker.decode = decode", "worker._IDLE_SECONDS = 0.1")
    monkeypatch.setattr(
        decoders, "_COMMAND", (sys.executable, "-P", "-c", resting.format(body="pass"))
    )
    ours.decode(REQUEST, PNG)
    pid = pid_of(ours)
    assert ended(pid)
    assert ours.decode(REQUEST, PNG).pixels.size
    assert pid_of(ours) != pid


@POSIX
def test_a_worker_that_takes_its_time_to_go_is_the_fault_of_no_file(
    ours: Decoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = "import atexit, os, time; atexit.register(lambda: (os.closerange(0, 2), time.sleep(1)))"
    leaving = STAND_IN.replace("worker.decode = decode", f"worker._IDLE_SECONDS = 0.1; {slow}")
    monkeypatch.setattr(
        decoders, "_COMMAND", (sys.executable, "-P", "-c", leaving.format(body="pass"))
    )
    ours.decode(REQUEST, PNG)
    time.sleep(0.4)
    assert ours.decode(REQUEST, PNG).pixels.size


def test_whoever_asks_may_be_interrupted_and_the_answer_is_nobody_s(
    ours: Decoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    ours.start()
    pid = pid_of(ours)
    monkeypatch.setattr(decoders, "receive", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ours.decode(REQUEST, PNG)
    assert not is_running(pid)
    monkeypatch.undo()
    assert ours.decode(REQUEST, PNG).pixels.size


@pytest.mark.parametrize("command", [("no-such-python",), (sys.executable, "-c", "")])
def test_what_cannot_be_started_is_the_fault_of_no_file(
    ours: Decoders, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setattr(decoders, "_COMMAND", command)
    with pytest.raises(DecoderError) as refused:
        ours.decode(REQUEST, PNG)
    assert str(refused.value) == (
        "The program that decodes files could not be started: close other programs and try again."
    )


@pytest.mark.parametrize(
    "header",
    [
        "{'shape': [1, 1], 'kept': 0, 'bytes': True, 'fields': {'pixels': 7}}, bytes(1)",
        "{'fields': 'x' * (1 << 21)}",
        "{'shape': [1 << 20, 1 << 20], 'kept': 0, 'bytes': True, 'fields': {}}",
        "{'shape': [-1, 4], 'kept': 0, 'bytes': True, 'fields': {}}",
        "{'shape': 'large', 'kept': 0, 'bytes': True, 'fields': {}}",
        "{'kept': 'all of it'}",
        "{}",
    ],
)
def test_a_worker_that_lost_its_senses_is_not_believed(
    ours: Decoders, monkeypatch: pytest.MonkeyPatch, header: str
) -> None:
    answer = f"worker._answer = lambda _, __, out: worker.send(out, {header})"
    senseless = STAND_IN.format(body="pass").replace("worker.decode = decode", answer)
    monkeypatch.setattr(decoders, "_COMMAND", (sys.executable, "-P", "-c", senseless))
    with pytest.raises(UnreadableRadiograph, match="makes the program that decodes it fail"):
        ours.decode(REQUEST, PNG)


@POSIX
def test_a_copy_of_the_process_has_workers_of_its_own() -> None:
    code = """
import os, sys
sys.path[:0] = {path!r}
from picture_files import limb, picture_file
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.imaging.decoders import DECODERS
png = picture_file(limb(), "PNG")
first = read_radiograph(png).pixels
pid = DECODERS._idle[0]._process.pid
if os.fork() == 0:
    same = (read_radiograph(png).pixels == first).all()
    os._exit(0 if same and DECODERS._idle[0]._process.pid != pid else 1)
assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
assert (read_radiograph(png).pixels == first).all()
assert DECODERS._idle[0]._process.pid == pid
print(pid)
"""
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code.format(path=sys.path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ended(int(ran.stdout)), "a worker ends with the process that it works for"


@POSIX
def test_a_worker_ends_when_the_process_that_it_works_for_is_killed(tmp_path: Path) -> None:
    code = """
import sys, time
from fracture_widgets.imaging.decoders import DECODERS
DECODERS.start()
print(DECODERS._idle[0]._process.pid, flush=True)
time.sleep(600)
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as asking:
        pid = int(asking.stdout.readline())
        assert is_running(pid)
        asking.send_signal(signal.SIGKILL)
    assert ended(pid)


def test_a_worker_is_of_the_package_that_asks_wherever_that_lies(tmp_path: Path) -> None:
    home = Path(decoders.__file__).parents[2]
    (tmp_path / "numpy.py").write_text("raise SystemExit('a stranger')")
    code = f"""
import os, sys
sys.path.insert(0, {str(home)!r})
os.chdir({str(tmp_path)!r})
from fracture_widgets.imaging import decoders
print(decoders.DECODERS.decode(decoders.Request("a.png", 1 << 20, 30.0), {PNG!r}).pixels.shape)
"""
    apart = {"PATH": os.environ["PATH"], "PYTHONPATH": ""}
    ran = subprocess.run(
        [sys.executable, "-P", "-c", code], env=apart, capture_output=True, text=True, check=False
    )
    assert (ran.stdout, ran.stderr) == ("(96, 64)\n", "")
