"""The same network on ONNX Runtime and on OpenVINO, timed in turn in one run.

    python benchmarks/engines.py [--rounds 20]

OpenVINO computes in bfloat16 where the processor has it (AMX or AVX-512), in float32 elsewhere; the
rows say which. Needs the extra openvino.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from comparing import Comparison, in_turn, run

from fracture_widgets import Cascade, draw_phantom, read_radiograph
from fracture_widgets.base.cores import has_bfloat16
from fracture_widgets.imaging.preprocessing import network_input
from fracture_widgets.models.engine import ENGINES, apart
from fracture_widgets.models.folder import load_model_folder

_AT_ONCE = 16


def measure(rounds: int = 20) -> list[Comparison]:
    """Time one radiograph and many, the network alone and from file to report."""
    content = draw_phantom("hand", fractured=True, seed=2).radiograph.to_png()
    inputs = network_input(read_radiograph(content).pixels)[np.newaxis]
    both = np.concatenate([inputs, inputs[:, :, ::-1]])
    many = np.concatenate([both] * _AT_ONCE)
    model = load_model_folder()
    theirs, ours = (ENGINES[name](model) for name in ("onnx", "openvino"))
    precision = "bfloat16" if has_bfloat16() else "float32"
    against = "ONNX Runtime, float32"
    print(f"OpenVINO in {precision}: {apart(ours.run(both), theirs.run(both)):.5f} apart")
    found = []
    for what, given, times in (
        ("one radiograph both ways", both, rounds),
        (f"{_AT_ONCE} radiographs both ways", many, max(2, rounds // 4)),
    ):
        pair = in_turn(partial(ours.run, given), partial(theirs.run, given), rounds=times)
        found.append((f"network, {what}, {precision}", pair))
    cascades = [Cascade.load(engine=name) for name in ("openvino", "onnx")]
    ways = [partial(_answered, cascade, content) for cascade in cascades]
    found.append((f"PNG bytes to report, {precision}", in_turn(*ways, rounds=rounds)))
    return [
        Comparison(work, against, *([1000.0 * x for x in side] for side in pair), "–")
        for work, pair in found
    ]


def _answered(cascade: Cascade, content: bytes) -> None:
    cascade.examine(read_radiograph(content))


if __name__ == "__main__":
    run(measure)
