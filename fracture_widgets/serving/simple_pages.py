"""Pages that need no kernel: the way in, and the one that says that all places are taken."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tornado.template import Loader

__all__ = ["simple_page"]


@cache
def _loader() -> Loader:
    return Loader(str(Path(__file__).parent / "pages"), autoescape="xhtml_escape")


def simple_page(name: str, **values: object) -> bytes:
    """Return one of the pages as HTML, every value escaped."""
    page: bytes = _loader().load(f"{name}.html").generate(**values)
    return page
