"""Options that several commands have, and how a command's signature and docstring make its own."""

from __future__ import annotations

import functools
import inspect
import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import Field, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin, get_type_hints

import typer
from typer.core import TyperCommand
from typer.models import CommandFunctionType as Function
from typer.models import ParameterInfo

from fracture_widgets.cli.narrator import Epochs, Narrator, complain, say
from fracture_widgets.errors import FractureWidgetsError

if TYPE_CHECKING:
    import pandas as pd

    from fracture_widgets.base.progress import Monitor
    from fracture_widgets.datasets.fracatlas import FracAtlas
    from fracture_widgets.imaging.walk import SkippedFiles

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells expect it."""

_PARAMETERS = "\n\nParameters\n----------\n"


class App(typer.Typer):
    """A command, or a group of them, that shows its help in plain text."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"add_completion": False, "rich_markup_mode": None} | settings)

    def command(self, name: str | None = None, **settings: Any) -> Callable[[Function], Function]:
        """Add a command that its docstring describes."""
        return _documenting(super().command(name, **{"cls": SeveralWords} | settings))

    def callback(self, **settings: Any) -> Callable[[Function], Function]:
        """Add what a group does by itself, with the options that its docstring describes."""
        return _documenting(super().callback(**settings))


def _documenting(add: Callable[[Callable[..., Any]], object]) -> Callable[[Function], Function]:
    def added(function: Function) -> Function:
        add(documented(function))
        return function

    return added


def choice(*names: str, **settings: Any) -> dict[str, Any]:
    """Return the settings of a parameter that is one of some words, in any letter case."""

    def parse(text: str) -> str:
        if text.lower() in names:
            return text.lower()
        raise typer.BadParameter(f"{text!r} is not one of {', '.join(names)}")

    return {"metavar": "|".join(names), "parser": parse} | settings


def network_and_file(words: str) -> tuple[str, str | None]:
    """Read what a network starts from."""
    network, equals, file = words.partition("=")
    if not (network and equals and file):
        raise typer.BadParameter(f"give NETWORK=FILE, such as resnet50=x.npz, not {words}")
    return network, None if file == "none" else file


Engine = Literal["auto", "onnx", "openvino", "keras"]
OperatingPoint = Literal["sensitive", "balanced"]
Json = Annotated[bool, typer.Option("--json", help="print one JSON object")]

_COMMON = """\
dataset : DATASET
    folder of radiographs
engine
    what runs the network; auto is openvino where it is installed, the processor has bfloat16 and
    a check passes, and else onnx
operating_point
    sensitive keeps 95 percent of fractured and of normal radiographs, balanced 90, and is less
    often in doubt; the model's card says how often
features : DIR
    where a frozen trunk's features are kept (in the user's cache folder)
fracatlas : FRACATLAS
    FracAtlas folder or zip
models : DIR
    another models folder
note
    a sentence on the figures, for the card
skipped
    name each file that is not taken for a radiograph, and why
resamples
    draws of an interval
resume
    go on with the unfinished training in DIR, if there is one, after its last epoch
split
    only this split's folder
strategy
    train on all GPUs of this machine; the batch is that of all together
trunk : WEIGHTS
    weights of conv1 to conv4: imagenet, downloaded by Keras, or an .npz file"""
"""What parameters are for of which a command's docstring has nothing."""


class SeveralWords(TyperCommand):
    """A command whose options of several values take them in a row: ``--models a b c``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give every value an option of its own."""
        several = {
            name
            for parameter in self.params
            if getattr(parameter, "multiple", False)
            for name in parameter.opts
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


def documented(command: Callable[..., int]) -> Callable[..., int]:
    """Return a command whose docstring's section on parameters is their help.

    There, what stands after a colon is what the value is called. A parameter that is a dataclass
    becomes an option for each field with help in its metadata, or for those that are named beside
    it. What else is annotated beside a type are further settings of Typer's.
    """
    help_text, _, section = (inspect.getdoc(command) or "").partition(_PARAMETERS)
    words = {}
    for entry in re.split(r"\n(?=\S)", f"{_COMMON}\n{section}"):
        head, *lines = entry.split("\n")
        name, _, metavar = head.partition(" : ")
        words[name] = {"metavar": metavar or None, "help": " ".join(map(str.strip, lines))}
    parameters: list[inspect.Parameter] = []
    of_fields: list[inspect.Parameter] = []
    filled: dict[str, tuple[Any, list[Field[Any]]]] = {}
    for name, parameter in inspect.signature(command, eval_str=True).parameters.items():
        kind, *more = _annotated(parameter.annotation)
        if is_dataclass(kind):
            chosen = [x for x in fields(kind) if x.name in more or (not more and x.metadata)]
            filled[name] = kind, chosen
            types = get_type_hints(kind)
            of_fields += [_parameter_of(field, types[field.name]) for field in chosen]
        elif name in words or (more and isinstance(more[0], dict)):
            settings = words.get(name, {}) | (more[0] if more else {})
            parameters.append(_described(parameter, kind, settings))
        else:
            parameters.append(parameter)

    @functools.wraps(command)
    def run(**given: Any) -> int:
        for name, (kind, chosen) in filled.items():
            given[name] = kind(**{x.name: _value_of(x, given.pop(x.name)) for x in chosen})
        return command(**given)

    parameters += of_fields
    run.__doc__ = help_text
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {x.name: x.annotation for x in parameters}
    return run


def _annotated(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) is Annotated else (annotation,)


def _described(parameter: inspect.Parameter, kind: Any, words: dict[str, Any]) -> inspect.Parameter:
    """Return a parameter with Typer's description of it; a switch has no opposite."""
    described: ParameterInfo
    if Path in (kind, *get_args(kind)):  # whoever opens a path says what is wrong with it
        words = {"parser": Path} | words
    if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
        described = typer.Argument(**words)
    elif kind is bool:
        described = typer.Option(f"--{parameter.name.replace('_', '-')}", **words)
    else:
        described = typer.Option(**words)
    return parameter.replace(annotation=Annotated[kind, described])


def _parameter_of(field: Field[Any], annotation: Any) -> inspect.Parameter:
    """Return a field as a parameter of a command; what is on by default can be switched off."""
    name = field.name.replace("_", "-")
    kind: Any = annotation
    default = field.default
    declaration = f"--{name}"
    if _is_switch(field):
        kind, default = bool, False
        declaration = f"--no-{name}" if field.default else declaration
    elif get_args(annotation):
        kind = str
    return inspect.Parameter(
        field.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[kind, typer.Option(declaration, help=field.metadata["help"])],
    )


def _is_switch(field: Field[Any]) -> bool:
    return isinstance(field.default, bool) or is_dataclass(field.default)


def _value_of(field: Field[Any], given: Any) -> Any:
    """Return what a field gets; a switch that is given turns its default over."""
    if is_dataclass(field.default):
        return None if given else field.default
    if isinstance(field.default, bool):
        return given is not field.default
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


def tell_skipped(skipped: SkippedFiles, *, each: bool) -> None:
    """Say how many files were not taken for radiographs, and why; or name each."""
    if each:
        for place, why in skipped:
            complain(f"{place}: skipped, {why}")
    if skipped:
        say(f"{skipped}" if each else f"{skipped} --skipped names them.")


def folder_for(what: str, folder: Path) -> Path:
    """Make a folder if it is not there."""
    with writing(f"The folder for {what} cannot be made", "choose another"):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def writing(failed: str, advice: str = "make room, or choose another folder") -> Iterator[None]:
    """Say what failed, why, and what to do, where the system does not let us write."""
    try:
        yield
    except OSError as error:
        raise FractureWidgetsError(f"{failed} ({error.strerror or error}): {advice}.") from error


def tell_saved(result: Any, out: Path) -> None:
    """Print a result, save it into a folder, and name the files."""
    print(result)
    for path in result.save(out).values():
        print(path)


@contextmanager
def interruptible(tell: Callable[[KeyboardInterrupt], object]) -> Iterator[None]:
    """Say what Ctrl-C means for the work, and end with its exit code."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        tell(interrupt)
        raise typer.Exit(INTERRUPTED) from None


def quiet_tensorflow() -> None:
    """Keep back what TensorFlow says of itself while it starts: no news to whoever trains."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


@contextmanager
def followed_epochs(stopped: str = "") -> Iterator[dict[str, Any]]:
    """Give what a training is to call; Ctrl-C ends with its own sentence, or the one given."""
    quiet_tensorflow()

    def tell(why: KeyboardInterrupt) -> None:
        narrator.say(stopped or str(why) or "Stopped: there is nothing to keep.")

    with Narrator() as narrator, interruptible(tell):
        epochs = Epochs(narrator)
        yield {"progress": epochs, "epoch_ended": epochs.ended, "say": narrator.say}


@contextmanager
def work_on_fracatlas(folder: Path) -> Iterator[tuple[FracAtlas, Monitor]]:
    """Open a FracAtlas copy for a long work that the same command goes on with."""
    quiet_tensorflow()
    from fracture_widgets.datasets.fracatlas import FracAtlas

    with (
        FracAtlas.open(folder) as atlas,
        Narrator() as narrator,
        interruptible(lambda _: narrator.say("Stopped: the same command goes on from here.")),
    ):
        yield atlas, narrator.monitor
