"""Options and arguments that several commands have, and those that settings bring with them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import Field, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_type_hints

import typer
from typer.core import TyperCommand

from fracture_widgets.cli.narrator import say
from fracture_widgets.errors import FractureWidgetsError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "INTERRUPTED",
    "Dataset",
    "Engine",
    "FracAtlasCopy",
    "Json",
    "Models",
    "Note",
    "SeveralWords",
    "choice",
    "dataset_table",
    "folder_for",
    "interruptible",
    "new_app",
    "path_argument",
    "path_option",
    "with_settings",
]

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells expect it."""


def new_app(**settings: Any) -> typer.Typer:
    """Return an app for a command, or for a group of them, that shows its help in plain text."""
    return typer.Typer(add_completion=False, rich_markup_mode=None, **settings)


def path_argument(metavar: str, words: str) -> Any:
    """Describe an argument that is a path; whoever opens it says what is wrong with it."""
    return typer.Argument(metavar=metavar, help=words, parser=Path)


def path_option(metavar: str, words: str) -> Any:
    """Describe an option that is a path; whoever opens it says what is wrong with it."""
    return typer.Option(metavar=metavar, help=words, parser=Path)


def choice(*names: str) -> Callable[[str], str]:
    """Return a parser that takes one of some words, in any letter case."""

    def parse(text: str) -> str:
        if text.lower() in names:
            return text.lower()
        raise typer.BadParameter(f"{text!r} is not one of {', '.join(names)}")

    return parse


Dataset = Annotated[Path, path_argument("DATASET", "folder of radiographs")]
Engine = Annotated[Literal["onnx", "keras"], typer.Option(help="what runs the network")]
Json = Annotated[bool, typer.Option("--json", help="print one JSON object")]
FracAtlasCopy = Annotated[Path, path_argument("FRACATLAS", "FracAtlas folder or zip")]
Note = Annotated[str, typer.Option(help="a sentence on the figures, for the card")]
Models = Annotated[Path | None, path_option("DIR", "another models folder")]


class SeveralWords(TyperCommand):
    """A command whose options of several values take them in a row: ``--models a b c``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give every value an option of its own."""
        several = {
            name for one in self.params if getattr(one, "multiple", False) for name in one.opts
        }
        spread: list[str] = []
        option = ""
        for word in args:
            if word.startswith("-"):
                option = word if word in several else ""
            elif option and spread[-1] != option:
                spread.append(option)
            spread.append(word)
        return super().parse_args(ctx, spread)


def with_settings(
    kind: type[Any], *names: str, parameter: str = "plan"
) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Make options of a dataclass's fields, and hand the command one such object.

    Parameters
    ----------
    kind
        The dataclass; a field's help stands in its metadata.
    names
        The fields that become options; all by default.
    parameter
        Name of the command's parameter that gets the object.
    """
    types = get_type_hints(kind)
    chosen = [one for one in fields(kind) if not names or one.name in names]

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        @functools.wraps(command)
        def run(**given: Any) -> int:
            values = {one.name: _setting_of(one, given.pop(one.name)) for one in chosen}
            return command(**given, **{parameter: kind(**values)})

        own = inspect.signature(command, eval_str=True).parameters.values()
        made = [_parameter_of(one, types[one.name]) for one in chosen]
        parameters = [*(one for one in own if one.name != parameter), *made]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in parameters}
        return run

    return decorate


def _parameter_of(setting: Field[Any], annotation: Any) -> inspect.Parameter:
    """Return a field as a parameter of a command; what is on by default can be switched off."""
    name = setting.name.replace("_", "-")
    kind: Any = annotation
    default = setting.default
    declaration = f"--{name}"
    if _is_switch(setting):
        kind, default = bool, False
        declaration = f"--no-{name}" if setting.default else declaration
    elif get_args(annotation):
        kind = str
    return inspect.Parameter(
        setting.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[kind, typer.Option(declaration, help=setting.metadata.get("help"))],
    )


def _is_switch(setting: Field[Any]) -> bool:
    return isinstance(setting.default, bool) or is_dataclass(setting.default)


def _setting_of(setting: Field[Any], given: Any) -> Any:
    """Return what a field gets; a switch that is given turns its default over."""
    if is_dataclass(setting.default):
        return None if given else setting.default
    if isinstance(setting.default, bool):
        return given is not setting.default
    return None if given == "none" else given


def dataset_table(folder: Path, split: str | None = None) -> pd.DataFrame:
    """Read a dataset, and say what was left out and what is odd about it."""
    from fracture_widgets.datasets.table import load_dataset
    from fracture_widgets.errors import DatasetError

    table = load_dataset(folder)
    for sentence in (str(table.attrs["skipped"]), *table.attrs["warnings"]):
        say(sentence)
    if split is None:
        return table
    there = sorted(set(table["split"])) if "split" in table else []
    if split not in there:
        raise DatasetError(
            f"The dataset has no split {split!r}"
            + (f"; it has {', '.join(there)}." if there else ", nor any other.")
        )
    return table[table["split"] == split]


def folder_for(what: str, folder: Path) -> Path:
    """Make a folder if it is not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FractureWidgetsError(
            f"The folder for {what} cannot be made ({error.strerror}): choose another."
        ) from error
    return folder


@contextmanager
def interruptible(tell: Callable[[KeyboardInterrupt], object]) -> Iterator[None]:
    """Say what Ctrl-C means for the work, and end with its exit code."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        tell(interrupt)
        raise typer.Exit(INTERRUPTED) from None
