"""Drawn radiographs for those who have none at hand."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from functools import partial

import ipywidgets as widgets

from fracture_widgets.app.state import WorkbenchState
from fracture_widgets.app.widgets.live import named
from fracture_widgets.app.widgets.table import Picture, PictureList, thumbnail
from fracture_widgets.phantoms import Phantom

__all__ = ["SamplesPanel"]


class SamplesPanel(widgets.VBox):
    """The built-in samples; choosing one puts it into the list."""

    def __init__(
        self,
        state: WorkbenchState,
        samples: Sequence[Phantom] = (),
        *,
        executor: Executor | None = None,
    ) -> None:
        self.pictures = PictureList(
            lambda number: state.add(self._samples[number].radiograph),
            label="Drawn samples",
            executor=executor,
        )
        self.pictures.add_class("fw-samples")
        self.offer(samples)
        heading = widgets.HTML(
            "<h2>Or take a drawn sample</h2><p>Made by a program; no patient is behind them.</p>"
        )
        super().__init__([named(heading, "fw-heading"), self.pictures])
        self.add_class("fw-samples-panel")

    def offer(self, samples: Sequence[Phantom]) -> None:
        """Show these samples in place of those shown."""
        self._samples = tuple(samples)
        self.pictures.list_pictures(
            [
                Picture(
                    key=number,
                    title=phantom.body_part.capitalize(),
                    note=f"drawn, {phantom.label}",
                    alt="",  # the words beside it say the same
                    thumbnail=partial(thumbnail, phantom.radiograph),
                )
                for number, phantom in enumerate(self._samples)
            ]
        )
