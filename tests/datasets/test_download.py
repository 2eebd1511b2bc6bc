"""Downloads from a real server on this machine, with the faults that real lines have."""

import http.server
import json
import socket
import struct
import threading
import zipfile
from pathlib import Path

import pytest

from fracture_widgets.base.progress import Monitor
from fracture_widgets.datasets.download import download, download_fracatlas
from fracture_widgets.errors import DatasetError

CONTENT = bytes(range(256)) * 1200


class Server(http.server.ThreadingHTTPServer):
    """Serves one file; its attributes choose the faults."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = CONTENT
        self.tag = '"v1"'
        self.ranges = True
        self.drop_after = []
        self.reset = False
        self.answers = []
        self.announce = True
        self.requests = []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/files/1"

    def handle_error(self, request, client_address):
        """Keep dropped lines out of the test log."""


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *args):
        """Stay silent."""

    def do_GET(self):
        server = self.server
        server.requests.append((self.path, dict(self.headers)))
        if server.answers:
            status, headers, body = server.answers.pop(0)
            self._send(status, headers, body, len(body))
            return
        content, wanted = server.content, self.headers.get("Range")
        same = self.headers.get("If-Range") in (None, server.tag)
        headers = {"ETag": server.tag, "Content-Type": "application/zip"}
        if server.ranges and wanted and same:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            if start >= len(content):
                self._send(416, {"Content-Range": f"bytes */{len(content)}"}, b"", 0)
                return
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self._send(206, headers, content[start:], len(content) - start)
        else:
            self._send(200, headers, content, len(content))

    def _send(self, status, headers, body, length):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.server.announce:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.server.drop_after and status in (200, 206):
            self.wfile.write(body[: self.server.drop_after.pop(0)])
            self.wfile.flush()
            if self.server.reset:
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True
            return
        self.wfile.write(body)


@pytest.fixture
def server(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def target(tmp_path) -> Path:
    return tmp_path / "data" / "file.zip"


def fetch(urls, target, **settings):
    urls = [urls] if isinstance(urls, str) else urls
    return download(urls, target, **({"pause": 0, "attempts": 3, "timeout": 5} | settings))


def ranges(server):
    return [headers.get("Range") for _, headers in server.requests]


def test_a_file_arrives_whole_and_alone(server, target):
    seen = []
    assert (
        fetch(
            server.url, target, monitor=Monitor(lambda done, total, _: seen.append((done, total)))
        )
        == target
    )
    assert target.read_bytes() == CONTENT
    assert [path.name for path in target.parent.iterdir()] == ["file.zip"]
    assert seen[0] == (0, len(CONTENT))
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [step[0] for step in seen] == sorted(step[0] for step in seen)


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_a_dropped_line_is_taken_up_where_it_broke(server, target, reset):
    server.reset = reset
    server.drop_after = [100_000, 50_000]
    fetch(server.url, target)
    assert target.read_bytes() == CONTENT
    first, second, third = ranges(server)
    assert first is None
    if not reset:  # a reset may swallow bytes on their way
        assert (second, third) == ("bytes=100000-", "bytes=150000-")


def test_more_drops_than_attempts_are_fine_as_long_as_bytes_arrive(server, target):
    server.drop_after = [1000] * 12
    fetch(server.url, target, attempts=2)
    assert target.read_bytes() == CONTENT


def test_the_next_run_goes_on_where_the_last_was_stopped(server, target):
    with pytest.raises(DatasetError, match="was stopped after 0 MB, which are kept"):
        fetch(server.url, target, monitor=Monitor(is_cancelled=lambda: True))
    kept = target.with_name("file.zip.part").stat().st_size
    assert 0 < kept < len(CONTENT)
    assert not target.exists()
    fetch(server.url, target)
    assert target.read_bytes() == CONTENT
    assert ranges(server) == [None, f"bytes={kept}-"]


def test_ctrl_c_keeps_what_has_arrived(server, target):
    def interrupt(here, *_):
        if here > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(server.url, target, monitor=Monitor(interrupt))
    assert target.with_name("file.zip.part").stat().st_size > 0
    fetch(server.url, target)
    assert target.read_bytes() == CONTENT
    assert ranges(server)[1] is not None


def test_a_server_that_ignores_ranges_sends_all_again(server, target):
    server.ranges = False
    server.drop_after = [100_000]
    fetch(server.url, target)
    assert target.read_bytes() == CONTENT
    assert ranges(server) == [None, "bytes=100000-"]


def test_a_server_that_ignores_ranges_and_drops_every_time_is_given_up(server, target):
    server.ranges = False
    server.drop_after = [100_000] * 10
    with pytest.raises(DatasetError, match="the connection was lost"):
        fetch(server.url, target)
    assert len(server.requests) == 4


def test_a_file_that_changed_meanwhile_is_fetched_anew(server, target):
    server.drop_after = [100_000]
    with pytest.raises(KeyboardInterrupt):
        fetch(server.url, target, monitor=Monitor(_interrupt_at(100_000)))
    server.content, server.tag = CONTENT[::-1], '"v2"'
    fetch(server.url, target)
    assert target.read_bytes() == CONTENT[::-1]


def _interrupt_at(count):
    def interrupt(here, *_):
        if here >= count:
            raise KeyboardInterrupt

    return interrupt


def test_all_bytes_here_but_not_yet_renamed_needs_no_further_byte(server, target):
    target.parent.mkdir()
    target.with_name("file.zip.part").write_bytes(CONTENT)
    target.with_name("file.zip.part.json").write_text(json.dumps({"version": '"v1"'}))
    fetch(server.url, target)
    assert target.read_bytes() == CONTENT


def test_more_bytes_here_than_there_starts_over(server, target):
    target.parent.mkdir()
    target.with_name("file.zip.part").write_bytes(CONTENT + b"too much")
    fetch(server.url, target)
    assert target.read_bytes() == CONTENT


def test_a_wrong_part_is_not_glued_on(server, target):
    target.parent.mkdir()
    target.with_name("file.zip.part").write_bytes(CONTENT[:500])
    server.answers = [
        (206, {"Content-Range": f"bytes 0-{len(CONTENT) - 1}/{len(CONTENT)}"}, CONTENT)
    ]
    fetch(server.url, target)
    assert target.read_bytes() == CONTENT


def test_a_length_nobody_announces_is_read_to_the_end(server, target):
    server.announce = False
    totals = set()
    fetch(server.url, target, monitor=Monitor(lambda _here, total, _: totals.add(total)))
    assert target.read_bytes() == CONTENT
    assert totals == {None}


def test_a_busy_server_is_asked_again(server, target):
    server.answers = [(503, {}, b"later"), (429, {}, b"later")]
    fetch(server.url, target)
    assert target.read_bytes() == CONTENT


def test_a_challenge_meant_for_browsers_sends_us_to_the_next_address(server, target):
    server.answers = [(202, {"x-amzn-waf-action": "challenge"}, b"")]
    fetch([server.url, server.url + "?again"], target)
    assert target.read_bytes() == CONTENT
    assert [path for path, _ in server.requests] == ["/files/1", "/files/1?again"]


def test_when_every_address_refuses_each_reason_is_told(server, target):
    server.answers = [
        (404, {}, b""),
        (200, {"Content-Type": "text/html"}, b"<html>log in</html>"),
    ]
    with pytest.raises(DatasetError) as caught:
        fetch([server.url] * 2, target, by_hand="https://example.org/record")
    assert str(caught.value) == (
        "file.zip could not be downloaded (127.0.0.1: status 404; 127.0.0.1: a web page instead "
        "of the file): check the internet connection and run it again to go on, or give the file "
        "fetched with a browser from https://example.org/record."
    )
    assert not target.exists()


def test_no_server_at_all_is_one_sentence(target):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(DatasetError, match=r"127\.0\.0\.1: no connection"):
        fetch(f"http://127.0.0.1:{port}/", target, attempts=2)


def test_silence_counts_as_a_dropped_line(target):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(DatasetError, match="could not be downloaded"):
            fetch(url, target, attempts=1, timeout=0.1)


def test_only_web_addresses_are_asked(target, tmp_path):
    (tmp_path / "secret").write_text("x")
    with pytest.raises(DatasetError, match="not a web address"):
        fetch((tmp_path / "secret").as_uri(), target)


def test_a_proxy_from_the_environment_is_used(server, target, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url)
    fetch("http://figshare.invalid/files/1", target)
    assert target.read_bytes() == CONTENT
    assert server.requests[0][0] == "http://figshare.invalid/files/1"


def test_a_folder_that_cannot_be_written_is_one_sentence(server, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DatasetError, match=r"a\.zip cannot be written"):
        fetch(server.url, tmp_path / "file" / "a.zip")


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "original.zip"
    with zipfile.ZipFile(path, "w") as opened:
        opened.writestr("FracAtlas/images/IMG0000000.jpg", b"picture" * 5000)
    return path.read_bytes()


def test_the_archive_is_downloaded_once(server, archive, tmp_path):
    server.content = archive
    server.drop_after = [10_000]
    for _ in range(2):
        path = download_fracatlas(tmp_path / "down", urls=[server.url], pause=0)
    assert path.name == "FracAtlas.zip"
    assert path.read_bytes() == archive
    assert len(server.requests) == 2


@pytest.mark.parametrize("damage", ["flipped", "cut"])
def test_a_damaged_archive_is_removed_and_named(server, archive, tmp_path, damage):
    flipped = bytearray(archive)
    flipped[5000] ^= 0xFF
    server.content = bytes(flipped) if damage == "flipped" else archive[:20_000]
    with pytest.raises(DatasetError, match=r"FracAtlas.zip arrived damaged \(.*run it again"):
        download_fracatlas(tmp_path / "down", urls=[server.url], pause=0)
    assert list((tmp_path / "down").iterdir()) == []
