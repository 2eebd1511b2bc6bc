"""A model's card: what it must say, and cards of older versions in the words of this one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.preprocessing import PREPROCESSING
from fracture_widgets.parts import LABELS

__all__ = [
    "BODY_PART",
    "CASCADE",
    "FRACTURE",
    "KINDS",
    "SCHEMA",
    "check_card",
    "labels_of",
    "read_card",
]

SCHEMA = 2
CASCADE, BODY_PART, FRACTURE = "cascade", "body_part", "fracture"
KINDS = (CASCADE, BODY_PART, FRACTURE)

_AGAIN = "install the package again, or train a model with fracture-widgets train cascade"


def read_card(file: Path) -> dict[str, Any]:
    """Read a card; one of an older version says afterwards what this version asks."""
    home, name = file.parent.name, file.name
    try:
        card = json.loads(file.read_text(encoding="utf-8"), parse_constant=_refuse_number)
    except FileNotFoundError:
        raise ModelError(f"There is no model: {home}/{name} is missing; {_AGAIN}.") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{name} cannot be read ({error}); {_AGAIN}.") from error
    files = card.get("files") if isinstance(card, dict) else None
    if not isinstance(files, dict) or not files:
        raise ModelError(f"{name} names no weight files; {_AGAIN}.")
    if not all(isinstance(one, dict) and isinstance(one.get("sha256"), str)
               for one in files.values()):  # fmt: skip
        raise ModelError(f"{name} gives no sha256 of its files; {_AGAIN}.")
    return card if "schema" in card else _of_first_schema(card)


def labels_of(kind: str, body_parts: Sequence[str]) -> dict[str, list[str]] | list[str]:
    """Return what a model's outputs mean, in their order; of a cascade, those of each question."""
    if kind == CASCADE:
        return {BODY_PART: list(body_parts), FRACTURE: list(LABELS)}
    return list(body_parts if kind == BODY_PART else LABELS)


def _refuse_number(word: str) -> float:
    raise ValueError(f"{word} is no number")


def _of_first_schema(card: Mapping[str, Any]) -> dict[str, Any]:
    """Say of a card without a schema what those of this one say of themselves."""
    question, labels = card.get("question"), card.get("labels")
    if question is not None:
        kind = BODY_PART if question == BODY_PART else FRACTURE
        parts = labels if kind == BODY_PART else [] if question == FRACTURE else [question]
    else:
        kind, parts = CASCADE, (labels or {}).get("body_part", [])
    return {"schema": 1, "kind": kind, "network": "resnet50", "body_parts": parts, **card}


def check_card(card: Mapping[str, Any], home: str) -> None:
    """Refuse a card of a model that this version cannot use, with the reason."""
    schema, kind = card["schema"], card.get("kind")
    if not isinstance(schema, int) or not 1 <= schema <= SCHEMA:
        raise ModelError(
            f"The model in {home} was written by another version of Fracture Widgets (schema "
            f"{schema}, this one reads up to {SCHEMA}): update the package, or choose another "
            "model."
        )
    if kind not in KINDS:
        raise ModelError(
            f"The model in {home} is of another kind ({kind}) than this version of Fracture "
            f"Widgets knows: choose one of {', '.join(KINDS)}."
        )
    parts = card.get("body_parts")
    named = isinstance(parts, list) and all(isinstance(part, str) and part for part in parts)
    if not named or len(set(parts or ())) != len(parts or ()) or (kind != FRACTURE and not parts):
        raise ModelError(f"The card of {home} does not say which body parts the model knows.")
    for name, said, wanted in (
        ("labels", card.get("labels"), labels_of(kind, parts or ())),
        ("preprocessing", card.get("preprocessing"), PREPROCESSING.to_dict()),
    ):
        if said != wanted:
            raise ModelError(
                f"The model was made for other {name} than this version of Fracture Widgets "
                f"uses; {_AGAIN if kind == CASCADE else 'train it again'}."
            )
