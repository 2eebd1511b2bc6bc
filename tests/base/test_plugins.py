from __future__ import annotations

import sys

import pytest

from fracture_widgets.base.plugins import discover


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A package with three modules, and another distribution with two entry points."""
    rooms = tmp_path / "some_rooms"
    rooms.mkdir()
    (rooms / "__init__.py").touch()
    (rooms / "attic.py").write_text("TAB = 'attic'")
    (rooms / "broken.py").write_text("import no_such_library")
    (rooms / "plain.py").write_text("")
    (tmp_path / "other_people.py").write_text("TAB = 'cellar'")
    facts = tmp_path / "other_people-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: other-people\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(
        "[some.rooms]\ncellar = other_people:TAB\nattic = other_people\n"
        "hole = other_people:nothing\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield "some_rooms"
    for name in [name for name in sys.modules if name.startswith(("some_rooms", "other_people"))]:
        del sys.modules[name]


def test_folder_and_entry_points_are_found_and_what_fails_is_named(house):
    registry = discover(house, "some.rooms")
    assert list(registry.found) == ["attic", "plain", "cellar"]
    assert list(registry.collect("TAB")) == ["attic", "cellar"]
    broken, twice, hole = registry.problems
    assert broken == (
        "some_rooms.broken was left out, because it cannot be imported (No module named "
        "'no_such_library'): mend or remove it."
    )
    assert twice == (
        "other_people was left out, because attic is there already: give its entry point in "
        "some.rooms another name."
    )
    assert hole.startswith("other_people:nothing was left out, because it cannot be imported (")


def test_a_folder_without_plugins_of_others_is_all_there_is(house):
    assert list(discover(house, "no.such.group").found) == ["attic", "plain"]
