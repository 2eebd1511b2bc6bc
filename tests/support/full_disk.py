"""A disk that is full, as far as one process can tell."""

from __future__ import annotations

from contextlib import contextmanager

import pytest


@contextmanager
def no_file_longer_than(size: int):
    """Let the system refuse to write on, as it does when a disk is full."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
