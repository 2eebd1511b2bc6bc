"""Folders for Jupyter that are the server's own, so that no home folder has a say in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from fracture_widgets.base.files import DATA_FOLDER_VARIABLE, cache_folder, data_folder

_OURS = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")


@contextmanager
def folders_of_our_own() -> Iterator[None]:
    """Give this program and its kernels empty folders for Jupyter's and IPython's settings.

    Who has no home is given one too, until the server ends: Jupyter does not start without. The
    history stays where it would have been. To be entered before Voilà is imported.
    """
    with TemporaryDirectory(prefix="fracture-widgets-", ignore_cleanup_errors=True) as folder:
        told = {name: str(Path(folder, name.lower())) for name in _OURS}
        try:
            Path.home()
        except RuntimeError:
            told |= {"HOME": folder, DATA_FOLDER_VARIABLE: str(data_folder())}
        try:
            cache_folder()
        except OSError:
            told.setdefault("MPLCONFIGDIR", folder)
        before = {name: os.environ.get(name) for name in told}
        os.environ.update(told)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
