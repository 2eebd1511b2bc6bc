"""The networks, as Keras models over flat graphs; the names that they share with their users.

Keras itself is asked for here, at the moment it is needed.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from fracture_widgets.errors import MissingExtra

BODY_PART_OUTPUT = "body_part"
FRACTURE_OUTPUT = "fracture"
CONV5_OUTPUT = "conv5_block3_out"
POOLED_OUTPUT = "avg_pool"
CONV5_MAP = "conv5_map"
CONV5_READOUT = "conv5_readout"
FRACTURE_MAP_OUTPUT = "fracture_map"
EVIDENCE_OUTPUT = "fracture_evidence"

HEAD_UNITS = (128, 50)
"""Units of a head's two hidden layers, as in the paper's reference implementation."""

MAP_EPSILON = 1e-3
"""What the fracture map's batch normalisations add to the variance."""

PROBE_INPUTS = "probe_inputs"
PROBE_MEANS = ("map_conv3_mean", "conv4_block6_out")
PROBE_MAXIMA = ("map_conv2_max", "map_conv3_max", "conv4_block6_out")
"""What a part's linear probe sees: means of these layers over places, then maxima of those, then
the fracture map's maximum, and the soft maximum of what is read out of conv5."""

STAGE_MEANS = 512 + 1024
"""How many of the probes' inputs are those means: conv3's, then conv4's."""

_LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_NEWS = re.compile(rb"I\d{4} |WARNING: All log messages before absl::InitializeLog")


def probe_name(part: str) -> str:
    """Return the name of a part's linear probe, a layer of one unit."""
    return f"{part}_probe"


def require_keras(purpose: str) -> ModuleType:
    """Import Keras."""
    try:
        with _early_news_held_back():
            import keras
    except ImportError:
        raise MissingExtra(purpose, "train") from None
    module: ModuleType = keras
    return module


@contextmanager
def precision(*, bfloat16: bool) -> Iterator[None]:
    """Let the networks built inside compute in bfloat16, or in float32; weights are float32."""
    keras = require_keras("Building a network")
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if bfloat16 else "float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


@contextmanager
def _early_news_held_back() -> Iterator[None]:
    """Drop what TensorFlow logs before it reads the log level, where that asks for no news."""
    asked = os.environ.get(_LOG_LEVEL, "0") != "0" and "tensorflow" not in sys.modules
    try:
        kept = os.dup(2) if asked else None
    except OSError:  # nothing is open there
        kept = None
    if kept is None:
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            for line in held:
                if not _NEWS.match(line):
                    os.write(2, line)
