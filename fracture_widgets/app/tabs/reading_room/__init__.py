"""The reading room: read first, then see what the network says; a tab, and a page of its own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

from fracture_widgets.app.tab import AppShell, Tab
from fracture_widgets.app.widgets.live import style
from fracture_widgets.base.language import gettext, marked

if TYPE_CHECKING:
    from fracture_widgets.app.inference import Examines
    from fracture_widgets.reading_room.cases import Source


class ReadingRoomTab(Tab):
    """Reading before the networks; the options are those of the desk."""

    key, title, order = "reading_room", marked("Reading room"), 50
    css = style("viewer", "training", "reading_room")

    def __init__(self, **options: Any) -> None:
        self._options = options

    def view(self, app: Any) -> Any:
        """Return the room."""
        from fracture_widgets.app.tabs.reading_room.desk import ReadingDesk
        from fracture_widgets.app.tabs.reading_room.room import RoomView

        desk = ReadingDesk(**self._options, executor=app.executor)
        self._room = RoomView(desk, executor=app.executor)
        return self._room

    def shown(self) -> None:
        """Look again: a page that was made ready beforehand got its visitor's folder since."""
        self._room.start.refresh()


class ReadingRoom(AppShell):
    """Read radiographs first, then see what the network says and what they are.

    Parameters
    ----------
    folders
        What may be read beside the drawn radiographs: datasets, or folders that hold some. By
        default those that the environment variable ``FRACTURE_WIDGETS_DATASETS`` names, as
        ``fracture-widgets dashboard --data`` does. A page chooses among these by name.
    home
        Where sessions are kept; by default ``readings`` in the user's data folder.
    cascade
        The network to ask; by default the shipped one.
    sources
        What may be read, instead of drawn radiographs and ``folders``.
    executor
        Where cases are fetched and the network runs; by default a thread.

    Attributes
    ----------
    state, desk
        The desk: what is known, as traits, and what is done.
    start, viewer, sheet, score, status
        The views.

    Examples
    --------
    >>> from fracture_widgets import ReadingRoom
    >>> page = ReadingRoom()  # with drawn radiographs; folders=["joints/"] offers others
    >>> page.close()
    """

    def __init__(
        self,
        *,
        folders: Sequence[str | os.PathLike[str]] | None = None,
        home: str | os.PathLike[str] | None = None,
        cascade: Examines | None = None,
        sources: Sequence[Source] | None = None,
        executor: Executor | None = None,
    ) -> None:
        tab = ReadingRoomTab(folders=folders, home=home, cascade=cascade, sources=sources)
        super().__init__([tab], title=gettext("Fracture Widgets: reading room"), executor=executor)
        view = self.view(tab.key)
        self.state = self.desk = view.desk
        self.status = view.status
        self.start, self.viewer, self.room = view.start, view.viewer, view.room
        self.sheet, self.score = view.sheet, view.score
