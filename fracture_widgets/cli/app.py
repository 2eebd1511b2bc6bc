"""The application: its commands are found by their folder, and by entry point."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Annotated, Any

import typer
from typer.core import TyperGroup, TyperOption
from typer.exceptions import TyperException

from fracture_widgets.base import __version__
from fracture_widgets.base.cores import THREADS_VARIABLE
from fracture_widgets.base.plugins import discover
from fracture_widgets.cli.narrator import be_quiet, complain
from fracture_widgets.cli.options import INTERRUPTED, App
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.parts import in_words

_NAME = "fracture-widgets"
_COMPLETE = f"_{_NAME.replace('-', '_').upper()}_COMPLETE"
"""Set where the shell asks how a word may go on."""
_LOG = logging.getLogger("fracture_widgets")
_FOLDER, _GROUP = "fracture_widgets.cli.commands", "fracture_widgets.commands"
_FAILED = 1
_OF_LIBRARIES = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
    *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
)


class _Commands(TyperGroup):
    """Imports the command that is called alone, and all of them where they are listed."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command, or None if there is none of that name."""
        if cmd_name not in self.commands:
            home = f"{_FOLDER}.{cmd_name}"
            if cmd_name.isidentifier() and find_spec(home):
                self._add(cmd_name, import_module(home))
            else:
                self.list_commands(ctx)
        return self.commands.get(cmd_name)

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands."""
        registry = discover(_FOLDER, _GROUP)
        for problem in registry.problems:
            complain(problem)
        for name, found in registry.found.items():
            self._add(name, found)
        return super().list_commands(ctx)

    def _add(self, name: str, found: object) -> None:
        if name not in self.commands:
            app: Any = found.app if isinstance(found, ModuleType) else found
            command = typer.main.get_command(app)
            _give_common_options(command)
            self.add_command(command, name)


def _give_common_options(command: Any) -> None:
    """Give a command, or all of a group, the options that every one has."""
    if isinstance(command, TyperGroup):
        for one in command.commands.values():
            _give_common_options(one)
        return
    always: dict[str, Any] = {"expose_value": False, "is_eager": True}
    taken = {name for parameter in command.params for name in parameter.opts}
    common = [
        TyperOption(
            param_decls=["--threads"],
            type=int,
            metavar="N",
            callback=_use_threads,
            help=f"use so many cores (all that the system allows; {THREADS_VARIABLE} says so too)",
            **always,
        ),
        TyperOption(
            param_decls=["--quiet", "-q"],
            is_flag=True,
            callback=lambda _context, _option, wanted: be_quiet(quiet=bool(wanted)),
            help="say only what is answered, and what is wrong",
            **always,
        ),
        TyperOption(
            param_decls=["--verbose", "-v"],
            is_flag=True,
            callback=_be_verbose,
            help="say what goes on inside, and where an error came from",
            **always,
        ),
    ]
    # Somebody else's command may have such an option of its own.
    command.params[-1:-1] = [each for each in common if taken.isdisjoint(each.opts)]


def _be_verbose(_context: Any, _option: Any, wanted: bool | None) -> None:
    """Write on stderr what the package logs."""
    _LOG.setLevel(logging.DEBUG if wanted else logging.NOTSET)
    for handler in [each for each in _LOG.handlers if each.name == _NAME]:
        _LOG.removeHandler(handler)
    if wanted:
        written = logging.StreamHandler(sys.stderr)
        written.name = _NAME
        written.setFormatter(logging.Formatter("%(name)s: %(message)s"))
        _LOG.addHandler(written)


def _use_threads(_context: Any, _option: Any, threads: int | None) -> None:
    if threads is None:
        return
    if threads < 1:
        raise typer.BadParameter(f"{threads} is no number of cores: give 1 or more")
    for name in (THREADS_VARIABLE, *_OF_LIBRARIES):
        os.environ[name] = str(threads)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"{_NAME} {__version__}")
        raise typer.Exit


app = App(cls=_Commands, add_completion=True)


@app.callback(
    help=f"Fracture detection on radiographs of {in_words(last='and')}. For teaching and research. "
    "Not a medical device."
)
def _root(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="show the version", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Hold the options of no command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    be_quiet(quiet=False)
    _be_verbose(None, None, False)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name that the console lacks letters for
            stream.reconfigure(errors="backslashreplace")
    command = typer.main.get_command(app)
    if _COMPLETE in os.environ:
        command(args=words, prog_name=_NAME)
    try:
        with command.make_context(_NAME, words) as context:
            return int(command.invoke(context) or 0)
    except typer.Exit as end:
        return end.exit_code
    except TyperException as error:
        if where := getattr(error, "ctx", None):
            print(where.get_usage(), file=sys.stderr)
        complain(f"{_NAME}: {error.format_message()}")
        return error.exit_code
    except FractureWidgetsError as error:
        _LOG.debug("It was raised here:", exc_info=error)
        complain(f"{_NAME}: {error}")
        return _FAILED
    except KeyboardInterrupt:
        print(f"{_NAME}: interrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output, such as head, has seen enough; the interpreter would complain
        # once more when it flushes standard output at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
