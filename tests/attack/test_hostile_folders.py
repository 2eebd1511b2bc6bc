"""Nothing in the working directory or in the home folder changes the server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hostile_folders import in_force, plant, stranger_gets

pytestmark = pytest.mark.slow

# The server is started with one setting that is not what was asked for, as by a file of settings.
_LOOSE = """
import sys
from fracture_widgets.cli.commands.dashboard import dashboard_notebook
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.serving import server
from fracture_widgets.serving.prepare import folders_of_our_own
from fracture_widgets.serving.settings import Access, ServingSettings
from voila.app import Voila

real = server.configuration
for change in sys.argv[1:]:
    def configuration(settings, scratch):
        config = real(settings, scratch)
        exec(change)
        return config
    server.configuration = configuration
    with folders_of_our_own() as scratch:
        settings = ServingSettings(dashboard_notebook(), port=0, access=Access(token="sesame"))
        try:
            server.serve(settings, scratch, when_ready=lambda x: x.ioloop.stop())
        except FractureWidgetsError as error:
            print(error)
    Voila._instance.clear_instance()
"""


def test_what_is_planted_there_is_neither_read_nor_run(tmp_path: Path) -> None:
    assert stranger_gets(tmp_path) == {
        "the page without the token": 302,
        "the notebook's file without the token": 302,
        "the notebook's file with it": 403,
        "code on the page": False,
        "the page is the workbench": True,
        "planted files that were run": [],
    }


def test_every_setting_that_closes_the_server_is_what_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "marks").mkdir()
    plant(tmp_path / "working", tmp_path / "home", tmp_path / "marks")
    settings = in_force(tmp_path)
    assert len(settings) == 12
    assert {name for name, (is_so, asked_for) in settings.items() if is_so != asked_for} == set()


def test_with_another_token_files_or_code_it_does_not_start() -> None:
    changes = {
        "config.Voila.token = ''": "the token",
        "config.VoilaConfiguration.file_allowlist = ['.*']": "the files that are handed out",
        "config.VoilaConfiguration.strip_sources = False": "that code is left out",
        "config.Voila.ip = '0.0.0.0'": "the address",
    }
    ended = subprocess.run(
        [sys.executable, "-c", _LOOSE, *changes],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=300,
    )
    assert ended.stdout.splitlines() == [
        f"The dashboard is not started: something else than this command has set {name}."
        for name in changes.values()
    ]
