"""A dashboard that is open to this computer, asked for what is none of a visitor's business."""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import re
import urllib.parse
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from served import Served, dashboard
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

import fracture_widgets

pytestmark = pytest.mark.slow

KERNEL = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PATIENCE = 240
CHECKOUT = Path(fracture_widgets.__file__).resolve().parent.parent
UPWARDS = (
    "..",
    "%2e%2e",
    "%2E%2E",
    "..%2f..",
    "%252e%252e",
    "..%5c..",
    "....//",
    "%c0%ae%c0%ae",
    "",
)
SECRETS = {
    "pyproject.toml": "[project]",
    "constraints.txt": "absl-py==",
    "fracture_widgets/errors.py": "class FractureWidgetsError",
    "notebooks/dashboard.ipynb": '"cell_type"',
    "models/card.json": '"sha256"',
    "models/trunk.npz": "PK\x03\x04",
    "history.sqlite3": "SQLite format 3",
}


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("closed")
    (folder / "history.sqlite3").write_bytes(b"SQLite format 3\0" + bytes(100))
    return folder


@pytest.fixture(scope="module")
def server(data) -> Iterator[Served]:
    with dashboard(data) as running:
        yield running


def asked(
    server: Served,
    path: str,
    *,
    host: str | None = None,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
):
    """Ask for a path as it is written: a client of more manners would tidy it first."""
    place = urllib.parse.urlsplit(server.address).netloc
    connection = http.client.HTTPConnection(place, timeout=PATIENCE)
    try:
        connection.putrequest(method, path, skip_host=True)
        connection.putheader("Host", host or place)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read().decode("latin-1")
    finally:
        connection.close()


@pytest.mark.parametrize("route", ["", "course", "voila/files", "voila/static", "voila/templates",
                                   "voila/templates/fracture-widgets/static",
                                   "voila/labextensions", "voila/api/themes", "static", "files",
                                   "api/contents"])  # fmt: skip
@pytest.mark.parametrize("wanted", SECRETS)
def test_no_file_is_handed_out_however_its_place_is_written(server, data, route, wanted):
    name = Path(wanted).name
    real = data if name == "history.sqlite3" else CHECKOUT
    assert SECRETS[wanted] in (real / wanted).read_bytes().decode("latin-1"), "it is there to find"
    paths = {f"/{route}/{'/'.join([up] * steps)}/{wanted}" for up in UPWARDS for steps in (1, 4, 6)}
    paths |= {f"/{route}/{wanted}", f"/{route}/{name}", f"/{route}/{real / wanted}"}
    paths |= {f"/{route}/{urllib.parse.quote(str(real / wanted), safe='')}"}
    if route == "course":
        paths.discard("/course/dashboard.ipynb")  # the page itself, which a kernel draws
    for path in sorted(paths):
        status, text = asked(server, path)
        assert status in {400, 403, 404, 405}, path
        assert SECRETS[wanted] not in text, path


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/contents"),
        ("GET", "/api/sessions"),
        ("GET", "/api/terminals"),
        ("GET", "/api/kernels"),
        ("POST", "/api/kernels"),
        ("POST", "/api/terminals"),
        ("PUT", "/api/contents/x.ipynb"),
        ("GET", "/lab"),
        ("GET", "/tree"),
        ("GET", "/metrics"),
    ],
)
def test_nothing_else_of_jupyter_is_there(server, method, path):
    assert asked(server, path, method=method)[0] in {403, 404, 405}


def test_another_name_for_this_computer_is_refused(server):
    """So a page on the web cannot give its own name our address and read along."""
    port = urllib.parse.urlsplit(server.address).port
    for host in ("evil.example", f"evil.example:{port}"):
        for path in ("/", "/voila/static/voila.js", "/course/index.ipynb"):
            assert asked(server, path, host=host)[0] == 403, (host, path)
    for host in (f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}"):
        assert asked(server, "/voila/static/voila.js", host=host)[0] == 200, host


@pytest.fixture(scope="module")
def page(server) -> str:
    status, text = asked(server, "/")
    assert status == 200
    return text


def test_the_page_shows_its_widgets_and_no_line_of_code(page):
    assert "fw-workbench" in page or "application/vnd.jupyter.widget-view+json" in page
    for line in ("import fracture_widgets", "from fracture_widgets", "input_area"):
        assert line not in page, line
    assert not re.search(r'class="[^"]*jp-InputArea', page)


PROTOCOL = "v1.kernel.websocket.jupyter.org"


def message(kind: str, **content: object) -> bytes:
    """A message as a page writes it: a number of offsets, the offsets, and what they divide."""
    session = uuid.uuid4().hex
    header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "username": "", "session": session,
              "version": "5.3", "date": "2026-01-01T00:00:00Z"}  # fmt: skip
    channel = b"control" if kind.startswith("debug") else b"shell"
    parts = [channel, *(json.dumps(part).encode() for part in (header, {}, {}, content))]
    offsets = [8 * (len(parts) + 2)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    numbers = [len(offsets), *offsets]
    return b"".join(number.to_bytes(8, "little") for number in numbers) + b"".join(parts)


def kind_of(said: bytes) -> str:
    start, end = (int.from_bytes(said[8 * at : 8 * at + 8], "little") for at in (2, 3))
    return str(json.loads(said[start:end])["msg_type"])


async def opened(server: Served, page: str, origin: str) -> WebSocketClientConnection:
    kernel = KERNEL.findall(page)[0]
    address = f"{server.address}api/kernels/{kernel}/channels".replace("http", "ws", 1)
    request = HTTPRequest(address, headers={"Origin": origin}, request_timeout=PATIENCE)
    return await websocket_connect(request, subprotocols=[PROTOCOL])


def test_a_visitor_has_widgets_and_no_code_run(server, page, tmp_path):
    left = tmp_path / "was run"
    code = f"open({str(left)!r}, 'w').close()"

    async def try_it() -> None:
        connection = await opened(server, page, server.address.rstrip("/"))
        for kind, content in (
            ("execute_request", {"code": code, "silent": False, "user_expressions": {"x": code}}),
            ("inspect_request", {"code": "print", "cursor_pos": 5, "detail_level": 1}),
            ("complete_request", {"code": "open", "cursor_pos": 4}),
            ("debug_request", {"type": "request", "command": "initialize", "arguments": {}}),
            ("kernel_info_request", {}),
        ):
            await connection.write_message(message(kind, **content), binary=True)
        heard: set[str] = set()
        while "kernel_info_reply" not in heard:  # the last one sent, and the only one answered
            said = await asyncio.wait_for(connection.read_message(), PATIENCE)
            assert isinstance(said, bytes)
            heard.add(kind_of(said))
        connection.close()
        # Until the other side has closed it too, its socket stays behind.
        while await asyncio.wait_for(connection.read_message(), PATIENCE) is not None:
            pass
        assert not heard & {"execute_reply", "inspect_reply", "complete_reply", "debug_reply"}

    asyncio.run(try_it())
    assert not left.exists()


def test_a_page_of_another_site_opens_no_websocket(server, page):
    channel = f"/api/kernels/{KERNEL.findall(page)[0]}/channels"
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": base64.b64encode(bytes(16)).decode(),
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": PROTOCOL,
    }
    ours = server.address.rstrip("/")
    said = [
        asked(server, channel, headers={**upgrade, "Origin": origin})[0]
        for origin in ("https://evil.example", ours)
    ]
    assert said == [403, 101]
