"""In which precision a network that is being built will compute."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fracture_widgets.models.networks.keras_import import require_keras

__all__ = ["precision"]


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
