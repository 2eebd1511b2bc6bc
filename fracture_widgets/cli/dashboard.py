"""``fracture-widgets dashboard``: the workbench, and the course beside it, served by Voilà."""

from __future__ import annotations

import argparse
import errno
import getpass
import os
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from fracture_widgets.datasets.offered import DATASETS_VARIABLE, find_datasets
from fracture_widgets.errors import FractureWidgetsError, MissingExtra
from fracture_widgets.parts import BODY_PARTS, in_words
from fracture_widgets.serving.graph import graph_made_meanwhile
from fracture_widgets.serving.settings import ServingSettings, choose_access, normal_prefix

__all__ = ["add_parser", "dashboard_notebook"]

_PACKAGE = Path(__file__).resolve().parent.parent
_DEFAULT_PORT = 8866
_MOST_VISITORS = 1000
_SOON_SECONDS = 5 * 60
_LATE_SECONDS = 2 * 60 * 60
_ASK: Final = object()
_EPILOG = """\
For a class:
  fracture-widgets dashboard --host 0.0.0.0 --visitors 30
Thirty pages can be open at once, all kept warm: each opens at once, has networks, radiographs and
a history of its own, and its place is free again when it is closed. The next visitor reads that
all places are taken, on a page that tries again by itself. A place takes some 0.1 GB of memory,
and that of the radiographs on its page.
The address that is printed holds a token, without which nobody else comes in.

Behind a proxy, keep --host at this computer, name the path with --prefix, and let the proxy pass
on WebSockets and the name it was asked for; in nginx:
  fracture-widgets dashboard --prefix /fractures/ --password --visitors 30
  location /fractures/ {
      proxy_pass http://127.0.0.1:8866;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_read_timeout 1d;
      proxy_buffering off;
  }

On JupyterHub, install jupyter-server-proxy beside this package, and write into
jupyter_server_config.py; the page is then at /user/NAME/fracture-widgets/, and the hub's own login
opens it:
  c.ServerProxy.servers = {
      "fracture-widgets": {
          "command": ["fracture-widgets", "dashboard", "--no-browser", "--port", "{port}",
                      "--no-token", "--prefix", "{base_url}fracture-widgets/"],
          "absolute_url": True,
          "timeout": 60,
          "launcher_entry": {"title": "Fracture Widgets"},
      }
  }
"""


def add_parser(subparsers: Any) -> None:
    """Register ``dashboard`` with the subparsers of the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "dashboard",
        help="open the workbench in a browser",
        description=(
            "Serve the workbench as a page on this computer and open it in a browser. The lessons\n"
            "of the course are beside it."
        ),
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--port", type=_port, default=_DEFAULT_PORT, help="port of the page (%(default)s)"
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
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
        "--max-mb",
        metavar="N",
        type=_megabytes,
        help="largest file that visitors may upload, in MB (64)",
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="only print the address, open no browser"
    )
    _add_class_options(parser.add_argument_group("a class"))
    _add_door_options(parser.add_argument_group("who is let in, and by which address"))
    parser.set_defaults(run=_run)


def _add_class_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--visitors",
        metavar="N",
        type=_count,
        help="pages that may be open at once, all kept warm; by default without limit, none warm",
    )
    group.add_argument(
        "--warm",
        metavar="N",
        type=_count_or_none,
        help="keep only so many workbenches ready for the next visitors",
    )
    histories = group.add_mutually_exclusive_group()
    histories.add_argument(
        "--separate-histories",
        action="store_const",
        const=True,
        dest="separate_histories",
        help="each visitor has a history of their own, deleted at the end (so with --visitors)",
    )
    histories.add_argument(
        "--shared-history",
        action="store_const",
        const=False,
        dest="separate_histories",
        help="all visitors share the history of this computer's user (so without --visitors)",
    )


def _add_door_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--token",
        metavar="WORD",
        help="a word that opens the page, as ?token=WORD or typed; one is made where the page can "
        "be reached from other computers",
    )
    group.add_argument(
        "--password",
        metavar="WORD",
        nargs="?",
        const=_ASK,
        help="a password that opens the page; without WORD it is asked for here",
    )
    group.add_argument(
        "--no-token",
        action="store_true",
        help="let everybody in, by whatever name this computer is asked for",
    )
    group.add_argument(
        "--prefix",
        metavar="PATH",
        default="/",
        help="path that the page's addresses begin with (%(default)s)",
    )


def dashboard_notebook() -> Path:
    """Return the notebook that is served: in an installed package, or in a checkout."""
    for folder in (_PACKAGE / "notebooks", _PACKAGE.parent / "notebooks"):
        notebook = folder / "dashboard.ipynb"
        if notebook.is_file():
            return notebook
    raise FractureWidgetsError(
        "The notebook dashboard.ipynb is missing from this installation: install the package again."
    )


def _run(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)
    _check_port(arguments.host, arguments.port)
    if arguments.data:
        _offer(arguments.data)
    with graph_made_meanwhile():
        try:
            from fracture_widgets.serving.server import serve
        except ImportError as error:
            raise MissingExtra("The dashboard", "dashboard") from error
    serve(settings)
    return 0


def _settings(arguments: argparse.Namespace) -> ServingSettings:
    visitors, warm = arguments.visitors, arguments.warm
    if visitors is not None and warm is not None and warm > visitors:
        raise FractureWidgetsError(
            f"--warm {warm} is more than the {visitors} visitors that there are places for: give "
            "fewer, or leave --warm out."
        )
    if arguments.max_mb is None:
        _check_limit_of_environment()
    password = arguments.password
    if password is _ASK:
        password = getpass.getpass("Password for the dashboard: ")
    separate = arguments.separate_histories
    return ServingSettings(
        notebook=dashboard_notebook(),
        host=arguments.host,
        port=arguments.port,
        prefix=normal_prefix(arguments.prefix),
        access=choose_access(
            arguments.host,
            token=arguments.token,
            password=password,
            open_to_all=arguments.no_token,
        ),
        visitors=visitors,
        warm=(visitors or 0) if warm is None else warm,
        separate_histories=visitors is not None if separate is None else separate,
        gone_seconds=_LATE_SECONDS if visitors is None else _SOON_SECONDS,
        idle_seconds=_LATE_SECONDS,
        max_mb=arguments.max_mb,
        open_browser=not arguments.no_browser,
    )


def _check_limit_of_environment() -> None:
    """Say here what every page would say instead of a workbench."""
    from fracture_widgets.app.limits import UploadLimits

    UploadLimits.from_environment()


def _offer(folders: Sequence[Path]) -> None:
    """Let the pages offer these datasets; their kernels inherit the environment."""
    for folder in folders:
        if not find_datasets([folder]):
            raise FractureWidgetsError(
                f"{folder} holds no dataset: give --data a folder in which "
                f"{in_words(map(str.title, BODY_PARTS))} folders of radiographs lie, or a "
                "folder of such folders."
            )
    os.environ[DATASETS_VARIABLE] = os.pathsep.join(str(one.resolve()) for one in folders)


def _count(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= _MOST_VISITORS:
        return int(text)
    raise argparse.ArgumentTypeError(
        f"{text} is no number of visitors: choose one from 1 to {_MOST_VISITORS}"
    )


def _count_or_none(text: str) -> int:
    return 0 if text == "0" else _count(text)


def _megabytes(text: str) -> int:
    from fracture_widgets.app.limits import MOST_MB

    if text.isdecimal() and 1 <= int(text) <= MOST_MB:
        return int(text)
    raise argparse.ArgumentTypeError(
        f"{text} is no size of a radiograph: choose a number of megabytes from 1 to {MOST_MB}"
    )


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
