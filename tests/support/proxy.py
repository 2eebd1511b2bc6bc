"""A reverse proxy as the dashboard's help describes one: a path, passed on with WebSockets."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler
from tornado.websocket import (
    WebSocketClientConnection,
    WebSocketClosedError,
    WebSocketHandler,
    websocket_connect,
)

_PATIENCE = 300.0
_OF_THE_CONNECTION = {"Connection", "Content-Length", "Transfer-Encoding", "Upgrade"}


class _Pages(RequestHandler):
    """Passes on requests, with the name the proxy was asked for."""

    def initialize(self, server: str) -> None:
        self._server = server

    async def get(self) -> None:
        await self._pass_on(None)

    async def post(self) -> None:
        await self._pass_on(self.request.body)

    def check_xsrf_cookie(self) -> None:
        """Leave it to the server."""

    async def _pass_on(self, body: bytes | None) -> None:
        headers = self.request.headers.copy()
        headers.pop("Accept-Encoding", None)
        reply = await AsyncHTTPClient().fetch(
            HTTPRequest(
                self._server + (self.request.uri or ""),
                method=self.request.method or "GET",
                headers=headers,
                body=body,
                follow_redirects=False,
                request_timeout=_PATIENCE,
            ),
            raise_error=False,
        )
        self.set_status(reply.code, reply.reason)
        self.clear_header("Content-Type")
        for name, value in reply.headers.get_all():
            if name.title() not in _OF_THE_CONNECTION:
                self.add_header(name, value)
        if reply.code not in {204, 304}:
            self.write(reply.body)


class _Sockets(WebSocketHandler):
    """Passes on what is said over a WebSocket, both ways."""

    def initialize(self, server: str) -> None:
        self._server = server
        self._beyond: WebSocketClientConnection | None = None

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        return subprotocols[0] if subprotocols else None

    async def get(self, *arguments: str, **named: str) -> None:
        asked = self.request.headers
        self._beyond = await websocket_connect(
            HTTPRequest(
                self._server.replace("http", "ws", 1) + (self.request.uri or ""),
                headers={name: asked[name] for name in ("Host", "Origin", "Cookie")},
            ),
            subprotocols=[
                name.strip() for name in asked.get("Sec-WebSocket-Protocol", "").split(",")
            ],
        )
        await super().get(*arguments, **named)

    async def open(self, *_: str, **__: str) -> None:
        self._hearing = asyncio.ensure_future(self._hear())

    async def _hear(self) -> None:
        assert self._beyond is not None
        while (message := await self._beyond.read_message()) is not None:
            with suppress(WebSocketClosedError):
                await self.write_message(message, binary=isinstance(message, bytes))
        self.close()

    async def on_message(self, message: str | bytes) -> None:
        assert self._beyond is not None
        with suppress(WebSocketClosedError):
            await self._beyond.write_message(message, binary=isinstance(message, bytes))

    def on_close(self) -> None:
        if self._beyond is not None:
            self._beyond.close()


@contextmanager
def behind_proxy(server: str, prefix: str) -> Iterator[str]:
    """Show a server under a path of another port.

    Parameters
    ----------
    server
        Its address, without a path.
    prefix
        The path, with a slash at both ends; the proxy knows no other.

    Yields
    ------
    str
        Where pages open the path.
    """
    (listener,) = bind_sockets(0, "127.0.0.1")
    port = listener.getsockname()[1]
    known = {"server": server.rstrip("/")}
    begun, loops, stop = threading.Event(), [], asyncio.Event()

    async def run() -> None:
        proxy = HTTPServer(
            Application(
                [
                    (rf"{prefix}.*/channels", _Sockets, known),
                    (rf"{prefix}.*", _Pages, known),
                ],
                websocket_max_message_size=1 << 26,
            )
        )
        proxy.add_socket(listener)
        loops.append(asyncio.get_running_loop())
        begun.set()
        await stop.wait()
        proxy.stop()
        await proxy.close_all_connections()

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    begun.wait()
    try:
        yield f"http://127.0.0.1:{port}{prefix}"
    finally:
        loops[0].call_soon_threadsafe(stop.set)
        thread.join(30)
