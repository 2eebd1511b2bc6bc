"""Text from anywhere, made safe to set in one line of a page."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PIL import ImageFont

__all__ = ["font_file", "lines_of", "one_line", "settable", "width_of"]

_MEASURED_AT = 200  # pixels: large enough for hinting not to matter
_UNKNOWN = "\N{WHITE SQUARE}"


@cache
def font_file(bold: bool = False) -> Path:
    """Return the font of the pages."""
    import matplotlib

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return Path(matplotlib.get_data_path(), "fonts", "ttf", name)


@cache
def _font(bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(font_file(bold)), _MEASURED_AT)


@cache
def _letters(bold: bool) -> frozenset[int]:
    """Every code point that the font can draw."""
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(font_file(bold))).get_charmap())


def settable(text: str, *, bold: bool = False) -> str:
    """Return a text with nothing in it that would move, hide or break what stands around it."""
    known = _letters(bold)
    return "".join(
        (letter if ord(letter) in known else _UNKNOWN) if letter.isprintable() else " "
        for letter in text
    )


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a line is, in the unit of ``size``, the height of the letters."""
    return _font(bold).getlength(text) * size / _MEASURED_AT


def one_line(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """Return a settable line no wider than ``width``: of a longer one, the middle is left out."""
    text = settable(text, bold=bold)
    # However long it was given, no more than this many letters can stand in a line.
    most = int(10 * width / size) + 2
    if len(text) > most:
        text = f"{text[: most // 2]}…{text[-most // 2 :]}"
    if width_of(text, size, bold=bold) <= width:
        return text
    for keep in range(len(text) - 1, 1, -1):
        cut = f"{text[: (keep + 1) // 2]}…{text[len(text) - keep // 2 :]}"
        if width_of(cut, size, bold=bold) <= width:
            return cut
    return "…"


def lines_of(text: str, width: float, size: float, *, most: int, bold: bool = False) -> list[str]:
    """Break a text between words into lines no wider than ``width``."""
    lines: list[str] = []
    words = settable(text, bold=bold).split()
    while words and len(lines) < most - 1:
        count = len(words)
        while count > 1 and width_of(" ".join(words[:count]), size, bold=bold) > width:
            count -= 1
        lines.append(one_line(" ".join(words[:count]), width, size, bold=bold))
        words = words[count:]
    return [*lines, one_line(" ".join(words), width, size, bold=bold)] if words else lines
