"""JupyterLab as people start it, with a notebook that shows the workbench."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from pages import PATIENCE, free_port, status
from playwright.sync_api import Page, expect

CODE = "from fracture_widgets import Workbench\n\nWorkbench(answer_at_once=False)"


@dataclass(frozen=True)
class JupyterLab:
    """A running JupyterLab: where it is, and the folder of its notebooks."""

    address: str
    notebooks: Path

    def write_notebook(self, name: str, code: str = CODE) -> Path:
        """Put a notebook of one cell into the folder."""
        cell = {"cell_type": "code", "id": "cell", "metadata": {}, "source": code}
        notebook = {
            "cells": [cell | {"execution_count": None, "outputs": []}],
            "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        path = self.notebooks / name
        path.write_text(json.dumps(notebook))
        return path


@contextmanager
def serve_jupyterlab(folder: Path) -> Iterator[JupyterLab]:
    """Start JupyterLab as it comes, with settings, home and notebooks in a scratch folder."""
    home, notebooks, port = folder / "home", folder / "notebooks", free_port()
    home.mkdir(parents=True)
    notebooks.mkdir()
    news = home / "settings" / "@jupyterlab" / "apputils-extension"
    news.mkdir(parents=True)
    (news / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    server = subprocess.Popen(
        [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
            f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={notebooks}", "--IdentityProvider.token=",
            "--LabApp.extension_manager=readonly",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        ],
        env=os.environ
        | {
            "HOME": str(home),
            "IPYTHONDIR": str(home / "ipython"),
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
            "FRACTURE_WIDGETS_DATA": str(home / "fracture-widgets"),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    with server:
        try:
            address = f"http://127.0.0.1:{port}/"
            _wait_until_it_answers(server, address)
            yield JupyterLab(address, notebooks)
        finally:
            server.terminate()  # its kernels end with it
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait_until_it_answers(server: subprocess.Popen[bytes], address: str) -> None:
    end = monotonic() + PATIENCE / 1000
    while monotonic() < end:
        assert server.poll() is None, "JupyterLab ended at once"
        try:
            with urllib.request.urlopen(f"{address}api", timeout=5):
                return
        except (urllib.error.URLError, TimeoutError):
            sleep(0.2)
    raise AssertionError("JupyterLab does not answer")


def run_notebook(page: Page, lab: JupyterLab, name: str) -> None:
    """Open a notebook and run all of it from the menu."""
    page.goto(f"{lab.address}lab/tree/{name}?reset")
    expect(page.get_by_role("button", name=re.compile(r"\| Idle$"))).to_be_visible()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def open_workbench_in_lab(page: Page, lab: JupyterLab, name: str) -> None:
    """Run a notebook that shows the workbench, and wait until its networks are loaded."""
    run_notebook(page, lab, name)
    page.locator(".fw-workbench").wait_for()
    expect(status(page)).to_have_text("Choose a radiograph first.")
