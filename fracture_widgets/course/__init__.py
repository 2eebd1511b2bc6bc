"""What the lessons need beside prose: a list of contents, and checks that know common mistakes."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
