"""What holds for the tests and the notebooks alike."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

# The miniature FracAtlas, which tests in several rooms open.
pytest_plugins = ["mini_fracatlas"]

# The same examples for everyone, however slow the machine is. To look further afield:
# python -m pytest --hypothesis-profile=explore
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=1000, deadline=None)
settings.load_profile("same")

# Results saved by a test or a notebook must not land among the developer's own, and TensorFlow
# must not greet every notebook. Set here, before any kernel or server is started.
_SCRATCH = tempfile.TemporaryDirectory(prefix="fracture-widgets-tests-", ignore_cleanup_errors=True)
os.environ["XDG_DATA_HOME"] = str(Path(_SCRATCH.name) / "data")
os.environ["XDG_CACHE_HOME"] = str(Path(_SCRATCH.name) / "cache")
os.environ["JUPYTER_CONFIG_DIR"] = str(Path(_SCRATCH.name) / "jupyter")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")


def pytest_collectstart(collector: pytest.Collector) -> None:
    # Messages that libraries write to stderr differ from machine to machine.
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("stderr",)


# Fixtures whose tests need Keras.
_KERAS_FIXTURES = {"tiny_trunk", "trunk_weights"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.suffix == ".ipynb":
            item.add_marker(pytest.mark.notebook)
        elif _KERAS_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.keras)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Fail a test that costs the quick stages TensorFlow without saying so."""
    if item.config.getoption("markexpr") and "tensorflow" in sys.modules:
        assert item.get_closest_marker("keras"), "it imports TensorFlow: mark it keras"
