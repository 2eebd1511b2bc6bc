"""What a screening writes, and the figures that follow from the answers out of fold."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from golden_compare import DATA
from golden_reports import lines, run

import fracture_widgets
from fracture_widgets import screen_folder
from fracture_widgets.base.progress import Monitor

RADIOGRAPHS = DATA / "radiographs"
BATCH = 2
CARD = "card_schema_1.json"
SECTIONS = ("trust", "subgroups", "failures")
"""What the card says that follows from ``out_of_fold.csv`` alone.

Its figures out of fold were measured when the networks were trained; the file holds the answers of
networks trained once more, as the note on the card says.
"""


def models_folder() -> Path:
    """Return the folder of the shipped model in a checkout."""
    return Path(fracture_widgets.__file__).resolve().parent.parent / "models"


def card_of_crops() -> str:
    """Return the shipped model card without what it says of the network that finds joints."""
    card = (models_folder() / "MODEL_CARD.md").read_text("utf-8")
    before, _, joints = card.partition("## Joints on whole radiographs")
    return before + joints[joints.index("## Calibration") :]


def old_models_folder(folder: Path) -> Path:
    """Make a models folder as the first version has it, with the card that was frozen."""
    card = json.loads((DATA / CARD).read_text("utf-8"))
    today = json.loads((models_folder() / "card.json").read_text("utf-8"))["files"]
    card["files"] = {name: today[name] for name in card["files"]}  # of the weights that ship now
    folder.mkdir()
    for name in card["files"]:
        shutil.copyfile(models_folder() / name, folder / name)
    (folder / "card.json").write_text(json.dumps(card), "utf-8")
    return folder


def odd_folder(folder: Path) -> Path:
    """Fill a folder with drawn radiographs and what else lies about in folders."""
    (folder / "deeper" / "Ward 3").mkdir(parents=True)
    for number, file in enumerate(sorted(RADIOGRAPHS.iterdir())):
        shutil.copyfile(file, (folder, folder / "deeper", folder / "deeper" / "Ward 3")[number % 3]
                        / file.name)  # fmt: skip
    whole = (RADIOGRAPHS / "elbow-fractured.png").read_bytes()
    (folder / "cut off.png").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.dcm").write_bytes(b"")
    (folder / "notes.txt").write_text("no radiograph")
    (folder / 'renamed, "text".png').write_text("no radiograph")
    (folder / "deeper" / "zweite Aufnahme ä.png").write_bytes(whole)
    return folder


def screening(folder: Path) -> dict[str, Any]:
    """Return what ``screen`` writes of a folder, as CSV and as Parquet, and what it prints."""
    from pyarrow import parquet

    radiographs = odd_folder(folder / "radiographs")
    told = {}
    for kind in ("csv", "parquet"):
        words = ("screen", radiographs, "--out", folder / f"t.{kind}", "--batch", BATCH)
        told[kind] = lines(run(*words), folder)
    table = parquet.read_table(folder / "t.parquet")
    return {
        "printed": told,
        "csv": (folder / "t.csv").read_bytes().decode("utf-8").split("\n"),
        "parquet columns": [[field.name, str(field.type)] for field in table.schema],
        "parquet rows": table.to_pylist(),
    }


def stop_a_screening(radiographs: Path, table: Path, *, after: int) -> None:
    """Screen a folder until so many files are done, and stop as if the power went."""

    class Stopped(BaseException):
        pass

    def stop(done: int, *_: Any) -> None:
        if done >= after:
            raise Stopped

    try:
        screen_folder(radiographs, table, batch=BATCH, monitor=Monitor(on_step=stop))
    except Stopped:
        return
    raise AssertionError("the screening came to its end")


def out_of_fold(folder: Path) -> dict[str, Any]:
    """Return the sections of the card that follow from the answers out of fold, made anew."""
    models = _without_figures(folder)
    note = json.loads((DATA / CARD).read_text("utf-8"))["trust"]["note"]
    told = run("train", "trust", "--models", models, "--note", note)
    assert told["code"] == 0, told
    card = json.loads((models / "card.json").read_text("utf-8"))
    return {
        "printed": told["out"].splitlines(),
        "sections": {name: card[name] for name in SECTIONS},
        "card": run("card", "--models", models)["out"].splitlines(),
    }


def _without_figures(folder: Path) -> Path:
    """Make a models folder whose card has no figures of the answers out of fold."""
    models = old_models_folder(folder / "models")
    shutil.copyfile(models_folder() / "out_of_fold.csv", models / "out_of_fold.csv")
    card = json.loads((models / "card.json").read_text("utf-8"))
    card = {name: value for name, value in card.items() if name not in SECTIONS}
    (models / "card.json").write_text(json.dumps(card), "utf-8")
    return models
