"""Draws on stderr how far a piece of work is; the one place that draws anything."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TextIO

from fracture_widgets.base.language import plain
from fracture_widgets.base.progress import Monitor

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

    from fracture_widgets.training.teaching import EpochEnded
    from fracture_widgets.training.teaching import Progress as TrainingProgress

_SECONDS_BETWEEN_LINES = 60


class _Wanted:
    """How much a command says beside its answers."""

    quiet = False


def be_quiet(*, quiet: bool) -> None:
    """Say from now on only what is wrong, or all there is to say."""
    _Wanted.quiet = quiet


def say(sentence: object) -> None:
    """Print a sentence on stderr, unless quiet is asked for."""
    if not _Wanted.quiet:
        print(plain(sentence), file=sys.stderr, flush=True)


def complain(sentence: object) -> None:
    """Print on stderr what is wrong, also where quiet is asked for."""
    _print(plain(sentence), sys.stderr, "red", 0, None)


def tell(line: object, *, marked: str = "", style: str = "", start: int = 0) -> None:
    """Print an answer on stdout; names of files are other people's words.

    On a terminal with colours, the words that are ``marked``, from the ``start`` on, have theirs.
    """
    text = plain(line)
    at = text.find(marked, start) if marked else -1
    _print(text, sys.stdout, style if at >= 0 else "", at, at + len(marked))


def tell_json(content: Mapping[str, Any], *, indent: int | None = None) -> None:
    """Print a JSON object on stdout; each says by which schema of the record it is written."""
    from fracture_widgets.models.record import RECORD_SCHEMA

    print(json.dumps({"schema": RECORD_SCHEMA} | dict(content), indent=indent, default=str),
          flush=True)  # fmt: skip


def _print(text: str, stream: TextIO, style: str, start: int, end: int | None) -> None:
    """Print a line, in colours where a terminal has them and NO_COLOR does not say otherwise."""
    if style and stream.isatty():
        from rich.console import Console
        from rich.text import Text

        words = Text(text)
        words.stylize(style, start, end)
        Console(file=stream).print(words, soft_wrap=True)
    else:
        print(text, file=stream, flush=True)


class Narrator(AbstractContextManager["Narrator"]):
    """A bar on a terminal; into a file or a pipe, a line a minute."""

    def __init__(self, unit: str = "") -> None:
        self._unit = unit  # what is counted; "B" for bytes
        self._bar: Progress | None = None
        self._stage = ""
        self._last_line = time.monotonic()
        self.done, self.total = 0, 0

    def __exit__(self, *_: object) -> None:
        self._take_away()

    @property
    def monitor(self) -> Monitor:
        """What work reports to."""
        return Monitor(on_step=self.step, on_say=self.say)

    def stage(self, what: str) -> Monitor:
        """Return what a stage of the work reports to."""
        return self.monitor.stage(what)

    def step(self, done: int, total: int | None, what: str = "", note: str = "") -> None:
        """Draw that so much of a stage is done; the note stands after the bar."""
        self.done, self.total = done, total or 0
        if _Wanted.quiet:
            return
        if sys.stderr.isatty():
            if self._bar is None or what != self._stage:
                self._take_away()
                self._bar, self._stage = self._new_bar(), what
                self._bar.add_task(what, note=note)
                self._bar.start()
            self._bar.update(self._bar.task_ids[0], total=total, completed=done, note=note)
        elif time.monotonic() - self._last_line > _SECONDS_BETWEEN_LINES:
            self._last_line = time.monotonic()
            of = f" of {total:,}" if total else ""
            self.say(" ".join(filter(None, (f"{what}:" * bool(what), f"{done:,}{of}", self._unit))))

    def say(self, sentence: str) -> None:
        """Print a line without tearing the bar."""
        if self._bar is None:
            say(sentence)
        else:
            self._bar.console.print(plain(sentence), markup=False, highlight=False, soft_wrap=True)

    def _take_away(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _new_bar(self) -> Progress:
        from rich import progress
        from rich.console import Console

        def text(template: str) -> ProgressColumn:
            return progress.TextColumn(template, markup=False)

        counts: tuple[ProgressColumn, ...] = (progress.MofNCompleteColumn(), text(self._unit))
        if self._unit == "B":
            counts = (progress.DownloadColumn(), progress.TransferSpeedColumn())
        return progress.Progress(
            text("{task.description}"),
            progress.BarColumn(),
            *counts,
            progress.TimeRemainingColumn(),
            text("{task.fields[note]}"),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            refresh_per_second=4,
        )


class Epochs:
    """Draws the steps of a training, and says a line for each epoch."""

    def __init__(self, narrator: Narrator) -> None:
        self._narrator = narrator

    def __call__(self, step: TrainingProgress) -> None:
        """Take one step of progress."""
        note = "" if step.loss is None else f"epoch {step.epoch}, loss {step.loss:.3f}"
        self._narrator.step(step.done, step.total, step.stage.capitalize(), note)

    def ended(self, epoch: EpochEnded) -> None:
        """Say the line of an epoch."""
        loss, accuracy, val_loss, val_accuracy = epoch.history.iloc[-1]
        self._narrator.say(
            f"epoch {epoch.epoch} of at most {epoch.epochs}: loss {loss:.3f}, accuracy "
            f"{accuracy:.3f}; validation loss {val_loss:.3f}, accuracy {val_accuracy:.3f}"
        )
