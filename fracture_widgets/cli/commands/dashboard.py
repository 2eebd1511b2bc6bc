"""``fracture-widgets dashboard``: the workbench, and the course beside it, served by Voilà."""

from __future__ import annotations

import errno
import getpass
import os
import socket
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from fracture_widgets.app.limits import MOST_MB, UploadLimits
from fracture_widgets.cli.options import App
from fracture_widgets.datasets.layout import DATASETS_VARIABLE, find_datasets
from fracture_widgets.errors import FractureWidgetsError, MissingExtra
from fracture_widgets.models.folder import MODELS_VARIABLE
from fracture_widgets.parts import BODY_PARTS, in_words
from fracture_widgets.serving.prepare import folders_of_our_own, graph_made_meanwhile
from fracture_widgets.serving.settings import ServingSettings, choose_access, normal_prefix

app = App()

_PACKAGE = Path(__file__).resolve().parent.parent.parent
_MOST_VISITORS = 1000
_MOST_HOURS, _USUAL_HOURS = 720, 12
_SOON_SECONDS, _LATE_SECONDS = 5 * 60, 2 * 60 * 60
_EPILOG = """\
\b
For a class:
  fracture-widgets dashboard --host 0.0.0.0 --visitors 30
Thirty pages can be open at once, all kept warm: each opens at once, has networks, radiographs and
a history of its own, and its place is free again when it is closed. The next visitor reads that
all places are taken, on a page that tries again by itself. A place takes some 0.1 GB of memory,
and that of the radiographs on its page.
The address that is printed holds a token, without which nobody else comes in.

\b
Behind a proxy, keep --host at this computer, name the path with --prefix, and let the proxy pass
on WebSockets and the name it was asked for; in nginx:
  fracture-widgets dashboard --prefix /fractures/ --password --visitors 30
  location /fractures/ {
      proxy_pass http://127.0.0.1:8866;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_read_timeout 1d;
      proxy_buffering off;
  }

\b
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


class _Password(TyperCommand):
    """A command whose ``--password`` may stand without a word: it is then asked for."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take a ``--password`` that no word follows for ``--ask-password``."""
        words = [
            "--ask-password" if word == "--password" and after.startswith("-") else word
            for word, after in zip_longest(args, args[1:], fillvalue="-")
        ]
        return super().parse_args(ctx, words)


def _number(least: int, most: int, sentence: str) -> dict[str, Any]:
    """Return the settings of an option that is a whole number in a range."""

    def parse(text: object) -> int:
        words = str(text)
        if words.isdecimal() and least <= int(words) <= most:
            return int(words)
        raise typer.BadParameter(sentence.format(words))

    return {"parser": parse}


_PORT = _number(1, 65535, "{} is no port: choose a number from 1 to 65535")
_SIZE = f"{{}} is no size of a radiograph: choose a number of megabytes from 1 to {MOST_MB}"
_HOURS = f"{{}} is no number of hours: choose one from 0, which keeps nothing, to {_MOST_HOURS}"
_VISITORS = f"{{}} is no number of visitors: choose one from 1 to {_MOST_VISITORS}"


@app.command(short_help="open the workbench in a browser", epilog=_EPILOG, cls=_Password)
def dashboard(
    *,
    port: Annotated[int, _PORT] = 8866,
    host: str = "127.0.0.1",
    models: Path | None = None,
    data: list[Path] | None = None,
    max_mb: Annotated[int | None, _number(1, MOST_MB, _SIZE)] = None,
    no_browser: bool = False,
    visitors: Annotated[int | None, _number(1, _MOST_VISITORS, _VISITORS)] = None,
    warm: Annotated[int | None, _number(0, _MOST_VISITORS, _VISITORS)] = None,
    separate_histories: Annotated[
        bool | None,
        typer.Option(
            "--separate-histories/--shared-history",
            help="each visitor has a history of their own, deleted at the end (so with "
            "--visitors), or all visitors share the history of this computer's user (so without)",
        ),
    ] = None,
    keep_visits: Annotated[int | None, _number(0, _MOST_HOURS, _HOURS)] = None,
    token: str | None = None,
    password: str | None = None,
    ask_password: Annotated[bool, typer.Option("--ask-password", hidden=True)] = False,
    no_token: bool = False,
    prefix: str = "/",
) -> int:
    """Serve the workbench as a page on this computer and open it in a browser.

    The lessons of the course are beside it.

    Parameters
    ----------
    port : N
        port of the page
    host
        address to listen on; this computer alone by default
    models : DIR
        models folder that the pages begin with; others can be chosen on them
    data : DIR
        a dataset, or a folder of some, that visitors may train on; may be given again
    max_mb : N
        largest file that visitors may upload, in MB (64)
    no_browser
        only print the address, open no browser
    visitors : N
        pages that may be open at once, all kept warm; by default without limit, none warm
    warm : N
        keep only so many workbenches ready for the next visitors
    keep_visits : HOURS
        for how long the radiographs and answers on a page, and the history of a visitor who has
        one, are kept after they were used last, also when the dashboard ends and is started again;
        0 deletes them when it ends (by default 12, and 0 with histories for each visitor)
    token : WORD
        a word that opens the page, as ?token=WORD or typed; one is made where the page can be
        reached from other computers
    password : [WORD]
        a password that opens the page; without WORD it is asked for here
    no_token
        let everybody in, by whatever name this computer is asked for
    prefix : PATH
        path that the page's addresses begin with
    """
    if visitors is not None and warm is not None and warm > visitors:
        raise FractureWidgetsError(
            f"--warm {warm} is more than the {visitors} visitors that there are places for: give "
            "fewer, or leave --warm out."
        )
    if max_mb is None:
        UploadLimits.from_environment()  # says here what every page would say
    if ask_password:
        password = getpass.getpass("Password for the dashboard: ")
    separate = visitors is not None if separate_histories is None else separate_histories
    settings = ServingSettings(
        notebook=dashboard_notebook(),
        host=host,
        port=port,
        prefix=normal_prefix(prefix),
        access=choose_access(host, token=token, password=password, open_to_all=no_token),
        visitors=visitors,
        warm=(visitors or 0) if warm is None else warm,
        separate_histories=separate,
        keep_hours=(0 if separate else _USUAL_HOURS) if keep_visits is None else keep_visits,
        gone_seconds=_LATE_SECONDS if visitors is None else _SOON_SECONDS,
        idle_seconds=_LATE_SECONDS,
        max_mb=max_mb,
        open_browser=not no_browser,
    )
    _check_port(host, port)
    if data:
        _offer(data)
    if models is not None:
        os.environ[MODELS_VARIABLE] = str(models.expanduser().resolve())
    with folders_of_our_own() as scratch:
        with graph_made_meanwhile():
            try:
                from fracture_widgets.serving.server import serve
            except ImportError as error:
                raise MissingExtra("The dashboard", "dashboard") from error
        serve(settings, scratch)
    return 0


def dashboard_notebook() -> Path:
    """Return the notebook that is served: in an installed package, or in a checkout."""
    for folder in (_PACKAGE / "notebooks", _PACKAGE.parent / "notebooks"):
        notebook = folder / "dashboard.ipynb"
        if notebook.is_file():
            return notebook
    raise FractureWidgetsError(
        "The notebook dashboard.ipynb is missing from this installation: install the package again."
    )


def _offer(folders: Sequence[Path]) -> None:
    """Let the pages offer these datasets; their kernels inherit the environment."""
    for folder in folders:
        if not find_datasets([folder]):
            raise FractureWidgetsError(
                f"{folder} holds no dataset: give --data a folder in which "
                f"{in_words(map(str.title, BODY_PARTS))} folders of radiographs lie, or a "
                "folder of such folders."
            )
    os.environ[DATASETS_VARIABLE] = os.pathsep.join(str(folder.resolve()) for folder in folders)


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
