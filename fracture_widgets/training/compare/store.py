"""Finished folds on disk, so that no model answers the same radiographs twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fracture_widgets.errors import TrainingError
from fracture_widgets.imaging.preprocessing import PREPROCESSING
from fracture_widgets.training.compare.fold_result import FoldFacts, FoldResult

__all__ = ["FoldStore", "ResultsNotSaved", "fold_key"]

_FOLDER = "folds"
_VERSION = 1


class ResultsNotSaved(TrainingError):
    """A finished fold, or a table of results, could not be written."""


def fold_key(data: str, plan: Mapping[str, Any], model: Mapping[str, Any], fold: int) -> str:
    """Return a digest of all that a fold's result depends on."""
    whole = [_VERSION, data, dict(plan), dict(model), fold, PREPROCESSING.to_dict()]
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


class FoldStore:
    """Finished folds below a folder, or in memory alone."""

    def __init__(self, folder: Path | None, say: Callable[[str], object] = lambda _: None) -> None:
        self._folder = None if folder is None else folder / _FOLDER
        self._say = say

    def get(self, model: str, fold: int, key: str) -> FoldResult | None:
        """Return a finished fold, or ``None`` if it has yet to be done."""
        if self._folder is None:
            return None
        answers, facts = self._files(self._folder, model, fold, key)
        if not facts.is_file():
            return None
        try:
            table = pd.read_csv(answers, converters={"probability": float})
            return FoldResult(
                rows=table["row"].to_numpy(dtype=np.intp),
                probability=table["probability"].to_numpy(dtype=np.float64),
                cluster=table["cluster"].to_numpy(dtype=np.intp),
                facts=FoldFacts.from_dict(json.loads(facts.read_text(encoding="utf-8"))),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            self._say(f"{facts.name} of {model} cannot be read ({error}); its fold is done again.")
            return None

    def put(self, model: str, fold: int, key: str, result: FoldResult) -> None:
        """Keep a finished fold, whole or not at all."""
        if self._folder is None:
            return
        answers, facts = self._files(self._folder, model, fold, key)
        table = pd.DataFrame(
            {"row": result.rows, "probability": result.probability, "cluster": result.cluster}
        )
        # The facts come last: a fold without them is none.
        texts = {
            answers: table.to_csv(index=False, lineterminator="\n"),
            facts: json.dumps(result.facts.to_dict(), indent=2) + "\n",
        }
        try:
            facts.parent.mkdir(parents=True, exist_ok=True)
            for path, text in texts.items():
                partial = path.with_name(f"{path.name}.part")
                try:
                    partial.write_text(text, encoding="utf-8")
                    partial.replace(path)
                finally:
                    partial.unlink(missing_ok=True)
        except OSError as error:
            raise ResultsNotSaved(
                f"Fold {fold + 1} of {model} could not be saved in {self._folder.parent.name} "
                f"({error.strerror}): make room and start again; finished folds are kept."
            ) from error

    @staticmethod
    def _files(folder: Path, model: str, fold: int, key: str) -> tuple[Path, Path]:
        name = f"fold{fold}-{key[:12]}"
        home = folder / "".join(c if c.isalnum() or c in "-_" else "-" for c in model)
        return home / f"{name}.csv", home / f"{name}.json"
