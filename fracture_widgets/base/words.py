"""Numbers as people read them."""

from __future__ import annotations

from datetime import UTC, datetime

NOTICE = "For teaching and research. Not a medical device."
"""What stands on every report, of whatever format."""


def percent(probability: float) -> str:
    """Say a probability in percent with one decimal; never 0.0 % or 100.0 %, which nobody knows."""
    value = 100.0 * probability
    if value < 0.1:
        return "< 0.1 %"
    return "> 99.9 %" if value > 99.9 else f"{value:.1f} %"


def utc(moment: datetime) -> str:
    """Return a moment to the minute, in UTC and saying so."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
