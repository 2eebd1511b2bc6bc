"""Processes that decode files for this one: warm, and killed when they exceed their limits."""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from fracture_widgets.base.cores import cores
from fracture_widgets.base.values import from_plain
from fracture_widgets.errors import DecoderError, UnreadableRadiograph
from fracture_widgets.imaging.decoding import Decoded
from fracture_widgets.imaging.stored_values import PackedPixels, ValueScale
from fracture_widgets.imaging.worker import (
    MOST_MEMORY,
    OUT_OF_MEMORY,
    READY,
    Request,
    receive,
    send,
)

_PACKAGE = Path(__file__).resolve().parents[1]
_COMMAND = (sys.executable, "-P", "-m", "fracture_widgets.imaging.worker")
_SECONDS_TO_START = 60.0
_SECONDS_TO_END = 10.0
_MOST_AT_ONCE = 8
"""The largest radiographs take half a gigabyte each while they are decoded."""

_PASSED_ON = ("PATH", "PYTHON", "LD_", "DYLD_", "LANG", "LC_", "SYSTEMROOT", "TEMP", "TMP", "HOME")
"""What the names of environment variables begin with that a worker gets: no token is among them."""

_SINGLE_THREADED = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
_PIPE_BYTES = 1 << 20


class _Gone(Exception):
    """A worker ended, or lost its senses, before it had answered."""


class _Closed(_Gone):
    """A worker has closed its side: it is ending, or has ended."""


class _AtRest(_Gone):
    """A worker had ended of its own accord, because nobody wanted anything of it for long."""


class _Worker:
    """A process that decodes one file after another."""

    def __init__(self) -> None:
        environment = {k: v for k, v in os.environ.items() if k.upper().startswith(_PASSED_ON)}
        # The same package as here, wherever it was found: a worker does not look where it starts.
        environment["PYTHONPATH"] = os.pathsep.join(
            filter(None, (str(_PACKAGE.parent), environment.get("PYTHONPATH")))
        )
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                _COMMAND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment | _SINGLE_THREADED,
            )
        except OSError as error:
            raise _not_started() from error
        self._requests = cast(BinaryIO, self._process.stdin)
        self._replies = cast(BinaryIO, self._process.stdout)
        self._ready = self._busy = self.overdue = False
        self._lock = threading.Lock()
        for stream in (self._requests, self._replies):
            _widen(stream)

    def answer(self, request: Request, data: bytes) -> Decoded | str:
        """Return what a file holds, or what is wrong with it."""
        if not self._ready:
            with self._killed_after(_SECONDS_TO_START):
                self._ready = self._replies.read(len(READY)) == READY
            if not self._ready:
                raise _not_started()
        header = {**asdict(request), "bytes": len(data)}
        with self._killed_after(request.seconds):
            try:
                send(self._requests, header, data)
                reply = receive(self._replies)
                if reply is None:
                    raise _Closed
                return str(reply["error"]) if "error" in reply else self._read(reply, request)
            except OSError as error:
                raise _Closed from error
            except (ValueError, KeyError, TypeError) as error:
                raise _Gone from error

    def _read(self, header: dict[str, Any], request: Request) -> Decoded:
        height, width = (int(side) for side in header["shape"])
        kept = bytearray(int(header["kept"]))
        if not (height > 0 and width > 0 and height * width <= request.max_pixels):
            raise _Gone
        pixels = np.empty((height, width), {"u1": "u1", "u2": "u2", "f4": "f4"}[header["kind"]])
        table = np.empty(min(int(header["table"]), 1 << 16), np.float32)
        for content in (pixels.data.cast("B"), table.data.cast("B"), memoryview(kept)):
            while content:
                if not (count := cast(Any, self._replies).readinto(content)):
                    raise _Gone
                content = content[count:]
        held: Any = pixels
        if table.size:
            if pixels.max() >= table.size:
                raise _Gone
            held = PackedPixels(pixels, table, from_plain(ValueScale, header["scale"]))
        return Decoded(held, kept=bytes(kept), **_with_tuples(header["fields"]))

    @contextmanager
    def _killed_after(self, seconds: float) -> Iterator[None]:
        self._busy = True
        timer = threading.Timer(seconds, self._kill)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            with self._lock:
                self._busy = False

    def _kill(self) -> None:
        with self._lock:
            if self._busy:
                self.overdue = True
                self._process.kill()

    def end(self, patience: float = 0.0) -> int | None:
        """Kill it, if it does not end by itself; return its status, or None: its time was up."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(patience)
        self._process.kill()
        status = self._process.wait()
        self._close()
        return None if self.overdue or status == -getattr(signal, "SIGXCPU", 0) else status

    def let_go(self) -> None:
        """Leave it to the process that this one is a copy of."""
        self._process.returncode = 0
        self._close()

    def _close(self) -> None:
        for stream in (self._requests, self._replies):
            with suppress(OSError):
                stream.close()


class Decoders:
    """As many workers as threads decode at once; those that are idle wait for the next file."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._idle: list[_Worker] = []
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(min(cores(), _MOST_AT_ONCE))

    def start(self) -> None:
        """Have a worker start while something else is done."""
        with self._lock, suppress(DecoderError):  # who wants to decode is told
            if not self._idle:
                self._idle.append(_Worker())

    def decode(self, request: Request, data: bytes) -> Decoded:
        """Decode one picture of a file, or raise the sentence that says why not."""
        with self._places:
            with self._lock:
                warm = self._idle.pop() if self._idle else None
            if warm is not None:
                with suppress(_AtRest):
                    return self._answer(warm, request, data)
            return self._answer(_Worker(), request, data)

    def _answer(self, worker: _Worker, request: Request, data: bytes) -> Decoded:
        try:
            reply = worker.answer(request, data)
        except _Closed:  # what ends of its own accord takes its time on a busy machine
            raise _broken_off(request, worker.end(_SECONDS_TO_END)) from None
        except _Gone:
            raise _broken_off(request, worker.end()) from None
        except BaseException:  # whoever asked has given up
            worker.end()
            raise
        if worker.overdue or reply == OUT_OF_MEMORY:
            worker.end()
        else:
            with self._lock:
                self._idle.append(worker)
        if reply == OUT_OF_MEMORY:
            raise UnreadableRadiograph(
                f"{request.name} needs more than {MOST_MEMORY >> 30} GB of memory to decode: "
                "export it again, smaller or uncompressed."
            )
        if isinstance(reply, str):
            raise UnreadableRadiograph(reply)
        return reply

    def end(self) -> None:
        """End the workers that are idle."""
        while self._idle:
            self._idle.pop().end()

    def forget(self) -> None:
        """Begin anew, in a process that is a copy of the one whose workers these are."""
        idle = self._idle
        self._begin()
        for worker in idle:
            worker.let_go()


def _broken_off(request: Request, status: int | None) -> Exception:
    """Say what a worker has ended of."""
    if status == 0:
        return _AtRest()
    if status is None:
        return UnreadableRadiograph(
            f"{request.name} takes longer than {request.seconds:g} seconds to decode: export it "
            "again, smaller or uncompressed."
        )
    return UnreadableRadiograph(
        f"{request.name} makes the program that decodes it fail: copy or export it again."
    )


def _not_started() -> DecoderError:
    return DecoderError(
        "The program that decodes files could not be started: close other programs and try again."
    )


def _with_tuples(value: Any) -> Any:
    """Return what JSON made lists of as the tuples that they were."""
    if isinstance(value, dict):
        return {name: _with_tuples(each) for name, each in value.items()}
    return tuple(map(_with_tuples, value)) if isinstance(value, list) else value


def _widen(stream: BinaryIO) -> None:
    """Let a pipe hold a megabyte, so that pictures need not go through it by the page."""
    with suppress(ImportError, AttributeError, OSError):  # Linux alone has wider ones
        import fcntl

        fcntl.fcntl(stream, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


DECODERS = Decoders()
"""Those of this process."""

atexit.register(DECODERS.end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=DECODERS.forget)
