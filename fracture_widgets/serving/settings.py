"""What a served dashboard is asked to be."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from fracture_widgets.errors import FractureWidgetsError


@dataclass(frozen=True)
class Access:
    """Who is let in; everyone, where both are empty."""

    token: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    made: bool = False
    open_to_all: bool = False

    @property
    def locked(self) -> bool:
        """Whether anything has to be known to enter."""
        return bool(self.token or self.password)


@dataclass(frozen=True)
class ServingSettings:
    """A served dashboard."""

    notebook: Path
    host: str = "127.0.0.1"
    port: int = 8866
    prefix: str = "/"
    access: Access = Access()
    visitors: int | None = None
    warm: int = 0
    separate_histories: bool = False
    keep_hours: int = 0
    """For how many hours visits are kept after they were used last; 0 until the server ends."""
    gone_seconds: float = 2 * 60 * 60
    idle_seconds: float = 2 * 60 * 60
    max_mb: int | None = None
    open_browser: bool = False

    @property
    def local_names_only(self) -> bool:
        """Whether the page may be asked for by this computer's own names alone."""
        return is_loopback(self.host) and not (self.access.locked or self.access.open_to_all)


def choose_access(
    host: str, *, token: str | None = None, password: str | None = None, open_to_all: bool = False
) -> Access:
    """Decide who is let in."""
    if open_to_all and (token is not None or password is not None):
        raise FractureWidgetsError(
            "--no-token opens the dashboard to everyone: leave it out, or --token and --password."
        )
    for name, word in (("token", token), ("password", password)):
        if word is not None and not word.strip():
            raise FractureWidgetsError(f"The {name} is empty: give one, or leave --{name} out.")
    if token is not None or password is not None:
        return Access(token or "", password or "")
    if open_to_all or is_loopback(host):
        return Access(open_to_all=open_to_all)
    return Access(secrets.token_urlsafe(18), made=True)


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this computer alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def normal_prefix(text: str) -> str:
    """Return a path to begin addresses with, a slash at either end."""
    parts = [part for part in text.split("/") if part]
    if any(part in {".", ".."} or not _PLAIN.issuperset(part) for part in parts):
        raise FractureWidgetsError(
            f"{text} is no path: give --prefix letters, digits and -._~@ between slashes, "
            "as in /radiology/."
        )
    return "/".join(["", *parts, ""])


_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~@%")
