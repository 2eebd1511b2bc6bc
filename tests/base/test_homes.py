"""Homes that are missing, read-only or somebody else's: all goes on without a cache."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import platformdirs
import pytest

from fracture_widgets.base import files
from fracture_widgets.base.cache import ArrayCache
from fracture_widgets.base.files import cache_folder, data_folder


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    files._why_unusable.cache_clear()
    yield
    files._why_unusable.cache_clear()


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "FRACTURE_WIDGETS_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.skipif(os.name != "posix", reason="Windows has no HOME")
def test_the_cache_is_in_the_home(home: Path) -> None:
    assert cache_folder().is_relative_to(home)
    assert cache_folder().is_dir()


@pytest.mark.usefixtures("home")
def test_nobody_s_home_is_the_root_s(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless(*_: object, **__: object) -> Path:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.setattr(platformdirs, "user_data_path", homeless)
    assert data_folder() == Path("/.local/share/fracture-widgets")


def unusable(home: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if how == "a file in the way":  # as a read-only home, which root could write to all the same
        (home / ".cache").write_bytes(b"")
    elif how == "somebody else's":
        monkeypatch.setattr(os, "geteuid", lambda: 54321)
    else:
        monkeypatch.setattr(os, "access", lambda *_: False)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no HOME")
@pytest.mark.parametrize("how", ["a file in the way", "somebody else's", "not to be written"])
def test_a_cache_that_cannot_be_used_is_told_once_and_done_without(
    how: str, home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    unusable(home, how, monkeypatch)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            with pytest.raises(OSError, match=".+"):
                cache_folder()
        cache = ArrayCache()
    (line,) = caplog.messages
    assert line.startswith("There is no cache, so that starting takes longer: ")
    cache.put("k" * 8, {"a": np.arange(3)})
    kept = cache.get("k" * 8)
    assert kept is not None
    np.testing.assert_array_equal(kept["a"], np.arange(3))
    folder = cache.folder
    del cache
    assert not folder.exists()
