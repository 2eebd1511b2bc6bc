"""UIDs that are made from what they name, so that the same report has the same ones."""

from __future__ import annotations

import hashlib
import uuid

__all__ = ["derived_uid"]


def derived_uid(*names: str) -> str:
    """Return a UID below 2.25, the arc of UUIDs, that nobody can trace back to the names."""
    digest = hashlib.sha256("\0".join(names).encode("utf-8", "surrogatepass")).digest()
    return f"2.25.{uuid.UUID(bytes=digest[:16], version=5).int}"
