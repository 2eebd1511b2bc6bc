"""The door: a token or a password, asked for by a page of ours, for everything but that page."""

from __future__ import annotations

import asyncio
import hmac
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.auth.identity import PasswordIdentityProvider, User
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado.template import Loader
from tornado.web import HTTPError, StaticFileHandler

from fracture_widgets.serving.voila_private import LoginForm

_SECONDS_AFTER_A_WRONG_WORD = 1.0


@cache
def _loader() -> Loader:
    return Loader(str(Path(__file__).parent / "pages"), autoescape="xhtml_escape")


def simple_page(name: str, **values: object) -> bytes:
    """Return a page that needs no kernel as HTML, every value escaped."""
    page: bytes = _loader().load(f"{name}.html").generate(**values)
    return page


class LoginPage(LoginForm):
    """Asks for the token or the password."""

    def show(self, *, failed: bool) -> None:
        """Draw the page, the first time or after a wrong word."""
        self.set_header("Cache-Control", "no-store")
        self.finish(
            simple_page(
                "login",
                problem="That was not it: try again." if failed else "",
                next=self.get_argument("next", default=self.base_url),
                xsrf=self.xsrf_token.decode(),
                action=url_path_join(self.base_url, "login"),
            )
        )

    @allow_unauthenticated
    async def post(self) -> None:
        """Take what was typed; a wrong word costs a second."""
        user = self.identity_provider.process_login_form(self)
        if user is None:
            await asyncio.sleep(_SECONDS_AFTER_A_WRONG_WORD)
            self.set_status(401)
            self.show(failed=True)
            return
        self.current_user = user
        self.identity_provider.set_login_cookie(self, user)
        self.go_on(self.get_argument("next", default=self.base_url))


class Door(PasswordIdentityProvider):
    """Jupyter's own identity provider with our login page, under the server's prefix."""

    def get_handlers(self) -> list[tuple[str, object]]:
        """Return the login page's route; Jupyter's knows nothing of a prefix of Voilà's."""
        if not self.auth_enabled:
            return []
        server: Any = self.parent
        return [(url_path_join(server.base_url, "login"), LoginPage)]

    def process_login_form(self, handler: Any) -> User | None:
        """Compare what was typed, in a time that tells nothing."""
        typed = handler.get_body_argument("password", default="")
        right = bool(self.token) and hmac.compare_digest(typed.encode(), self.token.encode())
        if self.hashed_password and not right:
            right = bool(self.passwd_check(typed))  # type: ignore[no-untyped-call]
        return self.generate_anonymous_user(handler) if right else None


class _Guarded(JupyterHandler):
    """Files for those who are let in; Jupyter's and Voilà's are for everybody."""

    async def prepare(self) -> None:  # type: ignore[override]
        """Turn away who is not let in."""
        await super().prepare()
        if self.current_user is None:
            raise HTTPError(403)

    async def get(self, path: str, include_body: bool = True) -> None:
        """Hand out a file; nothing is at a place that makes no sense."""
        files: Any = super()
        try:
            await files.get(path, include_body)
        except (AssertionError, ValueError) as error:
            raise HTTPError(404) from error

    def write_error(self, *_: Any, **__: Any) -> None:
        """Say in words that nothing is there, for whoever typed the address."""
        self.finish(simple_page("none", home=self.base_url))


def guarded(route: Any) -> Any:
    """Return a route whose files are for those who are let in."""
    pattern, handler, *rest = route
    if issubclass(handler, StaticFileHandler):
        handler = type(f"Guarded{handler.__name__}", (_Guarded, handler), {})
    return (pattern, handler, *rest)


def without_token(uri: str) -> str | None:
    """Return an address without its token, or None if it has none."""
    path, _, query = uri.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    left = [pair for pair in pairs if pair[0] != "token"]
    if len(left) == len(pairs):
        return None
    return path + ("?" + urlencode(left) if left else "")
