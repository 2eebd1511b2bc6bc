"""A class of thirty without its browsers: how long the server itself takes.

    python benchmarks/class_on_the_wire.py [--visitors 30]

Every visitor is a client that speaks the page's own protocol: it asks for the page, opens its
channel, asks for the widgets, sends a radiograph in pieces and reads the answer.
What thirty browsers would compute is not part of the latencies.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from class_visits import Visit, run_class
from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)
from served import READY, Served, total_mb
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

_PATIENCE = 300.0
_PIECE = 1 << 20


class Wire:
    """One visitor's channel to a kernel, and the state of the widgets behind it."""

    def __init__(self, channel: WebSocketClientConnection) -> None:
        self._channel = channel
        self._session = uuid.uuid4().hex
        self.states: dict[str, dict[str, Any]] = {}

    @classmethod
    async def open(cls, address: str, cookie: str = "") -> Wire:
        """Ask for the page, and open the channel it names."""
        client = AsyncHTTPClient(max_clients=100)
        page = await client.fetch(
            HTTPRequest(
                address,
                headers={"Cookie": cookie} if cookie else None,
                connect_timeout=_PATIENCE,
                request_timeout=_PATIENCE,
            )
        )
        found = re.search(r'"kernelId":\s*"([^"]+)"', page.body.decode())
        if found is None:
            raise RuntimeError("The page names no kernel.")
        given = [line.split(";")[0] for line in page.headers.get_list("Set-Cookie")]
        cookies = "; ".join([*filter(None, [cookie]), *given])
        request = HTTPRequest(
            f"ws://{urlsplit(address).netloc}/api/kernels/{found[1]}/channels",
            headers={"Cookie": cookies},
            connect_timeout=_PATIENCE,
            request_timeout=_PATIENCE,
        )
        channel = await websocket_connect(
            request, subprotocols=["v1.kernel.websocket.jupyter.org"], max_message_size=1 << 30
        )
        return cls(channel)

    async def ask_for_widgets(self) -> None:
        """Ask for the state of all widgets, as a page does, and wait for it."""
        self.request_states()
        await self.until(lambda: bool(self.states))

    def request_states(self) -> None:
        """Ask for the state of all widgets."""
        control = uuid.uuid4().hex
        self.send(
            "comm_open",
            {"comm_id": control, "target_name": "jupyter.widget.control", "data": {}},
            metadata={"version": "1.0.0"},
        )
        self.send("comm_msg", {"comm_id": control, "data": {"method": "request_states"}})

    def find(self, wanted: Callable[[Mapping[str, Any]], bool]) -> str:
        """Return the id of the first widget whose state is as wanted."""
        return next(key for key, state in self.states.items() if wanted(state))

    def tell(self, widget: str, content: Mapping[str, Any], piece: bytes | None = None) -> None:
        """Send a widget a message of its own, with a piece of a file if there is one."""
        data = {"method": "custom", "content": content}
        self.send("comm_msg", {"comm_id": widget, "data": data}, piece=piece)

    async def until(self, so: Callable[[], bool]) -> None:
        """Take messages until something is so."""
        end = time.monotonic() + _PATIENCE
        while not so():
            self._take(await self.hear(max(0.1, end - time.monotonic())))

    async def hear(self, seconds: float) -> Mapping[str, Any]:
        """Return the next message; raise TimeoutError where none comes in time."""
        message = await asyncio.wait_for(self._channel.read_message(), seconds)
        if message is None:
            raise ConnectionError("The server closed the channel.")
        return _unpacked(message)

    def close(self) -> None:
        """Leave."""
        self._channel.close()

    def _take(self, message: Mapping[str, Any]) -> None:
        content = message["content"]
        data = content.get("data", {})
        if message["msg_type"] != "comm_msg" or not isinstance(data, dict):
            return
        if data.get("method") == "update_states":
            self.states |= {key: x["state"] for key, x in data["states"].items()}
        elif data.get("method") == "update":
            self.states.setdefault(content["comm_id"], {}).update(data["state"])

    def send(
        self,
        kind: str,
        content: Mapping[str, Any],
        *,
        metadata: Mapping[str, Any] | None = None,
        piece: bytes | None = None,
    ) -> None:
        """Send a message."""
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "session": self._session,
            "username": "",
            "version": "5.3",
            "date": "",
        }
        parts = [json.dumps(part).encode() for part in (header, {}, metadata or {}, content)]
        message = serialize_msg_to_ws_v1(parts if piece is None else [*parts, piece], "shell")
        self._channel.write_message(message, binary=True)


def _unpacked(message: bytes) -> Mapping[str, Any]:
    _, (header, _parent, _metadata, content, *_) = deserialize_msg_from_ws_v1(message)
    return {"msg_type": json.loads(header)["msg_type"], "content": json.loads(content)}


async def visit(address: str, file: Path, expected: tuple[str, ...], cookie: str = "") -> Visit:
    """Come, upload, be answered and read."""
    began = opened = time.perf_counter()
    try:
        wire = await Wire.open(address, cookie)
        await wire.ask_for_widgets()
        await wire.until(lambda: any(READY in _text(state) for state in wire.states.values()))
        opened = time.perf_counter()
        _upload(wire, file)
        await wire.until(lambda: any("<strong>" in _text(state) for state in wire.states.values()))
        seen = _seen(
            next(_text(s) for s in wire.states.values() if "<strong>" in _text(s)), expected
        )
        wire.close()
    except (OSError, RuntimeError, StopIteration, TimeoutError) as error:
        seen = ("lost", "opened" if opened > began else "never opened", repr(error)[:200])
    answered = time.perf_counter()
    return Visit(expected, seen, opened - began, answered - opened)


def _upload(wire: Wire, file: Path) -> None:
    panel = wire.find(lambda state: "max_files" in state)
    content = file.read_bytes()
    batch, upload = uuid.uuid4().hex, uuid.uuid4().hex
    wire.tell(panel, {"type": "batch", "batch": batch})
    begin = {"name": file.name, "size": len(content), "more": 0}
    wire.tell(panel, {"type": "begin", "batch": batch, "upload": upload, **begin}, content[:_PIECE])
    for at in range(_PIECE, len(content), _PIECE):
        piece = content[at : at + _PIECE]
        wire.tell(panel, {"type": "piece", "upload": upload, "at": at}, piece)
    wire.tell(panel, {"type": "over", "batch": batch})


def _text(state: Mapping[str, Any]) -> str:
    return str(state.get("value", "")) + str(state.get("text", ""))


def _seen(card: str, expected: tuple[str, ...]) -> tuple[str, ...]:
    heading = re.search(r"<h2>(.*?)</h2>", card, re.DOTALL)
    title = html.unescape(re.sub(r"<[^>]+>", "", heading[1] if heading else ""))
    text = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", card)))
    return (title, *(words if words in text else "missing" for words in expected[1:]))


async def visiting(
    server: Served, files: Sequence[Path], expected: Sequence[tuple[str, ...]]
) -> tuple[list[Visit], float]:
    """Let every visitor come without a browser."""
    coming = (visit(server.address, *visitor) for visitor in zip(files, expected, strict=True))
    return list(await asyncio.gather(*coming)), total_mb(server)


if __name__ == "__main__":
    run_class(visiting)
