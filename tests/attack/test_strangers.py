"""What somebody without the token, or a page on the web, gets from a dashboard, and costs it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from served import Served, dashboard
from strangers import Witness, ask, cookies_of, embedded_pages, enter, refusals, wrong_tokens
from tornado.web import HTTPError
from traitlets.config import Configurable

from fracture_widgets.serving.access import Door, Guesses, own_address
from fracture_widgets.serving.settings import Access

pytestmark = pytest.mark.slow


@dataclass
class _Request:
    remote_ip: str = "192.0.2.1"


@dataclass
class _Handler:
    request: _Request
    current_user: object = "somebody"


def _handler(address: str = "192.0.2.1") -> _Handler:
    return _Handler(_Request(address))


def _wrong(guesses: Guesses, address: str, count: int) -> int:
    looked_at = 0
    for _ in range(count):
        try:
            with guesses.counted(_handler(address)):
                looked_at += 1
        except HTTPError:
            continue
    return looked_at


def test_wrong_words_are_limited_for_an_address_and_over_all_and_for_a_minute():
    now = [0.0]
    guesses = Guesses(lambda: now[0])
    assert _wrong(guesses, "192.0.2.1", 50) == 20
    assert _wrong(guesses, "192.0.2.2", 50) == 20
    assert sum(_wrong(guesses, f"192.0.2.{number}", 50) for number in range(3, 99)) == 160
    now[0] = 60.1
    assert _wrong(guesses, "192.0.2.1", 1) == 1


def test_right_words_are_not_counted():
    guesses = Guesses()
    for _ in range(100):
        with guesses.counted(_handler()) as forget:
            forget()


class _Server(Configurable):
    access = Access(token="s3same", password="0pen")


def test_looking_at_a_password_does_not_stop_the_others(monkeypatch):
    monkeypatch.setattr(Door, "passwd_check", lambda *_: time.sleep(0.5))
    door = Door(parent=_Server(), hashed_password="x", token="s3same")

    async def look() -> int:
        looking = asyncio.ensure_future(door._is_right(_handler(), "guess", password=True))
        turns = 0
        while not looking.done():
            await asyncio.sleep(0.01)
            turns += 1
        return turns

    assert asyncio.run(look()) > 10


@pytest.mark.parametrize("made", [True, False])
def test_only_a_token_that_nobody_guesses_opens_while_others_guess(made):
    server = _Server()
    server.access = Access(token="s3same", made=made)
    door = Door(parent=server, token="s3same")
    _wrong(door._guesses, "192.0.2.1", 50)

    async def is_right() -> bool:
        return await door._is_right(_handler(), "s3same", password=False)

    if made:
        assert asyncio.run(is_right())
    else:
        with pytest.raises(HTTPError, match="429"):
            asyncio.run(is_right())


@pytest.mark.parametrize(
    ("uri", "own"),
    [
        ("/?token=a&x=1", "/?x=1"),
        ("//evil.example/?token=a", "/evil.example/"),
        ("/\\evil.example/", "/evil.example/"),
        ("///evil.example", "/evil.example"),
        ("http://evil.example/", "/http://evil.example/"),
        ("/course/?next=//evil.example", "/course/?next=//evil.example"),
    ],
)
def test_an_address_stays_on_this_server(uri, own):
    assert own_address(uri) == own


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("strangers") / "log"


@pytest.fixture(scope="module")
def server(tmp_path_factory, log) -> Iterator[Served]:
    options = ("--token", "s3same", "--visitors", "2", "--warm", "0")
    with dashboard(tmp_path_factory.mktemp("strangers"), *options, log=log) as running:
        yield running


def test_every_answer_says_what_a_page_may_do_and_cookies_stay_here(server):
    _, answer = asyncio.run(ask(server, "/?token=s3same", X_Forwarded_Proto="https"))
    head = answer.split("\r\n\r\n")[0]
    for line in ("Content-Security-Policy: default-src 'self'; ", "Referrer-Policy: same-origin"):
        assert line in head
    cookies = [line for line in head.split("\r\n") if line.startswith("Set-Cookie")]
    assert len(cookies) == 1
    for word in ("HttpOnly", "SameSite=Strict", "Secure", "Path=/"):
        assert word in cookies[0]
    assert 'content="0; url=/"' in answer
    assert "s3same" not in answer
    _, form = asyncio.run(ask(server, "/login"))
    assert "SameSite=Strict" in form


def test_no_answer_leads_to_another_site(server):
    async def led() -> list[str]:
        answers = []
        for path in ("//evil.example/", "/%5cevil.example/", "//evil.example/?token=s3same",
                     "/login?next=//evil.example/&token=s3same",
                     "/login?next=https:evil.example&token=s3same"):  # fmt: skip
            for site in ("none", "cross-site"):
                asked = ask(server, path, Sec_Fetch_Site=site, Sec_Fetch_Mode="navigate",
                            Sec_Fetch_Dest="document")  # fmt: skip
                answers.append((await asked)[1])
        return answers

    for answer in asyncio.run(led()):
        for sign in ("Location: //", "Location: http", "Location: /\\", "url=//", "url=http"):
            assert sign not in answer


def test_another_sites_link_is_asked_for_once_more_by_our_own_page(server):
    """So that the cookies come along, which are never sent with what another site asks."""
    asked = ask(server, "/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate",
                Sec_Fetch_Dest="document")  # fmt: skip
    status, answer = asyncio.run(asked)
    assert (status, cookies_of(answer)) == (200, [])
    assert 'content="0; url=/"' in answer


def test_what_strangers_do_is_served_beside_a_visitor_and_written_sparingly(server, log):
    async def attack() -> tuple[int, int, Witness]:
        witness = Witness(server, await enter(server, "s3same"))
        watching = asyncio.ensure_future(witness.watch())
        refused = await refusals(server, 300)
        guessed = await wrong_tokens(server, 80)
        watching.cancel()
        return refused, guessed, witness

    refused, guessed, witness = asyncio.run(attack())
    assert refused == 300
    assert guessed <= 20
    assert witness.seconds
    assert not any(witness.others.values())
    written = log.read_text("utf-8")
    assert all(line.isprintable() for line in written.splitlines())
    assert "a-secret-word" not in written
    assert len(written) < 20_000


def test_a_page_that_another_site_embeds_starts_no_kernel(tmp_path):
    with dashboard(tmp_path, "--visitors", "2", "--warm", "0") as open_to_this_computer:
        assert asyncio.run(embedded_pages(open_to_this_computer)) == 0
