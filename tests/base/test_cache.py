from __future__ import annotations

import os
import time

import numpy as np
import pytest

from fracture_widgets.base.cache import ArrayCache, content_key, read_arrays

ARRAYS = {"a": np.arange(6.0).reshape(2, 3), "b": np.array(["x", "é"])}


@pytest.fixture
def cache(tmp_path):
    return ArrayCache(tmp_path)


def same(one, other):
    return one.keys() == other.keys() and all((one[k] == other[k]).all() for k in one)


def test_what_was_kept_comes_back_and_what_was_not_is_none(cache):
    assert cache.get("k" * 64) is None
    cache.put("k" * 64, ARRAYS)
    assert same(cache.get("k" * 64), ARRAYS)


def test_it_is_computed_once(cache):
    asked = []

    def compute():
        asked.append(1)
        return ARRAYS

    for _ in range(2):
        assert same(cache.get_or_compute({"model": "m", "size": 3}, compute), ARRAYS)
    assert asked == [1]
    cache.get_or_compute({"model": "m", "size": 4}, compute)
    assert asked == [1, 1]


@pytest.mark.parametrize("damage", [b"", b"PK\3\4 torn", b"no archive at all", None])
def test_a_damaged_entry_is_computed_again(cache, damage):
    cache.get_or_compute({"x": 1}, lambda: ARRAYS)
    path = cache.path(content_key({"x": 1}))
    path.write_bytes(path.read_bytes()[:-30] if damage is None else damage)
    assert same(cache.get_or_compute({"x": 1}, lambda: ARRAYS), ARRAYS)
    assert same(read_arrays(path), ARRAYS)


def test_a_pickle_is_never_opened(cache):
    path = cache.path("k" * 64)
    path.parent.mkdir(parents=True)
    np.savez(path, a=np.array([{"code": 1}], dtype=object))
    assert cache.get("k" * 64) is None


def test_a_key_is_of_the_content_and_of_nothing_else(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"1")
    parts = {"b": np.zeros(3), "a": [1, 2.5, None], "f": file, "n": np.int64(3), "bytes": b"x"}
    key = content_key(parts)
    assert key == content_key(dict(reversed(parts.items())))
    for change in ({"b": np.zeros(3, np.float32)}, {"b": np.zeros((3, 1))}, {"n": 4}, {"a": []}):
        assert content_key(parts | change) != key
    file.write_bytes(b"2")
    assert content_key(parts) != key
    with pytest.raises(TypeError, match="cannot be part of a key"):
        content_key({"a": object()})


def test_the_least_recently_used_go_first(tmp_path):
    cache = ArrayCache(tmp_path, max_bytes=2500)
    keys = [content_key({"n": n}) for n in range(3)]
    for age, key in zip((3000, 2000), keys[:2], strict=True):
        cache.put(key, {"a": np.zeros(100)})
        os.utime(cache.path(key), (time.time() - age,) * 2)
    assert cache.get(keys[0]) is not None
    cache.put(keys[2], {"a": np.zeros(100)})
    assert [cache.get(key) is not None for key in keys] == [True, False, True]


def test_what_nobody_used_for_a_month_goes_when_something_is_kept(tmp_path):
    for key in ("a" * 64, "b" * 64):
        ArrayCache(tmp_path).put(key, {"a": np.zeros(100)})
    os.utime(ArrayCache(tmp_path).path("a" * 64), (0, 0))
    ArrayCache(tmp_path).put("c" * 64, {"a": np.zeros(100)})
    assert sorted(path.name[0] for path in tmp_path.glob("??/*")) == ["b", "c"]


def test_a_folder_is_built_once_and_again_when_a_byte_of_it_is_lost(cache):
    built = []

    def build(folder):
        built.append(folder)
        (folder / "graph").write_bytes(b"graph")

    home = cache.get_or_build({"x": 1}, build)
    assert cache.get_or_build({"x": 1}, build) == home
    assert len(built) == 1
    (home / "graph").write_bytes(b"grap")
    assert (cache.get_or_build({"x": 1}, build) / "graph").read_bytes() == b"graph"
    assert len(built) == 2
