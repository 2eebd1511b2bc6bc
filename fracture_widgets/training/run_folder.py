"""A training as a folder, so that it can be stopped at any moment and continued."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import pandas as pd

from fracture_widgets.base.cache import Arrays, pack_arrays, read_arrays
from fracture_widgets.base.files import exclusively, file_sha256, write_by_content, write_whole
from fracture_widgets.base.tables import read_frame, write_frame
from fracture_widgets.errors import TrainingError

COLUMNS = ("loss", "accuracy", "val_loss", "val_accuracy")
"""What is noted of every epoch."""

_FOLDER, _RECORD, _ANSWERS, _LOCK = "run", "run.json", "test.csv", "lock"
_FORMAT = 1

EARLY_STOPPING, CAP_OF_EPOCHS = "early stopping", "cap of epochs"
"""What ends a training."""


@dataclass(frozen=True)
class DatasetIdentity:
    """Which radiographs a run is about."""

    radiographs: int
    patients: int
    sha256: str

    @classmethod
    def of_table(cls, table: pd.DataFrame) -> Self:
        """Return the identity of a divided table; the folder may have moved since."""
        lines = []
        columns = (table[name] for name in ("patient_id", "answer", "split", "image_path"))
        for patient, answer, split, path in zip(*columns, strict=True):
            file = Path(path)
            size = file.stat().st_size if file.is_file() else -1
            lines.append([str(patient), str(answer), str(split), file.name, size])
        return cls.of_lines(lines, list(table["patient_id"]))

    @classmethod
    def of_lines(cls, lines: Iterable[Sequence[Any]], patients: Sequence[str]) -> Self:
        """Return the identity of radiographs: whatever decides each, and whose each is."""
        digest = hashlib.sha256()
        for line in lines:
            digest.update(f"{json.dumps(line)}\n".encode())
        return cls(len(patients), len(set(patients)), digest.hexdigest())

    def __str__(self) -> str:
        return f"{self.radiographs:,} of {self.patients:,} patients"


@dataclass(frozen=True)
class RunRecord:
    """What a run is, apart from how far it is."""

    question: str
    network: str
    plan: Mapping[str, Any]
    dataset: DatasetIdentity


@dataclass(frozen=True, eq=False)
class State:
    """How far a run is."""

    history: pd.DataFrame
    last: Arrays
    best: Arrays

    @property
    def epochs(self) -> list[dict[str, float]]:
        """What was noted of every epoch."""
        rows = self.history[list(COLUMNS)].to_numpy(dtype=float).tolist()
        return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def history_table(epochs: Sequence[Mapping[str, float]]) -> pd.DataFrame:
    """Return one row for each epoch, indexed from 1."""
    index = pd.RangeIndex(1, len(epochs) + 1, name="epoch")
    return pd.DataFrame(list(epochs), columns=list(COLUMNS), index=index, dtype=float)


def best_of(history: pd.DataFrame) -> int:
    """Return the first epoch with the lowest validation loss; without any, the last epoch."""
    losses = history["val_loss"].dropna()
    if not len(losses):
        return max(1, len(history))
    return int(losses.index[int(losses.to_numpy().argmin())])


def stopped_by(history: pd.DataFrame, patience: int) -> str:
    """Say what ended a training that nobody stopped."""
    waited = len(history) - best_of(history)
    return EARLY_STOPPING if waited >= patience else CAP_OF_EPOCHS


def changed_settings(
    then: Mapping[str, Any], now: Mapping[str, Any], *, free: Sequence[str] = ()
) -> str:
    """Say which settings are others than those that were kept as JSON; empty if none is."""
    as_kept = json.loads(json.dumps(dict(now)))  # there, tuples are lists
    return "; ".join(
        f"{name} {then.get(name)}, not {value}"
        for name, value in as_kept.items()
        if name not in free and then.get(name) != value
    )


class RunFolder:
    """What a training keeps beside the network it writes: the folder ``run`` in its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._home = folder / _FOLDER
        self._since = time.perf_counter()

    @property
    def started(self) -> bool:
        """Whether an epoch is kept here."""
        return (self._home / _RECORD).is_file()

    @property
    def finished(self) -> bool:
        """Whether the training came to its end."""
        return self.started and bool(self._read()["finished"])

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other programs from training in this folder until the end of the block."""
        held = ExitStack()
        try:
            held.enter_context(exclusively(self._home / _LOCK))
        except TimeoutError as error:
            raise TrainingError(
                f"Another training is at work in {self.folder.name}: wait for its end, or choose "
                "another folder."
            ) from error
        self._since = time.perf_counter()
        try:
            with held:
                yield
        finally:
            if not self.started:
                shutil.rmtree(self._home, ignore_errors=True)

    def check_same_training(self, record: RunRecord, *, finished: bool = False) -> None:
        """Check that what is kept here is a part of this very training, or its end."""
        kept, name = self.record(), self.folder.name
        if self.finished and not finished:
            raise TrainingError(
                f"The run in {name} is finished: open it, or choose another folder to train anew."
            )
        for what, then, now in (
            ("question", kept.question, record.question),
            ("network", kept.network, record.network),
        ):
            if then != now:
                raise TrainingError(
                    f"The run in {name} was begun with another {what} ({then}, not {now}): "
                    "continue it with that one, or choose another folder."
                )
        if kept.dataset != record.dataset:
            raise TrainingError(
                f"The run in {name} was begun with other radiographs ({kept.dataset} then, "
                f"{record.dataset} now): continue it with those, or choose another folder."
            )
        if changed := changed_settings(kept.plan, record.plan, free=("epochs", "patience")):
            raise TrainingError(
                f"The run in {name} was begun with other settings ({changed}): continue it with "
                "those, or choose another folder."
            )

    def record(self) -> RunRecord:
        """Return what the run is."""
        given = self._read()["record"]
        try:
            return RunRecord(**(given | {"dataset": DatasetIdentity(**given["dataset"])}))
        except (TypeError, KeyError) as error:
            raise self._damaged() from error

    def history(self) -> pd.DataFrame:
        """Return one row for each epoch that ended, indexed from 1."""
        return history_table(self._read()["epochs"])

    @property
    def seconds(self) -> float:
        """What it took to the last epoch that was kept, reading included, in all its sittings."""
        return float(self._read().get("seconds", 0.0))

    def keep(self, record: RunRecord, history: pd.DataFrame, arrays: Arrays) -> None:
        """Keep the state after an epoch, whole or not at all."""
        epochs, now = len(history), time.perf_counter()
        before = self.seconds if epochs > 1 else 0.0
        spent, self._since = before + now - self._since, now
        try:
            # The record, which names the arrays, is exchanged last.
            path, sha256 = write_by_content(
                self._home / "epoch.npz", lambda stream: pack_arrays(stream, arrays)
            )
            last = {"name": path.name, "sha256": sha256}
            # Where this epoch is not the best, an earlier one was, and its file is there.
            best = last if best_of(history) == epochs else self._read()["files"]["best"]
            self._exchange(
                {
                    "format": _FORMAT,
                    "record": asdict(record),
                    "epochs": history[list(COLUMNS)].to_dict("records"),
                    "files": {"last": last, "best": best},
                    "seconds": round(spent, 3),
                    "finished": False,
                }
            )
        except OSError as error:
            self._sweep()
            kept = "nothing is kept yet" if epochs == 1 else f"{epochs - 1} before it are kept"
            raise TrainingError(
                f"Epoch {epochs} could not be saved in {self.folder.name} ({error.strerror}; "
                f"{kept}): make room, then continue the run."
            ) from error
        self._sweep()

    def state(self) -> State:
        """Return the state after the last epoch that was kept."""
        kept = self._read()
        try:
            last, best = (self._load(kept["files"][name]) for name in ("last", "best"))
        except (KeyError, OSError, ValueError) as error:
            raise self._damaged() from error
        return State(history_table(kept["epochs"]), last, best)

    def finish(self, answers: pd.DataFrame) -> None:
        """Note that the training came to its end, and what it answered to the test split."""
        try:
            write_frame(self._home / _ANSWERS, answers)
            self._exchange(self._read() | {"files": {}, "finished": True})
        except OSError as error:
            raise TrainingError(
                f"The end of the run could not be noted in {self.folder.name} ({error.strerror}): "
                "make room, then continue the run."
            ) from error
        self._sweep()

    def answers(self) -> pd.DataFrame | None:
        """Return what a finished run answered to the test split, or None."""
        file = self._home / _ANSWERS
        try:
            if not file.is_file():
                return None
            return read_frame(file, dtype={"patient_id": str})
        except (OSError, ValueError) as error:
            raise self._damaged() from error

    def _read(self) -> dict[str, Any]:
        try:
            kept = json.loads((self._home / _RECORD).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise TrainingError(
                f"{self.folder.name} holds no run: give the folder that a training wrote."
            ) from None
        except (OSError, ValueError) as error:
            raise self._damaged() from error
        needed = {"record", "epochs", "files", "finished"}
        if not isinstance(kept, dict) or not needed <= kept.keys():
            raise self._damaged()
        if kept.get("format") != _FORMAT:
            raise TrainingError(
                f"The run in {self.folder.name} was written by another version of Fracture "
                "Widgets: continue it with that one, or start a new run."
            )
        return kept

    def _damaged(self) -> TrainingError:
        return TrainingError(
            f"The run in {self.folder.name} is damaged and cannot be continued: start a new one in "
            "another folder."
        )

    def _load(self, file: Mapping[str, str]) -> Arrays:
        path = self._home / Path(file["name"]).name
        if file_sha256(path) != file["sha256"]:
            raise ValueError(path.name)
        return read_arrays(path)

    def _exchange(self, kept: Mapping[str, Any]) -> None:
        write_whole(self._home / _RECORD, (json.dumps(kept, indent=2) + "\n").encode())

    def _sweep(self) -> None:
        """Remove files that the record does not name; those that stay are a loss of room alone."""
        named = {file["name"] for file in self._read()["files"].values()} if self.started else set()
        for file in (*self._home.glob("*.npz"), *self._home.glob(".*.part")):
            if file.name not in named:
                file.unlink(missing_ok=True)
