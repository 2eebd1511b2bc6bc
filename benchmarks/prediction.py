"""One radiograph, from the bytes of its file to the report with its heatmap.

    python benchmarks/prediction.py [--rounds 15]

Against ONNX Runtime alone, which runs the same graph on the same arrays made ready beforehand (an
answer is that of a radiograph and of its mirror image), and against the reference way of four Keras
networks. The first answer of a new process is timed as a whole process. A drawn limb with three
joints, and a radiograph that lies turned, are each answered in turn with one of one joint, upright.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from comparing import Comparison, first_module, in_turn, run
from PIL import Image

from fracture_widgets import Cascade, draw_phantom, read_radiograph
from fracture_widgets.imaging.preprocessing import network_input

COMMAND = "import sys; from fracture_widgets.cli import main; sys.exit(main())"


def measure(rounds: int = 15) -> list[Comparison]:
    """Return what was measured, a comparison for each row of the table."""
    from reference_way import ReferenceWay, save_networks

    content = draw_phantom("hand", fractured=True, seed=2).radiograph.to_png()
    cascade = Cascade.load()
    inputs = network_input(read_radiograph(content).pixels)[np.newaxis]
    both = np.concatenate([inputs, inputs[:, :, ::-1]])
    engine = bare_engine()

    def ours() -> None:
        cascade.examine(read_radiograph(content))

    drawn = limb()
    answer = cascade.examine(read_radiograph(drawn)).answer
    found = len(getattr(answer, "joints", ()))  # older commits find none

    def whole() -> None:
        cascade.examine(read_radiograph(drawn))

    lying = turned(content)
    noted = len(cascade.examine(read_radiograph(lying)).answer.notes)  # older commits turn none

    def otherwise() -> None:
        cascade.examine(read_radiograph(lying))

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "hand.png"
        file.write_bytes(content)
        save_networks(folder)
        reference = ReferenceWay(folder)
        bare = in_turn(ours, partial(engine.run, both), rounds=4 * rounds, warm_up=5)
        limbs = in_turn(whole, ours, rounds=rounds, warm_up=2)
        ways = in_turn(otherwise, ours, rounds=rounds, warm_up=2)
        theirs = in_turn(ours, partial(reference.answer, file), rounds=rounds)
        programs = [
            [sys.executable, "-c", COMMAND, "predict", str(file)],
            [sys.executable, str(Path(__file__).with_name("reference_way.py")), name, str(file)],
        ]
        first = in_turn(
            *(
                partial(subprocess.run, words, check=True, capture_output=True)
                for words in programs
            ),
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
        Comparison(
            f"a limb, {found} joints found",
            "one of one joint",
            *_milliseconds(limbs),
            "at least 0.33",
        ),
        Comparison(
            f"a joint that lies turned by a quarter, {'and is turned' if noted else 'as it lies'}",
            "the same, upright",
            *_milliseconds(ways),
            "at least 0.33",
        ),
        Comparison("first answer of a new process", "the same", *first, "at least 10", unit="s"),
    ]


def limb() -> bytes:
    """Draw a radiograph of a shoulder, an elbow and a hand, and return its file."""
    width, height = 300, 420
    page = Image.new("L", (3 * width, height))
    for at, part in enumerate(("shoulder", "elbow", "hand")):
        joint = Image.fromarray(draw_phantom(part, fractured=False, seed=2).radiograph.to_uint8())
        joint.thumbnail((width, height))
        page.paste(joint, (at * width + (width - joint.width) // 2, (height - joint.height) // 2))
    file = io.BytesIO()
    page.save(file, "PNG")
    return file.getvalue()


def turned(file: bytes) -> bytes:
    """Turn a radiograph by a quarter, and return its file."""
    lying = io.BytesIO()
    Image.open(io.BytesIO(file)).transpose(Image.Transpose.ROTATE_90).save(lying, "PNG")
    return lying.getvalue()


def bare_engine() -> Any:
    """Return ONNX Runtime on the graph that ships, with nothing around it."""
    models = first_module("models.folder", "cascade.store")
    load = getattr(models, "load_model_folder", None) or models.load_model
    return first_module("models.engine", "cascade.engine").OnnxEngine.of_model(load())


def _milliseconds(pair: tuple[list[float], list[float]]) -> tuple[list[float], list[float]]:
    ours, theirs = ([1000 * figure for figure in figures] for figures in pair)
    return ours, theirs


if __name__ == "__main__":
    run(measure)
