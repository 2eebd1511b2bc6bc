"""The kernels behind the pages: some kept warm, as many as there are places, none left behind."""

from __future__ import annotations

import asyncio
import contextvars
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from jupyter_core.utils import ensure_async
from tornado.iostream import StreamClosedError

from fracture_widgets.base.files import DATA_FOLDER_VARIABLE, PLACE_VARIABLE
from fracture_widgets.base.language import LANGUAGE_VARIABLE, language, speaking
from fracture_widgets.serving.places import VisitorPlaces
from fracture_widgets.serving.settings import ServingSettings
from fracture_widgets.serving.voila_private import PooledKernels

_SECONDS_AFTER_A_FAILURE = 10.0
_SECONDS_UNTIL_OPENED = 60.0  # after which a page that was drawn must have begun to talk
_SECONDS_KEPT = 5.0  # for a visitor who loads the page anew, before anyone else


@dataclass(eq=False)
class Seat:
    """The place of one page: taken from the request on, before there is a kernel."""

    visitor: str
    kernel_id: str | None = None
    left: float | None = None
    hung_up: bool = False
    opened: bool = False


SEAT: contextvars.ContextVar[Seat | None] = contextvars.ContextVar("seat", default=None)
"""The place that the request being answered has taken."""


class Kernels(PooledKernels):
    """Voilà's preheating kernel manager with places, a patient pool and two kinds of idleness."""

    def __init__(self, settings: ServingSettings, places: VisitorPlaces, **kwargs: Any) -> None:
        self.visitors, self.warm = settings.visitors, settings.warm
        self._settings = settings
        self.places = places
        self._folders: dict[str, Path] = {}
        self._gone_since: dict[str, float] = {}
        self._spoken = language()
        self._languages: WeakKeyDictionary[asyncio.Task[Any], str] = WeakKeyDictionary()
        self._seats: set[Seat] = set()
        self._filling: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()
        super().__init__(**kwargs)

    # --- places ---

    @property
    def taken(self) -> int:
        """How many places are taken."""
        self._seats = {seat for seat in self._seats if self._lasts(seat)}
        return len(self._seats)

    def _lasts(self, seat: Seat) -> bool:
        if seat.left is not None:
            return time.monotonic() - seat.left < _SECONDS_KEPT
        return seat.kernel_id is None or seat.kernel_id in self

    def has_seat(self, visitor: str) -> bool:
        """Say whether a visitor has a page open, or had one a moment ago."""
        return any(seat.visitor == visitor and self._lasts(seat) for seat in self._seats)

    def take_seat(self, visitor: str) -> Seat | None:
        """Take a place for a page that is being opened, or return None when all are taken."""
        own = (seat for seat in self._seats if seat.visitor == visitor and seat.left is not None)
        for seat in list(own)[:1]:
            self._seats.discard(seat)
        if self.visitors is not None and self.taken >= self.visitors:
            return None
        seat = Seat(visitor)
        self._seats.add(seat)
        return seat

    def give_back(self, seat: Seat) -> None:
        """Give back a place whose page came to nothing; one with a kernel lasts as long as it."""
        if seat.kernel_id is None:
            self._seats.discard(seat)

    def leave(self, seat: Seat) -> bool:
        """End the kernel of a page that is not waited for, or have it end once it has started."""
        seat.hung_up = True
        if seat.kernel_id is not None:
            self._ending.add(task := asyncio.ensure_future(self._end(seat.kernel_id)))
            task.add_done_callback(self._ending.discard)
        return seat.kernel_id is not None

    async def end_unopened(self, visitor: str) -> None:
        """End the kernels of a visitor's pages that came to nothing."""
        for seat in [s for s in self._seats if s.visitor == visitor and not s.opened]:
            if seat.kernel_id is not None and seat.left is None:
                await self._end(seat.kernel_id)

    async def _end(self, kernel_id: str) -> None:
        if kernel_id in self:
            with suppress(Exception):
                await self.shutdown_kernel(kernel_id, now=True)

    async def is_alive(self, kernel_id: str) -> bool:
        """Say whether a kernel goes on; of one that has died, give the place back."""
        if kernel_id not in self:
            return False
        alive = bool(await ensure_async(self.get_kernel(kernel_id).is_alive()))
        if not alive:
            await self._end(kernel_id)
        return alive

    def opened(self, kernel_id: str) -> None:
        """Note that a page has begun to talk to its kernel."""
        for seat in self._seats:
            seat.opened |= seat.kernel_id == kernel_id

    async def get_rendered_notebook(self, notebook_name: str, **kwargs: Any) -> Any:
        """Hand over a warm kernel and note whose it is."""
        task, cached, kernel_id = await super().get_rendered_notebook(notebook_name, **kwargs)
        await self._seated(kernel_id)
        return task, cached, kernel_id

    async def start_kernel(self, **kwargs: Any) -> str:
        """Start a kernel for a page that no warm one waits for."""
        await self._make_room()
        folder = self._new_folder(kwargs)
        kernel_id = str(await ensure_async(super().start_kernel(**kwargs)))
        self._folders[kernel_id] = folder
        await self._seated(kernel_id)
        return kernel_id

    def _new_folder(self, kwargs: dict[str, Any]) -> Path:
        """Tell a kernel that is being started where its visitor's place is."""
        folder = self.places.new_folder()
        told = {PLACE_VARIABLE: str(folder), LANGUAGE_VARIABLE: language()}
        if self._settings.separate_histories:
            told[DATA_FOLDER_VARIABLE] = str(folder)
        kwargs["env"] = {**kwargs["env"], **told}
        return folder

    async def _seated(self, kernel_id: str) -> None:
        seat = SEAT.get()
        if seat is None:
            return
        seat.kernel_id = kernel_id
        folder = self._folders.get(kernel_id)
        if folder is not None:
            self.places.give(folder, seat.visitor)
        if seat.hung_up:
            await self._end(kernel_id)
            raise StreamClosedError

    def speaks(self, notebook: str) -> bool:
        """Tell whether a warm kernel speaks the language of the request; it is the next one then.

        The kernels that are warmed from now on do.
        """
        self._spoken, pool = language(), self.pool_of(notebook)
        pool.sort(key=lambda entry: self._languages.get(entry) != self._spoken)
        return bool(pool) and self._languages.get(pool[0]) == self._spoken

    async def _make_room(self) -> None:
        """End a warm kernel that speaks another language, or for which there is no place."""
        pool = self.pool
        full = self.visitors is not None and self.taken + len(pool) > self.visitors
        if not pool or not (full or self._languages.get(pool[-1]) != self._spoken):
            return
        entry = pool.pop()
        with suppress(Exception):
            await self.shutdown_kernel((await entry)["kernel_id"])

    # --- the pool ---

    def fill_if_needed(self, *_: Any, **__: Any) -> None:
        """Begin to fill the pool, unless that is going on."""
        if self.warm and (self._filling is None or self._filling.done()):
            # In a context of its own: the warm kernels are nobody's yet.
            self._filling = contextvars.Context().run(
                asyncio.get_event_loop().create_task, self._fill()
            )

    def _missing(self) -> int:
        wanted = self.warm
        if self.visitors is not None:
            wanted = min(wanted, self.visitors - self.taken)
        return wanted - len(self.pool)

    async def _fill(self) -> None:
        starting: set[asyncio.Task[None]] = set()
        while starting or self._missing() > 0:
            cores = os.cpu_count() or 1
            lanes = max(1, cores // 2) if self.taken else cores
            while self._missing() > 0 and len(starting) < lanes:
                starting.add(asyncio.ensure_future(self._drawn(self._warmed())))
            done, starting = (
                await asyncio.wait(starting, return_when=asyncio.FIRST_COMPLETED)
                if starting
                else (set(), starting)
            )
            if any(task.exception() for task in done):
                self.log.warning("A workbench could not be made ready beforehand; trying again.")
                await asyncio.sleep(_SECONDS_AFTER_A_FAILURE)

    def _warmed(self) -> asyncio.Task[Any]:
        with speaking(self._spoken):
            entry = self.start_in_pool()
        self._languages[entry] = self._spoken
        return entry

    async def _drawn(self, entry: asyncio.Task[Any]) -> None:
        """Wait until the page of a starting kernel is drawn; one that fails leaves the pool."""
        try:
            content = await asyncio.shield(entry)
            await asyncio.shield(content["task"])
        except Exception:
            if entry in self.pool:
                self.pool.remove(entry)
            raise

    async def draw(self, notebook: str, kernel_id: str | None, **kwargs: Any) -> Any:
        """Start a kernel with a folder of its own, and draw its page."""
        folder = self._new_folder(kwargs) if kernel_id is None else None
        content = await super().draw(notebook, kernel_id, **kwargs)
        if folder is not None:
            self._folders[content["kernel_id"]] = folder
        return content

    # --- the end of a kernel ---

    async def shutdown_kernel(self, kernel_id: str, *args: Any, **kwargs: Any) -> Any:
        """End a kernel, and let another one warm up in its place."""
        self._folders.pop(kernel_id, None)
        self._gone_since.pop(kernel_id, None)
        for seat in self._seats:
            if seat.kernel_id == kernel_id and seat.left is None:
                seat.left = time.monotonic()
                asyncio.get_running_loop().call_later(_SECONDS_KEPT, self.fill_if_needed)
        try:
            return await super().shutdown_kernel(kernel_id, *args, **kwargs)
        finally:
            self.fill_if_needed()

    async def shutdown_all(self, *args: Any, **kwargs: Any) -> None:
        """End every kernel, with the server."""
        self.warm = 0
        if self._filling is not None:
            self._filling.cancel()
        await super().shutdown_all(*args, **kwargs)

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a kernel whose page went away a while ago, or that nobody has used for long."""
        if self._is_warm(kernel_id) or kernel_id not in self:
            return
        kernel, now = self.kernel_model(kernel_id), time.monotonic()
        gone = 0.0
        if kernel["connections"]:
            self._gone_since.pop(kernel_id, None)
        else:
            gone = now - self._gone_since.setdefault(kernel_id, now)
        idle = (datetime.now(UTC) - self.get_kernel(kernel_id).last_activity).total_seconds()
        patience = self._settings.gone_seconds
        if any(seat.kernel_id == kernel_id and not seat.opened for seat in self._seats):
            patience = min(patience, _SECONDS_UNTIL_OPENED)
        unused = gone > patience or idle > self._settings.idle_seconds
        state = kernel["execution_state"]
        if state == "dead" or (state != "busy" and unused):
            self.log.info("Ending kernel %s: unused for %.0f s", kernel_id, max(gone, idle))
            await self.shutdown_kernel(kernel_id)

    async def tidy(self) -> None:
        """Note who is here, and clear away the places of those who are long gone."""
        present = {seat.visitor for seat in self._seats if self._lasts(seat)}
        for visitor in present:
            self.places.use(visitor)
        await asyncio.to_thread(self.places.clear, present)

    def _is_warm(self, kernel_id: str) -> bool:
        return any(
            entry.result()["kernel_id"] == kernel_id for entry in self.pool if _succeeded(entry)
        )


def _succeeded(task: asyncio.Task[Any]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None
