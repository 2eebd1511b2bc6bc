"""The channel between a page and its kernel, for clients that speak it properly.

Anybody may open it. Jupyter counts the parts of a message by a number that the message
itself gives, so a wrong one would keep the whole server busy, and with it every visitor.
"""

from __future__ import annotations

import asyncio
from typing import Any

from tornado.web import Finish, HTTPError
from voila.tornado.kernel_websocket_handler import (
    VoilaKernelWebsocketHandler,
    read_header_from_binary_message,
)

from fracture_widgets.serving.voila_private import MOST_KEPT_BYTES

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
