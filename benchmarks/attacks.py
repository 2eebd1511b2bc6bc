"""What attacks on a served dashboard cost, and who else was served meanwhile, in one table.

    python benchmarks/attacks.py [--before CHECKOUT] [--only WORDS]

Each attack has a server of its own, on this computer. Beside it a visitor, who has entered, asks
for a file of the page ten times a second. ``--before`` runs the same against another checkout.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import strangers
import typer
from class_on_the_wire import Wire
from served import Served, dashboard

from fracture_widgets.base.tables import markdown_table

TOKEN = "an-open-sesame"  # noqa: S105 - opens a server that lives for a minute
_LOCKED = ("--token", TOKEN, "--visitors", "2", "--warm", "0")


@dataclass(frozen=True)
class Attack:
    """What is done to a server with such options, and the words that say what came of it."""

    name: str
    run: Callable[[Served], Awaitable[str]]
    options: tuple[str, ...] = _LOCKED
    files: int | None = None


async def _unread(server: Served) -> str:
    wire = await Wire.open(server.address, await strangers.enter(server, TOKEN))
    await wire.ask_for_widgets()
    return f"{await strangers.unread(wire):,} answers asked for"


async def _hung_up(server: Served) -> str:
    return f"a place after {await strangers.hung_up(server, 3):.0f} s"


async def _embedded(server: Served) -> str:
    return f"{await strangers.embedded_pages(server)} of 12 kernels started"


async def _wrong_tokens(server: Served) -> str:
    return f"{await strangers.wrong_tokens(server)} of 400 looked at"


async def _wrong_passwords(server: Served) -> str:
    return f"{await strangers.wrong_passwords(server)} of 60 looked at"


async def _refusals(server: Served) -> str:
    return f"{await strangers.refusals(server):,} refused"


async def _half_open(server: Served) -> str:
    return f"{await strangers.half_open(server):,} of 1,500 still open after 30 s"


async def _bodies(server: Served) -> str:
    return f"{await strangers.long_bodies(server) >> 20:,} of 800 MB taken"


ATTACKS = (
    Attack("1,500 requests that never end", _half_open),
    Attack("the same, where 256 files may be open", _half_open, files=256),
    Attack("20 bodies of 40 MB before login", _bodies),
    Attack("400 wrong tokens, 8 at once", _wrong_tokens),
    Attack("60 wrong passwords, 20 at once", _wrong_passwords, (*_LOCKED, "--password", TOKEN)),
    Attack(
        "12 pages asked for as pictures by another site",
        _embedded,
        ("--visitors", "20", "--warm", "0"),
    ),
    Attack("3,000 refusals with control characters and tokens", _refusals),
    Attack("3 loads that hang up, of 3 places", _hung_up, ("--visitors", "3")),
    Attack("a page that reads none of its messages, 15 s", _unread),
)


@dataclass(frozen=True)
class Outcome:
    """What came of an attack."""

    words: str
    witness: strangers.Witness
    seconds: float
    most_mb: float
    """By which the server and its kernels grew, at their largest."""

    processor: float
    """Seconds of processor time that the server itself took."""

    log: bytes

    def __str__(self) -> str:
        raw = sum(self.log.count(bytes([x])) for x in range(32) if x not in b"\r\n\t")
        log = f"log {len(self.log) / 1000:,.0f} kB"
        if raw or b"a-secret-word" in self.log:
            log += f" with {raw:,} control characters and the token"
        return (
            f"{self.words}; +{self.most_mb:.0f} MB, {self.processor:.1f} s of processor in "
            f"{self.seconds:.0f} s, {log}; meanwhile {self.witness}"
        )


def suffer(attack: Attack, checkout: Path | None = None) -> Outcome:
    """Attack a server of its own, and measure."""
    with tempfile.TemporaryDirectory() as name:
        scratch, log = Path(name), Path(name, "log")
        with dashboard(
            scratch / "data", *attack.options, checkout=checkout, log=log, files=attack.files
        ) as server:
            words, witness, grown, used, seconds = asyncio.run(_measure(attack, server))
            return Outcome(words, witness, seconds, grown, used, log.read_bytes())


async def _measure(
    attack: Attack, server: Served
) -> tuple[str, strangers.Witness, float, float, float]:
    process = psutil.Process(server.pid)
    cookie = await strangers.enter(server, TOKEN) if "--token" in attack.options else ""
    witness = strangers.Witness(server, cookie)
    before, most = process.memory_info().rss, [0]

    async def watch_memory() -> None:
        while True:
            most[0] = max(most[0], process.memory_info().rss - before)
            await asyncio.sleep(0.05)

    beside = [asyncio.ensure_future(x) for x in (witness.watch(), watch_memory())]
    used, began = sum(process.cpu_times()[:2]), time.monotonic()
    words = await attack.run(server)
    seconds = time.monotonic() - began
    for task in beside:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    return words, witness, most[0] / 1e6, sum(process.cpu_times()[:2]) - used, seconds


def main(before: Path | None = None, only: str = "") -> None:
    """Run the attacks whose names have these words, and print the table."""
    rows = []
    for attack in ATTACKS:
        if only in attack.name:
            old = "" if before is None else str(suffer(attack, before.resolve()))
            rows.append((attack.name, old, suffer(attack)))
            print(markdown_table(("attack", "before", "after"), rows[-1:]), flush=True)
    print(markdown_table(("attack", "before", "after"), rows))


if __name__ == "__main__":
    typer.run(main)
