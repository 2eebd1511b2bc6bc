"""Answers become evidence: metrics with their intervals."""
