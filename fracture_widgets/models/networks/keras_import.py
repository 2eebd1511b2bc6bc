"""Keras, asked for at the moment it is needed."""

from __future__ import annotations

from types import ModuleType

from fracture_widgets.errors import MissingExtra

__all__ = ["require_keras"]


def require_keras(purpose: str) -> ModuleType:
    """Import Keras."""
    try:
        import keras
    except ImportError:
        raise MissingExtra(purpose, "train") from None
    module: ModuleType = keras
    return module
