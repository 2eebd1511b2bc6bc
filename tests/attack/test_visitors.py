"""What visitors cost each other: loads that hang up, pages that do not read, broken messages."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from class_on_the_wire import Wire
from served import Served, dashboard
from strangers import hung_up, unread

pytestmark = pytest.mark.slow

_BROKEN: list[Any] = [
    {},
    {"method": 17},
    {"method": "\x1b[2J"},
    {"method": "custom"},
    {"method": "custom", "content": "text"},
    {"method": "custom", "content": {"type": "begin"}},
    {"method": "custom", "content": {"type": "begin", "batch": [], "upload": {}, "size": "x"}},
    {"method": "custom", "content": {"type": "set", "name": ["a"], "value": {}}},
    {"method": "update"},
    {"method": "update", "state": [1]},
    {"method": "update", "state": {"children": ["IPY_MODEL_none"], "layout": 3}},
    {"method": "update", "state": {"x": 1}, "buffer_paths": [["x", "y"]]},
]


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("visitors") / "log"


@pytest.fixture(scope="module")
def server(tmp_path_factory, log) -> Iterator[Served]:
    with dashboard(
        tmp_path_factory.mktemp("visitors"), "--visitors", "4", "--warm", "0", log=log
    ) as running:
        yield running


def test_loads_that_hang_up_give_their_places_back(server):
    assert asyncio.run(hung_up(server, 4)) < 120  # seven minutes, where nothing noticed


def test_a_broken_message_is_answered_by_no_traceback_on_the_page_or_the_console(server, log):
    async def send() -> list[str]:
        wire = await Wire.open(server.address)
        await wire.ask_for_widgets()
        for widget in wire.states:
            for data in _BROKEN:
                wire.send("comm_msg", {"comm_id": widget, "data": data})
        wire.send("comm_open", {"comm_id": "x", "target_name": "jupyter.widget", "data": {}})
        heard = [""]
        wire.request_states()  # what is sent last is answered last
        with suppress(TimeoutError):
            while "update_states" not in heard[-1]:
                heard.append(json.dumps(await wire.hear(60)))
        wire.close()
        return heard

    heard = asyncio.run(send())
    assert "update_states" in heard[-1]  # the page goes on
    for message in heard:
        assert "Traceback" not in message
        assert '"msg_type": "error"' not in message
    written = log.read_text("utf-8")
    assert "Traceback" not in written
    assert all(line.isprintable() for line in written.splitlines())


def test_a_page_that_reads_nothing_is_closed_and_keeps_little(server):
    process = psutil.Process(server.pid)

    async def read_nothing() -> float:
        wire = await Wire.open(server.address)
        await wire.ask_for_widgets()
        before = process.memory_info().rss
        await unread(wire, 8)
        await asyncio.sleep(2)
        grown = process.memory_info().rss - before
        wire.close()
        return grown / 1e6

    assert asyncio.run(read_nothing()) < 150  # some gigabytes, where all is kept


def test_a_class_is_answered_while_strangers_attack():
    code = "import class_under_attack; print(class_under_attack.hold(2, attacked=True))"
    ended = subprocess.run(  # on its own: strangers leave connections behind
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert "visitors 2, with another answer than their own 0" in ended.stdout, ended.stderr
