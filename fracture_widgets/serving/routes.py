"""What is at which address: the workbench, the course, and the site of documentation."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from jupyter_server.utils import url_path_join
from tornado.web import (
    HTTPError,
    RedirectHandler,
    StaticFileHandler,
    authenticated,
    create_signed_value,
    decode_signed_value,
)
from voila.configuration import VoilaConfiguration

from fracture_widgets.base.language import speaking
from fracture_widgets.course.lessons import Page
from fracture_widgets.serving.access import (
    Guarded,
    cookie_options,
    language_of,
    own_address,
    simple_page,
)
from fracture_widgets.serving.kernels import SEAT, Seat
from fracture_widgets.serving.voila_private import FailureTellingHandler, forget_request

COURSE, SITE = "course", "docs"
"""The parts of the address under which the lessons are, and the site of documentation."""

SECONDS_UNTIL_AGAIN = 20
"""How long a page that found no place waits before it tries again."""

_SECONDS_FOR_ONES_OWN = 3.0
_VISITOR_COOKIE = "fracture-widgets-visitor"
_PACKAGE = Path(__file__).resolve().parent.parent


class PageHandler(FailureTellingHandler):
    """A page for a visitor, if there is a place."""

    _seat: Seat | None = None
    _drawing: asyncio.Future[None] | None = None

    async def prepare(self) -> None:
        """Turn away what no person opens; have our own page ask where another site's link led."""
        asked = self.request.headers
        if asked.get("Sec-Fetch-Site") in {"cross-site", "same-site"}:
            opened = asked.get("Sec-Fetch-Mode") == "navigate"
            if not opened or asked.get("Sec-Fetch-Dest") != "document" or not self.check_host():
                self.set_status(403)
                self.finish(simple_page(self, "none", home=self.base_url))
                return
            if "token" not in self.request.query_arguments:
                self._enter()
                return
        await super().prepare()

    @authenticated
    async def get(self, path: str | None = None) -> None:
        """Draw the page, or say that all places are taken."""
        if "token" in self.request.query_arguments:
            # Let in and remembered by a cookie: the token need not stay in sight.
            self._enter()
            return
        if path:
            raise HTTPError(404)
        with speaking(language_of(self)):
            await self._draw()

    async def _draw(self) -> None:
        seat = await self._place(self._visitor())
        if seat is None:
            self._say_full()
            return
        SEAT.set(seat)
        self._seat = seat
        # Sets the cookie without which the page that closes may not say so.
        _ = self.xsrf_token
        try:
            await self._first_warm_kernel()
            self._drawing = asyncio.ensure_future(super().get(None))
            await self._drawing
        except BaseException:
            if not seat.hung_up:
                raise
        finally:
            self.kernel_manager.give_back(seat)
            forget_request(seat.kernel_id)

    def on_connection_close(self) -> None:
        """Give back the place of somebody who does not wait for the page."""
        if self._seat is not None and self.kernel_manager.leave(self._seat) and self._drawing:
            self._drawing.cancel()

    def give_up(self, problem: Exception) -> None:
        """Give back the place of a page that could not be drawn, and say so to who serves it."""
        if self._seat is None or self._seat.hung_up:
            return
        self.log.warning("A page could not be drawn: %s", problem)
        self.kernel_manager.leave(self._seat)

    def _enter(self) -> None:
        """Have a page of ours ask for the address: only then are all cookies sent along."""
        self.set_header("Cache-Control", "no-store")
        self.finish(simple_page(self, "enter", address=own_address(self.request.uri)))

    def should_use_rendered_notebook(self, *about: Any) -> bool:
        """Tell whether a warm kernel is there that speaks the visitor's language."""
        known: Any = super()
        fits: bool = known.should_use_rendered_notebook(*about)
        return fits and self.kernel_manager.speaks(self.notebook_path)

    def redirect_to_file(self, _: str) -> None:
        """Serve no file."""
        raise HTTPError(404)

    async def _place(self, visitor: str) -> Seat | None:
        """Take a place; wait a little for a visitor's own page, which may be about to close."""
        kernels = self.kernel_manager
        patience = time.monotonic() + _SECONDS_FOR_ONES_OWN
        while (seat := kernels.take_seat(visitor)) is None:
            await kernels.end_unopened(visitor)
            if not kernels.has_seat(visitor) or time.monotonic() > patience:
                return None
            await asyncio.sleep(0.1)
        return seat  # type: ignore[no-any-return]

    async def _first_warm_kernel(self) -> None:
        """Wait while the very first warm kernel starts: Voilà would start another one beside it."""
        kernels = self.kernel_manager
        pool = kernels.pool_of(self.notebook_path)
        if (
            pool
            and kernels.speaks(self.notebook_path)
            and not kernels.notebook_data.get(self.notebook_path)
        ):
            await asyncio.wait([pool[0]])

    def _visitor(self) -> str:
        """Return who asks; signed by the key of the places, which is kept where they are."""
        key = self.kernel_manager.places.key
        signed = self.get_cookie(_VISITOR_COOKIE)
        known = decode_signed_value(key, _VISITOR_COOKIE, signed)
        if known is not None and known.decode().isalnum():
            return str(known.decode())
        visitor = secrets.token_hex(12)
        value = create_signed_value(key, _VISITOR_COOKIE, visitor)
        self.set_cookie(_VISITOR_COOKIE, value, **cookie_options(self))
        return visitor

    def _say_full(self) -> None:
        self.set_status(503)
        self.set_header("Retry-After", str(SECONDS_UNTIL_AGAIN))
        self.set_header("Cache-Control", "no-store")
        self.finish(
            simple_page(
                self,
                "full",
                limit=self.kernel_manager.visitors,
                seconds=SECONDS_UNTIL_AGAIN,
                again=own_address(self.request.uri),
            )
        )


class KernelState(KernelHandler):
    """What a page asks from time to time: whether the kernel behind it goes on."""

    @authenticated
    async def get(self, kernel_id: str) -> None:
        """Return what is known of a kernel; nothing is there of one that has died."""
        if not await self.kernel_manager.is_alive(kernel_id):
            raise HTTPError(404)
        known: Any = super()
        await known.get(kernel_id)


def site_folder() -> Path | None:
    """Return where ``make docs`` has built the site in this checkout; None where it has not."""
    built = _PACKAGE.parent / "docs" / "_build" / "html"
    return built if (built / "index.html").is_file() else None


class SiteFile(Guarded, StaticFileHandler):
    """A file of the site; who is not let in is asked for the token or the password."""

    def initialize(self) -> None:  # type: ignore[override]  # it finds the path itself
        """Look for the site each time: it may have been built meanwhile."""
        self._there = site_folder()
        super().initialize(path=str(self._there or _PACKAGE), default_filename="index.html")

    async def prepare(self) -> None:  # type: ignore[override]  # nobody is sent to log in here
        """Leave it to the door to ask who comes."""
        await JupyterHandler.prepare(self)

    @authenticated
    async def get(self, path: str | None, include_body: bool = True) -> None:  # type: ignore[override]  # the door's type, not ours
        """Hand out a file of the site, or say how it is built."""
        if self._there is None:
            self.set_status(404)
            self.finish(simple_page(self, "unbuilt", home=self.base_url))
            return
        await super().get(path or "", include_body)


def own_routes(server: Any, pages: Sequence[Page]) -> list[Any]:
    """Return the routes of notebooks, each by its own name and no other, and that of the site."""
    with_code = VoilaConfiguration(parent=server)
    with_code.strip_sources = False

    def at(*path: str) -> str:
        return str(url_path_join(server.server_url, *path))

    routes: list[Any] = [
        (
            at(COURSE, re.escape(page.file)),
            PageHandler,
            {
                "notebook_path": page.file,
                "template_paths": server.template_paths,
                "config": server.config,
                "voila_configuration": (
                    with_code if page.kind == "lesson" else server.voila_configuration
                ),
            },
        )
        for page in pages
    ]
    index = [page.file for page in pages if page.kind == "index"]
    if index:
        routes.append(
            (at(COURSE, "?"), RedirectHandler, {"url": at(COURSE, index[0]), "permanent": False})
        )
    return [*routes, (at(SITE) + r"(?:/(.*))?", SiteFile)]
