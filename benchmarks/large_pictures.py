"""How long a radiograph of 60 megapixels takes until a page has it: a preview, then all of it.

    python benchmarks/large_pictures.py [--rounds 3]

Another checkout is measured in turn with ``PYTHONPATH=CHECKOUT``. The picture is noise of one grey
in a hundred over slow waves, in 8 bits.
"""

from __future__ import annotations

import statistics

import numpy as np
import typer
from comparing import seconds

from fracture_widgets.app.widgets.picture import pack
from fracture_widgets.figures.overlay import grey_jpeg
from fracture_widgets.imaging.radiograph import Radiograph, compact

SIDE = 7746


def main(rounds: int = 3) -> None:
    """Print the median seconds of each, and what is sent."""
    x = np.arange(SIDE, dtype=np.float32)
    waves = np.float32(0.5) + np.float32(0.3) * np.cos(x / 700)[:, None] * np.sin(x / 500)
    noise = np.random.default_rng(0).normal(0, 0.01, waves.shape).astype(np.float32)
    pixels = np.rint(np.clip(waves + noise, 0, 1) * 255) / np.float32(255)
    radiograph = compact(Radiograph(pixels.astype(np.float32), "large.png", "a" * 64, "PNG"))
    preview = [seconds(lambda: grey_jpeg(radiograph, 1024)) for _ in range(rounds)]
    whole = [seconds(lambda: pack(radiograph)) for _ in range(rounds)]
    sent = len(pack(radiograph).data) / 1e6
    print(f"preview {statistics.median(preview):.2f} s")
    print(f"all of it {statistics.median(whole):.2f} s, {sent:.1f} MB")


if __name__ == "__main__":
    typer.run(main)
