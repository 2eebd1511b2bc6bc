"""Figures that are drawn here and shown on the page."""

from __future__ import annotations

from collections.abc import Sequence

from fracture_widgets.app.widgets.live import LiveWidget, script

__all__ = ["Figures"]


class Figures(LiveWidget):
    """Pictures with words for who cannot see them."""

    _esm = script("figures")

    def draw(self, figures: Sequence[tuple[str, bytes]]) -> None:
        """Show figures, each its words and a PNG."""
        self.show({"figures": [{"alt": alt} for alt, _ in figures]}, [png for _, png in figures])
