"""The dashboard's server: Voilà with places for a class, a door that can be locked, and our pages.

Voilà and Jupyter Server are imported when a server is started, not before.
"""

from __future__ import annotations

from fracture_widgets.serving.settings import Access, ServingSettings

__all__ = ["Access", "ServingSettings"]
