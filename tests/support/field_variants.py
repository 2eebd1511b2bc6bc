"""Files as machines and archives of the field write them: one drawn radiograph in many forms.

Also from the command line: ``python tests/support/field_variants.py sheet.png`` draws them all.
"""

from __future__ import annotations

import sys

from field_files import Variant
from field_forms import cut_short, defaults, frames, syntaxes
from field_geometry import millimetres, shutters
from field_greys import polarity, tables, windows
from field_slips import codestreams, fragments, numbers, words
from PIL import Image


def field_variants() -> tuple[Variant, ...]:
    """Every variant of every kind."""
    kinds = (
        tables, windows, polarity, shutters, millimetres, defaults, syntaxes, cut_short, frames,
        codestreams, fragments, numbers, words,
    )  # fmt: skip
    return tuple(variant for kind in kinds for variant in kind())


def main() -> None:
    """Draw every variant on one sheet."""
    from PIL import ImageDraw

    from fracture_widgets.errors import UnreadableRadiograph
    from fracture_widgets.imaging.radiograph import read_radiograph

    shown = field_variants()
    across, wide, high = 16, 120, 150
    sheet = Image.new("L", (across * wide, -(-len(shown) // across) * high), 90)
    draw = ImageDraw.Draw(sheet)
    for number, variant in enumerate(shown):
        left, top = number % across * wide, number // across * high
        try:
            picture = Image.fromarray(read_radiograph(variant.make()).to_uint8())
        except UnreadableRadiograph as error:
            draw.text((left, top + 50), str(error)[11:30], fill=255)
        else:
            picture.thumbnail((wide - 6, high - 30))
            sheet.paste(picture, (left, top + 26))
        draw.text((left, top), variant.kind[:19], fill=255)
        draw.text((left, top + 12), variant.name[:19], fill=255)
    sheet.save(sys.argv[1])


if __name__ == "__main__":
    main()
