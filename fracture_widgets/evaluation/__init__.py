"""Answers become evidence: metrics with their intervals."""

from __future__ import annotations
