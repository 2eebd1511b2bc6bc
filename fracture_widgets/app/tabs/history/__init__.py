"""The History tab: saved results to find, read, delete and take away."""

from __future__ import annotations
