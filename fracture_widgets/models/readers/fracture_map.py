"""The peak of the fracture map: the one place where a fracture is most probable."""

from __future__ import annotations

from collections.abc import Iterator

from fracture_widgets.models.readers import Seen
from fracture_widgets.models.record import Finding


class FractureMapReader:
    """Finds the peak of the fracture map, its score the map's probability there."""

    def read(self, seen: Seen) -> Iterator[Finding]:
        """Yield the peak, where the model has such a map."""
        heat = seen.fracture_map
        if heat is None:
            return
        height, width = heat.shape
        row, column = divmod(int(heat.argmax()), width)
        yield Finding(
            kind="fracture",
            body_part=seen.body_part,
            score=float(heat[row, column]),
            source="fracture map",
            place=((column + 0.5) / width, (row + 0.5) / height),
        )


READER = FractureMapReader()
