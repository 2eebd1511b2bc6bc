"""The command line: ``fracture-widgets``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from fracture_widgets.base.version import __version__
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.parts import in_words

__all__ = ["build_parser", "main"]

_COMMANDS = (
    *("predict", "screen", "evaluate", "data", "train", "compare"),
    *("history", "readings", "card", "export", "dashboard"),
)
_FAILED, _INTERRUPTED = 1, 130


def build_parser() -> argparse.ArgumentParser:
    """Return the parser with every command registered."""
    parser = argparse.ArgumentParser(
        prog="fracture-widgets",
        description=f"Fracture detection on radiographs of {in_words(last='and')}. "
        "For teaching and research. Not a medical device.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    subparsers = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in _COMMANDS:
        import_module(f"fracture_widgets.cli.{command}").add_parser(subparsers)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    parsed = build_parser().parse_args(arguments)
    try:
        return int(parsed.run(parsed))
    except FractureWidgetsError as error:
        print(f"fracture-widgets: {error}", file=sys.stderr)
        return _FAILED
    except KeyboardInterrupt:
        print("fracture-widgets: interrupted.", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output, such as head, has seen enough; the interpreter would complain
        # once more when it flushes standard output at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
