"""The command as a whole: what it finds, how it ends, and what it says when it cannot."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest
import typer

from fracture_widgets.base import plugins
from fracture_widgets.base.cores import THREADS_VARIABLE, cores
from fracture_widgets.cli import app, main, options
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.models.engine import AUTO, ENGINES
from fracture_widgets.models.trust import OPERATING_POINTS

pytestmark = pytest.mark.usefixtures("answered_once")

COMMANDS = (
    *("card", "compare", "dashboard", "data", "evaluate", "export", "history", "predict"),
    *("readings", "rehearse", "reproduce", "screen", "train"),
)


class Point:
    """An entry point of somebody's package."""

    group, value = "fracture_widgets.commands", "other:app"

    def __init__(self, name, load):
        self.name, self.load = name, load


@pytest.fixture
def plugged_in(monkeypatch):
    """Let entry points be found, each a name and the function that loads it."""
    points = []
    monkeypatch.setattr(plugins, "entry_points", lambda group: points)
    return points


def other_app(run):
    command = typer.Typer()
    command.command()(run)
    return command


def test_every_command_has_a_line_of_help(capsys):
    assert main(["--help"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert {words[0] for words in lines if len(words) > 1} >= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_without_colours(command, capsys):
    assert main([command, "--help"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith(f"Usage: fracture-widgets {command} ")
    assert "\x1b" not in shown.out
    assert shown.err == ""


def test_the_version_is_one_line(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("fracture-widgets ")


@pytest.mark.parametrize("words", [[], ["predikt"], ["predict"], ["predict", "--engine", "x", "a"]])
def test_a_command_that_makes_no_sense_ends_with_two_and_the_usage(words, capsys):
    assert main(words) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith("Usage: fracture-widgets ")
    assert "\nfracture-widgets: " in shown.err
    assert shown.out == ""


def test_the_options_have_the_engines_and_operating_points_that_there_are():
    assert get_args(options.Engine) == (AUTO, *ENGINES)
    assert get_args(options.OperatingPoint) == OPERATING_POINTS


def test_a_command_that_is_misspelt_is_guessed(capsys):
    assert main(["predikt"]) == 2
    assert "Did you mean 'predict'?" in capsys.readouterr().err


def test_other_packages_add_commands(plugged_in, capsys):
    plugged_in.append(Point("count", lambda: other_app(lambda: typer.echo("one, two"))))
    assert main(["count"]) == 0
    assert capsys.readouterr().out == "one, two\n"


def test_a_plug_in_that_does_not_import_is_named_and_the_rest_works(plugged_in, capsys):
    plugged_in.append(Point("count", lambda: __import__("no_such_package_here")))
    assert main(["--help"]) == 0
    shown = capsys.readouterr()
    assert "other:app was left out, because it cannot be imported" in shown.err
    assert "predict" in shown.out


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (FractureWidgetsError("No room."), 1, "fracture-widgets: No room.\n"),
        (KeyboardInterrupt(), 130, "fracture-widgets: interrupted.\n"),
    ],
)
def test_what_stops_a_command_is_one_sentence(plugged_in, capsys, error, code, sentence):
    def run():
        raise error

    plugged_in.append(Point("count", lambda: other_app(run)))
    assert main(["count"]) == code
    assert capsys.readouterr().err == sentence


def test_a_reader_that_has_seen_enough_is_no_error(plugged_in, monkeypatch, tmp_path):
    def run():
        raise BrokenPipeError

    plugged_in.append(Point("count", lambda: other_app(run)))
    with (tmp_path / "out").open("w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert main(["count"]) == 0
        assert Path(f"/proc/self/fd/{out.fileno()}").readlink() == Path(os.devnull)


def test_only_the_command_that_is_called_is_imported(monkeypatch, capsys):
    monkeypatch.setattr(app, "discover", lambda *_: pytest.fail("all were imported"))
    for name in [name for name in sys.modules if name.startswith("fracture_widgets.cli.commands.")]:
        monkeypatch.delitem(sys.modules, name)
    assert main(["card", "--help"]) == 0
    ours = [name for name in sys.modules if name.startswith("fracture_widgets.cli.commands.")]
    assert ours == ["fracture_widgets.cli.commands.card"]
    assert isinstance(sys.modules[ours[0]], ModuleType)


@pytest.mark.slow
def test_a_name_that_the_console_has_no_letters_for_is_spelled(tmp_path):
    odd = tmp_path / "Rö \N{CJK UNIFIED IDEOGRAPH-8098}.png"
    odd.write_bytes(b"no picture")
    program = [sys.executable, "-m", "fracture_widgets.cli", "predict", str(odd)]
    ended = subprocess.run(
        program, env=os.environ | {"PYTHONIOENCODING": "ascii"}, capture_output=True, check=False
    )
    assert ended.returncode == 1
    assert rb"R\xf6 \u8098.png is no picture" in ended.stdout + ended.stderr
    assert b"Traceback" not in ended.stderr


def test_every_command_can_be_told_how_many_cores_to_use(monkeypatch, capsys):
    libraries = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    for name in (
        *libraries,
        *(f"TF_NUM_{x}_THREADS" for x in ("INTRAOP", "INTEROP")),
        THREADS_VARIABLE,
    ):
        monkeypatch.setenv(name, "7")  # put back at the end
    for words in (["predict"], ["screen"], ["train", "mura"], ["dashboard"], ["evaluate"]):
        main([*words, "--help"])
        assert "--threads N" in capsys.readouterr().out
    main(["predict", "--threads", "3", "nowhere.png"])
    assert cores() == 3
    assert os.environ["OMP_NUM_THREADS"] == "3"
    assert main(["predict", "--threads", "0", "nowhere.png"]) == 2
    assert "0 is no number of cores" in capsys.readouterr().err


def test_verbose_says_where_an_error_came_from(plugged_in, capsys):
    def run():
        raise FractureWidgetsError("No room.")

    plugged_in.append(Point("count", lambda: other_app(run)))
    assert main(["count", "--verbose"]) == 1
    assert "Traceback" in capsys.readouterr().err
    assert main(["count"]) == 1
    assert capsys.readouterr().err == "fracture-widgets: No room.\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_told_how_words_go_on(shell, tmp_path):
    def asked(**environment):
        program = [sys.executable, "-m", "fracture_widgets.cli"]
        return subprocess.run(
            [*program, *environment.pop("words", ())], env=os.environ | environment,
            capture_output=True, text=True, check=False,
        ).stdout  # fmt: skip

    script = asked(
        words=["--show-completion", shell], _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1"
    )
    assert "_FRACTURE_WIDGETS_COMPLETE" in script
    words = {"COMP_WORDS": "fracture-widgets pre", "COMP_CWORD": "1",
             "_TYPER_COMPLETE_ARGS": "fracture-widgets pre",
             "_TYPER_COMPLETE_FISH_ACTION": "get-args"}  # fmt: skip
    assert "predict" in asked(_FRACTURE_WIDGETS_COMPLETE=f"complete_{shell}", **words)
