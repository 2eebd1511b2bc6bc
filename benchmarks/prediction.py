"""One radiograph, from the bytes of its file to the report with its heatmap.

    python benchmarks/prediction.py [--rounds 15]

Against ONNX Runtime alone, which runs the same graph on the same arrays made ready beforehand (an
answer is that of a radiograph and of its mirror image), and against the reference way of four Keras
networks. The first answer of a new process is timed as a whole process.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
from comparing import Comparison, in_turn, print_table

from fracture_widgets.imaging.preprocessing import network_input
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.models.cascade import Cascade
from fracture_widgets.models.engine import OnnxEngine
from fracture_widgets.models.folder import load_model_folder
from fracture_widgets.phantoms import draw_phantom

COMMAND = "import sys; from fracture_widgets.cli import main; sys.exit(main())"


def measure(rounds: int) -> list[Comparison]:
    """Return what was measured, a comparison for each row of the table."""
    from reference_way import ReferenceWay, save_networks

    content = draw_phantom("hand", fractured=True, seed=2).radiograph.to_png()
    cascade = Cascade.load()
    inputs = network_input(read_radiograph(content).pixels)[np.newaxis]
    both = np.concatenate([inputs, inputs[:, :, ::-1]])
    engine = OnnxEngine.of_model(load_model_folder())

    def ours() -> None:
        cascade.examine(read_radiograph(content))

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "hand.png"
        file.write_bytes(content)
        save_networks(folder)
        reference = ReferenceWay(folder)
        bare = in_turn(ours, partial(engine.run, both), rounds=4 * rounds, warm_up=5)
        theirs = in_turn(ours, partial(reference.answer, file), rounds=rounds)
        programs = [
            [sys.executable, "-c", COMMAND, "predict", str(file)],
            [sys.executable, str(Path(__file__).with_name("reference_way.py")), name, str(file)],
        ]
        first = in_turn(
            *(partial(subprocess.run, one, check=True, capture_output=True) for one in programs),
            rounds=max(5, rounds // 3),
        )
    return [
        Comparison(
            "one radiograph, PNG bytes to report",
            "ONNX Runtime alone",
            *_milliseconds(bare),
            "at least 0.77 (within 1.3 times)",
        ),
        Comparison(
            "the same", "four Keras networks, tf-keras-vis", *_milliseconds(theirs), "at least 15"
        ),
        Comparison("first answer of a new process", "the same", *first, "at least 10", unit="s"),
    ]


def _milliseconds(pair: tuple[list[float], list[float]]) -> tuple[list[float], list[float]]:
    ours, theirs = ([1000 * one for one in figures] for figures in pair)
    return ours, theirs


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    print_table(measure(parser.parse_args().rounds))


if __name__ == "__main__":
    main()
