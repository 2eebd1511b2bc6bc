"""The network's graph, laid out for this machine once and kept on disk."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fracture_widgets.base.cache import ArrayCache
from fracture_widgets.base.files import cache_folder

if TYPE_CHECKING:
    import onnx

__all__ = ["GRAPH_FILE", "cached_graph", "graph_cache_folder"]

_log = logging.getLogger(__name__)

GRAPH_FILE = "network.onnx"
_WEIGHTS_FILE = "network.bin"
_SMALL = 1024  # bytes of a constant that stays in the graph's own file
_WRITERS = ("fracture_widgets.models.onnx", "fracture_widgets.models.onnx_writer")


def graph_cache_folder() -> Path:
    """Return where graphs are kept: a folder in the user's cache."""
    return cache_folder() / "graphs"


def cached_graph(
    model_sha256: str, build: Callable[[], onnx.ModelProto], *, folder: Path | None = None
) -> Path | None:
    """Return the file of a model's graph, made now if it is not there yet."""
    try:
        cache = ArrayCache(graph_cache_folder() if folder is None else folder)
        home = cache.get_or_build(
            {"graph": _identity(model_sha256)}, lambda making: _make(making, build())
        )
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


def _make(folder: Path, graph: onnx.ModelProto) -> None:
    """Let ONNX Runtime write the graph as it has optimised it."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1  # nothing is run
    options.optimized_model_filepath = str(folder / GRAPH_FILE)
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
