"""A session as a table for a class, one row a case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fracture_widgets.base.tables import csv_text
from fracture_widgets.reading_room.session import READERS_WORDS, ReadingSession

__all__ = ["COLUMNS", "readings_csv"]

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
        )
