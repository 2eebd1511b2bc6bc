"""Locks and syncs, on every system."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["lock", "sync_folder"]

if sys.platform == "win32":
    import errno
    import msvcrt

    def lock(file: int) -> None:
        """Keep other programs from locking an open file until it is closed or the process ends.

        Raises
        ------
        BlockingIOError
            If another one has it.
        """
        # Far behind the content: a locked byte cannot be read by others.
        os.lseek(file, 2**40, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError(errno.EAGAIN, "locked by another program") from error

    def sync_folder(folder: Path) -> None:
        """Do nothing: Windows keeps names by itself."""

else:
    import fcntl

    def lock(file: int) -> None:
        """Keep other programs from locking an open file until it is closed or the process ends.

        Raises
        ------
        BlockingIOError
            If another one has it.
        """
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:
            pass  # some network file systems know no locks

    def sync_folder(folder: Path) -> None:
        """Force the names in a folder to disk, where the system lets one."""
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        except OSError:
            pass  # some network file systems sync no folders
        finally:
            os.close(opened)
