"""Values of our own types are plain and come back, or are no such values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pytest

from fracture_widgets.base.values import from_plain, to_plain


class Colour(StrEnum):
    """A word among others."""

    RED = "red"


@dataclass(frozen=True)
class Inner:
    """A point."""

    at: tuple[float, float]


@dataclass(frozen=True)
class Outer:
    """Of every kind one."""

    shares: Mapping[str, float]
    inner: tuple[Inner, ...] = ()
    maybe: Inner | None = None
    count: int = 0
    on: bool = False
    colour: Colour | None = None


def test_what_was_made_plain_comes_back_exactly():
    value = Outer({"a": 0.1 + 0.2}, (Inner((1.0, 2.5)),), Inner((0.0, 1e-300)), 3, True, Colour.RED)
    assert from_plain(Outer, json.loads(json.dumps(to_plain(value)))) == value


def test_numpys_numbers_are_plain_ones():
    assert json.dumps(to_plain({"a": np.float32(0.5)})) == '{"a": 0.5}'


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        {},
        {"shares": {"a": "x"}},
        {"shares": {}, "count": "1"},
        {"shares": {}, "inner": [{"at": [1.0]}]},
        {"shares": {}, "else": 1},
        {"shares": {}, "colour": "loud"},
    ],
)
def test_what_is_none_is_refused(wrong):
    with pytest.raises(ValueError, match="It is no Outer"):
        from_plain(Outer, wrong)
