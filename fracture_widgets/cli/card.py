"""``fracture-widgets card``: the model card and the dataset card."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

__all__ = ["add_parser"]


def add_parser(subparsers: Any) -> None:
    """Register ``card`` with the subparsers of the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "card",
        help="print the model card: intended use, figures with intervals, limits",
        description="Print the model card, made from the figures that the model carries.",
    )
    parser.add_argument("--models", type=Path, metavar="DIR", help="another models folder")
    parser.add_argument("--dataset", action="store_true", help="print the dataset card instead")
    parser.add_argument(
        "--write",
        action="store_true",
        help="write MODEL_CARD.md and DATASET_CARD.md into the models folder instead",
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from fracture_widgets.base.files import write_whole
    from fracture_widgets.errors import ModelError
    from fracture_widgets.evaluation.model_card import dataset_card, model_card
    from fracture_widgets.models.folder import default_models_folder, load_model_folder

    folder = arguments.models or default_models_folder()
    card = load_model_folder(folder).card
    if not arguments.write:
        print((dataset_card if arguments.dataset else model_card)(card), end="")
        return 0
    for name, text in (("MODEL_CARD.md", model_card), ("DATASET_CARD.md", dataset_card)):
        try:
            write_whole(folder / name, text(card).encode())
        except OSError as error:
            raise ModelError(
                f"{name} could not be written ({error.strerror}): make room, or choose another "
                "folder."
            ) from error
        print(folder / name)
    return 0
