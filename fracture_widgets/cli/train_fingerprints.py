"""``fracture-widgets train fingerprints``: a cascade's folder tells what it learned from."""

from __future__ import annotations

from pathlib import Path

from fracture_widgets.cli.narrator import Narrator
from fracture_widgets.cli.options import quiet_tensorflow


def fingerprints(fracatlas: Path, *, out: Path) -> int:
    """Note in a cascade's folder which radiographs of FracAtlas it learned from.

    evaluate then knows them again, whole or as data fracatlas cuts them, saved anew, scaled or
    slightly cropped. train cascade does it itself. It takes some minutes.

    Parameters
    ----------
    out : DIR
        models folder with the cascade
    """
    quiet_tensorflow()
    from fracture_widgets.datasets.fracatlas import FracAtlas
    from fracture_widgets.training.recipes.cascade.training import fingerprint_cascade

    with FracAtlas.open(fracatlas) as atlas, Narrator() as narrator:
        known = fingerprint_cascade(atlas, out, narrator.monitor)
    print(f"{len(known):,} radiographs and crops are known in {out} by their fingerprints.")
    return 0
