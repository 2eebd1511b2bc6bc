"""What strangers, and visitors of ill will, do to a served dashboard; each returns what came of it.

Every one is bounded, and runs against a server of our own on this computer.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from urllib.parse import urlsplit

from class_on_the_wire import Wire
from served import Served

_LINE = b"GET / HTTP/1.1\r\nHost: localhost\r\n"


async def connect(server: Served) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection."""
    place = urlsplit(server.address)
    return await asyncio.open_connection(place.hostname, place.port)


async def ask(server: Served, path: str, *, method: str = "GET", body: bytes = b"",
              **headers: str) -> tuple[int, str]:  # fmt: skip
    """Send one request as it is written; return the status and what came, 0 if nothing did."""
    lines = {"Host": urlsplit(server.address).netloc, "Connection": "close", **headers}
    if body:
        lines["Content-Length"] = str(len(body))
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
    with suppress(OSError):
        reader, writer = await connect(server)
        with suppress(OSError):
            writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body)
            await writer.drain()
        try:
            answer = await asyncio.wait_for(reader.read(), 120)
        finally:
            writer.close()
        status = answer.split(b" ", 2)[1:2]
        return int(status[0]) if status else 0, answer.decode("latin-1")
    return 0, ""


async def half_open(server: Served, count: int = 1500, seconds: float = 30.0) -> int:
    """Open connections that begin a request and never end it; return how many are still open."""
    opened = []
    for _ in range(count):
        try:
            reader, writer = await asyncio.wait_for(connect(server), 10)
        except (OSError, TimeoutError):
            break
        writer.write(_LINE)
        opened.append((reader, writer))
    await asyncio.sleep(seconds)
    still = sum(not reader.at_eof() for reader, _ in opened)
    for _, writer in opened:
        writer.close()
    await asyncio.gather(*(writer.wait_closed() for _, writer in opened), return_exceptions=True)
    return still


async def long_bodies(server: Served, count: int = 20, megabytes: int = 40) -> int:
    """Send bodies to the login page and stop before their end; return how many bytes were taken."""
    size = megabytes << 20
    head = f"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size + 1}\r\n\r\n".encode()

    async def send() -> int:
        reader, writer = await connect(server)
        taken = 0
        with suppress(OSError, TimeoutError):
            writer.write(head)
            for _ in range(megabytes):
                writer.write(bytes(1 << 20))
                await asyncio.wait_for(writer.drain(), 5)
                if reader.at_eof():
                    break
                taken += 1 << 20
        await asyncio.sleep(3)
        writer.close()
        return taken

    return sum(await asyncio.gather(*(send() for _ in range(count))))


async def wrong_tokens(server: Served, count: int = 400, at_once: int = 8) -> int:
    """Guess the token in the address; return how many guesses were looked at."""
    return await _guess(count, at_once, lambda number: ask(server, f"/?token=guess{number}"))


async def wrong_passwords(server: Served, count: int = 60, at_once: int = 20) -> int:
    """Guess the password on the login page; return how many guesses were looked at."""
    _, page = await ask(server, "/login")
    mark = page.split('name="_xsrf" value="', 1)[1].split('"', 1)[0]
    headers = {
        "Cookie": "; ".join(cookies_of(page)),
        "Content_Type": "application/x-www-form-urlencoded",
    }

    def guess(number: int) -> Awaitable[tuple[int, str]]:
        body = f"_xsrf={mark}&password=guess{number}".encode()
        return ask(server, "/login", method="POST", body=body, **headers)

    return await _guess(count, at_once, guess)


async def _guess(
    count: int, at_once: int, guess: Callable[[int], Awaitable[tuple[int, str]]]
) -> int:
    looked_at = 0
    for start in range(0, count, at_once):
        answers = await asyncio.gather(*map(guess, range(start, start + at_once)))
        looked_at += sum(status in {200, 302, 401} for status, _ in answers)
    return looked_at


async def embedded_pages(server: Served, count: int = 12) -> int:
    """Ask for the page as a picture on another site does; return how many were drawn."""
    asked = [
        ask(server, "/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors",
            Sec_Fetch_Dest="image")
        for _ in range(count)
    ]  # fmt: skip
    return sum(status == 200 for status, _ in await asyncio.gather(*asked))


async def refusals(server: Served, count: int = 3000) -> int:
    """Be refused often, by addresses that would move the cursor; return how often."""
    paths = (
        "/nothing/%1b%5d0;owned%07%0aforged-line?token=a-secret-word",
        "/api/kernels/00000000-0000-0000-0000-000000000000/channels?token=a-secret-word",
        f"/voila/files/{'x' * 4000}",
    )
    refused = 0
    for start in range(0, count, 50):
        asked = [ask(server, paths[number % 3]) for number in range(start, start + 50)]
        refused += sum(status >= 300 for status, _ in await asyncio.gather(*asked))
    return refused


async def hung_up(server: Served, count: int) -> float:
    """Load the page and hang up, some times; return the seconds until another visitor has one."""
    for _ in range(count):
        _, writer = await connect(server)
        writer.write(_LINE + b"\r\n")
        await asyncio.sleep(0.05)
        writer.transport.abort()
    began = time.monotonic()
    while time.monotonic() - began < 600:
        status, page = await ask(server, "/")
        if status == 200 and '"kernelId"' in page:
            break
        await asyncio.sleep(1)
    return time.monotonic() - began


async def unread(wire: Wire, seconds: float = 15.0) -> int:
    """Ask for all widgets again and again and read nothing; return how often it could be asked."""
    asked, began = 0, time.monotonic()
    with suppress(Exception):
        while time.monotonic() - began < seconds:
            wire.request_states()
            asked += 1
            await asyncio.sleep(0.005)
    return asked


class Witness:
    """A visitor who asks for a file all the time, and how long each answer took."""

    def __init__(self, server: Served, cookie: str = "") -> None:
        self._server, self._headers = server, {"Cookie": cookie} if cookie else {}
        self.seconds: list[float] = []
        self.others: Counter[int] = Counter()

    async def watch(self) -> None:
        """Ask until it is cancelled."""
        while True:
            began = time.monotonic()
            status, _ = await ask(self._server, "/voila/static/voila.js", **self._headers)
            self.seconds.append(time.monotonic() - began)
            self.others[status] += status != 200
            await asyncio.sleep(0.1)

    def __str__(self) -> str:
        slowest = max(self.seconds, default=0)
        lost = {status: count for status, count in self.others.items() if count}
        return f"{len(self.seconds)} requests, lost {lost or 'none'}, slowest {slowest:.2f} s"


async def enter(server: Served, token: str) -> str:
    """Enter by a token; return the cookies."""
    _, answer = await ask(server, f"/login?token={token}")
    return "; ".join(cookies_of(answer))


def cookies_of(answer: str) -> list[str]:
    """Return the cookies that an answer sets, without what is said of them."""
    lines = answer.split("\r\n\r\n", 1)[0].split("\r\n")
    return [line.split(": ", 1)[1].split(";", 1)[0] for line in lines if "et-Cookie: " in line]
