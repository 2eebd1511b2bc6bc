"""A history for each visitor, gone when the server ends."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path
from types import TracebackType

from fracture_widgets.base.files import move

__all__ = ["VisitorHistories"]


class VisitorHistories:
    """Folders for the results of visitors, in a scratch folder."""

    def __init__(self) -> None:
        self._scratch = tempfile.TemporaryDirectory(
            prefix="fracture-widgets-", ignore_cleanup_errors=True
        )
        self._root = Path(self._scratch.name)

    def __enter__(self) -> VisitorHistories:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._scratch.cleanup()

    def new_folder(self) -> Path:
        """Return the place of a folder that is not made yet, for one kernel."""
        return self._root / f"kernel-{secrets.token_hex(8)}"

    def give(self, folder: Path, visitor: str) -> None:
        """Make a kernel's folder the one of a visitor."""
        if not visitor.isalnum():
            raise ValueError(f"A visitor's name has letters and digits. Received: {visitor}")
        own = self._root / f"visitor-{visitor}"
        if own.exists():
            if folder.exists():
                move(folder, folder.with_name(f"unused-{folder.name}"))
        elif folder.exists():
            move(folder, own)
        else:
            own.mkdir()
        try:
            folder.symlink_to(own, target_is_directory=True)
        except OSError:
            # Where links need a privilege, a reloaded page begins with an empty history.
            folder.mkdir(exist_ok=True)
