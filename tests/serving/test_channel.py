"""What out_of_distribution may send through the channel of a page."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from jupyter_server.services.kernels.connection.base import serialize_msg_to_ws_v1

from fracture_widgets.serving.channel import is_whole

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
