"""The door: a token or a password, asked for by a page of ours, for everything but that page."""

from __future__ import annotations

import asyncio
import hmac
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.auth.identity import PasswordIdentityProvider, User
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado.template import Loader
from tornado.web import HTTPError, RequestHandler, StaticFileHandler

from fracture_widgets.base.language import (
    ENGLISH,
    LANGUAGE_VARIABLE,
    best_of,
    gettext,
    marked,
    ngettext,
    speaking,
)
from fracture_widgets.serving.voila_private import LoginForm

LANGUAGE_COOKIE = "fracture-widgets-language"
"""What the menu of a page keeps: the code of the language chosen."""

_MOST_WRONG, _MOST_WRONG_OF_ONE, _WINDOW_SECONDS = 200, 20, 60.0


class Guesses:
    """Counts the wrong words of the last minute, from one address and from all."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong: deque[tuple[float, str]] = deque()

    def too_many(self, address: str) -> bool:
        """Say whether an address may not try another word now."""
        while self._wrong and self._wrong[0][0] < self._clock() - _WINDOW_SECONDS:
            self._wrong.popleft()
        of_this_one = sum(where == address for _, where in self._wrong)
        return len(self._wrong) >= _MOST_WRONG or of_this_one >= _MOST_WRONG_OF_ONE

    @contextmanager
    def counted(self, handler: Any) -> Iterator[Callable[[], None]]:
        """Count a word as wrong, also while it is looked at, unless what is given is called."""
        address = handler.request.remote_ip
        if self.too_many(address):
            handler.current_user = None
            raise HTTPError(429, "Too many wrong words.")
        guess = (self._clock(), address)
        self._wrong.append(guess)
        yield lambda: self._wrong.remove(guess)


@cache
def _loader() -> Loader:
    return Loader(str(Path(__file__).parent / "pages"), autoescape="xhtml_escape")


def language_of(handler: RequestHandler) -> str:
    """Return the language of who asks: the one chosen, the server's, or the best for a browser."""
    wishes = (
        handler.get_cookie(LANGUAGE_COOKIE, ""),
        os.environ.get(LANGUAGE_VARIABLE, ""),
        handler.request.headers.get("Accept-Language", ""),
    )
    return next(filter(None, (best_of(wish or "") for wish in wishes)), ENGLISH)


def simple_page(handler: RequestHandler, name: str, **values: object) -> bytes:
    """Return a page that needs no kernel as HTML, every value escaped."""
    spoken = language_of(handler)
    with speaking(spoken):
        page: bytes = (
            _loader()
            .load(f"{name}.html")
            .generate(gettext=gettext, ngettext=ngettext, language=spoken, **values)
        )
    return page


class LoginPage(LoginForm):
    """Asks for the token or the password."""

    def show(self, *, problem: str = "") -> None:
        """Draw the page, the first time or after a wrong word."""
        self.set_header("Cache-Control", "no-store")
        self.finish(
            simple_page(
                self,
                "login",
                problem=problem,
                next=self.get_argument("next", default=self.base_url),
                xsrf=self.xsrf_token.decode(),
                action=url_path_join(self.base_url, "login"),
            )
        )

    @allow_unauthenticated
    async def post(self) -> None:
        """Take what was typed."""
        try:
            door: Any = self.identity_provider
            user = await door.user_for(self)
        except HTTPError as error:
            self.set_status(error.status_code)
            self.set_header("Retry-After", str(int(_WINDOW_SECONDS)))
            self.show(problem=marked("Too many wrong words were tried: wait a minute."))
            return
        if user is None:
            self.set_status(401)
            self.show(problem=marked("That was not it: try again."))
            return
        self.current_user = user
        self.identity_provider.set_login_cookie(self, user)
        self.go_on(self.get_argument("next", default=self.base_url))


class Door(PasswordIdentityProvider):
    """Jupyter's own identity provider with our login page, under the server's prefix."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._guesses = Guesses()

    @property
    def _server(self) -> Any:
        return self.parent

    def get_handlers(self) -> list[tuple[str, object]]:
        """Return the login page's route; Jupyter's knows nothing of a prefix of Voilà's."""
        if not self.auth_enabled:
            return []
        return [(url_path_join(self._server.base_url, "login"), LoginPage)]

    async def get_user(self, handler: Any) -> User | None:
        """Return who sends a request, and keep the connection of those who may enter."""
        user: User | None = await self._get_user(handler)
        if user is not None:
            self._server.gate.let_in(handler)
        return user

    async def get_user_token(self, handler: Any) -> User | None:
        """Look at a token in the address or in a header."""
        typed = self.get_token(handler)
        if not typed or not await self._is_right(handler, typed, password=False):
            return None
        known: Any = self.get_user_cookie(handler)
        return known or self.generate_anonymous_user(handler)

    async def user_for(self, handler: Any) -> User | None:
        """Look at what was typed into the login page."""
        typed = handler.get_body_argument("password", default="")
        right = await self._is_right(handler, typed, password=True)
        return self.generate_anonymous_user(handler) if right else None

    async def _is_right(self, handler: Any, typed: str, *, password: bool) -> bool:
        """Compare, in a time that tells nothing, and count what is wrong."""
        is_token = bool(self.token) and hmac.compare_digest(typed.encode(), self.token.encode())
        if is_token and self._server.access.made:  # nobody guesses one of ours
            return True
        with self._guesses.counted(handler) as forget:
            right = is_token
            if password and self.hashed_password and not right:
                right = bool(await asyncio.to_thread(self.passwd_check, typed))
            if right:
                forget()
        return right

    def set_login_cookie(self, handler: Any, user: User) -> None:
        """Remember who may enter, in a cookie that no other site has sent along."""
        name, value = self.get_cookie_name(handler), self.user_to_cookie(user)
        handler.set_signed_cookie(name, value, **cookie_options(handler))


def cookie_options(handler: Any) -> dict[str, Any]:
    """Return what is said of every cookie: other sites do not have it sent, nor does plain HTTP."""
    forwarded = handler.request.headers.get("X-Forwarded-Proto", "")
    return {
        "httponly": True,
        "samesite": "Strict",
        "path": handler.base_url,
        "secure": "https" in {handler.request.protocol, forwarded.strip().lower()},
    }


class Guarded(JupyterHandler):
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
        self.finish(simple_page(self, "none", home=self.base_url))


def guarded(route: Any) -> Any:
    """Return a route whose files are for those who are let in."""
    pattern, handler, *rest = route
    if issubclass(handler, StaticFileHandler):
        handler = type(f"Guarded{handler.__name__}", (Guarded, handler), {})
    return (pattern, handler, *rest)


def own_address(uri: str) -> str:
    """Return an address of this server, and of no other, without its token."""
    path, _, query = uri.partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    left = [pair for pair in pairs if pair[0] != "token"]
    if len(left) < len(pairs):
        query = urlencode(left)
    return "/" + path.lstrip("/\\") + (f"?{query}" if query else "")
