from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import sys
import types

import pytest

from fracture_widgets.app.limits import MAX_MB_VARIABLE
from fracture_widgets.cli import main
from fracture_widgets.cli.commands import dashboard
from fracture_widgets.datasets.layout import DATASETS_VARIABLE, find_datasets
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.models.folder import MODELS_VARIABLE


@pytest.fixture
def served(monkeypatch):
    """Stand in for the server; hold what it would have been asked to serve."""
    held = []
    server = types.ModuleType("fracture_widgets.serving.server")
    server.serve = lambda settings, scratch: held.append(settings)
    monkeypatch.setitem(sys.modules, server.__name__, server)
    monkeypatch.setattr(dashboard, "graph_made_meanwhile", contextlib.nullcontext)
    return held


@pytest.fixture
def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def run(*words):
    return main(["dashboard", "--no-browser", *map(str, words)])


def test_it_listens_on_this_computer_alone_unless_told_otherwise(served, monkeypatch):
    monkeypatch.setattr(dashboard, "_check_port", lambda host, port: None)
    assert main(["dashboard"]) == 0
    (settings,) = served
    assert (settings.host, settings.port, settings.open_browser) == ("127.0.0.1", 8866, True)
    assert (settings.visitors, settings.warm, settings.separate_histories) == (None, 0, False)


@pytest.mark.parametrize(
    ("words", "warm", "separate"),
    [
        (["--visitors", "3"], 3, True),
        (["--visitors", "3", "--warm", "0", "--shared-history"], 0, False),
        (["--separate-histories"], 0, True),
    ],
)
def test_a_class_is_kept_warm_and_apart(served, free_port, words, warm, separate):
    assert run("--port", free_port, *words) == 0
    assert (served[0].warm, served[0].separate_histories) == (warm, separate)


@pytest.mark.parametrize(
    ("words", "hours"),
    [
        ([], 12),
        (["--visitors", "3"], 0),
        (["--visitors", "3", "--keep-visits", "8"], 8),
        (["--keep-visits", "0"], 0),
    ],
)
def test_visits_are_kept_for_as_long_as_is_said(served, free_port, words, hours):
    assert run("--port", free_port, *words) == 0
    assert served[0].keep_hours == hours


def test_what_is_no_number_of_hours_is_said(capsys):
    assert run("--keep-visits", "721") == 2
    assert "721 is no number of hours" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "password"),
    [
        (["--password", "open"], "open"),
        (["--password=open"], "open"),
        (["--password"], "typed"),
        (["--password", "--prefix", "/fractures/"], "typed"),
        ([], ""),
    ],
)
def test_a_password_without_a_word_is_asked_for(served, free_port, monkeypatch, words, password):
    monkeypatch.setattr("getpass.getpass", lambda prompt: "typed")
    assert run("--port", free_port, *words) == 0
    assert served[0].access.password == password


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "8866.5"])
def test_what_is_no_port_is_said(port, capsys):
    assert run(f"--port={port}") == 2
    assert "choose a number from 1 to 65535" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--visitors", "0"], ["--visitors", "1001"], ["--warm", "x"]])
def test_what_is_no_number_of_visitors_is_said(words, capsys):
    assert run(*words) == 2
    assert f"{words[1]} is no number of visitors" in capsys.readouterr().err


def test_a_port_in_use_is_a_sentence_with_a_way_out(capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert run("--port", port) == 1
    assert re.search(f"Port {port} is in use.*--port", capsys.readouterr().err)


def test_a_host_that_is_none_is_a_sentence(capsys):
    assert run("--host", "no such host") == 1
    assert "no address of this computer" in capsys.readouterr().err


def test_without_voila_the_extra_is_named(monkeypatch, capsys, free_port):
    monkeypatch.setitem(sys.modules, "voila.app", None)
    monkeypatch.delitem(sys.modules, "fracture_widgets.serving.server", raising=False)
    assert run("--port", free_port) == 1
    assert "fracture-widgets[dashboard]" in capsys.readouterr().err


def test_the_notebook_is_an_import_and_one_line_of_code():
    notebook = json.loads(dashboard.dashboard_notebook().read_text("utf-8"))
    (cell,) = notebook["cells"]
    assert "".join(cell["source"]).split("\n") == [
        "from fracture_widgets import Workbench",
        "",
        "Workbench()",
    ]


def test_an_installed_package_brings_its_own_notebook(tmp_path, monkeypatch):
    monkeypatch.setattr(dashboard, "_PACKAGE", tmp_path / "site-packages" / "fracture_widgets")
    with pytest.raises(FractureWidgetsError, match="install the package again"):
        dashboard.dashboard_notebook()
    notebook = tmp_path / "site-packages" / "fracture_widgets" / "notebooks" / "dashboard.ipynb"
    notebook.parent.mkdir(parents=True)
    notebook.touch()
    assert dashboard.dashboard_notebook() == notebook


def test_datasets_are_offered_by_name_to_the_pages_and_a_folder_without_one_is_a_sentence(
    tmp_path, monkeypatch, served, free_port, capsys
):
    monkeypatch.setenv(DATASETS_VARIABLE, "")
    (tmp_path / "joints" / "train_valid" / "Elbow").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    assert run("--port", free_port, "--data", tmp_path, "--data", tmp_path / "joints") == 0
    assert find_datasets() == [tmp_path / "joints", tmp_path / "joints"]
    assert run("--port", free_port, "--data", tmp_path / "other") == 1
    assert "other holds no dataset: give --data a folder" in capsys.readouterr().err


@pytest.mark.parametrize("limit", ["0", "513", "-1", "64MB", "1.5"])
def test_a_limit_that_is_none_is_said(limit, capsys):
    assert run(f"--max-mb={limit}") == 2
    assert f"{limit} is no size of a radiograph: choose a number" in capsys.readouterr().err


def test_a_limit_of_the_environment_that_is_none_is_said_before_anything_is_served(
    monkeypatch, served, free_port, capsys
):
    monkeypatch.setenv(MAX_MB_VARIABLE, "plenty")
    assert run("--port", free_port) == 1
    assert "FRACTURE_WIDGETS_MAX_MB is 'plenty'" in capsys.readouterr().err
    assert served == []
    assert run("--port", free_port, "--max-mb", "200") == 0
    assert served[0].max_mb == 200


@pytest.mark.slow
def test_a_model_that_cannot_be_used_is_a_sentence_before_anything_is_served(
    tmp_path, monkeypatch, capsys, free_port
):
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path))
    assert run("--port", free_port) == 1
    assert "card.json" in capsys.readouterr().err
    monkeypatch.delenv(MODELS_VARIABLE)
    monkeypatch.chdir(tmp_path)
    assert run("--port", free_port, "--models", ".") == 1
    assert "card.json" in capsys.readouterr().err
    assert os.environ[MODELS_VARIABLE] == str(tmp_path)
