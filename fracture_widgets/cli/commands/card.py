"""``fracture-widgets card``: the model card and the dataset card."""

from __future__ import annotations

from pathlib import Path

from fracture_widgets.cli.options import App, writing

app = App()


@app.command(short_help="print the model card: intended use, figures with intervals, limits")
def card(*, models: Path | None = None, dataset: bool = False, write: bool = False) -> int:
    """Print the model card, made from the figures that the model carries.

    Parameters
    ----------
    dataset
        print the dataset card instead
    write
        write MODEL_CARD.md and DATASET_CARD.md into the models folder instead
    """
    from fracture_widgets.base.files import write_whole
    from fracture_widgets.evaluation.model_card import (
        dataset_card,
        model_card,
        network_card,
    )
    from fracture_widgets.models.compose import compose, model_folders
    from fracture_widgets.models.folder import LOOKS, default_models_folder, load_model_folder

    folder, *others = model_folders(models or default_models_folder())
    first = load_model_folder(folder)
    beside = [load_model_folder(other) for other in others]
    known = first.card
    if "learned_from" in known and not (dataset or write):
        cards = [known, *(other.card for other in beside)]
        print("\n".join(map(network_card, cards)), end="")
        return 0
    if any(other.kind == LOOKS for other in beside):
        known = compose([first, *beside]).card
    if not write:
        print((dataset_card if dataset else model_card)(known), end="")
        return 0
    for name, text in (("MODEL_CARD.md", model_card), ("DATASET_CARD.md", dataset_card)):
        with writing(f"{name} could not be written"):
            print(write_whole(folder / name, text(known).encode()))
    return 0
