from __future__ import annotations

import argparse
import json
import socket
import sys

import pytest

from fracture_widgets.app.limits import MAX_MB_VARIABLE
from fracture_widgets.cli import dashboard
from fracture_widgets.datasets.offered import DATASETS_VARIABLE, find_datasets
from fracture_widgets.errors import FractureWidgetsError, MissingExtra, ModelError
from fracture_widgets.models.folder import MODELS_VARIABLE


@pytest.fixture
def parse():
    parser = argparse.ArgumentParser()
    dashboard.add_parser(parser.add_subparsers())
    return parser.parse_args


def test_it_listens_on_this_computer_alone_unless_told_otherwise(parse):
    arguments = parse(["dashboard"])
    assert (arguments.host, arguments.port, arguments.no_browser) == ("127.0.0.1", 8866, False)


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "8866.5"])
def test_what_is_no_port_is_said(parse, port, capsys):
    with pytest.raises(SystemExit):
        parse(["dashboard", f"--port={port}"])
    assert "choose a number from 1 to 65535" in capsys.readouterr().err


def test_a_port_in_use_is_a_sentence_with_a_way_out(parse):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        arguments = parse(["dashboard", "--port", str(port), "--no-browser"])
        with pytest.raises(FractureWidgetsError, match=f"Port {port} is in use.*--port"):
            arguments.run(arguments)


def test_a_host_that_is_none_is_a_sentence(parse):
    arguments = parse(["dashboard", "--host", "no such host", "--no-browser"])
    with pytest.raises(FractureWidgetsError, match="no address of this computer"):
        arguments.run(arguments)


def test_without_voila_the_extra_is_named(parse, monkeypatch):
    monkeypatch.setitem(sys.modules, "voila.app", None)
    monkeypatch.delitem(sys.modules, "fracture_widgets.serving.server", raising=False)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = parse(["dashboard", "--port", str(port)])
    with pytest.raises(MissingExtra, match=r"fracture-widgets\[dashboard\]"):
        arguments.run(arguments)


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
    tmp_path, monkeypatch, parse
):
    monkeypatch.setenv(DATASETS_VARIABLE, "")
    (tmp_path / "joints" / "train_valid" / "Elbow").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    arguments = parse(["dashboard", "--data", str(tmp_path), "--data", str(tmp_path / "joints")])
    dashboard._offer(arguments.data)
    assert find_datasets() == [tmp_path / "joints", tmp_path / "joints"]
    with pytest.raises(FractureWidgetsError, match="other holds no dataset: give --data a folder"):
        dashboard._offer([tmp_path / "other"])


@pytest.mark.parametrize("limit", ["0", "513", "-1", "64MB", "1.5"])
def test_a_limit_that_is_none_is_said(parse, limit, capsys):
    with pytest.raises(SystemExit):
        parse(["dashboard", f"--max-mb={limit}"])
    assert f"{limit} is no size of a radiograph: choose a number" in capsys.readouterr().err


def test_a_limit_of_the_environment_that_is_none_is_said_before_anything_is_served(
    parse, monkeypatch
):
    monkeypatch.setenv(MAX_MB_VARIABLE, "plenty")
    arguments = parse(["dashboard", "--no-browser"])
    with pytest.raises(FractureWidgetsError, match="FRACTURE_WIDGETS_MAX_MB is 'plenty'"):
        arguments.run(arguments)
    arguments = parse(["dashboard", "--max-mb", "200"])
    assert dashboard._settings(arguments).max_mb == 200


def test_a_model_that_cannot_be_used_is_a_sentence_before_anything_is_served(
    tmp_path, parse, monkeypatch
):
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = parse(["dashboard", "--port", str(port), "--no-browser"])
    with pytest.raises(ModelError, match=r"card\.json"):
        arguments.run(arguments)
