"""A served dashboard with one place, a token, a password and a prefix, asked over HTTP."""

from __future__ import annotations

import http.cookiejar
import re
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from served import dashboard

import fracture_widgets

PREFIX = "/radiology/"
KERNEL = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PATIENCE = 240

pytestmark = pytest.mark.slow


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    text: str


@dataclass
class Visitor:
    """A browser without a screen: it keeps cookies and follows no redirect."""

    root: str
    jar: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)

    def ask(self, path: str, form: dict[str, str] | None = None, **headers: str) -> Answer:
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar), _Stay())
        if form is not None:
            self._have_the_mark_of_a_form()
            marks = [cookie.value for cookie in self.jar if cookie.name == "_xsrf"]
            form = {**form, "_xsrf": marks[0] or ""}
        data = None if form is None else urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(self.root + path, data=data, headers=headers)
        try:
            with opener.open(request, timeout=PATIENCE) as reply:
                return Answer(
                    reply.status, dict(reply.headers), reply.read().decode("utf-8", "replace")
                )
        except urllib.error.HTTPError as reply:
            return Answer(reply.code, dict(reply.headers), reply.read().decode("utf-8", "replace"))

    def _have_the_mark_of_a_form(self) -> None:
        if not any(cookie.name == "_xsrf" for cookie in self.jar):
            self.ask(PREFIX + "login")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """A checkout like ours, in which the documentation was built."""
    ours, folder = Path(fracture_widgets.__file__).parent, tmp_path_factory.mktemp("checkout")
    shutil.copytree(ours, folder / ours.name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("models", "notebooks"):
        (folder / name).symlink_to(ours.parent / name)
    site = folder / "docs" / "_build" / "html"
    (site / "guides").mkdir(parents=True)
    (site / "index.html").write_text("<h1>The documentation</h1>")
    (site / "guides" / "page.html").write_text("<h1>A guide</h1>")
    (site.parent / "secret.html").write_text("beside the site")
    return folder


@pytest.fixture(scope="module")
def root(checkout, tmp_path_factory) -> Iterator[str]:
    options = ("--visitors", "1", "--token", "s3same", "--password", "0pen", "--prefix", PREFIX)
    with dashboard(tmp_path_factory.mktemp("served"), *options, checkout=checkout) as server:
        yield server.address.rstrip("/")


@pytest.fixture
def stranger(root) -> Visitor:
    return Visitor(root)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "course/index.ipynb",
        "docs/",
        "docs/guides/page.html",
        "voila/static/voila.js",
        "voila/templates/lab/static/voila-style.js",
        "voila/labextensions/anywidget/package.json",
        "voila/api/themes/x",
        "voila/files/dashboard.ipynb",
        "api/kernels/00000000-0000-0000-0000-000000000000",
    ],
)
def test_a_stranger_gets_nothing_but_the_way_in(stranger, path):
    answer = stranger.ask(PREFIX + path)
    assert answer.status in {302, 403}
    if answer.status == 302:
        assert answer.headers["Location"].startswith(f"{PREFIX}login?next=")


def test_a_stranger_opens_no_websocket(stranger):
    answer = stranger.ask(
        PREFIX + "api/kernels/00000000-0000-0000-0000-000000000000/channels",
        Connection="Upgrade",
        Upgrade="websocket",
        **{"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="},
    )
    assert answer.status == 403


def test_the_channel_speaks_one_protocol_alone(root):
    visitor = Visitor(root)
    visitor.ask(f"{PREFIX}?token=s3same")
    (kernel,) = set(KERNEL.findall(_page_once_there_is_a_place(visitor).text))
    answer = visitor.ask(
        f"{PREFIX}api/kernels/{kernel}/channels",
        Connection="Upgrade",
        Upgrade="websocket",
        **{"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="},
    )
    assert answer.status == 400
    _close(visitor, kernel)


def test_kernels_are_asked_for_by_no_page_without_a_name(stranger):
    path = PREFIX + "voila/query/00000000-0000-0000-0000-000000000000"
    assert stranger.ask(path).status in {302, 404}


@pytest.mark.parametrize("word", ["s3same", "0pen"])
def test_the_token_or_the_password_typed_opens_it(stranger, word):
    form = {"password": word, "next": PREFIX + "voila/static/voila.js"}
    assert stranger.ask(PREFIX + "login", form).headers["Location"] == form["next"]
    assert stranger.ask(form["next"]).status == 200


def test_a_wrong_word_is_told_and_opens_nothing(stranger):
    answer = stranger.ask(PREFIX + "login", {"password": "<b>wrong"})
    assert answer.status == 401
    assert "That was not it" in answer.text
    assert "<b>wrong" not in answer.text
    assert stranger.ask(PREFIX).status == 302


def test_nobody_is_sent_elsewhere_after_the_word(stranger):
    form = {"password": "0pen", "next": "https://elsewhere.example/"}
    assert stranger.ask(PREFIX + "login", form).headers["Location"] == PREFIX


def test_one_place_is_one_page_and_the_next_reads_that_all_are_taken_until_it_closes(root):
    first, second = Visitor(root), Visitor(root)
    for visitor in (first, second):
        # The token does not stay in the address.
        answer = visitor.ask(f"{PREFIX}?token=s3same")
        assert answer.status == 200
        assert f'content="0; url={PREFIX}"' in answer.text
    page = _page_once_there_is_a_place(first)
    (kernel,) = set(KERNEL.findall(page.text))

    full = second.ask(PREFIX)
    assert (full.status, full.headers["Retry-After"]) == (503, "20")
    assert "All places are taken" in full.text
    assert 'http-equiv="refresh"' in full.text
    assert second.ask(PREFIX + "course/index.ipynb").status == 503

    _close(first, kernel)
    (other,) = set(KERNEL.findall(_page_once_there_is_a_place(second).text))
    assert other != kernel
    _close(second, other)


def _close(visitor, kernel):
    """Free the place as a page does that is closed; else it is taken until it is culled."""
    assert visitor.ask(f"{PREFIX}voila/api/shutdown/{kernel}", {}).status == 204


def _page_once_there_is_a_place(visitor):
    deadline = time.monotonic() + PATIENCE
    while (page := visitor.ask(PREFIX)).status == 503 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert page.status == 200
    return page


def test_no_file_is_served_to_those_who_are_in(stranger):
    stranger.ask(f"{PREFIX}?token=s3same")
    for path in (
        "voila/files/dashboard.ipynb",
        "dashboard.ipynb",
        "voila/tree",
        "../pyproject.toml",
    ):
        assert stranger.ask(PREFIX + path).status in {403, 404}


def test_the_documentation_is_there_for_those_who_are_in(stranger):
    stranger.ask(f"{PREFIX}?token=s3same")
    page = stranger.ask(PREFIX + "docs/")
    assert (page.status, page.text) == (200, "<h1>The documentation</h1>")
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert stranger.ask(PREFIX + "docs/guides/page.html").text == "<h1>A guide</h1>"
    bare = stranger.ask(PREFIX + "docs")
    assert (bare.status, bare.headers["Location"]) == (301, f"{PREFIX}docs/")
    for path in ("../secret.html", "%2e%2e/secret.html", "..%2fsecret.html", "..%5csecret.html",
                 "%252e%252e/secret.html", "guides/../../secret.html", "/etc/passwd",
                 "nothing.html", "%00", "guides"):  # fmt: skip
        answer = stranger.ask(f"{PREFIX}docs/{path}")
        assert answer.status in {301, 403, 404}, path
        assert "beside the site" not in answer.text


def test_the_pages_name_the_documentation_where_it_is(stranger, checkout):
    stranger.ask(f"{PREFIX}?token=s3same")
    assert f'href="{PREFIX}docs/">Documentation</a>' in _page_once_there_is_a_place(stranger).text
    index = checkout / "docs" / "_build" / "html" / "index.html"
    index.rename(index.with_name("away.html"))
    try:
        answer = stranger.ask(PREFIX + "docs/")
        assert answer.status == 404
        assert "make docs" in answer.text
    finally:
        index.with_name("away.html").rename(index)
