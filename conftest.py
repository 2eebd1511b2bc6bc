"""What holds for the tests and the notebooks alike."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# What tests in several rooms share: the miniature FracAtlas, and answers that are computed once.
pytest_plugins = ["answered_once", "mini_fracatlas"]

# The same examples for everyone, however slow the machine is. To look further afield:
# python -m pytest --hypothesis-profile=explore
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=1000, deadline=None)
settings.load_profile("same")

# Results saved by a test or a notebook must not land among the developer's own, and TensorFlow
# must not greet every notebook. Set here, before any kernel or server is started.
_SCRATCH = tempfile.TemporaryDirectory(prefix="fracture-widgets-tests-", ignore_cleanup_errors=True)
os.environ["XDG_DATA_HOME"] = str(Path(_SCRATCH.name) / "data")
if "PYTEST_XDIST_WORKER" not in os.environ:  # the workers share one: graphs are built once
    os.environ["XDG_CACHE_HOME"] = str(Path(_SCRATCH.name) / "cache")
os.environ["JUPYTER_CONFIG_DIR"] = str(Path(_SCRATCH.name) / "jupyter")
# The numbers that tests know are ONNX Runtime's; others are compared with it where they are named.
os.environ["FRACTURE_WIDGETS_ENGINE"] = "onnx"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")


def pytest_configure(config: pytest.Config) -> None:
    # Not among the options of pyproject.toml: only the notebooks need nbval, which takes seconds
    # to import, so that the other stages leave it out.
    if config.pluginmanager.has_plugin("nbval"):
        config.option.nbval_cell_timeout = 300
        config.option.nbval_sanitize_with = str(config.rootpath / "tests" / "nbval_sanitize.cfg")


def pytest_collectstart(collector: pytest.Collector) -> None:
    # Messages that libraries write to stderr differ from machine to machine.
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("stderr",)


_KERAS_MODULE = re.compile(r"^pytestmark = .*mark\.keras", re.MULTILINE)
# Fixtures whose tests need Keras.
_KERAS_FIXTURES = {"tiny_trunk", "trunk_weights"}
_NAMES_KERAS = re.compile("|".join([r"mark\.keras", *_KERAS_FIXTURES]))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.suffix == ".ipynb":
            item.add_marker(pytest.mark.notebook)
        elif _KERAS_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.keras)
            if not _NAMES_KERAS.search(item.path.read_text("utf-8")):
                raise pytest.UsageError(f"{item.nodeid} needs Keras by a fixture: mark it keras.")
    # Files with slow tests go first: no worker is left alone with one when the other has finished.
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Pass over modules of the Keras stage in others, and over others in it: imports take time."""
    stage = config.getoption("markexpr")
    if "keras" not in stage or not collection_path.match("test_*.py"):
        return None
    text = collection_path.read_text("utf-8")
    over = not _NAMES_KERAS.search(text) if stage == "keras" else _KERAS_MODULE.search(text)
    return True if over else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a test that costs the other stages TensorFlow without being marked for it."""
    before = "tensorflow" in sys.modules
    result = yield
    if not before and "tensorflow" in sys.modules and not item.get_closest_marker("keras"):
        pytest.fail("It imports TensorFlow: mark it keras.", pytrace=False)
    return result
