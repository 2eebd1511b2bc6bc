"""The errors of Fracture Widgets.

Every message is one sentence for the person at the screen: what was wrong, with which file,
and what to do about it.
"""

from __future__ import annotations


class FractureWidgetsError(Exception):
    """Base of every error raised on purpose by this package.

    Examples
    --------
    >>> from fracture_widgets import Cascade, FractureWidgetsError
    >>> try:
    ...     Cascade.load("nowhere")
    ... except FractureWidgetsError as error:
    ...     print(type(error).__name__)
    ModelError
    """


class UnreadableRadiograph(FractureWidgetsError):
    """A file, or bytes, could not be turned into a radiograph.

    Examples
    --------
    >>> from fracture_widgets import UnreadableRadiograph, read_radiograph
    >>> try:
    ...     read_radiograph("nowhere.png")
    ... except UnreadableRadiograph as error:
    ...     print(error)
    nowhere.png was not found: check its name and folder.
    """


class DecoderError(FractureWidgetsError):
    """No file can be decoded, because the process that does it cannot be started."""


class DatasetError(FractureWidgetsError):
    """A folder, archive or table is not the dataset it should be."""


class ModelError(FractureWidgetsError):
    """A model folder is missing, incomplete, or not the one its card describes."""


class TrainingError(FractureWidgetsError):
    """Training cannot start or go on with the data and settings given."""


class ScreeningError(FractureWidgetsError):
    """A folder cannot be screened, or a screening cannot go on."""


class HistoryError(FractureWidgetsError):
    """The record of saved results cannot be read or written."""


class VisitError(FractureWidgetsError):
    """A visit cannot be kept, or something of it cannot be taken up again."""


class ReadingRoomError(FractureWidgetsError):
    """A reading session cannot start, go on, be stored or be merged."""


class MissingExtra(FractureWidgetsError, ImportError):
    """An optional part of the package is not installed."""

    def __init__(self, purpose: str, extra: str) -> None:
        super().__init__(f"{purpose} needs packages that are not installed: run  {command(extra)}.")

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows of it: the sentence, and not the way to it."""
        return [str(self)]


def command(extra: str) -> str:
    """Return the command that installs an extra."""
    return f"pip install 'fracture-widgets[{extra}]'"
