"""A line of the table."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.report import Answer

__all__ = ["COLUMNS", "Facts", "Row", "unicode_path"]

_DIGITS = 6
_ANSWER = (
    "verdict",
    "reason",
    "body_part",
    "body_part_probability",
    "calibrated_probability",
    "label",
    "fracture_probability",
)


@dataclass(frozen=True)
class Row:
    """What is said of one file: an answer, or why there is none."""

    path: str
    verdict: str | None
    reason: str
    body_part: str | None
    body_part_probability: float | None
    calibrated_probability: float | None
    label: str | None
    fracture_probability: float | None
    model: str
    sha256: str | None
    width: int | None
    height: int | None
    warnings: str
    error: str

    @classmethod
    def answered(cls, name: str, facts: Facts, answer: Answer, model: str) -> Row:
        """Return the row of a radiograph that was answered."""
        said = answer.to_dict()
        answered = {name: _rounded(said[name]) for name in _ANSWER}
        return cls(
            path=unicode_path(name),
            **answered,
            model=model,
            sha256=facts.sha256,
            width=facts.width,
            height=facts.height,
            warnings=" ".join(facts.warnings),
            error="",
        )

    @classmethod
    def failed(cls, name: str, error: str, model: str) -> Row:
        """Return the row of a file that could not be answered."""
        nothing: dict[str, Any] = dict.fromkeys(_ANSWER) | {"reason": ""}
        return cls(
            path=unicode_path(name),
            **nothing,
            model=model,
            sha256=None,
            width=None,
            height=None,
            warnings="",
            error=error,
        )

    def values(self) -> list[Any]:
        """Return the cells in the order of ``COLUMNS``."""
        return [getattr(self, name) for name in COLUMNS]


COLUMNS = tuple(field.name for field in fields(Row))


@dataclass(frozen=True)
class Facts:
    """What a row keeps of a radiograph when its pixels are gone."""

    sha256: str
    width: int
    height: int
    warnings: tuple[str, ...]

    @classmethod
    def of(cls, radiograph: Radiograph) -> Facts:
        """Take them from a radiograph."""
        return cls(radiograph.sha256, radiograph.width, radiograph.height, radiograph.warnings)


def _rounded(value: Any) -> Any:
    return round(value, _DIGITS) if isinstance(value, float) else value


def unicode_path(name: str) -> str:
    """Return a path that can be stored as UTF-8, whatever bytes a file system has in it."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
