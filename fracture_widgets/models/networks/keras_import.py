"""Keras, asked for at the moment it is needed, and the precision in which it builds networks."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from fracture_widgets.errors import MissingExtra

_LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_NEWS = re.compile(rb"I\d{4} |WARNING: All log messages before absl::InitializeLog")


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
