"""A session as a table for a class, one row a case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fracture_widgets.base.tables import csv_text
from fracture_widgets.models.record import cells_of, rounded
from fracture_widgets.reading_room.session import KEPT, READERS_WORDS, ReadingSession

__all__ = ["COLUMNS", "readings_csv"]

_SHORT = {"verdict", "calibrated_probability"}
"""What of the network's answer has a shorter name in a class's table."""

_MORE = tuple(column for column in KEPT if column.name not in _SHORT)

COLUMNS = (
    "session",
    "reader",
    "class_code",
    "source",
    "number",
    "case",
    "patient",
    "truth",
    "reading",
    "mark_left",
    "mark_top",
    "mark_right",
    "mark_bottom",
    "mark_on_fracture",
    "seconds",
    "network_verdict",
    "network_probability",
    "read_at",
    *(f"network_{column.name}" for column in _MORE),
)
"""The columns; ``case`` and ``patient`` are digests, the same for every reader of a case."""


def readings_csv(session: ReadingSession) -> str:
    """Return the readings whose answers were shown as CSV text with a header line."""
    return csv_text(COLUMNS, _rows(session))


def _rows(session: ReadingSession) -> Iterator[Sequence[object]]:
    plan = session.plan
    for place, one in session.done:
        network = one.network
        corners = [None] * 4 if one.mark is None else [round(x, 4) for x in one.mark.corners]
        probability = None if network is None else network.probability
        assert one.verdict is not None
        yield (
            session.id,
            session.reader,
            plan.code,
            plan.title,
            place + 1,
            session.case_id(place),
            one.group,
            one.truth,
            READERS_WORDS[one.verdict],
            *corners,
            None if one.on_fracture is None else ("yes" if one.on_fracture else "no"),
            round(one.seconds, 1),
            None if network is None else network.verdict.value,
            None if probability is None else round(probability, 4),
            one.revealed_at,
            *cells_of({} if network is None else rounded(network.record), _MORE).values(),
        )
