"""A folder of small radiographs, and the table that an uninterrupted screening makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fracture_widgets import screen_folder
from fracture_widgets.phantoms import sample_phantoms

BATCH = 2


@pytest.fixture(scope="session")
def radiographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine files in two folders, two of them no radiographs: five batches of two."""
    folder = tmp_path_factory.mktemp("radiographs")
    (folder / "deeper").mkdir()
    samples = sample_phantoms()
    for index in range(7):
        home = folder / "deeper" if index % 3 == 0 else folder
        picture = samples[index % len(samples)].radiograph.to_png(max_side=120)
        (home / f"r{index}.png").write_bytes(picture)
    (folder / "r1a.png").write_text("text, renamed")
    (folder / "r9.dcm").write_bytes(b"")
    return folder


@pytest.fixture(scope="module")
def uninterrupted(
    radiographs: Path, answered_once: None, tmp_path_factory: pytest.TempPathFactory
) -> bytes:
    """What the table holds, byte for byte."""
    table = tmp_path_factory.mktemp("uninterrupted") / "results.csv"
    screen_folder(radiographs, table, batch=BATCH)
    return table.read_bytes()
