"""Reports to save, and a file of the first version."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import numpy as np

from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.report import Answer, DoubtBand, Report

REFUSAL = "This is no radiograph of an elbow, a hand or a shoulder."


def make_report(
    name="hand.png",
    *,
    sha256="a" * 64,
    model="b" * 64,
    body_part="hand",
    calibrated=0.87,
    refusal="",
    overridden=False,
    warnings=(),
):
    others = [part for part in ("elbow", "hand", "shoulder") if part != body_part]
    return Report(
        radiograph=Radiograph(np.zeros((4, 3), np.float32), name, sha256, "PNG", warnings=warnings),
        answer=Answer(
            {body_part: 0.97, others[0]: 0.01, others[1]: 0.02},
            0.91 if calibrated >= 0.5 else 0.2,
            np.float32(calibrated),
            DoubtBand(0.25, 0.75),
            refusal=refusal,
            overridden=overridden,
        ),
        heatmap=np.zeros((2, 2), np.float32),
        fracture_map=np.zeros((2, 2), np.float32),
        model=model,
        timings={"total": 0.1},
    )


def first_version(path, rows, *, deleted=0):
    """Write a history as the first version of the package did, with its own words."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS results (id INTEGER PRIMARY KEY AUTOINCREMENT, "
            "saved_at TEXT NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL, "
            "width INTEGER NOT NULL, height INTEGER NOT NULL, body_part TEXT NOT NULL, "
            "body_part_probability REAL NOT NULL, label TEXT NOT NULL, "
            "fracture_probability REAL NOT NULL, model TEXT NOT NULL, UNIQUE (sha256, model))"
        )
        for n in range(rows + deleted):
            fractured = n % 2 == 0
            connection.execute(
                "INSERT INTO results (saved_at, name, sha256, width, height, body_part, "
                "body_part_probability, label, fracture_probability, model) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    f"2025-03-0{1 + n % 9}T10:00:00+00:00", f"old {n}.png", f"{n:064d}", 30, 40,
                    "elbow", 0.9, "fractured" if fractured else "normal",
                    0.8 if fractured else 0.1, "c" * 64,
                ),
            )  # fmt: skip
        connection.execute("DELETE FROM results WHERE id > ?", (rows,))
        connection.execute("PRAGMA user_version = 1")
