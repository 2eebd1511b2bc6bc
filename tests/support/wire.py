"""A wire between a page and a server, which can be cut and mended."""

from __future__ import annotations

import math
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from pages import wait_until
from playwright.sync_api import Page

_BLOCK = 1 << 16


class Wire:
    """Carries what comes to its own port to a server and back.

    Attributes
    ----------
    address
        Where pages open the server through the wire.
    carried
        Bytes that went from pages to the server.
    """

    def __init__(self, server: str) -> None:
        parts = urlsplit(server)
        self._server = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ends: set[socket.socket] = set()
        self._whole = threading.Event()
        self._whole.set()
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        self.carried = 0
        self._hold_at: float = math.inf
        self._moving = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def hold_after(self, size: int) -> None:
        """Let so many further bytes through to the server, and no more until :meth:`release`."""
        self._hold_at = self.carried + size

    def wait_until_held(self, page: Page) -> None:
        """Wait until all bytes that may pass have passed, and let the page go on meanwhile."""
        wait_until(page, lambda: self.carried >= self._hold_at)

    def release(self) -> None:
        """Let everything through again."""
        with self._moving:
            self._hold_at = math.inf
            self._moving.notify_all()

    def cut(self) -> None:
        """Break every connection, and every new one until :meth:`mend`."""
        self._whole.clear()
        for end in list(self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Carry new connections again."""
        self._whole.set()

    def close(self) -> None:
        self.release()
        self.cut()
        self._listener.close()

    def _listen(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if not self._whole.is_set():
                near.close()
                continue
            far = socket.create_connection(self._server)
            self._ends |= {near, far}
            for source, target, counts in ((near, far, True), (far, near, False)):
                threading.Thread(
                    target=self._carry, args=(source, target, counts), daemon=True
                ).start()

    def _carry(self, source: socket.socket, target: socket.socket, counts: bool) -> None:
        with suppress(OSError):
            while data := source.recv(_BLOCK):
                if counts:
                    with self._moving:
                        self._moving.wait_for(lambda: self.carried < self._hold_at)
                        self.carried += len(data)
                target.sendall(data)
        for end in source, target:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._ends.discard(source)
        source.close()


@contextmanager
def wire_to(server: str) -> Iterator[Wire]:
    """Lay a wire to a server."""
    wire = Wire(server)
    try:
        yield wire
    finally:
        wire.close()
