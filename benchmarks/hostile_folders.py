"""The server's configuration where the working directory and the home folder are hostile.

    python benchmarks/hostile_folders.py [--before CHECKOUT]

Both folders are full of settings of Voilà, Jupyter, IPython and Matplotlib, and of modules named as
those that the server imports; each leaves a mark when it is read as code. Prints what a stranger
gets, which marks were left, and of each setting that closes the server what it is.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import strangers
import typer
from served import Served, dashboard

from fracture_widgets.base.tables import markdown_table

TOKEN = "an-open-sesame"  # noqa: S105 - opens a server that lives for a minute
_OPEN = {
    "Voila": {"token": "", "base_url": "/", "ip": "0.0.0.0", "tornado_settings": {"debug": True}},  # noqa: S104
    "VoilaConfiguration": {
        "file_allowlist": [".*"],
        "strip_sources": False,
        "show_tracebacks": True,
        "allow_template_override": "YES",
    },
    "IdentityProvider": {"token": ""},
    "PasswordIdentityProvider": {"hashed_password": ""},
    "MappingKernelManager": {"allowed_message_types": [], "allow_tracebacks": True},
}
_MODULES = (
    *("numpy", "onnxruntime", "tornado", "voila", "ipykernel", "IPython", "traitlets", "PIL"),
    *("sitecustomize", "usercustomize", "ipykernel_launcher", "logging"),
)
_CONFIGURED = ("voila", "jupyter_config", "jupyter_server_config", "jupyter_notebook_config",
               "jupyter_nbconvert_config", "ipython_config", "ipython_kernel_config")  # fmt: skip


_THEN_THE_REAL_ONE = """
import os, sys
here = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [folder for folder in sys.path if os.path.abspath(folder) != here]
del sys.modules[__name__]
__import__(__name__)
"""


def plant(working: Path, home: Path, marks: Path) -> None:
    """Fill a working directory and a home folder with what a server must not read."""
    profile = home / ".ipython" / "profile_default"
    data = home / ".local" / "share" / "jupyter"
    for folder in (working, home / ".jupyter", home / ".local" / "etc" / "jupyter", profile):
        folder.mkdir(parents=True, exist_ok=True)
        for name in _CONFIGURED:
            _mark(folder / f"{name}.py", marks, "\nc = get_config()\nc.Voila.token = ''\n")
            (folder / f"{name}.json").write_text(json.dumps(_OPEN), "utf-8")
    for name in _MODULES:
        _mark(working / f"{name}.py", marks, _THEN_THE_REAL_ONE)
    _mark(profile / "startup" / "00-first.py", marks)
    kernel = {"argv": [sys.executable, str(working / "numpy.py")], "language": "python",
              "display_name": "Python 3"}  # fmt: skip
    _write(data / "kernels" / "python3" / "kernel.json", json.dumps(kernel))
    for app in ("voila", "nbconvert"):
        template = data / app / "templates" / "fracture-widgets"
        _write(template / "conf.json", json.dumps({"traitlet_configuration": _OPEN}))
        _write(template / "index.html.j2", "planted")
    for folder in (working, home / ".config" / "matplotlib"):
        _write(folder / "matplotlibrc", "backend: module://numpy\n")


def _mark(file: Path, marks: Path, then: str = "") -> None:
    mark = marks / "-".join(file.parts[-2:])
    _write(file, f"open({str(mark)!r}, 'w').close(){then}")


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


def stranger_gets(scratch: Path, checkout: Path | None = None) -> dict[str, object]:
    """Serve a dashboard with a token from the hostile folders, and say what comes of it."""
    working, home, marks = (scratch / name for name in ("working", "home", "marks"))
    marks.mkdir(parents=True)
    plant(working, home, marks)
    folders = {"HOME": str(home), "XDG_CACHE_HOME": str(scratch / "cache")}
    options = ("--token", TOKEN, "--visitors", "1")

    async def look(server: Served) -> dict[str, object]:
        without, _ = await strangers.ask(server, "/")
        file, _ = await strangers.ask(server, "/voila/files/dashboard.ipynb")
        cookie = await strangers.enter(server, TOKEN)
        _, page = await strangers.ask(server, "/", Cookie=cookie)
        inside, _ = await strangers.ask(server, "/voila/files/dashboard.ipynb", Cookie=cookie)
        return {
            "the page without the token": without,
            "the notebook's file without the token": file,
            "the notebook's file with it": inside,
            "code on the page": "import fracture_widgets" in page,
            "the page is the workbench": "kernelId" in page and "planted" not in page,
        }

    found: dict[str, object] = {}
    with (
        suppress(RuntimeError),  # it does not start
        dashboard(
            scratch / "data", *options, checkout=checkout, folder=working, **folders
        ) as server,
    ):
        found = asyncio.run(look(server))
    return found | {"planted files that were run": sorted(mark.name for mark in marks.iterdir())}


_PRINT = """
import json, sys
from pathlib import Path
from fracture_widgets.cli.commands.dashboard import dashboard_notebook
from fracture_widgets.serving.prepare import folders_of_our_own
from fracture_widgets.serving.settings import Access, ServingSettings

def told(server):
    from fracture_widgets.serving.server import in_force
    shown = {name: [str(x) for x in both] for name, both in in_force(server).items()}
    print(json.dumps(shown), flush=True)
    server.ioloop.add_callback(server.ioloop.stop)

with folders_of_our_own() as scratch:
    from fracture_widgets.serving.server import serve
    settings = ServingSettings(dashboard_notebook(), port=int(sys.argv[1]),
                               access=Access(token=sys.argv[2]))
    serve(settings, scratch, when_ready=told)
"""


def in_force(scratch: Path) -> dict[str, list[str]]:
    """Return what closes a server that was started in the hostile folders, and what was asked."""
    working, home = scratch / "working", scratch / "home"
    ended = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-P", "-c", _PRINT, "0", TOKEN],
        cwd=working,
        env=os.environ | {"HOME": str(home)},
        stdout=subprocess.PIPE,
        check=True,
        timeout=300,
    )
    settings: dict[str, list[str]] = json.loads(ended.stdout)
    return settings


def main(before: Path | None = None) -> None:
    """Print both tables."""
    with tempfile.TemporaryDirectory() as name:
        after = stranger_gets(Path(name, "after"))
        old = stranger_gets(Path(name, "before"), before.resolve()) if before else {}
        rows = [
            (what, old.get(what, "(does not start)" if before else ""), so)
            for what, so in after.items()
        ]
        print(markdown_table(("a stranger gets", "before", "after"), rows), "\n")
        settings = in_force(Path(name, "after"))
        print(markdown_table(("setting", "is", "was asked for"),
                             [(what, *both) for what, both in settings.items()]))  # fmt: skip


if __name__ == "__main__":
    typer.run(main)
