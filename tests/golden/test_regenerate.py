"""Golden files are written by people who mean it, never by the way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from golden_compare import DATA, compare

COMMAND = Path(__file__).parent / "regenerate.py"


@pytest.mark.parametrize(
    ("words", "variable", "says"),
    [
        (["--write"], "CI", "CI is set"),
        (["--write"], "PYTEST_CURRENT_TEST", "PYTEST_CURRENT_TEST is set"),
        ([], None, "say --write or --freeze"),
        (["--write", "everything"], None, "there is no everything"),
    ],
)
def test_nothing_is_written_by_accident(words, variable, says):
    guards = {"CI", "GITHUB_ACTIONS", "PYTEST_CURRENT_TEST"}
    clean = {name: value for name, value in os.environ.items() if name not in guards}
    told = subprocess.run(
        [sys.executable, COMMAND, *words],
        env=clean | ({variable: "true"} if variable else {}),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 2
    assert says in told.stderr


def test_the_golden_files_are_small():
    assert sum(file.stat().st_size for file in DATA.rglob("*") if file.is_file()) < 1_000_000


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {"b": 1}),
        ({"a": 1, "b": 1}, {"b": 1, "a": 1}),
        ([1], [1, 2]),
        (1, 1.0),
        (True, 1),
        (None, ""),
        (0.5, 0.5002),
        ("87.3 %", "87.5 %"),
        ("fracture 87.3 %", "doubt 87.3 %"),
        ("n 443", "n 444"),
        ("0.123456,hand", "0.123756,hand"),
        (float("nan"), 0.5),
    ],
)
@pytest.mark.parametrize("exactly", [True, False])
def test_what_is_another_answer_is_found(found, expected, exactly):
    with pytest.raises(AssertionError):
        compare(found, expected, exactly=exactly)


@pytest.mark.parametrize(
    ("found", "expected"), [(0.5, 0.50001), ("87.3 %", "87.4 %"), ("0.123456", "0.123457")]
)
def test_what_another_machine_rounds_otherwise_passes_there_alone(found, expected):
    compare(found, expected, exactly=False)
    with pytest.raises(AssertionError):
        compare(found, expected, exactly=True)
