"""Figures that hold their numbers and draw them on demand, as scikit-learn's displays do.

A display draws into axes that it is given, or on a sheet of its own; it never touches pyplot's
state, so that figures can be drawn where there is no screen. In a notebook, a display as the
last line of a cell shows itself.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
