"""A sheet of paper: what is drawn on it once becomes a PDF and a PNG alike."""

from __future__ import annotations

import io
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from PIL import Image

from fracture_widgets.records.lettering import font_file

if TYPE_CHECKING:
    from matplotlib.artist import Artist

__all__ = ["HEIGHT", "WIDTH", "Sheet"]

WIDTH, HEIGHT = 1240, 1754
"""An A4 page in its own unit, a dot at 150 to the inch."""

_DOTS = 150
_PICTURE_DOTS = 300
_POINTS = 72 / _DOTS
_INVISIBLE = 0.0

# Letters as letters, not as outlines, so that a reader can select and search them.
_PDF: dict[Any, Any] = {"pdf.fonttype": 42, "pdf.compression": 9}


class Sheet:
    """An A4 page, drawn in dots from its upper left corner."""

    def __init__(self) -> None:
        from matplotlib.figure import Figure

        self._figure = Figure(figsize=(WIDTH / _DOTS, HEIGHT / _DOTS), dpi=_DOTS, facecolor="white")
        self._axes = self._figure.add_axes((0.0, 0.0, 1.0, 1.0))
        self._axes.set_axis_off()
        self._axes.set_xlim(0, WIDTH)
        self._axes.set_ylim(HEIGHT, 0)
        self._layers = 1

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

        font = FontProperties(fname=font_file(bold), size=size * _POINTS)
        self._put(
            self._axes.text(
                x,
                y,
                text,
                color=colour,
                fontproperties=font,
                ha=align,
                va="baseline",
                parse_math=False,  # a file's name may hold dollars
            )
        )

    def line(self, x0: float, y0: float, x1: float, y1: float, colour: str, width: float) -> None:
        """Draw a straight line of a width in dots."""
        (line,) = self._axes.plot((x0, x1), (y0, y1), color=colour, linewidth=width * _POINTS)
        line.set_solid_capstyle("butt")
        self._put(line)

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        fill: str | None = None,
        edge: str | None = None,
        radius: float = 0.0,
    ) -> None:
        """Draw a rectangle with round corners, filled or outlined or both."""
        from matplotlib.patches import FancyBboxPatch

        radius = min(radius, width / 2, height / 2)
        self._put(
            self._axes.add_patch(
                FancyBboxPatch(
                    (x, y),
                    width,
                    height,
                    boxstyle=f"round,pad=0,rounding_size={radius}",
                    facecolor=fill or "none",
                    edgecolor=edge or "none",
                    linewidth=2 * _POINTS if edge else _INVISIBLE,
                )
            )
        )

    def picture(
        self, x: float, y: float, width: float, height: float, picture: Image.Image
    ) -> None:
        """Place a picture in the middle of a rectangle, as large as fits without distorting it."""
        scale = min(width / picture.width, height / picture.height)
        shown = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
        fine = _PICTURE_DOTS // _DOTS
        pixels = picture.convert("RGB").resize(
            (shown[0] * fine, shown[1] * fine), Image.Resampling.LANCZOS
        )
        left, top = round(x + (width - shown[0]) / 2), round(y + (height - shown[1]) / 2)
        self._put(
            self._axes.imshow(
                pixels,
                extent=(left, left + shown[0], top + shown[1], top),
                aspect="auto",
                interpolation="antialiased",
            )
        )
        self._axes.set_xlim(0, WIDTH)
        self._axes.set_ylim(HEIGHT, 0)

    def to_png(self) -> bytes:
        """Return the page as a PNG file of 1240 x 1754 pixels."""
        file = io.BytesIO()
        options: dict[str, Any] = {"optimize": True}
        self._save(file, "png", _DOTS, metadata={"Software": None}, pil_kwargs=options)
        return file.getvalue()

    def to_pdf(self, *, title: str, subject: str, creator: str, made_at: datetime) -> bytes:
        """Return the page as a PDF file with its fonts in it and its text as text."""
        metadata = {
            "Title": title,
            "Subject": subject,
            "Creator": creator,
            "CreationDate": made_at,
            "ModDate": made_at,
        }
        file = io.BytesIO()
        self._save(file, "pdf", _PICTURE_DOTS, metadata=metadata)
        return file.getvalue()

    def _save(self, file: io.BytesIO, kind: str, dots: int, **options: Any) -> None:
        from matplotlib import rc_context

        with rc_context(_PDF):
            self._figure.savefig(file, format=kind, dpi=dots, **options)

    def _put(self, artist: Artist) -> None:
        """Lay what is drawn over what was drawn before."""
        self._layers += 1
        artist.set_zorder(self._layers)
