"""What the tests of models share."""

from __future__ import annotations

import pytest

from fracture_widgets import Cascade
from fracture_widgets.models.engine import OnnxEngine
from fracture_widgets.models.folder import load_model_folder


@pytest.fixture(scope="module")
def crops() -> Cascade:
    """Return the shipped networks of crops by themselves, without what finds joints for them."""
    model = load_model_folder()
    return Cascade(model, OnnxEngine.of_model(model))
