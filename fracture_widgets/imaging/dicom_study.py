"""Radiographs of one study are told by a key that means nothing outside this process."""

from __future__ import annotations

import hashlib
import secrets

__all__ = ["study_key"]

_SECRET = secrets.token_bytes(32)


def study_key(study: object) -> str:
    """Return what stands for a study in this process, and in no other."""
    text = str(study or "").strip()
    if not text:
        return ""
    return hashlib.blake2b(text.encode(), key=_SECRET, digest_size=16).hexdigest()
