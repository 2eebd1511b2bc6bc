"""Which engine runs a network: the one that is named, or the fastest that is right here."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt

from fracture_widgets.base.cache import ArrayCache
from fracture_widgets.base.cores import has_bfloat16
from fracture_widgets.base.files import cache_folder
from fracture_widgets.errors import FractureWidgetsError, ModelError
from fracture_widgets.imaging.preprocessing import network_input
from fracture_widgets.imaging.views import VIEWS, find_exposed_field, square_view
from fracture_widgets.models.engine import (
    Engine,
    KerasEngine,
    OnnxEngine,
    graph_identity,
    graph_makers,
)
from fracture_widgets.models.folder import LOOKS, ModelFolder
from fracture_widgets.models.openvino import OpenVinoEngine, import_openvino

AUTO = "auto"
"""Not an engine: the fastest that is installed, fits the processor and passes the check."""

ENGINE_VARIABLE = "FRACTURE_WIDGETS_ENGINE"
"""Environment variable that names the engine where nobody else does."""

ENGINES: Mapping[str, Callable[[ModelFolder], Engine]] = {
    "onnx": OnnxEngine.of_model,
    "openvino": OpenVinoEngine.of_model,
    "keras": KerasEngine,
}

MOST_APART = 0.02
"""How far an engine may be from ONNX Runtime on drawn radiographs: see :func:`apart`."""

Floats = npt.NDArray[np.float32]

_log = logging.getLogger(__name__)


def chosen_engine(name: str) -> str:
    """Return the engine that is meant, or refuse a name that is none's."""
    if name == AUTO:
        name = os.environ.get(ENGINE_VARIABLE, "").strip().lower() or AUTO
    if name not in (AUTO, *ENGINES):
        raise ModelError(f"The engine is one of {', '.join((AUTO, *ENGINES))}. Received: {name!r}")
    return name


def engine_of(model: ModelFolder, name: str = AUTO) -> Engine:
    """Return the engine of a name for a model, or the one that is best here."""
    if name != AUTO:
        return ENGINES[name](model)
    if find_spec("openvino") is not None and has_bfloat16():
        try:
            if _agrees(model):
                return OpenVinoEngine.of_model(model)
        except (FractureWidgetsError, OSError, RuntimeError) as error:
            _log.info("OpenVINO is not used: %s", error)
    return OnnxEngine.of_model(model)


def apart(ours: Mapping[str, Floats], theirs: Mapping[str, Floats]) -> float:
    """Return how far the outputs of two engines lie apart, the output that is furthest.

    Probabilities by the largest difference, others by the norm of the difference as a share of
    their own.
    """
    if ours.keys() != theirs.keys():
        return float("inf")
    return max(_output_apart(ours[name], values) for name, values in theirs.items())


def samples(model: ModelFolder) -> list[Floats]:
    """Return what a model's network sees of the drawn radiographs, by the size of its views."""
    from fracture_widgets.phantoms import sample_phantoms

    drawn = [sample.radiograph.pixels for sample in sample_phantoms()]
    if model.kind != LOOKS:
        return [np.stack([network_input(pixels) for pixels in drawn])]
    fields = [find_exposed_field(pixels) for pixels in drawn]
    return [
        np.stack(
            [
                square_view(pixels, field, field.box, size, around=False).pixels
                for pixels, field in zip(drawn, fields, strict=True)
            ]
        )
        for size in (VIEWS.first, VIEWS.second)
    ]


def _agrees(model: ModelFolder) -> bool:
    """Say whether OpenVINO answers as ONNX Runtime does, as was found once on this machine."""

    def measure() -> dict[str, Floats]:
        engines = OpenVinoEngine.of_model(model), OnnxEngine.of_model(model)
        found = [apart(*(engine.run(inputs) for engine in engines)) for inputs in samples(model)]
        return {"apart": np.array(found, np.float32)}

    version = import_openvino().__version__
    decides = {"check": graph_identity(model), "openvino": version, **graph_makers()}
    kept = ArrayCache(cache_folder() / "graphs").get_or_compute(decides, measure)
    furthest = float(kept["apart"].max())
    if not furthest <= MOST_APART:
        _log.info("OpenVINO is not used: it lies %.3f apart on drawn radiographs.", furthest)
    return furthest <= MOST_APART


def _output_apart(ours: Floats, theirs: Floats) -> float:
    if ours.shape != theirs.shape or not np.isfinite(ours).all():
        return float("inf")
    difference = np.abs(ours - theirs)
    if theirs.ndim == 2 and np.allclose(theirs.sum(axis=1), 1.0, atol=1e-3):
        return float(difference.max())
    norms = (np.linalg.norm(values.ravel()) for values in (difference, theirs))
    wrong, all_of_it = map(float, norms)
    return wrong / all_of_it if all_of_it else wrong
