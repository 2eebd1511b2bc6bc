"""``fracture-widgets compare``: many models on the same folds, as tables and figures."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path
from typing import Any

from fracture_widgets.errors import DatasetError
from fracture_widgets.parts import BODY_PARTS

__all__ = ["add_parser"]

_INTERRUPTED = 130


def add_parser(subparsers: Any) -> None:
    """Register ``compare`` with the subparsers of the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "compare",
        help="compare networks, k-means and always-normal on the same folds",
        description="Train and ask many models on the same folds by patient, and write tables "
        "with intervals and paired tests, and figures. Ctrl-C keeps every finished fold; the same "
        "command goes on from there.",
    )
    parser.add_argument("dataset", metavar="DATASET", type=Path, help="folder of radiographs")
    parser.add_argument(
        "--out", metavar="DIR", type=Path, required=True, help="folder for tables and figures"
    )
    parser.add_argument(
        "--models",
        metavar="NAME",
        nargs="+",
        help="always-normal, k-means-pixels, k-means-features, logistic-regression, densenet169, "
        "resnet50, alexnet, vgg16 (all of them)",
    )
    parser.add_argument(
        "--weights",
        metavar="NETWORK=FILE",
        nargs="+",
        type=_network_and_file,
        default=[],
        help="what a network starts from: an .npz file, imagenet (downloaded by Keras; what is "
        "taken otherwise) or none",
    )
    parser.add_argument(
        "--question",
        default="fracture",
        choices=("fracture", *BODY_PARTS),
        help="fractured or normal of all body parts by one network, or of one part (%(default)s)",
    )
    parser.add_argument("--split", metavar="NAME", help="only this split's folder")
    parser.add_argument(
        "--minutes",
        metavar="N",
        type=float,
        help="a limit to each network's training on each fold; no limit otherwise",
    )
    parser.add_argument(
        "--no-augmentation", action="store_true", help="show every radiograph as it is"
    )
    parser.add_argument(
        "--bfloat16",
        action="store_true",
        help="compute in bfloat16: about twice as fast on processors that know it (AVX512-BF16 or "
        "AMX), much slower on others",
    )
    for name, kind, default, said in (
        ("folds", int, 5, "how many"),
        ("epochs", int, 25, "at most so many"),
        ("patience", int, 5, "epochs without a lower validation loss before training ends"),
        ("batch", int, 32, "radiographs in a step"),
        ("learning-rate", float, 1e-4, "of Adam"),
        ("validation", float, 0.18, "share of what a fold does not test"),
        ("seed", int, 0, "of folds, first weights, order and augmentation"),
        ("resamples", int, 2000, "draws of an interval"),
    ):
        parser.add_argument(
            f"--{name}", metavar="N", type=kind, default=default, help=f"{said} (%(default)s)"
        )
    parser.add_argument(
        "--features",
        metavar="DIR",
        type=Path,
        help="where pooled features are kept (in the user's cache folder)",
    )
    parser.set_defaults(run=_run)


def _network_and_file(words: str) -> tuple[str, str | None]:
    network, equals, file = words.partition("=")
    if not (network and equals and file):
        raise argparse.ArgumentTypeError(f"give NETWORK=FILE, such as resnet50=x.npz, not {words}")
    return network, None if file == "none" else file


def _run(arguments: argparse.Namespace) -> int:
    # What TensorFlow says of itself while it starts is no news to whoever compares.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    from fracture_widgets.base.progress import Monitor
    from fracture_widgets.datasets.table import load_dataset
    from fracture_widgets.training import compare as comparison
    from fracture_widgets.training.plan import Augmentation, TrainingPlan

    plan = TrainingPlan(
        learning_rate=arguments.learning_rate,
        batch=arguments.batch,
        epochs=arguments.epochs,
        patience=arguments.patience,
        augmentation=None if arguments.no_augmentation else Augmentation(),
        validation=arguments.validation,
        bfloat16=arguments.bfloat16,
        seed=arguments.seed,
    )
    table = load_dataset(arguments.dataset)
    for sentence in (str(table.attrs["skipped"]), *table.attrs["warnings"]):
        print(sentence, file=sys.stderr, flush=True)
    if arguments.split is not None:
        there = sorted(set(table["split"])) if "split" in table else []
        if arguments.split not in there:
            raise DatasetError(
                f"The dataset has no split {arguments.split!r}"
                + (f"; it has {', '.join(there)}." if there else ", nor any other.")
            )
        table = table[table["split"] == arguments.split]
    with _Narrator() as narrator:
        result = comparison.compare(
            table,
            arguments.models or comparison.DEFAULT_MODELS,
            question=arguments.question,
            folds=arguments.folds,
            plan=plan,
            weights=dict(arguments.weights),
            minutes=arguments.minutes,
            out=arguments.out,
            features=arguments.features,
            resamples=arguments.resamples,
            monitor=Monitor(narrator, narrator.say),
        )
    print(result)
    for path in result.save(arguments.out).values():
        print(path)
    if result.interrupted:
        return _INTERRUPTED
    return 1 if result.failed else 0


class _Narrator:
    """Tells on stderr how far the comparison is: a bar on a terminal."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._at = ""

    def __enter__(self) -> _Narrator:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, done: int, total: int | None, what: str) -> None:
        """Take one step of progress."""
        from tqdm import tqdm

        if what != self._at:
            if self._bar is not None:
                self._bar.close()
            self._bar = tqdm(
                desc=what,
                total=total,
                file=sys.stderr,
                leave=False,
                disable=None,  # into a file or a pipe, a bar would be thousands of lines
            )
            self._at = what
        self._bar.update(done - self._bar.n)

    def say(self, sentence: str) -> None:
        """Print a line without tearing the bar."""
        from tqdm import tqdm

        tqdm.write(sentence, file=sys.stderr)
