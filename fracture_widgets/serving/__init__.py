"""The dashboard's server: Voilà with places for a class, a door that can be locked, and our pages.

Voilà and Jupyter Server are imported when a server is started, not before.
"""

from __future__ import annotations

import sys

from fracture_widgets.serving.settings import Access, ServingSettings

__all__ = ["Access", "ServingSettings"]

# With it jsonschema reads a grammar of IRIs, most of what importing Jupyter Server costs; no schema
# of ours or of Jupyter's asks for one.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None: not there
