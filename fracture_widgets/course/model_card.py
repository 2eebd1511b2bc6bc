"""The model card and the dataset card, as a page shows them."""

from __future__ import annotations

from fracture_widgets.evaluation.model_card import dataset_card, model_card
from fracture_widgets.models.compose import load_composition


class ModelCard:
    """The cards of the model that answers; as the last line of a cell it shows itself."""

    def __init__(self) -> None:
        card = load_composition().card
        self._text = f"{model_card(card)}\n{dataset_card(card)}"
        self._name = f"ModelCard({str(card['name'])!r})"

    def __repr__(self) -> str:
        return self._name

    def _repr_markdown_(self) -> str:
        return self._text
