"""The network's graph, laid out for this machine once and kept on disk.

What ships are the weights alone. A graph that ONNX Runtime has optimised is twice their size and
fits one kind of processor and one version of the runtime, so it is made where it runs, when it is
first needed, and kept by what decides it. It is then read in a hundredth of a second, and all
programs of a machine share the memory that its weights take.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import platformdirs

from fracture_widgets.base.files import exclusively, file_sha256, write_folder

if TYPE_CHECKING:
    import onnx

__all__ = ["GRAPH_FILE", "cached_graph", "graph_cache_folder"]

_log = logging.getLogger(__name__)

GRAPH_FILE = "network.onnx"
_WEIGHTS_FILE, _DIGESTS_FILE = "network.bin", "sha256.json"
_SMALL = 1024  # bytes of a constant that stays in the graph's own file
_WAIT = 60.0  # seconds for another program that is making the same graph
_KEPT = 30 * 24 * 60 * 60  # seconds after which a graph that nobody used goes
_WRITERS = ("fracture_widgets.models.onnx",)


def graph_cache_folder() -> Path:
    """Return where graphs are kept: a folder in the user's cache."""
    return platformdirs.user_cache_path("fracture-widgets", appauthor=False) / "graphs"


def cached_graph(
    model_sha256: str, build: Callable[[], onnx.ModelProto], *, folder: Path | None = None
) -> Path | None:
    """Return the file of a model's graph, made now if it is not there yet."""
    cache = graph_cache_folder() if folder is None else folder
    home = cache / _identity(model_sha256)
    try:
        if not _is_whole(home):
            with exclusively(cache / "lock", patience=_WAIT):
                if not _is_whole(home):  # nobody made it while we waited
                    _make(home, build())
                    _forget_unused(cache)
        os.utime(home)
    except OSError as error:
        _log.info("The optimised graph is not kept: %s", error)
        return None
    return home / GRAPH_FILE


def _identity(model_sha256: str) -> str:
    """Return a digest of all that decides an optimised graph."""
    import onnxruntime

    digest = hashlib.sha256(model_sha256.encode())
    for module in _WRITERS:
        spec = find_spec(module)  # without importing it, which would import onnx
        assert spec is not None
        assert spec.origin is not None
        digest.update(Path(spec.origin).read_bytes())
    digest.update(onnxruntime.__version__.encode())
    digest.update(repr(np.show_config(mode="dicts")["SIMD Extensions"]["found"]).encode())
    return digest.hexdigest()[:32]


def _is_whole(home: Path) -> bool:
    """Say whether a graph is there to the last byte: a cut one would crash the program."""
    try:
        digests = json.loads((home / _DIGESTS_FILE).read_text(encoding="utf-8"))
        return set(digests) == {GRAPH_FILE, _WEIGHTS_FILE} and all(
            file_sha256(home / name) == digest for name, digest in digests.items()
        )
    except (OSError, ValueError, TypeError):
        return False


def _make(home: Path, graph: onnx.ModelProto) -> None:
    """Write an optimised graph beside its place, then move it there in one step."""
    import onnxruntime

    def fill(making: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.optimized_model_filepath = str(making / GRAPH_FILE)
        for key, value in (("file_name", _WEIGHTS_FILE), ("min_size_in_bytes", str(_SMALL))):
            options.add_session_config_entry(
                f"session.optimized_model_external_initializers_{key}", value
            )
        try:
            onnxruntime.InferenceSession(
                graph.SerializeToString(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            # ONNX Runtime's errors share no base of their own.
            raise OSError(f"ONNX Runtime could not write it: {error}") from error
        digests = {file: file_sha256(making / file) for file in (GRAPH_FILE, _WEIGHTS_FILE)}
        (making / _DIGESTS_FILE).write_text(json.dumps(digests), encoding="utf-8")

    write_folder(home, fill)


def _forget_unused(cache: Path) -> None:
    """Remove graphs of older models and versions that nobody has used for long."""
    for home in cache.iterdir():
        if home.is_dir() and time.time() - home.stat().st_mtime > _KEPT:
            shutil.rmtree(home, ignore_errors=True)
