"""Joints and findings over a radiograph: the one drawing of them that every file has.

Light lines with a dark casing are seen on bone and on air, in print without colours and by the
colour-blind. A joint has its corners alone, a finding its outline: whole on the side of a fracture,
broken where there is doubt. Names stand beside, so that nothing of what was found is covered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain

from PIL import Image, ImageDraw, ImageFont

from fracture_widgets.figures.palette import FOUND, JOINT, STAGE, font_file
from fracture_widgets.models.verdict_words import Annotation

_LINE, _CASING = 1.5, 1.5  # in units; a casing's width is that on either side
_DASH, _GAP = 6.0, 4.0
_CORNER = 0.25  # of the shorter side
_RING = 9.0
_LETTERS = 12.0
_PAD, _APART = 3.0, 3.0
Rectangle = tuple[float, float, float, float]
"""Left, top, right and bottom."""


def draw_annotations(
    picture: Image.Image, annotations: Sequence[Annotation], unit: float, *, brief: bool = False
) -> None:
    """Draw annotations over the whole radiograph that a colour picture shows.

    ``unit`` is how many pixels of the picture a pixel of a screen would take, at least one. On a
    ``brief`` one, letters and numbers stand alone.
    """
    unit = max(1.0, unit)
    drawn = draw_outlines(picture, annotations, unit)
    draw = ImageDraw.Draw(picture)
    rectangles = [_rectangle(annotation, picture.size) for annotation in drawn]
    font = _font(round(_LETTERS * unit))
    labels = [annotation.name if brief else annotation.label for annotation in drawn]
    rooms = [_room(font, label, unit) for label in labels]
    frame = (0.0, 0.0, float(picture.width), float(picture.height))
    places = label_places(drawn, rectangles, rooms, frame, unit)
    for annotation, label, place in zip(drawn, labels, places, strict=True):
        draw.rectangle(place, fill=STAGE)
        pad = _PAD * unit
        draw.text((place[0] + pad, place[3] - pad), label, _colour(annotation), font, anchor="ls")


def draw_outlines(
    picture: Image.Image, annotations: Sequence[Annotation], unit: float
) -> list[Annotation]:
    """Draw outlines alone, as on a thumbnail; return what has a place and so is drawn."""
    draw = ImageDraw.Draw(picture)
    # What was found lies over the joints.
    drawn = [annotation for annotation in annotations if annotation.corners is not None]
    for annotation in drawn:
        _outline(draw, annotation, _rectangle(annotation, picture.size), unit)
    return drawn


def label_places(
    annotations: Sequence[Annotation],
    rectangles: Sequence[Rectangle],
    rooms: Sequence[tuple[float, float]],
    frame: Rectangle,
    unit: float,
) -> list[Rectangle]:
    """Return where labels of these widths and heights stand: beside their boxes, over no finding.

    Findings choose first. Where all that lies beside is taken, a label stands below the others.
    """
    clear = [
        _grown(box, (2 if box[0] < box[2] else _RING) * unit)
        for annotation, box in zip(annotations, rectangles, strict=True)
        if not annotation.is_joint
    ]
    places: dict[int, Rectangle] = {}
    for at in sorted(range(len(annotations)), key=lambda at: annotations[at].is_joint):
        taken = [*clear, *places.values()]
        offered = _beside(rectangles[at], rooms[at], frame, unit, above=annotations[at].is_joint)
        free = (
            place for place in chain(offered, _column(offered[0], frame)) if _free(place, taken)
        )
        places[at] = next(free, offered[0])
    return [places[at] for at in range(len(annotations))]


def _beside(
    box: Rectangle, room: tuple[float, float], frame: Rectangle, unit: float, *, above: bool
) -> list[Rectangle]:
    """Return the places above, below, right and left of a box that lie in the frame."""
    (x0, y0, x1, y1), (width, height) = box, room
    apart = (_APART + (0 if x0 < x1 else _RING)) * unit
    left = max(frame[0], min(x0, frame[2] - width))
    top = max(frame[1], min(y0, frame[3] - height))
    over, under = (left, y0 - apart - height), (left, y1 + apart)
    corners = [over, under] if above else [under, over]
    corners += [(x1 + apart, top), (x0 - apart - width, top)]
    inside = (left, max(frame[1], min(y0 + apart, frame[3] - height)))
    places = [(x, y, x + width, y + height) for x, y in (*corners, inside)]
    return [p for p in places if _within(p, frame)] or places[-1:]


def _column(place: Rectangle, frame: Rectangle) -> Iterator[Rectangle]:
    """Yield the places below one, then those above it, as far as the frame reaches."""
    x0, y0, x1, y1 = place
    step = y1 - y0
    below, above = int((frame[3] - y1) // step), int((y0 - frame[1]) // step)
    for rows in (*range(1, below + 1), *range(-1, -above - 1, -1)):
        yield x0, y0 + rows * step, x1, y1 + rows * step


def _free(place: Rectangle, taken: Sequence[Rectangle]) -> bool:
    return not any(
        place[0] < other[2] and other[0] < place[2] and place[1] < other[3] and other[1] < place[3]
        for other in taken
    )


def _within(place: Rectangle, frame: Rectangle) -> bool:
    return (
        place[0] >= frame[0]
        and place[1] >= frame[1]
        and place[2] <= frame[2]
        and place[3] <= frame[3]
    )


def _grown(rectangle: Rectangle, by: float) -> Rectangle:
    x0, y0, x1, y1 = rectangle
    return x0 - by, y0 - by, x1 + by, y1 + by


def _rectangle(annotation: Annotation, size: tuple[int, int]) -> Rectangle:
    """Return where an annotation lies in pixels of a picture; a point has a ring around it."""
    x0, y0, x1, y1 = annotation.corners or (0.0, 0.0, 1.0, 1.0)
    width, height = size
    return x0 * width, y0 * height, x1 * width, y1 * height


def _outline(
    draw: ImageDraw.ImageDraw, annotation: Annotation, rectangle: Rectangle, unit: float
) -> None:
    x0, y0, x1, y1 = rectangle
    thin, wide = _LINE * unit, (_LINE + 2 * _CASING) * unit
    if x0 == x1 and y0 == y1:
        ring = _RING * unit
        for width, colour in ((wide, STAGE), (thin, _colour(annotation))):
            draw.ellipse(_grown(rectangle, ring + width / 2), outline=colour, width=round(width))
        return
    lines = list(_lines(annotation, rectangle, unit))
    for width, colour in ((wide, STAGE), (thin, _colour(annotation))):
        for line in lines:
            a, b, c, d = _grown(line, width / 2)
            draw.rectangle((round(a), round(b), round(c) - 1, round(d) - 1), fill=colour)


def _lines(annotation: Annotation, rectangle: Rectangle, unit: float) -> Iterator[Rectangle]:
    """Yield the level and upright lines of an annotation; its corners are always among them."""
    x0, y0, x1, y1 = rectangle
    corner = _CORNER * min(x1 - x0, y1 - y0)
    for start, end in _stretches(x0, x1, annotation, corner, unit):
        yield from ((start, y, end, y) for y in (y0, y1))
    for start, end in _stretches(y0, y1, annotation, corner, unit):
        yield from ((x, start, x, end) for x in (x0, x1))


def _stretches(
    start: float, end: float, annotation: Annotation, corner: float, unit: float
) -> Iterator[tuple[float, float]]:
    """Yield what is drawn of a side from its start to its end."""
    if annotation.is_joint:
        yield from ((start, start + corner), (end - corner, end))
    elif annotation.in_doubt:
        dash = min(_DASH * unit, (end - start) / 4)
        gaps = max(1, round((end - start - dash) / (dash * (1 + _GAP / _DASH))))
        step = (end - start - dash) / gaps
        yield from ((start + n * step, start + n * step + dash) for n in range(gaps + 1))
    else:
        yield start, end


def _colour(annotation: Annotation) -> str:
    return JOINT if annotation.is_joint else FOUND


def _room(font: ImageFont.FreeTypeFont, words: str, unit: float) -> tuple[float, float]:
    return font.getlength(words) + 2 * _PAD * unit, (_LETTERS + 2 * _PAD) * unit


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(font_file(bold=True)), size)
