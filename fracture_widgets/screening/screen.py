"""A folder is screened: from its files to a table, going on where an earlier attempt stopped."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from fracture_widgets.base import __version__
from fracture_widgets.base.files import exclusively, scratch_folder
from fracture_widgets.base.progress import SILENT, Monitor
from fracture_widgets.errors import ScreeningError
from fracture_widgets.imaging.decoders import DECODERS
from fracture_widgets.imaging.walk import SkippedFiles, walk
from fracture_widgets.models.cascade import Cascade
from fracture_widgets.models.trust import SENSITIVE, OperatingPoint
from fracture_widgets.parts import Verdict
from fracture_widgets.screening.examining import Batch, ClusterExaminer, batches_of, examine
from fracture_widgets.screening.table import (
    Journal,
    Row,
    Screened,
    check_format,
    frame_of,
    read_table,
    unicode_path,
    write_table,
)

if TYPE_CHECKING:
    import pandas as pd

BATCH = 16
"""Radiographs that go through the network together; with more it is no faster."""

Examine = Callable[[Iterable[Batch]], Generator[tuple[Batch, list[Row]]]]
"""Answers batches of files, and gives each with its rows in whatever order they are finished."""


Models = str | os.PathLike[str] | Cascade | None
"""A models folder, or what :meth:`Cascade.load` made of one; None for the shipped one."""


@dataclass(frozen=True)
class Screening:
    """A finished screening.

    Attributes
    ----------
    path
        The file with the table; None where none was asked for.
    files, fractures, failed
        How many there are, are given as fractures, and have no answer.
    skipped
        The files that are no radiographs, each with the reason.
    """

    path: Path | None
    files: int
    fractures: int
    failed: int
    skipped: SkippedFiles = field(default_factory=SkippedFiles)
    _read: pd.DataFrame | None = field(default=None, repr=False, compare=False)

    @property
    def table(self) -> pd.DataFrame:
        """A row for each file, sorted by path; of one that has no answer, why in ``error``."""
        if self._read is not None or self.path is None:
            return frame_of(()) if self._read is None else self._read
        return frame_of(read_table(self.path))


def screen_folder(
    folder: str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    *,
    models: Models = None,
    operating_point: OperatingPoint = SENSITIVE,
    batch: int = BATCH,
    restart: bool = False,
    dask: str | None = None,
    monitor: Monitor = SILENT,
) -> Screening:
    """Answer every radiograph in a folder and the folders in it, one row a file, sorted by path.

    Every finished batch is kept on disk at once, in a file beside the table with ``.part`` after
    its name. Whatever ends the program, the same call goes on from there, examines again at most
    the batches that were in the network (one; on Dask, those of all workers), and writes the same
    table, byte for byte. The table itself appears when it is whole.

    Parameters
    ----------
    folder
        Searched with all folders in it for radiographs, by name and by content.
    out
        The file for the table; its name ends in ``.csv`` or ``.parquet``. Without, nothing is
        kept on disk, and the table is in what is returned alone.
    models
        Another models folder, or any cascade, at whose own operating point it then is.
    operating_point
        ``"sensitive"`` or ``"balanced"``, as for
        :meth:`~fracture_widgets.models.cascade.Cascade.load`.
    batch
        Radiographs that go through the network together.
    restart
        Whether to begin again, whatever is there; an older table stays until the new one is
        whole.
    dask
        Address of a Dask scheduler, such as ``"tcp://host:8786"``, whose workers do the work.
        They read the files themselves, under the same paths.
    monitor
        Follows how many files are done, batch by batch, and hears a sentence about what is amiss
        and does not stop the rest. Cancelled, the work stops after the batch at hand, and goes on
        when the same call is made again.

    Returns
    -------
    Screening
        With the ``table``, a data frame, and what it comes to.

    Raises
    ------
    ScreeningError
        If the folder holds nothing to screen, what an earlier attempt left is of another folder,
        model, operating point or batch, the table cannot be written, or the cluster cannot do it.
    Cancelled
        If the monitor was asked to stop.
    ModelError
        If there is no model that this version can use.
    MissingExtra
        If Parquet or Dask is asked for and not installed.

    Examples
    --------
    >>> from fracture_widgets import screen_folder, write_phantoms
    >>> _ = write_phantoms("drawn", patients=1)
    >>> screening = screen_folder("drawn", "answers.csv")
    >>> len(screening.table) == screening.files
    True
    >>> sorted(screening.table["body_part"].unique())
    ['elbow', 'hand', 'shoulder']
    """
    if out is None:
        with scratch_folder() as scratch:
            found = screen_folder(
                folder, scratch / "answers.csv", models=models, operating_point=operating_point,
                batch=batch, dask=dask, monitor=monitor,
            )  # fmt: skip
            return replace(found, path=None, _read=found.table)
    out = Path(out)
    if batch < 1:
        raise ScreeningError(f"A batch holds at least one radiograph. Received: {batch}")
    check_format(out)
    listing = Listing.of(folder)
    with (
        _alone(out),
        _examiner(listing.folder, models, operating_point, dask, monitor) as (model, answer),
    ):
        if out.exists() and not restart and not Journal.beside(out).exists():
            finished = _counted(out, _complete_already(out, listing, model))
            monitor.say(f"{out.name} was complete already; --restart screens the folder again.")
        else:
            screened = Screened(model, __version__, len(listing.names), listing.sha256, batch)
            with Journal(out, screened, restart=restart) as journal:
                _complete(journal, answer, listing, batch, monitor)
                write_table(out, journal.rows())
                finished = _counted(out, journal.rows())
            journal.discard()
    return replace(finished, skipped=listing.skipped_beside(out))


@contextmanager
def _alone(table: Path) -> Iterator[None]:
    """Keep other programs from writing the same table."""
    lock = table.with_name(f"{table.name}.lock")
    held = ExitStack()
    try:
        held.enter_context(exclusively(lock))
    except TimeoutError as error:
        raise ScreeningError(
            f"Another screening is at work on {table.name}: wait for its end, or choose another "
            "name for the table."
        ) from error
    except OSError as error:
        raise ScreeningError(
            f"Nothing can be written beside {table.name} ({error}): choose another folder for the "
            "table."
        ) from error
    with held:
        try:
            yield
        finally:
            with suppress(OSError):  # Windows removes no open files
                lock.unlink()


@contextmanager
def _examiner(
    folder: Path, models: Models, point: OperatingPoint, dask: str | None, monitor: Monitor
) -> Iterator[tuple[str, Examine]]:
    """Give the sha256 of the model, and what answers batches with it, here or elsewhere."""
    if dask is None:
        DECODERS.start()  # while the networks are loaded
        cascade = (
            models if isinstance(models, Cascade) else Cascade.load(models, operating_point=point)
        )
        yield cascade.sha256, partial(examine, cascade, folder)
        return
    if isinstance(models, Cascade):
        raise ScreeningError(
            "A cascade that is loaded here cannot be sent to a Dask cluster: name its folder, "
            "which the workers read."
        )
    with ClusterExaminer(dask, folder, (models, point), monitor) as examiner:
        yield examiner.model, examiner.examine


def _complete(
    journal: Journal, answer: Examine, listing: Listing, size: int, monitor: Monitor
) -> None:
    """Examine what the journal lacks."""
    missing = [batch for batch in batches_of(listing.names, size) if batch.place not in journal]
    count = len(listing.names)
    done = count - sum(len(batch.names) for batch in missing)
    monitor.step(done, count)
    with closing(answer(missing)) as answered:
        for batch, rows in answered:
            journal.keep(batch.place, rows)
            done += len(rows)
            monitor.step(done, count)


def _complete_already(table: Path, listing: Listing, model: str) -> Iterator[Row]:
    """Yield the rows of a table that is there, if it is the one that would be written."""
    for name, row in zip_longest(listing.names, read_table(table)):
        if not name or not row or row["path"] != unicode_path(name) or row["model"] != model:
            raise ScreeningError(
                f"{table.name} is there already, of other files, another model or operating point: "
                "choose another name, or replace it with --restart."
            )
        yield row


def _counted(table: Path, rows: Iterable[Row]) -> Screening:
    files = fractures = failed = 0
    for row in rows:
        files += 1
        fractures += row["verdict"] == Verdict.FRACTURE
        failed += bool(row["error"])
    return Screening(table, files, fractures, failed)


@dataclass(frozen=True)
class Listing:
    """The radiograph files of a folder."""

    folder: Path
    names: tuple[str, ...]
    sha256: str
    skipped: SkippedFiles

    @classmethod
    def of(cls, folder: str | os.PathLike[str]) -> Listing:
        """List a folder and all folders in it."""
        home = Path(folder).absolute()
        if not home.is_dir():
            raise ScreeningError(f"{home.name} is no folder: give the one with the radiographs.")
        walked = walk(home)
        names = walked.names
        if not names:
            raise ScreeningError(
                f"The folder {home.name} holds no radiographs: "
                "give one with PNG, JPEG, TIFF, BMP, WebP or DICOM files."
            )
        digest = hashlib.sha256()
        for name in names:
            digest.update(f"{_size(home / name)} ".encode() + os.fsencode(name) + b"\0")
        return cls(home, names, digest.hexdigest(), walked.skipped)

    def skipped_beside(self, out: Path) -> SkippedFiles:
        """Return what was skipped, without the table and what is kept beside it."""
        table = out.absolute()
        return SkippedFiles(
            (name, why)
            for name, why in self.skipped
            if (self.folder / name).parent != table.parent
            or not (self.folder / name).name.lstrip(".").startswith(table.name)
        )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # a link to nowhere: read, it gets its sentence
        return -1
