"""What strangers do to the side where connections come in, against a gate of the test's own."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest
from strangers import ask, half_open, long_bodies
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from fracture_widgets.serving import gate as gate_module
from fracture_widgets.serving.gate import Gate, places_for_files

pytestmark = pytest.mark.slow


class _Hello(RequestHandler):
    async def get(self) -> None:
        self.application.settings["gate"].let_in(self)
        await asyncio.sleep(float(self.get_query_argument("seconds", "0")))
        self.finish("hello")

    async def post(self) -> None:
        self.finish(str(len(self.request.body)))


class _WithoutFiles:
    """A listener that once finds no file left."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener, self._tried = listener, False
        self.fileno = listener.fileno

    def accept(self) -> tuple[socket.socket, object]:
        if not self._tried:
            self._tried = True
            raise OSError(errno.EMFILE, "Too many open files")
        return self._listener.accept()


@asynccontextmanager
async def _gate() -> AsyncIterator[SimpleNamespace]:
    app = Application([("/.*", _Hello)], log_function=lambda _: None)
    app.settings["gate"] = gate = Gate(app)
    (listener,) = bind_sockets(0, "127.0.0.1")
    gate.add_sockets([listener])
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    yield SimpleNamespace(address=address, gate=gate, listener=listener)
    listener.close()


def _run(attack: Callable[[SimpleNamespace], Awaitable[object]]) -> object:
    async def run() -> object:
        async with _gate() as server:
            return await asyncio.wait_for(attack(server), 60)

    return asyncio.run(run())


def test_requests_that_never_end_are_ended(monkeypatch):
    monkeypatch.setattr(gate_module, "_QUIET_SECONDS", 0.3)
    assert _run(lambda server: half_open(server, 20, 1.5)) == 0


def test_of_too_many_the_ones_that_wait_longest_go_and_who_is_in_stays(monkeypatch):
    monkeypatch.setattr(gate_module, "_MOST_UNKNOWN", 10)

    async def attack(server: SimpleNamespace) -> tuple[int, int]:
        served = asyncio.ensure_future(ask(server, "/?seconds=1"))
        await asyncio.sleep(0.2)
        still = await half_open(server, 60, 0.2)
        return still, (await served)[0]

    assert _run(attack) == (10, 200)


def test_a_body_longer_than_a_form_is_not_taken():
    sent = _run(lambda server: long_bodies(server, 2, 20))
    assert isinstance(sent, int)
    assert sent < 2 * 8 << 20  # what the system's own buffers hold
    status, _ = _run(lambda server: ask(server, "/", method="POST", body=bytes(16 << 10)))
    assert status == 200
    status, _ = _run(lambda server: ask(server, "/", method="POST", body=bytes((16 << 10) + 1)))
    assert status == 400


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(gate_module, "_QUIET_SECONDS", 0.3)
    asked = _run(lambda server: ask(server, "/", method="POST", Content_Length="100"))
    assert asked == (0, "")


def test_the_end_of_open_files_is_one_line_and_survived(monkeypatch, caplog):
    monkeypatch.setattr(gate_module, "_SECONDS_WITHOUT_FILES", 0.2)

    async def attack(server: SimpleNamespace) -> int:
        half_open_beside = asyncio.ensure_future(half_open(server, 20, 1))
        await asyncio.sleep(0.2)
        server.gate._accept(_WithoutFiles(server.listener), 0)
        assert await half_open_beside == 10
        return (await ask(server, "/"))[0]

    with caplog.at_level(logging.WARNING):
        assert _run(attack) == 200
    assert [r.getMessage() for r in caplog.records] == [
        "A connection could not be taken: Too many open files"
    ]


@pytest.mark.parametrize(
    ("files", "most", "places"), [(256, 1024, 45), (1024, 1 << 20, 4077), (65536, 65536, 4077)]
)
def test_as_many_visitors_are_promised_as_there_are_files_for(monkeypatch, files, most, places):
    resource = pytest.importorskip("resource")
    limits = [files, most]
    monkeypatch.setattr(resource, "getrlimit", lambda _: tuple(limits))
    monkeypatch.setattr(resource, "setrlimit", lambda _, wanted: limits.__setitem__(0, wanted[0]))
    assert places_for_files() == places


def test_a_limit_that_cannot_be_raised_is_kept(monkeypatch):
    resource = pytest.importorskip("resource")

    def refuse(*_) -> None:
        raise ValueError("current limit exceeds maximum limit")

    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    assert places_for_files() == 0
