"""Voilà as our server: it listens, says where it is, and serves our pages and nothing else."""

from __future__ import annotations

import ipaddress
import logging
import os
import webbrowser
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyter_server.auth.security import passwd
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado.ioloop import IOLoop, PeriodicCallback
from traitlets.config import Config
from voila.app import Voila
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from fracture_widgets.app.limits import MAX_MB_VARIABLE
from fracture_widgets.base.files import (
    HISTORY_VARIABLE,
    KEEP_VARIABLE,
    UNTIL_THE_END,
    data_folder,
)
from fracture_widgets.base.language import gettext, language, languages
from fracture_widgets.course.lessons import read_pages
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.serving.access import Door, guarded
from fracture_widgets.serving.gate import Channel, Gate, places_for_files, write_sparingly
from fracture_widgets.serving.kernels import Kernels
from fracture_widgets.serving.places import VisitorPlaces
from fracture_widgets.serving.routes import KernelState, PageHandler, own_routes, site_folder
from fracture_widgets.serving.settings import ServingSettings, is_loopback

_RESOURCES = Path(__file__).resolve().parent.parent / "resources" / "jupyter"
_OURS = {
    TornadoVoilaHandler: PageHandler,
    VoilaKernelWebsocketHandler: Channel,
    KernelHandler: KernelState,
}
"""What stands in the place of which handler of Voilà's."""

_TEMPLATE = "fracture-widgets"
_MESSAGES = [
    *("comm_close", "comm_info_request", "comm_msg", "comm_open"),
    *("kernel_info_request", "shutdown_request"),
]
_MILLISECONDS_TO_TIDY = 10 * 60 * 1000
_HEADERS = {
    # Voilà's page is made of scripts in the page, and widgets of modules made from text.
    "Content-Security-Policy": "default-src 'self'; "
    "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; "
    "connect-src 'self' ws: wss: blob: data:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'self'",
    "Referrer-Policy": "same-origin",
}

_LOG = logging.getLogger("fracture_widgets.serving")


def serve(
    settings: ServingSettings,
    scratch: Path,
    *,
    when_ready: Callable[[Any], None] = lambda server: announce(server.settings),
) -> None:
    """Serve the dashboard until it is interrupted."""
    places = places_for_files()
    if settings.visitors is not None and places is not None and settings.visitors > places:
        raise FractureWidgetsError(
            f"There are no places for {settings.visitors} visitors: the files that a program may "
            f"have open here are enough for {places}. Give --visitors {places}, or raise the limit "
            "(ulimit -n)."
        )
    os.umask(0o077)  # what visitors' kernels keep, too, is for this user alone
    pages = read_pages(settings.notebook.parent)
    write_sparingly()
    visitors_places, settings = places_of(settings, scratch)
    asked = settings

    class Server(Voila):
        """Voilà with our kernels, our door, our gate and a page for each notebook of ours."""

        settings, access = asked, asked.access

        def init_settings(self) -> Any:
            made = super().init_settings()
            plain = made["kernel_manager"]
            self.kernel_manager = Kernels(
                settings,
                visitors_places,
                parent=self,
                connection_dir=self.connection_dir,
                kernel_spec_manager=self.kernel_spec_manager,
                allowed_message_types=plain.allowed_message_types,
            )
            return {
                **made,
                "kernel_manager": self.kernel_manager,
                "log_function": _log,
                "allow_remote_access": not settings.local_names_only,
                "headers": _HEADERS,
                "xsrf_cookie_kwargs": {"samesite": "Strict"},
            }

        def init_handlers(self) -> list[Any]:
            routes = [guarded(route) for route in super().init_handlers()]
            ours = [(r[0], _OURS.get(r[1], r[1]), *r[2:]) for r in routes]
            return [*own_routes(self, pages), *ours]

        def listen(self) -> None:
            self.ioloop = IOLoop.current()
            try:
                differing = [name for name, (is_so, so) in in_force(self).items() if is_so != so]
                if differing:
                    raise FractureWidgetsError(
                        "The dashboard is not started: something else than this command has set "
                        f"{', '.join(differing)}."
                    )
                self.gate = Gate(self.app)
                self.gate.listen(self.port, self.ip)
                PeriodicCallback(self.kernel_manager.tidy, _MILLISECONDS_TO_TIDY).start()
                when_ready(self)
                self.ioloop.start()
            except KeyboardInterrupt:
                pass
            finally:
                self.stop()

    os.environ.update(environment(settings))
    Server.launch_instance([str(settings.notebook)], config=configuration(settings, scratch))


def places_of(settings: ServingSettings, scratch: Path) -> tuple[VisitorPlaces, ServingSettings]:
    """Return where visitors' places are; where none can be kept, they go with the server."""
    if settings.keep_hours:
        try:
            places = VisitorPlaces(scratch, data_folder() / "visits", settings.keep_hours)
        except OSError as error:
            _LOG.warning("Visits are not kept when the dashboard ends (%s).", error)
            settings = replace(settings, keep_hours=0)
        else:
            places.clear()
            return places, settings
    return VisitorPlaces(scratch), settings


def in_force(server: Any) -> dict[str, tuple[object, object]]:
    """Return by what a server is closed: of each setting, what it is and what was asked for."""
    settings, door, voila = server.settings, server.identity_provider, server.voila_configuration
    return {
        "the address": ((server.ip, server.port), (settings.host, settings.port)),
        "the prefix": ((server.base_url, server.server_url), (settings.prefix,) * 2),
        "who may enter": (type(door), Door),
        "the token": (door.token, settings.access.token),
        "the password": (bool(door.hashed_password), bool(settings.access.password)),
        "the files that are handed out": (list(voila.file_allowlist), []),
        "that code is left out": (voila.strip_sources, True),
        "that errors show code": (voila.show_tracebacks, False),
        "the page's template": (voila.template, _TEMPLATE),
        "what runs before a page": ((voila.prelaunch_hook, voila.page_config_hook), (None, None)),
        "the notebook": (Path(server.notebook_path), settings.notebook),
        "the messages that are let through": (
            sorted(server.kernel_manager.allowed_message_types),
            _MESSAGES,
        ),
    }


def environment(settings: ServingSettings) -> dict[str, str]:
    """Return what the server and, by inheritance, its pages' kernels are told."""
    # Where Voilà and nbconvert look for page templates.
    paths = (str(_RESOURCES), os.environ.get("JUPYTER_PATH"))
    variables = {"JUPYTER_PATH": os.pathsep.join(path for path in paths if path)}
    if settings.separate_histories:
        variables[HISTORY_VARIABLE] = UNTIL_THE_END
    if settings.keep_hours:
        variables[KEEP_VARIABLE] = str(settings.keep_hours)
    if settings.max_mb is not None:
        variables[MAX_MB_VARIABLE] = str(settings.max_mb)
    return variables


def configuration(settings: ServingSettings, scratch: Path) -> Config:
    """Return Voilà's own settings for ours; it looks for no others."""
    config = Config()
    config.Voila.config_file_paths = []
    config.Voila.connection_dir_root = str(scratch)
    config.Voila.ip = settings.host
    config.Voila.port = settings.port
    config.Voila.base_url = settings.prefix
    config.Voila.log_level = logging.WARNING
    config.Voila.logging_config = {
        "loggers": {"Server": {"handlers": [], "propagate": True, "level": "WARNING"}}
    }
    config.Voila.token = settings.access.token
    config.Voila.identity_provider_class = Door
    if settings.access.password:
        config.Door.hashed_password = passwd(settings.access.password)  # type: ignore[no-untyped-call]
    config.VoilaConfiguration.template = _TEMPLATE
    config.VoilaExporter.filters = {
        "gettext": gettext,
        "language": lambda _: language(),
        "languages": lambda _: list(languages().items()),
    }
    config.VoilaConfiguration.theme = "light"
    config.VoilaConfiguration.allow_template_override = "NO"
    config.VoilaConfiguration.allow_theme_override = "NO"
    config.VoilaConfiguration.strip_sources = True
    config.VoilaConfiguration.file_allowlist = []
    config.VoilaConfiguration.resources = {"has_site": site_folder() is not None}
    config.VoilaConfiguration.preheat_kernel = False  # our kernels do it
    config.ServerKernelManager.autorestart = False  # a new kernel has nothing of the page
    # Only says that there is culling, and how often: Kernels decides.
    config.MappingKernelManager.cull_idle_timeout = max(1, int(settings.gone_seconds))
    config.MappingKernelManager.cull_interval = max(1, int(min(30, settings.gone_seconds / 4)))
    return config


def announce(settings: ServingSettings) -> None:
    """Say where the dashboard is and who can open it, and show it here if asked to."""
    access = settings.access
    address = f"http://{_shown(settings.host)}:{settings.port}{settings.prefix}"
    own = f"{address}?token={quote(access.token)}" if access.made else address
    print(f"Fracture Widgets is at {own}  (Ctrl+C ends it)", flush=True)
    for line in _circumstances(settings):
        print(line, flush=True)
    if settings.open_browser:
        webbrowser.open(own)


def _circumstances(settings: ServingSettings) -> list[str]:
    lines = []
    if not is_loopback(settings.host):
        who = (
            "Who has the token or the password can open it, from any computer that reaches this one"
            if settings.access.locked
            else "Everyone who reaches this computer can open it"
        )
        histories = "" if settings.separate_histories else ", and shares one history"
        lines.append(f"{who}{histories}.")
    if settings.visitors is not None:
        warm = f", {settings.warm} of them kept warm" if settings.warm else ""
        lines.append(f"Places for {settings.visitors} open pages{warm}.")
    own = "Each visitor has a history of their own, " if settings.separate_histories else ""
    if settings.keep_hours:
        hours = f"{settings.keep_hours} hour{'' if settings.keep_hours == 1 else 's'}"
        kept = "which is kept with their visit" if own else "What is on a page is kept"
        lines.append(f"{own}{kept} for {hours} after it was used last.")
    elif own:
        lines.append(f"{own}which is deleted when the dashboard ends.")
    return lines


def _shown(host: str) -> str:
    try:
        if ipaddress.ip_address(host).is_unspecified:
            return "localhost"
    except ValueError:
        return host
    return f"[{host}]" if ":" in host else host


def _log(handler: Any) -> None:
    """Note a request that failed here, without its query: a token may stand there."""
    if handler.get_status() >= 500 and handler.get_status() != 503:
        _LOG.warning("%d %s %s", handler.get_status(), handler.request.method, handler.request.path)
