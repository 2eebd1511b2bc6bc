"""Fracture Widgets: teach, try and study fracture detection on radiographs.

For teaching and research. Not a medical device.

The public names are resolved when they are first used, so that importing the package loads
neither TensorFlow nor ipywidgets.
"""

from __future__ import annotations

import os

import lazy_loader

from fracture_widgets.base import __version__ as __version__

# ONNX Runtime keeps a device id and usage events for Microsoft, unless it is told before it loads
# (its Privacy.md, "Disabling Telemetry"). Every process that answers imports this package first.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
