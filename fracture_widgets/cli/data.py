"""``fracture-widgets data``: fetch, cut and draw radiographs to train and teach with."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.parts import plurals

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["add_parser"]

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells expect it."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register ``data`` and its commands; each sets ``run``, a function of the parsed arguments."""
    data = subparsers.add_parser(
        "data",
        help="fetch, cut and draw radiographs to train and teach with",
        description="Fetch, cut and draw radiographs to train and teach with.",
    )
    commands = data.add_subparsers(dest="data_command", metavar="COMMAND", required=True)
    _add_fracatlas(commands)
    _add_phantoms(commands)


def _add_fracatlas(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "fracatlas",
        help=f"cut {plurals()} out of FracAtlas",
        description=(
            f"Cut the {plurals()} out of FracAtlas (CC BY 4.0) and write them to "
            "DEST in the layout of MURA. Stopped at any moment, the same command goes on where "
            "it was."
        ),
    )
    parser.add_argument(
        "source",
        metavar="SOURCE",
        nargs="?",
        type=Path,
        help="FracAtlas.zip or the folder it was unpacked into; left out, the archive (about "
        "340 MB) is downloaded and kept beside DEST",
    )
    parser.add_argument("destination", metavar="DEST", type=Path, help="a new folder")
    parser.add_argument(
        "--margin",
        type=_margin,
        default=0.06,
        help="border around a joint, as a share of its size (default: %(default)s)",
    )
    parser.add_argument(
        "--check-all",
        action="store_true",
        help="decode every radiograph of the copy, not only those that are cut",
    )
    parser.set_defaults(run=_run_fracatlas)


def _add_phantoms(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "phantoms",
        help="draw radiographs with known fractures",
        description=(
            f"Draw {plurals()} with known fractures and write them to DEST in the "
            "layout of MURA. The same seed draws the same radiographs."
        ),
    )
    parser.add_argument("destination", metavar="DEST", type=Path, help="a new folder")
    parser.add_argument(
        "--patients",
        type=_at_least(1),
        default=12,
        metavar="N",
        help="patients for each body part (default: %(default)s)",
    )
    parser.add_argument(
        "--seed",
        type=_at_least(0),
        default=0,
        metavar="S",
        help="which ones (default: %(default)s)",
    )
    parser.set_defaults(run=_run_phantoms)


def _run_fracatlas(args: argparse.Namespace) -> int:
    from fracture_widgets.datasets.fracatlas import ATTRIBUTION, FracAtlas
    from fracture_widgets.datasets.joints import write_joint_crops

    destination: Path = args.destination

    def work() -> int:
        source = args.source or _downloaded(destination)
        with FracAtlas.open(source) as atlas:
            _tell(f"{atlas.name}: {len(atlas.image_ids):,} radiographs, {atlas.layout} layout.")
            for deviation in atlas.deviations:
                _tell(f"Note: {deviation}")
            if args.check_all:
                with _Bar("Checking", "radiograph") as bar:
                    for problem in atlas.check_images(progress=bar):
                        _tell(f"Note: {problem}")
            with _Bar("Cutting", "radiograph") as bar:
                crops = write_joint_crops(atlas, destination, margin=args.margin, progress=bar)
        for deviation in crops.attrs["deviations"]:
            _tell(f"Note: {deviation}")
        written = crops.attrs["written"]
        print(
            f"{len(crops):,} crops in {destination}"
            + (f", {written:,} of them new." if written else "; nothing was left to do.")
        )
        print(_counts(crops))
        print(f"\nWherever they are shown, give this credit:\n{ATTRIBUTION}")
        return 0

    return _interruptible(work, "What is done is kept; run the same command again to go on.")


def _downloaded(destination: Path) -> Path:
    from fracture_widgets.datasets.download import download_fracatlas

    folder = destination.absolute().parent
    with _Bar("Downloading", "B") as bar:
        archive = download_fracatlas(folder, progress=bar)
    _tell(f"The archive is kept as {archive}; it may be deleted afterwards.")
    return archive


def _run_phantoms(args: argparse.Namespace) -> int:
    from fracture_widgets.datasets.table import load_dataset
    from fracture_widgets.phantoms import write_phantoms

    def work() -> int:
        with _Bar("Drawing", "radiograph") as bar:
            write_phantoms(args.destination, patients=args.patients, seed=args.seed, progress=bar)
        table = load_dataset(args.destination)
        print(f"{len(table):,} drawn radiographs in {args.destination}.")
        print(_counts(table))
        return 0

    return _interruptible(work, "Run the same command again to draw them all.")


def _interruptible(work: Callable[[], int], consolation: str) -> int:
    """Run ``work``; on Ctrl-C say what that means instead of showing a traceback."""
    try:
        return work()
    except KeyboardInterrupt:
        _tell(f"\nStopped. {consolation}")
        return INTERRUPTED
    except FractureWidgetsError as error:
        _tell(str(error))
        return 1


def _counts(table: pd.DataFrame) -> str:
    """Return radiographs by split, body part and label, as lines of text."""
    by = [name for name in ("split", "body_part") if name in table]
    counts = table.groupby([*by, "label"]).size().unstack(fill_value=0)
    counts.columns.name = None
    return str(counts.reset_index().to_string(index=False))


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr)


class _Bar:
    """A progress bar on stderr that is fed with how much is done and how much there is."""

    def __init__(self, what: str, unit: str) -> None:
        from tqdm import tqdm

        in_bytes = unit == "B"
        self._bar: Any = tqdm(
            desc=what,
            unit=unit if in_bytes else f" {unit}",
            unit_scale=in_bytes,
            unit_divisor=1000,
            file=sys.stderr,
            leave=False,
            delay=0.5,
            # Into a file or a pipe, a bar would be thousands of lines.
            disable=None,
        )

    def __call__(self, done: int, total: int | None) -> None:
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()


def _margin(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def _at_least(least: int) -> Callable[[str], int]:
    def whole_number(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{text} is less than {least}")
        return value

    return whole_number
