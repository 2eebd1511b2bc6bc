"""Where connections come in: how many may wait, for how long, and how much they may send."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.iostream import IOStream
from tornado.web import RequestHandler

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
