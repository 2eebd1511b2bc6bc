"""The record of an answer: the columns that every file, table and page makes of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple, dataclass
from operator import attrgetter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from fracture_widgets.imaging.boxes import Box
from fracture_widgets.parts import Verdict

if TYPE_CHECKING:
    from fracture_widgets.models.report import Answer, JointAnswer

DIGITS = 6
"""Digits after the point that numbers have in tables."""


@dataclass(frozen=True)
class Finding:
    """Something that was found on a radiograph, and what found it.

    Attributes
    ----------
    kind
        What it is, e.g. ``"fracture"``.
    body_part
        On which body part.
    score
        How probable it is to whatever found it, 0 to 1; not calibrated.
    source
        What found it, e.g. ``"fracture map"``.
    box
        Where it is, in fractions of the radiograph's width and height; None without an extent.
    place
        The same as a point ``(x, y)``; None where only a box, or nothing, is known.

    Examples
    --------
    >>> from fracture_widgets import Box, Finding
    >>> found = Finding("fracture", "hand", 0.8, "detector", Box(0.1, 0.2, 0.3, 0.5))
    >>> found.to_dict()["box"]
    [0.1, 0.2, 0.3, 0.5]
    """

    kind: str
    body_part: str
    score: float
    source: str
    box: Box | None = None
    place: tuple[float, float] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it ready for JSON: the box as left, top, right and bottom."""
        return {
            "kind": self.kind,
            "body_part": self.body_part,
            "score": self.score,
            "source": self.source,
            "box": None if self.box is None else list(astuple(self.box)),
            "place": None if self.place is None else list(self.place),
        }


@dataclass(frozen=True)
class Column:
    """One fact of an answer: its type, its title, and what takes it from a report."""

    name: str
    type: type
    title: str
    value: Callable[[Any], Any]
    since: int = 1
    """The first schema that has it."""
    format: str = ""
    """How a table writes a list: as JSON, or ``"sentences"`` side by side."""
    in_tables: bool = True
    """Whether tables of many answers have it, such as the history."""

    def cell(self, value: Any) -> Any:
        """Return a value as a cell of a table: text, a number, or nothing."""
        if self.format == "sentences" and value is not None:
            return " ".join(value)
        return self.stored(value)

    def stored(self, value: Any) -> Any:
        """Return a value as a database keeps it, whole: text, a number, or nothing."""
        return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value

    def parse(self, cell: Any) -> Any:
        """Return what was stored."""
        if cell is None:
            return None
        return json.loads(cell) if self.type in (list, dict) else self.type(cell)


def _fact(name: str, kind: type, title: str, attribute: str = "", **more: Any) -> Column:
    """Return the column of an answer's attribute, which a refused radiograph does not have."""
    value = attrgetter(attribute or name)

    def given(report: Any) -> Any:
        return None if report.answer.refused else value(report.answer)

    return Column(name, kind, title, given, **more)


def _joint(joint: JointAnswer, answer: Answer) -> dict[str, Any]:
    """Return a joint, with the places its findings have among the answer's, from 0."""
    theirs = [answer.findings.index(finding) for finding in joint.answer.findings]
    return joint.to_dict() | {"findings": theirs}


RADIOGRAPH: tuple[Column, ...] = (
    Column("name", str, "Name of the file", lambda r: r.radiograph.name),
    Column("sha256", str, "Digest of the radiograph", lambda r: r.radiograph.sha256),
    Column("width", int, "Width in pixels", lambda r: r.radiograph.width),
    Column("height", int, "Height in pixels", lambda r: r.radiograph.height),
)
ANSWER: tuple[Column, ...] = (
    Column("verdict", Verdict, "Verdict", lambda r: r.answer.verdict, since=2),
    Column("refused", bool, "No verdict is given", lambda r: r.answer.refused, in_tables=False),
    Column("reason", str, "Why it was refused", lambda r: r.answer.refusal, since=2),
    Column("overridden", bool, "Answered on request", lambda r: r.answer.overridden, since=2),
    Column(
        "override_reason", str, "Why it was answered", lambda r: r.answer.override_reason, since=7
    ),
    _fact("body_part", str, "Body part"),
    _fact("body_part_probability", float, "Probability of the body part"),
    _fact("body_part_probabilities", dict, "Probability of every body part", in_tables=False),
    _fact("calibrated_probability", float, "Probability of a fracture", since=2),
    _fact("doubt_from", float, "Doubt from", "band.low", since=2),
    _fact("fracture_from", float, "Fracture from", "band.high", since=2),
    _fact("operating_point", str, "Operating point", "band.point", since=6),
    _fact("label", str, "More probable label"),
    _fact("fracture_probability", float, "Probability of a fracture as the network puts it"),
    Column(
        "findings",
        list,
        "What was found where",
        lambda r: [] if r.answer.refused else [x.to_dict() for x in r.answer.findings],
        since=3,
    ),
    Column(
        "joints",
        list,
        "What was examined, and what is said of it",
        lambda r: [_joint(joint, r.answer) for joint in r.answer.examined_joints],
        since=5,
    ),
)
MODEL = Column("model", str, "Digest of the model", lambda r: r.model)
WARNINGS = Column(
    "warnings",
    list,
    "Warnings",
    lambda r: [*r.radiograph.warnings, *r.answer.notes],
    since=4,
    format="sentences",
)
RECORD: tuple[Column, ...] = (
    *RADIOGRAPH,
    *ANSWER,
    MODEL,
    WARNINGS,
    Column("timings", dict, "Seconds by step", lambda r: r.timings, in_tables=False),
)
"""Every fact of an answer, in the order in which files have them."""

TABLE = tuple(column for column in RECORD if column.in_tables)
"""What tables of many answers have."""

RECORD_SCHEMA = max(column.since for column in RECORD)
"""The version of the record; the history's file has the same one."""


def record_of(report: object, columns: Iterable[Column] = RECORD) -> dict[str, Any]:
    """Return the record of a report, or of what else has all that the columns take, for JSON."""
    return {column.name: _plain(column, column.value(report)) for column in columns}


def answer_record(answer: Answer) -> dict[str, Any]:
    """Return what of a record needs only the answer."""
    return record_of(SimpleNamespace(answer=answer, radiograph=None, model=""), ANSWER)


def cells_of(record: Mapping[str, Any], columns: Iterable[Column] = TABLE) -> dict[str, Any]:
    """Return a record as a table holds it; what it lacks is empty."""
    return {column.name: column.cell(record.get(column.name)) for column in columns}


def rounded(value: Any) -> Any:
    """Return a value of a record with its numbers rounded as tables have them."""
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, Mapping):
        return {name: rounded(item) for name, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list | tuple) else value


def _plain(column: Column, value: Any) -> Any:
    """Return a value of Python's own types: NumPy's numbers fit neither JSON nor SQLite."""
    if column.type in (float, dict) and value is not None:
        return column.type(value)
    return str(value) if column.type is Verdict else value
