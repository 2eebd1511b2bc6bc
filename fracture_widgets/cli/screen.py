"""``fracture-widgets screen``: a folder becomes a table, unattended."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from pathlib import Path
from typing import Any

__all__ = ["add_parser"]

_INTERRUPTED = 130
_SECONDS_BETWEEN_LINES = 60
_UNIT = " radiographs"


def add_parser(subparsers: Any) -> None:
    """Register ``screen`` with the subparsers of the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "screen",
        help="answer a folder of thousands, into a table",
        description="Answer every radiograph in a folder and the folders in it, one row a file, "
        "sorted by path. A file that cannot be read has the reason in its row; the exit code is "
        "then 1. Finished batches are kept in TABLE.part: whatever stops the command, the same "
        "command goes on from there, to the same table.",
    )
    parser.add_argument("folder", metavar="FOLDER", help="folder of radiographs")
    parser.add_argument(
        "--out", metavar="TABLE", type=Path, required=True, help="a .csv or .parquet file"
    )
    parser.add_argument(
        "--restart", action="store_true", help="begin again, and replace the table when it is done"
    )
    parser.add_argument("--models", metavar="DIR", help="another models folder")
    parser.add_argument(
        "--batch",
        metavar="N",
        type=int,
        default=16,
        help="radiographs that go through the network together (%(default)s)",
    )
    parser.add_argument(
        "--dask",
        metavar="ADDRESS",
        help="let the workers of a Dask cluster do it, such as tcp://host:8786. They read the "
        "files themselves: FOLDER, and --models if given, must lie on a file system that they "
        "share, under the same path. Workers of another version or model are left out; one "
        "worker with two threads a machine is best, for the network takes all cores. Dask's "
        "protocol trusts its network and can run any code: keep its ports inside the cluster",
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from fracture_widgets.base.progress import Monitor
    from fracture_widgets.screening.screen import screen_folder

    # Dask logs a lost connection in thirty lines; ours is one sentence.
    logging.getLogger("distributed.client").disabled = True
    with _Narrator() as narrator:
        try:
            screening = screen_folder(
                arguments.folder,
                arguments.out,
                models=arguments.models,
                batch=arguments.batch,
                restart=arguments.restart,
                dask=arguments.dask,
                monitor=Monitor(on_step=narrator.step, on_say=narrator.say),
            )
        except KeyboardInterrupt:
            narrator.say(
                f"Stopped: {narrator.kept} in {arguments.out}.part; the same command, without "
                "--restart, goes on from there."
            )
            return _INTERRUPTED
    answered = screening.files - screening.failed
    print(
        f"{arguments.out}: {screening.files:,} files, {answered:,} answered "
        f"({screening.fractures:,} with a fracture), {screening.failed:,} with an error"
    )
    return 1 if screening.failed else 0


class _Narrator:
    """Tells on stderr how far the screening is: a bar on a terminal, elsewhere a line a minute."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._done = self._total = self._done_before = 0
        self._began = self._last_line = 0.0

    def __enter__(self) -> _Narrator:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def step(self, done: int, total: int | None, _: str) -> None:
        """Take one step of progress."""
        if self._bar is None:
            self._begin(done, total or 0)
        self._bar.update(done - self._done)
        self._done, self._total = done, total or 0
        now = time.monotonic()
        if self._bar.disable and now - self._last_line > _SECONDS_BETWEEN_LINES:
            self._last_line = now
            self.say(
                self._bar.format_meter(
                    self._done,
                    self._total,
                    now - self._began,
                    ncols=0,
                    unit=_UNIT,
                    initial=self._done_before,
                )
            )

    @property
    def kept(self) -> str:
        """What is finished, in words."""
        return f"{self._done:,} of {self._total:,} radiographs are kept"

    def say(self, sentence: str) -> None:
        """Print a line without tearing the bar."""
        from tqdm import tqdm

        tqdm.write(sentence, file=sys.stderr)

    def _begin(self, done: int, total: int) -> None:
        from tqdm import tqdm

        if done:
            self.say(f"Going on after {done:,} of {total:,} radiographs.")
        self._done = self._done_before = done
        self._began = self._last_line = time.monotonic()
        self._bar = tqdm(
            total=total,
            initial=done,
            unit=_UNIT,
            file=sys.stderr,
            smoothing=0.05,
            leave=False,
            disable=None,  # into a file or a pipe, a bar would be thousands of lines
        )
