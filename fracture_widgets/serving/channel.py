"""The channel between a page and its kernel, for clients that speak it properly.

Anybody may open it. Jupyter counts the parts of a message by a number that the message
itself gives, so a wrong one would keep the whole server busy, and with it every visitor.
"""

from __future__ import annotations

from typing import Any

from tornado.web import HTTPError
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

_PROTOCOL = "v1.kernel.websocket.jupyter.org"
_NUMBER = 8  # bytes
_LEAST_OFFSETS, _MOST_OFFSETS = 6, 1024  # channel, header, parent, metadata, content, the end


class Channel(VoilaKernelWebsocketHandler):
    """Voilà's channel, closed to other protocols and to messages that are not whole."""

    async def pre_get(self) -> None:
        """Refuse the older protocol: Voilà would read its messages as if they were of this one."""
        offered = self.request.headers.get("Sec-WebSocket-Protocol", "")
        if _PROTOCOL not in [name.strip() for name in offered.split(",")]:
            raise HTTPError(400, f"This channel speaks {_PROTOCOL} alone.")
        await super().pre_get()

    def on_message(self, message: Any) -> None:
        """Take a message from the page; close the channel on one that is not whole."""
        if is_whole(message):
            super().on_message(message)
        else:
            self.close(1007, "The message is not whole.")


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
