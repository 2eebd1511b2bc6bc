"""What makes a new name outlast a crash."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["sync_folder"]


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to disk, where the system lets one."""
    with suppress(OSError):  # Windows opens no folders, some network file systems sync none
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
