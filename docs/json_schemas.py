"""The JSON schemas of what is written and read as JSON, made of the record's own columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fracture_widgets.models.folder import SCHEMA as CARD_SCHEMA
from fracture_widgets.models.record import (
    ANSWER,
    MODEL,
    RECORD,
    RECORD_SCHEMA,
    TABLE,
    WARNINGS,
    Column,
)
from fracture_widgets.parts import LABELS, Verdict
from fracture_widgets.records.saved_result import READER_VERDICTS

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SHARE = {"type": "number", "minimum": 0, "maximum": 1}
_TEXT, _OBJECT = {"type": "string"}, {"type": "object"}
_DIGEST = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_BOX = {"type": ["array", "null"], "items": {"type": "number"}, "minItems": 4, "maxItems": 4}
_FINDING = {
    "kind": _TEXT,
    "body_part": _TEXT,
    "score": _SHARE,
    "source": _TEXT,
    "box": _BOX,
    "place": {"type": ["array", "null"], "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
}
_VERDICT = {"enum": [str(verdict) for verdict in Verdict]}
_COUNT = {"type": "integer", "minimum": 0}
_INTERVAL = {
    "type": "string",
    "description": "a number and its interval of 95 percent",
}
_STUDENT = {
    "reader": _TEXT,
    "class_code": _TEXT,
    "n": _COUNT,
    "fractured": _COUNT,
    **{
        f"{metric}, doubt as {label}": _INTERVAL
        for label in LABELS
        for metric in ("sensitivity", "specificity", "kappa")
    },
    "AUROC": _INTERVAL,
    "accuracy of always normal": _TEXT,
}
_CASE = {
    "case": _TEXT,
    "truth": {"enum": list(LABELS)},
    **dict.fromkeys(("read", "right", "doubt", "wrong"), _COUNT),
    "share_right": _SHARE,
    "network": _TEXT,
}
_JOINT = {
    "body_part": _TEXT,
    "body_part_probability": _SHARE,
    "box": _BOX,
    "score": _SHARE,
    "verdict": _VERDICT,
    "calibrated_probability": _SHARE,
    "fracture_probability": _SHARE,
    "findings": {"type": "array", "items": {"type": "integer"}},
}
_EVALUATION = {
    "model": _DIGEST,
    "learned_from": {"type": ["object", "null"]},
    "body_part": _OBJECT,
    "fracture": _OBJECT,
    "by_part": {"type": "object", "additionalProperties": _OBJECT},
    "unreadable": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"name": _TEXT, "error": _TEXT},
            "required": ["name", "error"],
        },
    },
}
_TYPES: dict[type, dict[str, Any]] = {
    str: {"type": ["string", "null"]},
    int: {"type": ["integer", "null"]},
    float: {"anyOf": [_SHARE, {"type": "null"}]},
    bool: {"type": "boolean"},
    dict: {"type": ["object", "null"]},
    Verdict: _VERDICT,
}


def as_documents() -> dict[str, dict[str, Any]]:
    """Return the schemas, by the name of what they describe."""
    schema = {"schema": {"const": RECORD_SCHEMA}}
    answer = {"path": _TEXT, "study": {"type": "integer"}, **_columns((*ANSWER, MODEL, WARNINGS))}
    del answer["body_part_probabilities"]
    problem = {"path": _TEXT, "error": _TEXT}
    study = {
        "study": {"type": "integer"},
        "verdict": _VERDICT,
        "calibrated_probability": _TYPES[float],
        "views": {"type": "integer"},
        "refused_views": {"type": "integer"},
        "highest": _TEXT,
        "model": _DIGEST,
    }
    head = {"notice": _TEXT, "version": _TEXT, "made_at": {"type": "string", "format": "date-time"}}
    row = {
        **schema,
        **_columns(TABLE),
        "id": {"type": "integer"},
        "saved_at": {"type": "string", "format": "date-time"},
        "reader_verdict": {"enum": [*map(str, READER_VERDICTS), None]},
        "remark": _TEXT,
        "read_at": {"type": ["string", "null"], "format": "date-time"},
    }
    entry = _whole({"sha256": _DIGEST, "bytes": {"type": "integer"}}, needed=["sha256"])
    card = {
        "schema": {"type": "integer", "minimum": 1, "maximum": CARD_SCHEMA},
        "kind": {"enum": ["cascade", "body_part", "fracture", "looks"]},
        "body_parts": {"type": "array", "items": _TEXT},
        "files": {"type": "object", "additionalProperties": entry},
        "preprocessing": _OBJECT,
        "trust": {"type": ["object", "null"]},
    }
    schemas: dict[str, dict[str, Any]] = {
        "predict": {
            "title": "A line of predict --json: an answer, why there is none, or a study",
            "oneOf": [
                _whole(schema | answer, needed=["schema", "path", "verdict", "model"]),
                _whole(schema | problem, needed=["schema", "path", "error"]),
                _whole(schema | study, needed=["schema", "study", "views"]),
            ],
        },
        "report": {
            "title": "A report as JSON, as predict --report --format json writes it",
            **_whole(schema | head | _columns(RECORD), needed=[*schema, *head, "verdict"]),
        },
        "history": {
            "title": "Saved results, as history --json writes them",
            "type": "array",
            "items": _whole(row, needed=["schema", "id", "saved_at", "verdict", "remark"]),
        },
        "readings": {
            "title": "A class put together, as readings --json prints it",
            **_whole(
                schema
                | {
                    "students": {"type": "array", "items": _whole(_STUDENT)},
                    "cases": {"type": "array", "items": _whole(_CASE)},
                }
            ),
        },
        "screen": {
            "title": "What became of a folder, as screen --json prints it",
            **_whole(
                schema
                | {"table": _TEXT}
                | dict.fromkeys(("files", "answered", "fractures", "failed"), _COUNT)
                | {"skipped": {"type": "object", "additionalProperties": _COUNT}}
            ),
        },
        "evaluate": {
            "title": "How often the cascade is right, as evaluate --json prints it",
            **_whole(schema | _EVALUATION, needed=[*schema, *_EVALUATION], more=True),
        },
        "card": {
            "title": "A model's card.json; more may stand in it",
            **_whole(card, needed=["schema", "kind", "body_parts", "files"], more=True),
        },
    }
    return {name: {"$schema": _DIALECT, **each} for name, each in schemas.items()}


def _columns(columns: Iterable[Column]) -> dict[str, dict[str, Any]]:
    known: dict[str, dict[str, Any]] = {
        "findings": {"type": "array", "items": _whole(_FINDING)},
        "joints": {"type": "array", "items": _whole(_JOINT)},
        "warnings": {"type": "array", "items": _TEXT},
        "timings": {"type": "object", "additionalProperties": {"type": "number"}},
        "sha256": _DIGEST,
        "model": _DIGEST,
    }
    return {
        column.name: {"title": column.title, **known.get(column.name, _TYPES.get(column.type, {}))}
        for column in columns
    }


def _whole(
    properties: dict[str, Any], *, needed: Iterable[str] | None = None, more: bool = False
) -> dict[str, Any]:
    """Return the schema of an object of these properties, all needed unless some are named."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties if needed is None else needed),
        "additionalProperties": more,
    }
