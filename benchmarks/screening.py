"""A folder of radiographs to a CSV file, against the bare network on arrays decoded beforehand.

    python benchmarks/screening.py [FOLDER] [--radiographs 2000] [--batch 16] [--rounds 5]

Both sides are given each radiograph and its mirror image in batches of the same size: ours reads,
decodes and prepares every file, keeps every batch on disk and writes the table; the other is ONNX
Runtime on the same graph. Without a folder, radiographs are drawn. Beside the throughput stand the
seconds of processor time, which other work on the machine spoils least.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer
from comparing import Comparison, first_module, in_turn, run
from prediction import bare_engine

from fracture_widgets import draw_phantom, read_radiograph, screen_folder
from fracture_widgets.imaging.preprocessing import network_input
from fracture_widgets.screening.screen import BATCH

BODY_PARTS = first_module("parts", "vocabulary").BODY_PARTS
_files = first_module("imaging.walk", "imaging.files", "imaging.folders")
radiograph_names = getattr(_files, "radiograph_names", lambda folder: _files.walk(folder).names)
_DRAWN = 60  # others are copies: a drawing takes longer than an answer


def measure(
    folder: Annotated[Path | None, typer.Argument()] = None,
    radiographs: int = 2000,
    batch: int = BATCH,
    rounds: int = 5,
) -> list[Comparison]:
    """Compare radiographs a second, and processor time; those of a folder are taken repeatedly."""
    with TemporaryDirectory() as name:
        home = Path(name) / "radiographs"
        home.mkdir()
        files = (
            _drawn(Path(name)) if folder is None else [folder / n for n in radiograph_names(folder)]
        )
        for index, file in zip(range(radiographs), itertools.cycle(files), strict=False):
            (home / f"{index:06}{file.suffix}").symlink_to(file.resolve())
        inputs = np.stack(
            [network_input(read_radiograph(home / name).pixels) for name in radiograph_names(home)]
        )
        engine = bare_engine()
        used: dict[Callable[[], None], list[float]] = {}

        def ours() -> None:
            screen_folder(home, Path(name) / "results.csv", batch=batch, restart=True)

        def bare() -> None:
            for first in range(0, len(inputs), batch):
                some = inputs[first : first + batch]
                engine.run(np.concatenate([some, some[:, :, ::-1]]))

        def timed(work: Callable[[], None]) -> Callable[[], None]:
            def working() -> None:
                began = time.process_time()
                work()
                used.setdefault(work, []).append(time.process_time() - began)

            return working

        pair = in_turn(timed(ours), timed(bare), rounds=rounds, warm_up=0)
    return [
        Comparison(
            f"folder of {radiographs:,} radiographs, files to CSV",
            f"ONNX Runtime alone, decoded arrays, batches of {batch}",
            *([radiographs / seconds for seconds in series] for series in pair),
            "at least 0.9",
            unit="/s",
        ),
        Comparison(
            "the same, processor time for a radiograph",
            "the same",
            *([1000 * seconds / radiographs for seconds in used[work]] for work in (ours, bare)),
            "",
        ),
    ]


def _drawn(folder: Path) -> list[Path]:
    files = []
    for seed in range(_DRAWN):
        drawn = draw_phantom(BODY_PARTS[seed % 3], fractured=bool(seed % 2), seed=seed)
        files.append(folder / f"{seed}.png")
        files[-1].write_bytes(drawn.radiograph.to_png())
    return files


if __name__ == "__main__":
    run(measure)
