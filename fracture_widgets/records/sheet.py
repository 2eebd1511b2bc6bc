"""A sheet of paper: what is drawn on it once becomes a PDF and a PNG alike.

Text from anywhere is made safe to set in one line of it.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import count
from typing import Any, Literal

from PIL import Image, ImageFont

from fracture_widgets.base import __version__
from fracture_widgets.base.language import NOTICE, begun, gettext, local
from fracture_widgets.figures.palette import INK, QUIET, RULE, VERDICTS, font_file
from fracture_widgets.parts import Verdict

WIDTH, HEIGHT = 1240, 1754
"""An A4 page in its own unit, a dot at 150 to the inch."""

MARGIN = 88
GUTTER = 32
INNER = WIDTH - 2 * MARGIN
RIGHT = WIDTH - MARGIN
FOOT = HEIGHT - MARGIN
"""Of a page: its margin, the space between columns, the width between the margins, and where that
ends."""

Frame = tuple[float, float, float, float]
"""Left, top, width and height, in dots."""

_DOTS = 150
_PICTURE_DOTS = 300
FINE = _PICTURE_DOTS // _DOTS
"""Pixels of a picture to a dot of the page."""

_POINTS = 72 / _DOTS
_MEASURED_AT = 200  # pixels: large enough for hinting not to matter
_UNKNOWN = "\N{WHITE SQUARE}"

# Letters as letters, not as outlines, so that a reader can select and search them.
_PDF: dict[Any, Any] = {"pdf.fonttype": 42, "pdf.compression": 9}


class Sheet:
    """An A4 page, drawn in dots from its upper left corner."""

    def __init__(self) -> None:
        from matplotlib.figure import Figure

        self.figure = Figure(figsize=(WIDTH / _DOTS, HEIGHT / _DOTS), dpi=_DOTS, facecolor="white")
        self._axes = self.figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self._axes.set_axis_off()
        self._axes.set_xlim(0, WIDTH)
        self._axes.set_ylim(HEIGHT, 0)
        self.frame: Frame = (0.0, 0.0, 0.0, 0.0)
        """Where the picture lies that the page is about."""
        self._layers = count(2)  # what is drawn lies over what was drawn before

    def text(
        self,
        x: float,
        y: float,
        text: str,
        colour: str,
        size: float,
        *,
        bold: bool = False,
        align: Literal["left", "center", "right"] = "left",
    ) -> None:
        """Set one line of text; ``y`` is where its letters stand."""
        from matplotlib.font_manager import FontProperties

        self._axes.text(
            x,
            y,
            text,
            color=colour,
            fontproperties=FontProperties(fname=font_file(bold), size=size * _POINTS),
            ha=align,
            va="baseline",
            parse_math=False,  # a file's name may hold dollars
            zorder=next(self._layers),
        )

    def paragraph(
        self, x: float, y: float, text: str, colour: str, size: float, width: float,
        *, most: int, step: float,
    ) -> float:  # fmt: skip
        """Set a text in lines below ``y``, each a step lower; return where the last one stands."""
        for line in lines_of(text, width, size, most=most):
            y += step
            self.text(x, y, line, colour, size)
        return y

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str = "none",
        edge: str = "none",
        radius: float = 0.0,
    ) -> None:
        """Draw a rectangle with round corners, filled or outlined or both."""
        from matplotlib.patches import FancyBboxPatch

        radius = min(radius, width / 2, height / 2)
        box = FancyBboxPatch(
            (x, y),
            width,
            height,
            boxstyle=f"round,pad=0,rounding_size={radius}",
            facecolor=fill,
            edgecolor=edge,
            linewidth=0.0 if edge == "none" else 2 * _POINTS,
            zorder=next(self._layers),
        )
        self._axes.add_patch(box)

    def picture(
        self, x: float, y: float, width: float, height: float, picture: Image.Image
    ) -> Frame:
        """Place a picture in a rectangle's middle, as large as fits, and return where it lies."""
        shown = fitted(width, height, picture.size)
        pixels = picture.convert("RGB").resize(
            (shown[0] * FINE, shown[1] * FINE), Image.Resampling.LANCZOS
        )
        left, top = round(x + (width - shown[0]) / 2), round(y + (height - shown[1]) / 2)
        self._axes.imshow(
            pixels,
            extent=(left, left + shown[0], top + shown[1], top),
            aspect="auto",
            interpolation="antialiased",
            zorder=next(self._layers),
        )
        return left, top, *shown

    def rule(self, y: float) -> None:
        """Draw a level line from margin to margin."""
        self._axes.plot(
            (MARGIN, RIGHT),
            (y, y),
            color=RULE,
            linewidth=2 * _POINTS,
            solid_capstyle="butt",
            zorder=next(self._layers),
        )

    def verdict(
        self, x: float, y: float, part: str, words: str, verdict: Verdict, size: float,
        width: float, *, bold: bool = True,
    ) -> None:  # fmt: skip
        """Say a verdict, on a part if one is named, in a line not wider than ``width``."""
        lead = f"{part}: " if part else ""
        words = words if part else begun(words)
        size = min(size, size * width / width_of(lead + words, size, bold=True))
        self.text(x, y, lead, INK, size, bold=bold)
        start = x + width_of(lead, size, bold=bold)
        self.text(start, y, words, VERDICTS[verdict], size, bold=True)

    def heading(
        self, moment: datetime, part: str, words: str, verdict: Verdict, *, drawn: bool
    ) -> None:
        """Draw the head of a page, with a verdict in large letters and in its colour."""
        self.text(MARGIN, 92, "Fracture Widgets", QUIET, 22, bold=True)
        self.text(RIGHT, 92, local(moment), QUIET, 22, align="right")
        self.rule(118)
        room = float(INNER)
        if drawn:
            text = gettext("Drawn, no patient")
            width = width_of(text, 20, bold=True) + 34
            self.box(RIGHT - width, 162, width, 42, edge=QUIET, radius=21)
            self.text(RIGHT - width / 2, 190, text, QUIET, 20, bold=True, align="center")
            room -= width + GUTTER
        self.verdict(MARGIN, 200, part, words, verdict, 56, room)

    def footer(self) -> None:
        """Draw what stands at the foot of every page."""
        self.rule(FOOT - 46)
        self.text(MARGIN, FOOT - 8, gettext(NOTICE), INK, 22, bold=True)

    def to_png(self) -> bytes:
        """Return the page as a PNG file of 1240 x 1754 pixels."""
        file = io.BytesIO()
        self.figure.savefig(file, format="png", dpi=_DOTS, metadata={"Software": None})
        return file.getvalue()


def to_pdf(pages: Sequence[Sheet], made_at: datetime) -> bytes:
    """Return pages as one PDF file with its fonts in it and its text as text."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_pdf import PdfPages

    file, moment = io.BytesIO(), made_at.astimezone(UTC).replace(microsecond=0)
    metadata = {
        "Title": gettext("Fracture Widgets report"),
        "Subject": gettext(NOTICE),
        "Creator": f"Fracture Widgets {__version__}",
        "CreationDate": moment,
        "ModDate": moment,
    }
    with rc_context(_PDF), PdfPages(file, metadata=metadata) as document:
        for page in pages:
            page.figure.savefig(document, format="pdf", dpi=_PICTURE_DOTS)
    return file.getvalue()


def fitted(width: float, height: float, size: tuple[int, int]) -> tuple[int, int]:
    """Return how large a picture of a size is in a rectangle, without distorting it."""
    scale = min(width / size[0], height / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


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
