"""Values of our own types as plain ones that JSON knows, and back, exactly as they were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """Return a value of dataclasses, mappings, tuples, texts and numbers as JSON knows it."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: to_plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): to_plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    return value.item() if hasattr(value, "item") else value  # NumPy's numbers are none of JSON's


def from_plain(kind: type[T], value: Any) -> T:
    """Return the value of a type that was made plain; raise ValueError where it is none."""
    try:
        made: T = _made(kind, value)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise ValueError(f"It is no {kind.__name__} ({error}).") from error
    return made


def _made(kind: Any, value: Any) -> Any:
    origin, kinds = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        known = [each for each in kinds if each is not type(None)]
        return None if value is None and len(known) < len(kinds) else _made(known[0], value)
    if origin is tuple:
        each_kind = kinds[:1] * len(value) if kinds[-1] is ... else kinds
        return tuple(_made(each, item) for each, item in zip(each_kind, value, strict=True))
    if origin is not None and issubclass(origin, Mapping):
        return {name: _made(kinds[1], item) for name, item in value.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        types = _types(kind)
        return kind(**{name: _made(types[name], item) for name, item in value.items()})
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if kind is float and type(value) is int:
        return float(value)
    if not isinstance(value, kind):
        raise TypeError(f"{type(value).__name__} for {kind.__name__}")
    return value


@cache
def _types(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)
