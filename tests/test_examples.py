"""The examples in the docstrings of public names are run, each in a folder of its own."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest
from mini_fracatlas import MiniAtlas, write_zip

import fracture_widgets

TRAINING = {"open_run", "train_bone_type_model", "train_fracture_model"}
NAMES = [
    pytest.param(name, marks=[pytest.mark.keras] if name in TRAINING else [])
    for name in sorted(fracture_widgets.__all__)
]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_example_says_what_happens(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if name == "FracAtlas":
        write_zip(tmp_path / "FracAtlas.zip", MiniAtlas().published())
    public = getattr(fracture_widgets, name)
    test = doctest.DocTestParser().get_doctest(public.__doc__, {}, name, name, 0)
    assert [example for example in test.examples if not example.options], "there is no example"
    assert "+SKIP" not in public.__doc__
    told: list[str] = []
    doctest.DocTestRunner(verbose=False).run(test, out=told.append)
    assert told == []
