"""``fracture-widgets data``: fetch, cut and draw radiographs to train and teach with."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fracture_widgets.cli.narrator import Narrator, say
from fracture_widgets.cli.options import App, interruptible
from fracture_widgets.parts import plurals

if TYPE_CHECKING:
    import pandas as pd

app = App(
    help="Fetch, cut and draw radiographs to train and teach with.",
    short_help="fetch, cut and draw radiographs to train and teach with",
)


@app.command(
    short_help=f"cut {plurals()} out of FracAtlas",
    help=f"Cut the {plurals()} out of FracAtlas (CC BY 4.0) and write them to DEST in the layout "
    "of MURA. Stopped at any moment, the same command goes on where it was.",
)
def fracatlas(
    places: list[Path],
    *,
    margin: Annotated[float, {"min": 0, "max": 1}] = 0.06,
    check_all: bool = False,
) -> int:
    """Cut the radiographs of the body parts out of a FracAtlas copy.

    Parameters
    ----------
    places : [SOURCE] DEST
        SOURCE is FracAtlas.zip or the folder it was unpacked into; left out, the archive (about
        340 MB) is downloaded and kept beside DEST, a new folder
    margin
        border around a joint, as a share of its size
    check_all
        decode every radiograph of the copy, not only those that are cut
    """
    from fracture_widgets.datasets.fracatlas import FracAtlas
    from fracture_widgets.datasets.fracatlas_files import ATTRIBUTION
    from fracture_widgets.datasets.joints import write_joint_crops

    *sources, destination = places
    if len(sources) > 1:
        raise typer.BadParameter("give SOURCE and DEST, or DEST alone", param_hint="[SOURCE] DEST")
    with _kept("What is done is kept; run the same command again to go on."):
        source = sources[0] if sources else _downloaded(destination)
        with FracAtlas.open(source) as atlas, Narrator("radiographs") as narrator:
            say(f"{atlas.name}: {len(atlas.image_ids):,} radiographs, {atlas.layout} layout.")
            for deviation in atlas.deviations:
                say(f"Note: {deviation}")
            if check_all:
                for problem in atlas.check_images(monitor=narrator.stage("Checking")):
                    narrator.say(f"Note: {problem}")
            crops = write_joint_crops(
                atlas, destination, margin=margin, monitor=narrator.stage("Cutting")
            )
        for deviation in crops.attrs["deviations"]:
            say(f"Note: {deviation}")
        written = crops.attrs["written"]
        new = f", {written:,} of them new." if written else "; nothing was left to do."
        print(f"{len(crops):,} crops in {destination}{new}")
        print(_counts(crops))
        print(f"\nWherever they are shown, give this credit:\n{ATTRIBUTION}")
    return 0


@app.command(
    short_help="draw radiographs with known fractures",
    help=f"Draw {plurals()} with known fractures and write them to DEST in the layout of MURA. "
    "The same seed draws the same radiographs.",
)
def phantoms(
    destination: Path,
    *,
    patients: Annotated[int, {"min": 1}] = 12,
    seed: Annotated[int, {"min": 0}] = 0,
) -> int:
    """Draw radiographs.

    Parameters
    ----------
    destination : DEST
        a new folder
    patients
        patients for each body part
    seed
        which ones
    """
    from fracture_widgets.datasets.table import load_dataset
    from fracture_widgets.phantoms import write_phantoms

    with _kept("Run the same command again to draw them all."), Narrator("radiographs") as narrator:
        progress = narrator.stage("Drawing").step
        write_phantoms(destination, patients=patients, seed=seed, progress=progress)
    table = load_dataset(destination)
    print(f"{len(table):,} drawn radiographs in {destination}.")
    print(_counts(table))
    return 0


def _kept(consolation: str) -> AbstractContextManager[None]:
    return interruptible(lambda _: say(f"\nStopped. {consolation}"))


def _downloaded(destination: Path) -> Path:
    from fracture_widgets.datasets.download import download_fracatlas

    with Narrator("B") as narrator:
        archive = download_fracatlas(
            destination.absolute().parent, monitor=narrator.stage("Downloading")
        )
    say(f"The archive is kept as {archive}; it may be deleted afterwards.")
    return archive


def _counts(table: pd.DataFrame) -> str:
    """Return radiographs by split, body part and label, as lines of text."""
    by = [name for name in ("split", "body_part") if name in table]
    counts = table.groupby([*by, "label"]).size().unstack(fill_value=0)
    counts.columns.name = None
    return str(counts.reset_index().to_string(index=False))
