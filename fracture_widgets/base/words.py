"""Numbers as people read them, and text as consoles may show it."""

from __future__ import annotations

from datetime import datetime

from fracture_widgets.base.language import marked, number

NOTICE = marked("For teaching and research. Not a medical device.")
"""What stands on every report, of whatever format."""


def percent(probability: float) -> str:
    """Say a probability in percent with one decimal; never 0.0 % or 100.0 %, which nobody knows."""
    value = 100.0 * probability
    if value < 0.1:
        return f"< {number(0.1, 1)} %"
    return f"> {number(99.9, 1)} %" if value > 99.9 else f"{number(value, 1)} %"


def whole_percent(share: float) -> str:
    """Say a share in percent without decimals, as ``"44 %"``."""
    return f"{number(100.0 * share)} %"


def begun(text: str) -> str:
    """Return a text that begins with a capital letter, and is as it was after that."""
    return text[:1].upper() + text[1:]


def plain(text: object) -> str:
    """Return text that moves no cursor and colours nothing: what is no letter is written out."""
    return "".join(
        letter
        if letter.isprintable() or letter == "\n"
        else letter.encode("unicode_escape").decode("ascii")
        for letter in str(text)
    )


def local(moment: datetime) -> str:
    """Return a moment to the minute, in the time of this computer and naming how far it is off."""
    there = moment.astimezone()
    off = f"{there:%z}"
    ahead = "" if off.strip("+-0") == "" else f"{off[:3]}:{off[3:5]}"
    return f"{there:%Y-%m-%d %H:%M} UTC{ahead}"
