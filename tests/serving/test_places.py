from __future__ import annotations

import os
import shutil
import time

import pytest

from fracture_widgets.records.history import History
from fracture_widgets.serving.places import VisitorPlaces


def test_what_a_visitor_saved_is_there_after_a_reload_and_for_no_other_visitor(tmp_path):
    places = VisitorPlaces(tmp_path)
    first, again, other = (places.new_folder() for _ in range(3))
    for folder in (first, again, other):
        History(folder / "history.sqlite3").rows()  # a warm workbench has looked already
    places.give(first, "anna")
    (first / "kept").touch()
    places.give(again, "anna")
    places.give(other, "bela")
    assert (again / "kept").exists()
    assert not (other / "kept").exists()
    assert History(again / "history.sqlite3").rows() == ()


def test_a_kernel_that_has_not_looked_yet_finds_the_folder_too(tmp_path):
    places = VisitorPlaces(tmp_path)
    for _ in range(2):
        folder = places.new_folder()
        places.give(folder, "anna")
        (folder / "kept").touch()


def test_a_visitors_name_is_no_path(tmp_path):
    places = VisitorPlaces(tmp_path)
    with pytest.raises(ValueError, match="letters and digits"):
        places.give(places.new_folder(), "../anna")


def visit(places, visitor, *, size=0, hours_ago=0.0):
    """Have a visitor leave so many bytes, so many hours ago; return where they lie."""
    folder = places.new_folder()
    places.give(folder, visitor)
    (folder / "brought").write_bytes(bytes(size))
    own = folder.resolve()
    ago = time.time() - 3600 * hours_ago
    os.utime(own, (ago, ago))
    return own


def test_kept_places_and_their_key_are_found_again_by_the_next_server(tmp_path):
    kept = tmp_path / "visits"
    first, then = (VisitorPlaces(tmp_path / name, kept, 12) for name in ("a", "b"))
    for scratch in ("a", "b"):
        (tmp_path / scratch).mkdir()
    own = visit(first, "anna")
    again = then.new_folder()
    then.give(again, "anna")
    assert (again / "brought").exists()
    assert own.parent == kept
    assert then.key == first.key
    assert VisitorPlaces(tmp_path).key != VisitorPlaces(tmp_path).key


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps no such modes")
def test_kept_places_are_their_owner_s_alone(tmp_path):
    before = os.umask(0o022)
    try:
        own = visit(VisitorPlaces(tmp_path, tmp_path / "visits", 12), "anna")
    finally:
        os.umask(before)
    key = own.parent / "key"
    assert [x.stat().st_mode & 0o777 for x in (own.parent, own, key)] == [0o700, 0o700, 0o600]


def test_what_was_not_used_for_long_goes_and_what_is_in_use_stays(tmp_path):
    places = VisitorPlaces(tmp_path, tmp_path / "visits", 12)
    old, young, here = (
        visit(places, name, hours_ago=ago)
        for name, ago in (("old", 13), ("young", 11), ("here", 13))
    )
    places.clear({"here"})
    assert [own.exists() for own in (old, young, here)] == [False, True, True]
    places.use("young")
    assert time.time() - young.stat().st_mtime < 3600
    places.use("old")
    assert not old.exists()


def test_without_hours_nothing_goes_by_age(tmp_path):
    places = VisitorPlaces(tmp_path)
    own = visit(places, "old", hours_ago=1000)
    places.clear()
    assert own.exists()


@pytest.mark.parametrize("bound", ["_MOST_PLACES", "_MOST_BYTES"])
def test_places_are_bounded_in_number_and_bytes_and_the_oldest_go(tmp_path, monkeypatch, bound):
    monkeypatch.setattr(
        f"fracture_widgets.serving.places.{bound}", {"_MOST_PLACES": 2}.get(bound, 250)
    )
    places = VisitorPlaces(tmp_path)
    owns = [visit(places, f"v{n}", size=100, hours_ago=n) for n in range(4)]
    places.clear({"v3"})
    assert [own.exists() for own in owns] == [True, True, False, True]


def test_a_place_is_made_again_where_all_were_deleted_and_does_without_where_none_can_be(tmp_path):
    kept = tmp_path / "visits"
    places = VisitorPlaces(tmp_path, kept, 12)
    shutil.rmtree(kept)
    assert visit(places, "anna").parent == kept
    shutil.rmtree(kept)
    kept.touch()
    assert visit(places, "anna").parent == tmp_path
