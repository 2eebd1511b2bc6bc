"""A server in front of another one, as it stands before a dashboard in a hospital or a school."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler
from tornado.websocket import WebSocketHandler, websocket_connect

_OF_ONE_CONNECTION = {
    "connection", "content-length", "keep-alive", "transfer-encoding", "upgrade",
}  # fmt: skip


class _Page(RequestHandler):
    """Passes a request on, with the name that it was sent to."""

    SUPPORTED_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")

    def initialize(self, server: str) -> None:
        self._server = server

    async def _pass_on(self) -> None:
        answer = await AsyncHTTPClient().fetch(
            HTTPRequest(
                f"http://{self._server}{self.request.uri}",
                self.request.method or "GET",
                self.request.headers,  # its Host among them
                self.request.body or None,
                follow_redirects=False,
                decompress_response=False,
                allow_nonstandard_methods=True,
                request_timeout=300,
            ),
            raise_error=False,
        )
        self.clear()
        self.set_status(answer.code, answer.reason)
        for name, value in answer.headers.get_all():
            if name.lower() not in _OF_ONE_CONNECTION:
                self.add_header(name, value)
        if answer.body:
            self.write(answer.body)

    get = head = post = put = delete = _pass_on


class _Channel(WebSocketHandler):
    """Passes the messages of a WebSocket on, both ways."""

    def initialize(self, server: str) -> None:
        self._server = server

    def check_origin(self, origin: str) -> bool:
        return True  # the server behind decides that

    async def open(self, *_: str) -> None:
        headers = self.request.headers.copy()
        asked = [name.strip() for name in headers.get("Sec-WebSocket-Protocol", "").split(",")]
        for name in list(headers):
            if name.lower().startswith("sec-websocket-"):
                del headers[name]
        self._behind = await websocket_connect(
            HTTPRequest(f"ws://{self._server}{self.request.uri}", headers=headers),
            on_message_callback=self._answered,
            subprotocols=[name for name in asked if name],
            max_message_size=1 << 30,
        )

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        return subprotocols[0] if subprotocols else None

    async def on_message(self, message: str | bytes) -> None:
        await self._behind.write_message(message, isinstance(message, bytes))

    def on_close(self) -> None:
        if hasattr(self, "_behind"):
            self._behind.close()

    def _answered(self, message: str | bytes | None) -> None:
        if message is None:
            self.close()
        else:
            self.write_message(message, isinstance(message, bytes))


class _Nothing(RequestHandler):
    def prepare(self) -> None:
        raise HTTPError(404)


@contextmanager
def reverse_proxy(server: str, prefix: str) -> Iterator[str]:
    """Pass on what is asked for below a path, to an address, and nothing else; yield our own."""
    behind = {"server": urlsplit(server).netloc}
    application = Application(
        [
            (rf"{prefix}api/kernels/[^/]+/channels", _Channel, behind),
            (rf"{prefix}.*", _Page, behind),
            (r".*", _Nothing),
        ],
        websocket_max_message_size=1 << 30,
    )
    (socket,) = bind_sockets(0, "127.0.0.1")
    listening = threading.Event()
    ends: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def listen() -> None:
        end = asyncio.Event()
        ends.append((asyncio.get_running_loop(), end))
        front = HTTPServer(application, max_buffer_size=1 << 30)
        front.add_sockets([socket])
        listening.set()
        await end.wait()
        front.stop()
        await front.close_all_connections()

    thread = threading.Thread(target=lambda: asyncio.run(listen()))
    thread.start()
    listening.wait()
    try:
        yield f"http://127.0.0.1:{socket.getsockname()[1]}{prefix}"
    finally:
        ((loop, end),) = ends
        loop.call_soon_threadsafe(end.set)
        thread.join()
