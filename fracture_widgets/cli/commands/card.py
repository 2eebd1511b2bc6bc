"""``fracture-widgets card``: the model card and the dataset card."""

from __future__ import annotations

from typing import Annotated

import typer

from fracture_widgets.cli.options import Models, new_app

app = new_app()


@app.command(short_help="print the model card: intended use, figures with intervals, limits")
def card(
    *,
    models: Models = None,
    dataset: Annotated[
        bool, typer.Option("--dataset", help="print the dataset card instead")
    ] = False,
    write: Annotated[
        bool,
        typer.Option(
            "--write",
            help="write MODEL_CARD.md and DATASET_CARD.md into the models folder instead",
        ),
    ] = False,
) -> int:
    """Print the model card, made from the figures that the model carries."""
    from fracture_widgets.base.files import write_whole
    from fracture_widgets.errors import ModelError
    from fracture_widgets.evaluation.model_card import dataset_card, model_card
    from fracture_widgets.models.compose import model_folders
    from fracture_widgets.models.folder import default_models_folder, load_model_folder

    folder = model_folders(models or default_models_folder())[0]
    known = load_model_folder(folder).card
    if not write:
        print((dataset_card if dataset else model_card)(known), end="")
        return 0
    for name, text in (("MODEL_CARD.md", model_card), ("DATASET_CARD.md", dataset_card)):
        try:
            write_whole(folder / name, text(known).encode())
        except OSError as error:
            raise ModelError(
                f"{name} could not be written ({error.strerror}): make room, or choose another "
                "folder."
            ) from error
        print(folder / name)
    return 0
