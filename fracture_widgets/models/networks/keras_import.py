"""Keras, asked for at the moment it is needed, and the precision in which it builds networks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from fracture_widgets.errors import MissingExtra


def require_keras(purpose: str) -> ModuleType:
    """Import Keras."""
    try:
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
