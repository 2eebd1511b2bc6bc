"""The places of visitors: a folder each for what they bring, save and are answered.

They go with the server, or, where they are kept, so many hours after they were used last.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Set
from contextlib import suppress
from pathlib import Path

from fracture_widgets.base.files import make_private, move, private_folder, size_of, write_whole

_MOST_PLACES = 500
_MOST_BYTES = 20 << 30
_OF_WHAT_IS_FREE = 2  # half of it may be taken
_KEY = "key"
_KEY_BYTES = 32


class VisitorPlaces:
    """Folders of visitors, each reached by the kernels of their pages.

    They lie in the server's own folder, which goes with it, or are kept in another when the server
    ends, for some hours after they were used last.
    """

    def __init__(self, scratch: Path, kept: Path | None = None, hours: float = 0.0) -> None:
        self._scratch = scratch
        self._root = scratch if kept is None else kept
        self._seconds = None if kept is None else 3600.0 * hours
        if kept is None:
            self.key = secrets.token_bytes(_KEY_BYTES)
        else:
            make_private(kept)
            self.key = _kept_key(kept / _KEY)
        self._most_bytes = min(_MOST_BYTES, shutil.disk_usage(self._root).free // _OF_WHAT_IS_FREE)

    def new_folder(self) -> Path:
        """Return the place of a folder that is not made yet, for one kernel."""
        return self._scratch / f"kernel-{secrets.token_hex(8)}"

    def give(self, folder: Path, visitor: str) -> None:
        """Make a kernel's folder the one of a visitor."""
        own = self._own(visitor)
        if folder.exists():  # a kernel that was kept warm has looked into it
            move(folder, folder.with_name(f"unused-{folder.name}"))
        try:
            private_folder(own)
            self.use(visitor)
            folder.symlink_to(own, target_is_directory=True)
        except OSError:
            # Where links need a privilege or there is no room, a reloaded page begins anew.
            folder.mkdir(exist_ok=True)

    def use(self, visitor: str) -> None:
        """Note that a visitor is there."""
        with suppress(FileNotFoundError):
            os.utime(self._own(visitor))

    def clear(self, present: Set[str] = frozenset()) -> None:
        """Remove what was kept long enough, and the oldest of what is beyond the bounds.

        What belongs to visitors who are present stays.
        """
        found = []
        for own in self._root.glob("visitor-*"):
            with suppress(FileNotFoundError):
                found.append((own.stat().st_mtime, own))
        size = 0
        for number, (used, own) in enumerate(sorted(found, reverse=True), 1):
            size += size_of(own)
            over = self._seconds is not None and time.time() - used > self._seconds
            beyond = number > _MOST_PLACES or size > self._most_bytes
            if (over or beyond) and own.name.removeprefix("visitor-") not in present:
                shutil.rmtree(own, ignore_errors=True)

    def _own(self, visitor: str) -> Path:
        if not visitor.isalnum():
            raise ValueError(f"A visitor's name has letters and digits. Received: {visitor}")
        return self._root / f"visitor-{visitor}"


def _kept_key(path: Path) -> bytes:
    """Return the key that signs visitors' cookies, the same for as long as places are kept."""
    with suppress(FileNotFoundError):
        key = path.read_bytes()
        if len(key) == _KEY_BYTES:
            return key
    key = secrets.token_bytes(_KEY_BYTES)
    write_whole(path, key).chmod(0o600)
    return key
