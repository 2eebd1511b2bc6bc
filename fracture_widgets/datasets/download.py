"""Fetch a large public file over an unreliable line."""

from __future__ import annotations

import errno
import http.client
import json
import os
import re
import socket
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

from fracture_widgets.base.files import move, write_whole
from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.datasets.fracatlas_files import RECORD
from fracture_widgets.errors import DatasetError

_FRACATLAS_URLS = (
    "https://ndownloader.figshare.com/files/43283628",
    "https://api.figshare.com/v2/file/download/43283628",
    "https://figshare.com/ndownloader/files/43283628",
)
"""Addresses of the same published archive, tried in turn.

The last is the one printed on the record's page; it answers programs with a challenge meant for
browsers (status 202, no content), which is why it comes last.
"""

_CHUNK = 1 << 18
_AGENT = "fracture-widgets (+https://doi.org/10.6084/m9.figshare.22363012)"


def download_fracatlas(
    folder: str | os.PathLike[str],
    *,
    urls: Sequence[str] = _FRACATLAS_URLS,
    monitor: Monitor = SILENT,
    pause: float = 2.0,
) -> Path:
    """Download the FracAtlas archive (about 340 MB) unless it is there already."""
    archive = Path(folder) / "FracAtlas.zip"
    if not archive.exists():
        download(urls, archive, check=_check_zip, by_hand=RECORD, monitor=monitor, pause=pause)
    return archive


def download(
    urls: Sequence[str],
    target: Path,
    *,
    check: Callable[[Path], str | None] | None = None,
    by_hand: str = "",
    monitor: Monitor = SILENT,
    most: int | None = None,
    timeout: float = 60,
    attempts: int = 5,
    pause: float = 2.0,
) -> Path:
    """Download one file, going on where an earlier try was cut off."""
    part = _Part(target, monitor, timeout, most)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        refusals: list[str] = []
        for url in urls:
            reason = part.fetch(url, attempts, pause)
            if reason is None:
                break
            refusals.append(f"{urllib.parse.urlsplit(url).hostname}: {reason}")
        else:
            browser = f", or give the file fetched with a browser from {by_hand}" if by_hand else ""
            raise DatasetError(
                f"{target.name} could not be downloaded ({'; '.join(refusals)}): check the "
                f"internet connection and run it again to go on{browser}."
            )
        if check and (wrong := check(part.path)):
            part.forget()
            raise DatasetError(
                f"{target.name} arrived damaged ({wrong}) and was removed: run it again."
            )
        move(part.path, target)
        part.forget()
    except OSError as error:
        why = "the disk is full" if error.errno == errno.ENOSPC else error.strerror or str(error)
        raise DatasetError(
            f"{target.name} cannot be written ({why}): make room or choose another folder, then "
            f"run it again to go on."
        ) from error
    return target


class _Refused(Exception):
    """The address does not give the file, and asking again will not help."""


class _Dropped(Exception):
    """The line was lost, or the server is busy; asking again may help."""


class _Part:
    """The bytes that have arrived, and the server's mark of the version they belong to."""

    def __init__(
        self, target: Path, monitor: Monitor, timeout: float, most: int | None = None
    ) -> None:
        self._most = most
        self.path = target.with_name(f"{target.name}.part")
        self._note = target.with_name(f"{target.name}.part.json")
        self._monitor = monitor
        self._timeout = timeout

    @property
    def size(self) -> int:
        """How many bytes have arrived."""
        return self.path.stat().st_size if self.path.exists() else 0

    def forget(self) -> None:
        """Remove what has arrived."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def _start(self, version: str | None) -> None:
        """Begin from nothing with a file of this version."""
        self.path.unlink(missing_ok=True)
        write_whole(self._note, json.dumps({"version": version}).encode())

    def _version(self) -> str | None:
        try:
            version = json.loads(self._note.read_text("utf-8"))["version"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return version if isinstance(version, str) else None

    def fetch(self, url: str, attempts: int, pause: float) -> str | None:
        """Complete the part from one address; return why that failed, or None."""
        if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            return "not a web address"
        failures, furthest = 0, self.size
        while True:
            try:
                self._ask(url)
                return None
            except _Refused as refusal:
                return str(refusal)
            except _Dropped as drop:
                failures = 0 if self.size > furthest else failures + 1
                furthest = max(furthest, self.size)
                if failures >= attempts:
                    return str(drop)
            self._wait(min(pause * 2 ** max(failures - 1, 0), 60.0))

    def _ask(self, url: str) -> None:
        here = self.size
        headers = {"User-Agent": _AGENT}
        if here:
            headers["Range"] = f"bytes={here}-"
            if version := self._version():
                # A server that has another version by now sends all of it instead of the rest.
                headers["If-Range"] = version
        try:
            # fetch() lets nothing but http and https through to here.
            request = urllib.request.Request(url, headers=headers)  # noqa: S310
            # An opener of its own reads today's proxies; the shared one keeps the first it saw.
            answer = urllib.request.build_opener().open(request, timeout=self._timeout)
        except urllib.error.HTTPError as error:
            answer = error
        except urllib.error.URLError as error:
            # Without a name server, or with a foreign certificate, patience does not help.
            if isinstance(error.reason, (socket.gaierror, ssl.SSLCertVerificationError)):
                raise _Refused("no connection") from error
            raise _Dropped("no connection") from error
        except (OSError, http.client.HTTPException) as error:
            raise _Dropped("the connection was lost") from error
        with answer:
            self._receive(answer, here)

    def _receive(self, answer: http.client.HTTPResponse, here: int) -> None:
        status, span = answer.status, answer.headers.get("Content-Range", "")
        if status == 416:  # Nothing follows what is here: it is all, or it is too much.
            if span == f"bytes */{here}":
                return
            self._start(None)
            raise _Dropped("the file has changed on the server")
        if status in (408, 425, 429) or status >= 500:
            raise _Dropped(f"status {status}")
        if status == 206:
            part = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", span)
            if part is None or int(part.group(1)) != here:
                self._start(None)
                raise _Dropped("the server sent another part than asked for")
            total = None if part.group(2) == "*" else int(part.group(2))
        elif status == 200:
            if answer.headers.get_content_type() == "text/html":
                raise _Refused("a web page instead of the file")
            length = answer.headers.get("Content-Length")
            total = int(length) if length and length.isdigit() else None
            self._start(_version_of(answer))
            here = 0
        else:
            raise _Refused(f"status {status}" + (" without the file" if status < 400 else ""))
        with self.path.open("ab") as out:
            self._monitor.on_step(here, total, "")
            while chunk := _next_chunk(answer):
                if self._most is not None and max(here + len(chunk), total or 0) > self._most:
                    raise _Refused(f"more than {self._most >> 20:,} MB")
                out.write(chunk)
                here += len(chunk)
                self._monitor.on_step(here, total, "")
                self._heed_stop()
        if total is not None and here < total:
            raise _Dropped("the connection was lost")
        if total is not None and here > total:
            self._start(None)
            raise _Dropped("more bytes than announced")

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._heed_stop()
            time.sleep(min(left, 0.2))
        self._heed_stop()

    def _heed_stop(self) -> None:
        if self._monitor.cancelled:
            raise DatasetError(
                f"The download was stopped after {self.size / 1e6:,.0f} MB, which are kept: "
                f"run it again to go on."
            )


def _next_chunk(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read1(_CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise _Dropped("the connection was lost") from error


def _version_of(answer: http.client.HTTPResponse) -> str | None:
    """Return what If-Range can hold: a strong entity tag, or the date of the last change."""
    tag = answer.headers.get("ETag")
    if tag and not tag.startswith("W/"):
        return tag
    return answer.headers.get("Last-Modified")


def _check_zip(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        return f"not a whole zip archive, {error}"
    return None if damaged is None else f"{Path(damaged).name} in it is damaged"
