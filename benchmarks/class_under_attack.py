"""A class of thirty without its browsers, while strangers attack and pages read nothing.

    python benchmarks/class_under_attack.py [--visitors 30]

The same class as in ``class_on_the_wire.py``, twice: in peace, and while strangers half-open
connections, send bodies, guess and are refused without a pause, and two of the visitors have pages
that read none of their messages. Latencies are of those who work.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

import strangers
import typer
from class_on_the_wire import Wire, visit
from class_visits import ClassRun, Visit, hold_class
from served import Served, total_mb

TOKEN = "an-open-sesame"  # noqa: S105 - opens a server that lives for a minute
_UNREADING = 2


async def _without_a_pause(attack: Callable[[], Awaitable[object]]) -> None:
    while True:
        with contextlib.suppress(OSError, IndexError):
            await attack()
        await asyncio.sleep(0.05)


async def _read_nothing(server: Served, cookie: str) -> None:
    wire = await Wire.open(server.address, cookie)
    try:
        await wire.ask_for_widgets()
        while True:
            await strangers.unread(wire)
            await asyncio.sleep(1)
    finally:
        wire.close()


async def visiting(
    server: Served,
    files: Sequence[Path],
    expected: Sequence[tuple[str, ...]],
    *,
    attacked: bool,
) -> tuple[list[Visit], float]:
    """Let every visitor come, in peace or beside an attack."""
    cookie = await strangers.enter(server, TOKEN)
    attacks = [
        partial(strangers.half_open, server, 400, 5.0),
        partial(strangers.long_bodies, server, 4, 10),
        partial(strangers.wrong_tokens, server, 80),
        partial(strangers.refusals, server, 200),
    ]
    beside = []
    if attacked:
        beside = [asyncio.ensure_future(_without_a_pause(attack)) for attack in attacks]
        beside += [asyncio.ensure_future(_read_nothing(server, cookie)) for _ in range(_UNREADING)]
        await asyncio.sleep(3)
    coming = (
        visit(server.address, *visitor, cookie) for visitor in zip(files, expected, strict=True)
    )
    visits, memory = list(await asyncio.gather(*coming)), total_mb(server)
    for task in beside:
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    return visits, memory


def hold(visitors: int, *, attacked: bool) -> ClassRun:
    """Hold the class."""
    return hold_class(
        partial(visiting, attacked=attacked),
        visitors,
        "--token",
        TOKEN,
        places=visitors + _UNREADING,
    )


def main(visitors: int = 30) -> None:
    """Print both classes."""
    for attacked in (False, True):
        done = hold(visitors, attacked=attacked)
        print("while strangers attack" if attacked else "in peace", done, sep="\n", flush=True)
        for wrong in done.wrong:
            print(f"expected {wrong.expected}, read {wrong.seen}")


if __name__ == "__main__":
    typer.run(main)
