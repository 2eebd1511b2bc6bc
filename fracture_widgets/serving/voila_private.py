"""What is private in Voilà and Jupyter Server and needed nevertheless: all of it is here."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from functools import partial
from typing import Any

from jupyter_server.auth.login import LoginFormHandler
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from voila import handler
from voila.notebook_renderer import NotebookRenderer
from voila.request_info_handler import RequestInfoSocketHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.voila_kernel_manager import voila_kernel_manager_factory

MOST_KEPT_BYTES = 16 << 20
"""Of what a kernel says that its page has not read."""

_PREHEATING = voila_kernel_manager_factory(
    AsyncMappingKernelManager, preheat_kernel=True, default_pool_size=0
)


class PooledKernels(_PREHEATING):  # type: ignore[misc, valid-type]  # made by Voilà, without types
    """Voilà's preheating kernel manager, whose pools can be seen and filled."""

    def pool_of(self, notebook: str) -> list[asyncio.Task[Any]]:
        """Return the warm kernels of a notebook, of which some may still be starting."""
        pool: list[asyncio.Task[Any]] = self._pools.get(notebook, [])
        return pool

    @property
    def pool(self) -> list[asyncio.Task[Any]]:
        """The warm kernels of the dashboard."""
        pool: list[asyncio.Task[Any]] = self._pools.setdefault(self.notebook_path, [])
        return pool

    def start_in_pool(self) -> asyncio.Task[Any]:
        """Put a starting kernel into the pool of the dashboard."""
        environment = {
            **os.environ,
            "VOILA_BASE_URL": self.parent.base_url,
            "VOILA_SERVER_URL": self.parent.server_url,
            "VOILA_APP_PORT": str(self.parent.port),
            "VOILA_PREHEAT": "True",
        }
        folder = os.path.dirname(self.notebook_path)  # noqa: PTH120 - a path of the server
        entry = asyncio.ensure_future(
            self._initialize(self.notebook_path, None, path=folder, env=environment)
        )
        self.pool.append(entry)
        return entry

    def start_buffering(self, kernel_id: str, session_key: str, channels: Any) -> None:
        """Keep what a kernel says while its page is away: so much, where Jupyter keeps all."""
        super().start_buffering(kernel_id, session_key, channels)
        kept = self._kernel_buffers[kernel_id]["buffer"]
        room = MOST_KEPT_BYTES

        def keep(channel: str, parts: Any) -> None:
            nonlocal room
            room -= sum(map(len, parts))
            if room > 0:
                kept.append((channel, parts))

        for channel, stream in channels.items():
            stream.on_recv(partial(keep, channel))

    async def _initialize(self, notebook: str, kernel_id: str | None = None, **kwargs: Any) -> Any:
        return await self.draw(notebook, kernel_id, **kwargs)

    async def draw(self, notebook: str, kernel_id: str | None, **kwargs: Any) -> Any:
        """Start a kernel and draw its page."""
        return await super()._initialize(notebook, kernel_id, **kwargs)


class FailureTellingHandler(TornadoVoilaHandler):
    """Sends a page that comes to an end also where it fails while it is drawn.

    Such as one whose kernel found a port taken that had been free when it was chosen.
    """

    problem: Exception | None = None

    async def get_generator(self, path: str | None = None) -> AsyncIterator[str]:
        """Yield the page piece by piece; what has begun and cannot go on is told by an event."""
        try:
            async for snippet in super().get_generator(path):
                yield snippet
        except Exception as error:  # of a page that a warm kernel draws
            if not self._headers_written:
                raise
            self.problem = error
            yield _FAILED
        if self.problem is not None:
            self.give_up(self.problem)

    def give_up(self, problem: Exception) -> None:
        """Hear that the page could not be drawn."""
        raise NotImplementedError


class PageRenderer(NotebookRenderer):
    """Draws a page whose kernel was not warm; Voilà would wait for ever for one that fails."""

    request_handler: FailureTellingHandler

    def generate_content_generator(
        self, kernel_id: str | None = None, kernel_future: Any = None
    ) -> AsyncIterator[Any]:
        """Yield the page piece by piece."""
        return self._telling_failure(super().generate_content_generator(kernel_id, kernel_future))

    async def _telling_failure(self, snippets: AsyncGenerator[Any]) -> AsyncIterator[Any]:
        try:
            async with aclosing(snippets):
                async for snippet in snippets:
                    yield snippet
        except Exception as error:  # noqa: BLE001 - whatever it is, the page is told, and the log
            self.request_handler.problem = error
            yield _FAILED, None


class StoredLessons(PageRenderer):
    """Draws a lesson as it is stored, and not by running it; every other page by its cells.

    Where a cell names in ``later`` what it shows, that is made while the lesson is read. A lesson
    with widgets of another kind, such as sliders that change what is computed, is run.
    """

    async def _jinja_cell_generator(self, nb: Any, kernel_id: str) -> AsyncIterator[Any]:
        lesson = nb.metadata.get("course", {}).get("kind") == "lesson"
        if not (lesson and all(_LATER in cell.metadata for cell in nb.cells if _live(cell))):
            async for cell in super()._jinja_cell_generator(nb, kernel_id):
                yield cell
            return
        for place, cell in enumerate(nb.cells):
            if name := cell.metadata.get(_LATER):
                made = await self.executor.execute_cell(
                    type(cell)({**cell, "source": _MAKE.format(name=name)}),
                    None,
                    place,
                    store_history=False,
                )
                cell.outputs = made.outputs
            yield cell
        await self._cleanup_resources()


def _live(cell: Any) -> bool:
    """Say whether a cell shows a widget, of which nothing is stored."""
    return any(_WIDGET in output.get("data", {}) for output in cell.get("outputs", ()))


handler.NotebookRenderer = StoredLessons
_LATER = "later"
_MAKE = "from fracture_widgets.app.later import MADE, Later\nLater(MADE[{name!r}])"
_FAILED = '<script>window.dispatchEvent(new Event("fw-failed"))</script>'
_WIDGET = "application/vnd.jupyter.widget-view+json"


class LoginForm(LoginFormHandler):
    """Jupyter's login page, to be drawn by whoever inherits from it."""

    def _render(self, message: dict[str, str] | None = None) -> None:  # noqa: ARG002
        self.show()

    def show(self, *, problem: str = "") -> None:
        """Draw the page, the first time or after a wrong word."""
        raise NotImplementedError

    def go_on(self, address: str) -> None:
        """Lead to an address of this server, and to no other."""
        self._redirect_safe(address)  # type: ignore[no-untyped-call]


def forget_request(kernel_id: str | None) -> None:
    """Drop what Voilà keeps for notebooks that ask about the request, as none of ours does."""
    RequestInfoSocketHandler._cache.pop(kernel_id, None)
