"""How many cores this program may use, by affinity, quota and setting; and what they compute in."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

THREADS_VARIABLE = "FRACTURE_WIDGETS_THREADS"
"""Environment variable that says how many cores to use."""

_CGROUPS = Path("/sys/fs/cgroup")
_PROCESSOR = Path("/proc/cpuinfo")
_BFLOAT16 = {"amx_bf16", "avx512_bf16"}


def cores() -> int:
    """Return how many threads may work at once: as many as set, or as the system allows."""
    named = os.environ.get(THREADS_VARIABLE, "").strip()
    if named.isdecimal() and int(named) > 0:
        return int(named)
    return max(1, math.ceil(min([_affinity(), *_quotas()])))


def is_limited() -> bool:
    """Say whether the program may use fewer cores than the machine has, or was told how many."""
    return THREADS_VARIABLE in os.environ or cores() < (os.cpu_count() or 1)


def has_bfloat16(processor: Path = _PROCESSOR) -> bool:
    """Say whether the processor multiplies bfloat16 itself, as far as the system tells."""
    try:
        lines = processor.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # Linux alone says so in a file
        return False
    flags = next((line.partition(":")[2] for line in lines if line.startswith("flags")), "")
    return not _BFLOAT16.isdisjoint(flags.split())


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):  # Linux alone
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas(own: Path = Path("/proc/self/cgroup"), root: Path = _CGROUPS) -> Iterator[float]:
    """Give the processor time that each control group around this program allows, in cores."""
    try:
        lines = own.read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    for line in lines:
        _, controllers, place = line.split(":", 2)
        if controllers == "":
            base, names = root, ["cpu.max"]
        elif "cpu" in controllers.split(","):
            base, names = root / "cpu", ["cpu.cfs_quota_us", "cpu.cfs_period_us"]
        else:
            continue
        group = base / place.strip("/")
        for folder in (group, *group.parents):
            if not folder.is_relative_to(base):
                break
            with suppress(OSError, ValueError):  # no such file, or no limit, which is "max"
                texts = [(folder / name).read_text("ascii") for name in names]
                quota, period = map(float, " ".join(texts).split())
                if quota > 0:
                    yield quota / period
