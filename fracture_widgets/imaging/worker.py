"""The process that decodes files: it may take so much memory and time, and no other file or fate.

``python -P -m fracture_widgets.imaging.worker`` answers one request after another, each a header
of JSON and the bytes of a file, with a header of JSON, the greys and what is kept of the file.
"""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import struct
import sys
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from fracture_widgets.base.values import to_plain
from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.decoding import Decoded
from fracture_widgets.imaging.files import looks_like_dicom, looks_like_raster, no_picture
from fracture_widgets.imaging.stored_values import PackedPixels

MOST_MEMORY = 3 << 30
"""Bytes that decoding may take; the largest pictures that are read take two thirds of it."""

READY = b"\x06"
OUT_OF_MEMORY = "out of memory"

_IDLE_SECONDS = 30.0
"""After so long without a file the process ends; the next file starts another."""

_LONGEST_HEADER = 1 << 20
_LENGTH = struct.Struct("<I")


@dataclass(frozen=True)
class Request:
    """What is asked of a file: which picture, and within which limits."""

    name: str
    max_pixels: int
    seconds: float
    frame: int = 0
    window: int = 0
    stripped: bool = False
    """Whether it is what was kept of a DICOM file that was opened before."""


def decode(request: Request, data: bytes) -> Decoded:
    """Decode one picture of a file, here and now."""
    name, most = request.name, request.max_pixels
    frame, window = request.frame, request.window
    if request.stripped or looks_like_dicom(data):
        from fracture_widgets.imaging.dicom.reading import read_dicom

        return read_dicom(data, name, most, frame, window, keep=not request.stripped)
    if not looks_like_raster(data):
        raise no_picture(name, data)
    if frame or window:
        raise UnreadableRadiograph(
            f"{name} is no DICOM file, of which a frame or window can be chosen: leave them out."
        )
    from fracture_widgets.imaging.raster import read_raster

    return read_raster(data, name, most)


def be_quiet() -> None:
    """Hold back what the imaging libraries warn of and log: ours stands on the radiograph."""
    warnings.simplefilter("ignore")
    logging.disable()


# --- what is sent -----------------------------------------------------------------------------


def send(stream: BinaryIO, header: dict[str, Any], *contents: Any) -> None:
    """Send a header, and what it says how long it is."""
    text = json.dumps(header).encode()
    stream.writelines([_LENGTH.pack(len(text)), text, *contents])
    stream.flush()


def receive(stream: BinaryIO) -> dict[str, Any] | None:
    """Return a header, or None where the other side has gone."""
    length = stream.read(_LENGTH.size)
    if len(length) < _LENGTH.size:
        return None
    (size,) = _LENGTH.unpack(length)
    if size > _LONGEST_HEADER:
        raise ValueError("a header is longer than any")
    header: dict[str, Any] = json.loads(stream.read(size))
    return header


def _answer(header: dict[str, Any], data: bytes, out: BinaryIO) -> bool:
    """Answer a request; return whether another one may follow."""
    try:
        fields = dict(vars(decode(Request(**header), data)))
    except UnreadableRadiograph as error:
        if not _wants_memory(error.__cause__):
            send(out, {"error": str(error)})
            return True
    except MemoryError:
        pass
    else:
        held, kept = fields.pop("pixels"), fields.pop("kept")
        packed = held if isinstance(held, PackedPixels) else None
        greys = np.ascontiguousarray(held if packed is None else packed.codes)
        header = {
            "fields": fields,
            "shape": greys.shape,
            "kind": greys.dtype.str[1:],
            "table": 0 if packed is None else packed.greys.size,
            "scale": None if packed is None else to_plain(packed.scale),
            "kept": len(kept),
        }
        send(out, header, greys.data, b"" if packed is None else packed.greys.data, kept)
        return True
    send(out, {"error": OUT_OF_MEMORY})
    return False


def _wants_memory(error: BaseException | None) -> bool:
    """Say whether a failure is one of memory, which the decoders name in words of their own."""
    while error is not None:
        if isinstance(error, MemoryError) or "memory" in str(error).lower():
            return True
        error = error.__cause__
    return False


# --- limits -----------------------------------------------------------------------------------


def _limit_memory() -> None:
    """Bound what this process may take; macOS and Windows have no such bound that holds."""
    try:
        import resource
    except ImportError:  # Windows
        return
    with suppress(OSError):  # when memory is short, this process goes first
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")
    for what, most in (
        (resource.RLIMIT_DATA, MOST_MEMORY),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        _, hard = resource.getrlimit(what)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with suppress(OSError, ValueError):
            resource.setrlimit(what, (allowed, allowed))


def _limit_time(seconds: float) -> None:
    """Have the system end this process if it works longer, though nobody be left to do it."""
    try:
        import resource
    except ImportError:  # Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (int(used + seconds) + 2, hard))


def _wait_for_a_file() -> bool:
    """Wait for the next request, but not for ever."""
    if os.name != "posix":  # pipes cannot be waited for
        return True
    return bool(select.select([sys.stdin.fileno()], [], [], _IDLE_SECONDS)[0])


def main() -> None:
    """Answer requests until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who asked decides
    be_quiet()
    _limit_memory()
    # What a library prints must not come between the answers.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    requests = sys.stdin.buffer
    out.write(READY)
    out.flush()
    with suppress(BrokenPipeError):
        while _wait_for_a_file() and (header := receive(requests)) is not None:
            _limit_time(header["seconds"])
            size = header.pop("bytes")
            data = requests.read(size)
            if len(data) < size or not _answer(header, data, out):
                return
            del data  # not while the next one comes


if __name__ == "__main__":
    main()
