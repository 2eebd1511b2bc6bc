"""Cores are counted as the system allows them to this program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fracture_widgets.base.cores import THREADS_VARIABLE, _quotas, cores, is_limited


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(THREADS_VARIABLE, raising=False)


@pytest.mark.parametrize("named", ["3", " 12 "])
def test_a_setting_is_followed(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS_VARIABLE, named)
    assert cores() == int(named)
    assert is_limited()


@pytest.mark.parametrize("named", ["", "0", "-2", "many", "²"])
def test_a_setting_that_is_no_number_counts_for_nothing(
    named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = cores()
    monkeypatch.setenv(THREADS_VARIABLE, named)
    assert cores() == expected


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux alone has affinities")
def test_one_core_of_many_is_one() -> None:
    program = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "from fracture_widgets.base.cores import cores; print(cores())"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert told.stdout.strip() == b"1"


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)


def test_the_quota_of_a_container_is_found_in_both_versions(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("0::/pod/box\n")
    write(tmp_path / "pod", **{"cpu.max": "150000 100000\n"})
    write(tmp_path / "pod" / "box", **{"cpu.max": "max 100000\n"})
    assert list(_quotas(own, tmp_path)) == [1.5]
    own.write_text("3:memory:/x\n2:cpu,cpuacct:/box\n")
    write(tmp_path / "cpu", **{"cpu.cfs_quota_us": "-1\n", "cpu.cfs_period_us": "100000\n"})
    write(tmp_path / "cpu/box", **{"cpu.cfs_quota_us": "50000", "cpu.cfs_period_us": "100000"})
    assert list(_quotas(own, tmp_path)) == [0.5]
    assert list(_quotas(tmp_path / "none", tmp_path)) == []
