"""The site of documentation beside the pages, where it was built, for those who are let in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado.web import StaticFileHandler, authenticated

from fracture_widgets.serving.access import Guarded, simple_page

SITE = "docs"
"""The part of the address under which the site is."""

_PACKAGE = Path(__file__).resolve().parent.parent


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


def site_routes(server: Any) -> list[Any]:
    """Return the site's route."""
    return [(url_path_join(server.server_url, SITE) + r"(?:/(.*))?", SiteFile)]
