"""What out_of_distribution may send through the channel of a page."""

from __future__ import annotations

import asyncio
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jupyter_server.services.kernels.connection.base import serialize_msg_to_ws_v1
from tornado.web import Application, Finish, HTTPError
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from fracture_widgets.serving.gate import Channel, is_whole

PARTS = st.lists(st.binary(max_size=20), min_size=4, max_size=9)


@given(PARTS)
def test_what_pages_send_is_whole(parts):
    assert is_whole(serialize_msg_to_ws_v1(parts, "shell"))


@given(PARTS, st.data())
def test_what_is_cut_short_is_not(parts, data):
    message = serialize_msg_to_ws_v1(parts, "shell")
    assert not is_whole(message[: data.draw(st.integers(0, len(message) - 1))])


@given(st.integers(0, 2**64 - 1), st.binary(max_size=100))
def test_a_number_of_parts_that_are_not_there_is_not_believed(count, rest):
    message = count.to_bytes(8, "little") + rest
    assert not is_whole(message) or 8 * (count + 1) <= len(message)


@given(st.binary(max_size=200))
def test_noise_is_looked_at_in_no_time(noise):
    assert is_whole(noise) in (True, False)


def test_offsets_lead_through_the_message_in_order():
    message = bytearray(serialize_msg_to_ws_v1([b"{}"] * 4, "shell"))
    message[8:16], message[16:24] = message[16:24], message[8:16]
    assert not is_whole(bytes(message))


def test_text_is_no_message():
    assert not is_whole("{}")


def opened(monkeypatch, protocol: str, connection: object) -> Channel:
    """Return a channel whose kernel is there at once, and its page still there or not."""

    async def find(self) -> None:
        self.connection = connection

    monkeypatch.setattr(VoilaKernelWebsocketHandler, "pre_get", find)
    request = Mock(headers={"Sec-WebSocket-Protocol": protocol})
    return Channel(Application(), request)


def test_a_page_that_has_left_while_its_kernel_was_waited_for_is_no_error(monkeypatch):
    with pytest.raises(Finish):
        asyncio.run(opened(monkeypatch, "v1.kernel.websocket.jupyter.org", None).pre_get())
    asyncio.run(opened(monkeypatch, "v1.kernel.websocket.jupyter.org", object()).pre_get())


def test_what_is_refused_is_said_in_a_line(monkeypatch):
    channel = opened(monkeypatch, "", object())
    with pytest.raises(HTTPError) as refused:
        asyncio.run(channel.pre_get())
    said = []
    monkeypatch.setattr(channel, "finish", said.append)
    channel.set_status(refused.value.status_code)
    channel.write_error(refused.value.status_code)
    assert said == ["Bad Request"]
