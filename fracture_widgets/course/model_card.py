"""The model card and the dataset card, as a page shows them."""

from __future__ import annotations

from fracture_widgets.evaluation.model_card import dataset_card, model_card
from fracture_widgets.models.folder import load_model_folder


class ModelCard:
    """The cards of the model that answers; as the last line of a cell it shows itself."""

    def __init__(self) -> None:
        model = load_model_folder()
        self._text = f"{model_card(model.card)}\n{dataset_card(model.card)}"
        self._name = f"ModelCard({str(model.card['name'])!r})"

    def __repr__(self) -> str:
        return self._name

    def _repr_markdown_(self) -> str:
        return self._text
