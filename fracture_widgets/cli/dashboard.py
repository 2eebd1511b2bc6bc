"""``fracture-widgets dashboard``: the workbench, and the course beside it, served by Voilà."""

from __future__ import annotations

import argparse
import errno
import ipaddress
import logging
import os
import re
import socket
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fracture_widgets.course.contents import Page, read_pages
from fracture_widgets.datasets.offered import DATASETS_VARIABLE, find_datasets
from fracture_widgets.errors import FractureWidgetsError, MissingExtra

__all__ = ["add_parser", "dashboard_notebook"]

_PACKAGE = Path(__file__).resolve().parent.parent
_DEFAULT_PORT = 8866
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_IDLE_SECONDS = 2 * 60 * 60
_CHECK_SECONDS = 5 * 60
COURSE = "course"
"""The part of the address under which the lessons are."""


def add_parser(subparsers: Any) -> None:
    """Register ``dashboard`` with the subparsers of the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "dashboard",
        help="open the workbench in a browser",
        description=(
            "Serve the workbench as a page on this computer and open it in a browser. The lessons "
            "of the course are beside it."
        ),
    )
    parser.add_argument(
        "--port", type=_port, default=_DEFAULT_PORT, help="port of the page (%(default)s)"
    )
    parser.add_argument(
        "--host",
        default=_LOOPBACK[0],
        help="address to listen on (%(default)s: this computer alone)",
    )
    parser.add_argument(
        "--data",
        metavar="DIR",
        type=Path,
        action="append",
        default=[],
        help="a dataset, or a folder of some, that visitors may train on; may be given again",
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="only print the address, open no browser"
    )
    parser.set_defaults(run=_run)


def dashboard_notebook() -> Path:
    """Return the notebook that is served: in an installed package, or in a checkout.

    Raises
    ------
    FractureWidgetsError
        If it is in neither.
    """
    for folder in (_PACKAGE / "notebooks", _PACKAGE.parent / "notebooks"):
        notebook = folder / "dashboard.ipynb"
        if notebook.is_file():
            return notebook
    raise FractureWidgetsError(
        "The notebook dashboard.ipynb is missing from this installation: install the package again."
    )


def _run(arguments: argparse.Namespace) -> int:
    notebook = dashboard_notebook()
    _check_port(arguments.host, arguments.port)
    if arguments.data:
        _offer(arguments.data)
    _serve(notebook, arguments.host, arguments.port, open_browser=not arguments.no_browser)
    return 0


def _offer(folders: Sequence[Path]) -> None:
    """Let the pages offer these datasets; their kernels inherit the environment."""
    for folder in folders:
        if not find_datasets([folder]):
            raise FractureWidgetsError(
                f"{folder} holds no dataset: give --data a folder in which Elbow, Hand or Shoulder "
                "folders of radiographs lie, or a folder of such folders."
            )
    os.environ[DATASETS_VARIABLE] = os.pathsep.join(str(one.resolve()) for one in folders)


def _port(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text} is no port: choose a number from 1 to 65535")


def _check_port(host: str, port: int) -> None:
    """Say plainly why the page cannot be served here; Voilà would move to another port."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            if os.name == "posix":
                # As the server itself does: a port left a moment ago may be taken again.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror as error:
        raise FractureWidgetsError(
            f"{host} is no address of this computer: leave --host out, or give 127.0.0.1."
        ) from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise FractureWidgetsError(
                f"Port {port} is in use: stop the program that uses it, or choose another one, as "
                f"in  fracture-widgets dashboard --port {port + 1 if port < 65535 else port - 1}."
            ) from error
        raise FractureWidgetsError(
            f"Port {port} cannot be opened on {host} ({error.strerror}): choose another port "
            "above 1024, or another address."
        ) from error


def _is_unspecified(host: str) -> bool:
    """Whether a host stands for every address of this computer, none to type into a browser."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _serve(notebook: Path, host: str, port: int, *, open_browser: bool) -> None:
    try:
        from traitlets.config import Config
        from voila.app import Voila
    except ImportError as error:
        raise MissingExtra("The dashboard", "dashboard") from error

    pages = read_pages(notebook.parent)

    class Server(Voila):  # type: ignore[misc]  # Voilà ships no types
        """Voilà with a page for each notebook of ours, saying where it is once it listens."""

        def init_handlers(self) -> list[Any]:
            return [*_course_handlers(self, pages), *super().init_handlers()]

        def launch_browser(self) -> None:
            shown = "localhost" if _is_unspecified(host) else f"[{host}]" if ":" in host else host
            address = f"http://{shown}:{port}/"
            print(f"Fracture Widgets is at {address}  (Ctrl+C ends it)", flush=True)
            if host not in _LOOPBACK:
                print(
                    "Everyone who reaches this computer can open it, and shares one history.",
                    flush=True,
                )
            if open_browser:
                webbrowser.open(address)

    # Where Voilà and nbconvert look for page templates.
    ours = str(_PACKAGE / "resources" / "jupyter")
    os.environ["JUPYTER_PATH"] = os.pathsep.join(
        path for path in (ours, os.environ.get("JUPYTER_PATH")) if path
    )
    settings = Config()
    settings.Voila.ip = host
    settings.Voila.port = port
    settings.Voila.port_retries = 0
    settings.Voila.open_browser = True  # calls launch_browser above, which knows what was asked
    settings.Voila.log_level = logging.WARNING
    settings.VoilaConfiguration.template = "fracture-widgets"
    settings.VoilaConfiguration.theme = "light"
    settings.VoilaConfiguration.allow_template_override = "NO"
    settings.VoilaConfiguration.allow_theme_override = "NO"
    settings.VoilaConfiguration.strip_sources = True
    settings.VoilaConfiguration.file_allowlist = []
    # A closed page leaves its kernel behind: end those that nobody has used for long.
    settings.MappingKernelManager.cull_idle_timeout = _IDLE_SECONDS
    settings.MappingKernelManager.cull_interval = _CHECK_SECONDS
    Server.launch_instance([str(notebook)], config=settings)


def _course_handlers(server: Any, pages: Sequence[Page]) -> list[Any]:
    """Return a route for each notebook, by its own name and no other: no folder is served.

    Lessons show their code; the other pages keep the settings of the whole server.
    """
    from jupyter_server.utils import url_path_join
    from tornado.web import RedirectHandler
    from voila.configuration import VoilaConfiguration
    from voila.tornado.handler import TornadoVoilaHandler

    with_code = VoilaConfiguration(parent=server)
    with_code.strip_sources = False

    def at(path: str) -> str:
        return str(url_path_join(server.server_url, COURSE, path))

    routes: list[Any] = [
        (
            at(re.escape(page.file)),
            TornadoVoilaHandler,
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
        routes.append((at("?"), RedirectHandler, {"url": at(index[0]), "permanent": False}))
    return routes
