"""What anybody may do here at most: connections, what they send, and lines in the log of it."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.iostream import IOStream
from tornado.web import Finish, HTTPError, RequestHandler
from voila.tornado.kernel_websocket_handler import (
    VoilaKernelWebsocketHandler,
    read_header_from_binary_message,
)

from fracture_widgets.base.language import plain
from fracture_widgets.serving.voila_private import MOST_KEPT_BYTES

# --- connections ---

_MOST_UNKNOWN = 200  # connections of which nobody knows yet whether they may enter
_QUIET_SECONDS = 20.0  # for a request's headers to come, and for its body
_MOST_HEADER_BYTES = _MOST_BODY_BYTES = 16 << 10  # forms alone: files come over the channel
_SECONDS_WITHOUT_FILES = 0.5
_OWN_FILES, _MOST_FILES = 100, 1 << 16
_FILES_PER_VISITOR = 16  # a page's six connections, its channel, and nine to its kernel

_LOG = logging.getLogger("fracture_widgets.serving")


class Gate(HTTPServer):
    """Tornado's server, of whose unknown guests the one that has waited longest goes first."""

    def initialize(self, application: Any) -> None:  # type: ignore[override]
        """Serve an application."""
        super().initialize(
            application,
            idle_connection_timeout=_QUIET_SECONDS,
            body_timeout=_QUIET_SECONDS,
            max_header_size=_MOST_HEADER_BYTES,
            max_body_size=_MOST_BODY_BYTES,
        )
        self._unknown: dict[IOStream, None] = {}

    def add_sockets(self, sockets: Iterable[socket.socket]) -> None:
        """Take connections one by one, between what else is to be done."""
        for listener in sockets:
            self._listen_on(listener)

    def _listen_on(self, listener: socket.socket) -> None:
        IOLoop.current().add_handler(listener, self._accept, IOLoop.READ)

    def _accept(self, listener: Any, _: int) -> None:
        try:
            connection, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError as error:  # no more files can be open
            _LOG.warning("A connection could not be taken: %s", error.strerror)
            loop = IOLoop.current()
            loop.remove_handler(listener)
            loop.call_later(_SECONDS_WITHOUT_FILES, self._listen_on, listener)
            self._turn_out(len(self._unknown) // 2)
            return
        self.handle_stream(IOStream(connection), address)

    def handle_stream(self, stream: IOStream, address: Any) -> None:
        """Take a guest in, in the place of another if there are too many."""
        self._turn_out(len(self._unknown) + 1 - _MOST_UNKNOWN)
        self._unknown[stream] = None
        super().handle_stream(stream, address)

    def on_close(self, server_conn: Any) -> None:
        """Forget a guest who has left."""
        self._unknown.pop(server_conn.stream, None)
        super().on_close(server_conn)

    def let_in(self, handler: RequestHandler) -> None:
        """Keep the connection of a request whose sender may enter."""
        connection: Any = handler.request.connection
        self._unknown.pop(connection.stream, None)

    def _turn_out(self, count: int) -> None:
        for stream in list(self._unknown)[: max(0, count)]:
            del self._unknown[stream]
            stream.close()


def places_for_files() -> int | None:
    """Let this program open as many files as the system allows it; return how many visitors fit.

    None is without limit.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return None
    limit = resource.RLIMIT_NOFILE
    files, most = resource.getrlimit(limit)
    wanted = _MOST_FILES if most == resource.RLIM_INFINITY else min(most, _MOST_FILES)
    if files != resource.RLIM_INFINITY and files < wanted:
        with suppress(ValueError, OSError):  # macOS says that there is no limit, and has one
            resource.setrlimit(limit, (wanted, most))
    files, _ = resource.getrlimit(limit)
    if files == resource.RLIM_INFINITY:
        return None
    return max(0, (files - _MOST_UNKNOWN - _OWN_FILES) // _FILES_PER_VISITOR)


# --- what is sent through the channel between a page and its kernel ---
# Anybody may open it. Jupyter counts the parts of a message by a number that the message itself
# gives, so a wrong one would keep the whole server busy, and with it every visitor.
_PROTOCOL = "v1.kernel.websocket.jupyter.org"
_FOR_NOTEBOOKS = {"error", "stream"}  # tracebacks and prints, of which no page shows any
_NUMBER = 8  # bytes
_LEAST_OFFSETS, _MOST_OFFSETS = 6, 1024  # channel, header, parent, metadata, content, the end


class Channel(VoilaKernelWebsocketHandler):
    """Voilà's channel, closed to other protocols, broken messages and pages that do not read."""

    _unread = 0

    async def pre_get(self) -> None:
        """Refuse the older protocol: Voilà would read its messages as if they were of this one."""
        offered = self.request.headers.get("Sec-WebSocket-Protocol", "")
        if _PROTOCOL not in [name.strip() for name in offered.split(",")]:
            raise HTTPError(400, f"This channel speaks {_PROTOCOL} alone.")
        await super().pre_get()
        if self.connection is None:  # the page has left while the kernel was waited for
            raise Finish

    def write_error(self, *_: Any, **__: Any) -> None:
        """Say what is wrong in a line: no page is drawn where a channel is asked for."""
        self.set_header("Content-Type", "text/plain")
        self.finish(self._reason)

    async def open(self, kernel_id: str) -> None:
        """Begin to carry messages."""
        self.kernel_manager.opened(kernel_id)
        await super().open(kernel_id)

    def on_message(self, message: Any) -> None:
        """Take a message from the page; close the channel on one that is not whole.

        Once it is closed, Jupyter would read what still comes as of its older protocol.
        """
        if self.ws_connection is None or self.ws_connection.is_closing():
            return
        if is_whole(message):
            super().on_message(message)
        else:
            self.close(1007, "The message is not whole.")

    def write_message(self, message: Any, binary: bool = False) -> Any:
        """Send a message to the page, but for tracebacks, unless it has left too much unread."""
        header = read_header_from_binary_message(message) if isinstance(message, bytes) else None
        if header is not None and header.get("msg_type") in _FOR_NOTEBOOKS:
            return None
        if self._unread > MOST_KEPT_BYTES:
            self.close(1008, "Too much was left unread.")
            return None
        sent = super().write_message(message, binary)
        if sent is not None:
            self._unread += len(message)
            sent.add_done_callback(lambda done: self._has_read(len(message), done))
        return sent

    def _has_read(self, size: int, done: asyncio.Future[None]) -> None:
        self._unread -= size
        if not done.cancelled():
            done.exception()  # a page that has left needs no word in the log


def is_whole(message: object) -> bool:
    """Say whether a message's table of offsets lies in it and leads through it in order."""
    if not isinstance(message, bytes) or len(message) < _NUMBER:
        return False
    count = int.from_bytes(message[:_NUMBER], "little")
    if not _LEAST_OFFSETS <= count <= _MOST_OFFSETS or len(message) < _NUMBER * (count + 1):
        return False
    offsets = [
        int.from_bytes(message[at : at + _NUMBER], "little")
        for at in range(_NUMBER, _NUMBER * (count + 1), _NUMBER)
    ]
    return (
        offsets == sorted(offsets)
        and offsets[0] >= _NUMBER * (count + 1)
        and offsets[-1] <= len(message)
    )


# --- the log: a line each, without tokens, and never without end ---

_UNSIGNED = "Notebook %s is not trusted"  # as Jupyter's contents say it, at every page
_MOST_LETTERS = 400
_MOST_LINES, _WINDOW_SECONDS = 30, 60.0
_SECRET = re.compile(r"((?:token|password)\W{1,6}|bearer\s+)[^\s&'\"]+", re.IGNORECASE)


def escaped(text: str) -> str:
    """Return a text as one line that moves no cursor and tells no token."""
    hidden = _SECRET.sub(r"\1...", plain(text).replace("\n", "\\n"))
    return hidden if len(hidden) <= _MOST_LETTERS else f"{hidden[:_MOST_LETTERS]} ..."


class OneLine(logging.Formatter):
    """Writes a message as one line; of an error, its last line and where it came from."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        parts = [record.getMessage()]
        if record.exc_info and record.exc_info[1] is not None:
            trace = record.exc_info[2]
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            where = "" if trace is None else f" ({trace.tb_frame.f_code.co_name}:{trace.tb_lineno})"
            parts.append(f"{record.exc_info[1]!r}{where}")
        when = time.strftime("%H:%M:%S", time.localtime(record.created))
        return f"{when} {record.levelname.lower()}: {escaped(': '.join(parts))}"


def _is_news(record: logging.LogRecord) -> bool:
    """Say whether a line is news: that a notebook is not signed, which ours never are, is none."""
    return record.msg != _UNSIGNED


class Sparing(logging.Filter):
    """Lets so many lines a minute through, and says how many it left out."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._since = clock()
        self._lines = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a record is written."""
        if self._clock() - self._since > _WINDOW_SECONDS:
            left_out = self._lines - _MOST_LINES
            self._since, self._lines = self._clock(), 0
            if left_out > 0:
                record.msg = f"({left_out:,} lines were left out) {record.getMessage()}"
                record.args = ()
        self._lines += 1
        return self._lines <= _MOST_LINES


def write_sparingly() -> None:
    """Have all that this program logs written so."""
    handler = logging.StreamHandler()
    handler.setFormatter(OneLine())
    handler.addFilter(_is_news)
    handler.addFilter(Sparing())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
