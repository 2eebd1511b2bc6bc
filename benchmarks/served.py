"""What the benchmarks of served pages share: servers, and the memory of their processes.

Two reference pages stand beside ours, each a notebook served by Voilà: one with a single button,
and one that imports TensorFlow and holds one ResNet-50, as a first version of a dashboard would.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

PATIENCE = 300_000
"""Milliseconds to wait for a page."""

READY = "Choose a radiograph first."
"""What the workbench says once its networks are loaded."""

EMPTY_PAGE = 'import ipywidgets\nipywidgets.Button(description="Ready")'
TENSORFLOW_PAGE = (
    "import ipywidgets\nimport keras\nnetwork = keras.applications.ResNet50(weights=None)\n"
    'ipywidgets.Button(description="Ready")'
)


@dataclass(frozen=True)
class Served:
    """A running server: its address and its process."""

    address: str
    pid: int


def dashboard(
    data: Path,
    *options: str,
    checkout: Path | None = None,
    folder: Path | None = None,
    log: Path | None = None,
    files: int | None = None,
    **environment: str,
) -> AbstractContextManager[Served]:
    """Serve our dashboard by its command.

    That of another checkout if one is named; from a folder, with a log, and with so many open
    files as the system allows by default.
    """
    few = f"import resource; resource.setrlimit(7, ({files}, resource.getrlimit(7)[1]));"
    code = "import sys; from fracture_widgets.cli import main; sys.exit(main())"
    command = ["-P", "-c", f"{few if files else ''}{code}", "dashboard", "--no-browser", *options]
    environment["FRACTURE_WIDGETS_DATA"] = str(data)
    if checkout is not None:
        folder = folder or checkout
        environment["PYTHONPATH"] = str(checkout)
    return _running(command, folder=folder, log=log, **environment)


def notebook_page(folder: Path, name: str, code: str) -> AbstractContextManager[Served]:
    """Serve a notebook of one cell by plain Voilà, with its own settings."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cell = {"cell_type": "code", "id": "page", "metadata": {}, "outputs": []}
    notebook = {
        "cells": [{**cell, "execution_count": None, "source": code}],
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path = folder / f"{name}.ipynb"
    path.write_text(json.dumps(notebook), "utf-8")
    command = ["-m", "voila", str(path), "--no-browser", "--Voila.log_level=ERROR"]
    return _running(command, TF_CPP_MIN_LOG_LEVEL="3", KERAS_BACKEND="tensorflow")


@contextmanager
def _running(
    command: Sequence[str],
    *,
    folder: Path | None = None,
    log: Path | None = None,
    **environment: str,
) -> Iterator[Served]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (
        open(os.devnull if log is None else log, "wb") as told,  # noqa: PTH123 - a device or a path
        subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, *command, "--port", str(port)],
            cwd=folder,
            env=os.environ | environment,
            stdout=told,
            stderr=told,
        ) as server,
    ):
        try:
            _wait_until_it_listens(port, server)
            yield Served(f"http://127.0.0.1:{port}/", server.pid)
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(60)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait_until_it_listens(port: int, server: subprocess.Popen[bytes]) -> None:
    # Asks for an address that starts no kernel.
    for _ in range(600):
        if server.poll() is not None:
            raise RuntimeError(f"The server ended with status {server.returncode}.")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/voila/files/none", timeout=60)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)


def total_mb(server: Served) -> float:
    """Return the proportional set sizes of a server and its kernels, summed, in MB."""
    process = psutil.Process(server.pid)
    return sum(map(_proportional_mb, [process, *process.children(recursive=True)]))


def _proportional_mb(process: psutil.Process) -> float:
    """Return a process's proportional set size in MB: what it shares is divided by the sharers."""
    for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text("ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"Process {process.pid} has no proportional set size.")


@contextmanager
def three_pages(scratch: Path) -> Iterator[dict[str, tuple[Served, str]]]:
    """Serve ours and the two reference pages; each with the CSS selector of what makes it ready."""
    button = "button:has-text('Ready')"
    with (
        dashboard(scratch / "data") as ours,
        notebook_page(scratch, "empty", EMPTY_PAGE) as empty,
        notebook_page(scratch, "tensorflow", TENSORFLOW_PAGE) as tensorflow,
    ):
        yield {
            "ours": (ours, f"[role=status]:has-text('{READY}')"),
            "empty": (empty, button),
            "tensorflow": (tensorflow, button),
        }
