"""The models that a menu can offer: what ships, what the environment names, what was put by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fracture_widgets.base.files import data_folder
from fracture_widgets.errors import ModelError
from fracture_widgets.models.card import BODY_PART, CASCADE, check_card, read_card
from fracture_widgets.models.compose import holds_models, model_folders
from fracture_widgets.models.folder import (
    CARD_FILE,
    default_models_folder,
    installed_models_folder,
)

__all__ = ["ListedModel", "kept_models_folder", "list_models"]


@dataclass(frozen=True)
class ListedModel:
    """A model that can be named."""

    name: str
    path: Path
    kind: str
    body_parts: tuple[str, ...]


def kept_models_folder() -> Path:
    """Return where models of one's own are kept: a folder each."""
    return data_folder() / "models"


def list_models() -> list[ListedModel]:
    """Return the shipped model, the environment's, then one's own; unusable ones are left out."""
    named, shipped, kept = default_models_folder(), installed_models_folder(), kept_models_folder()
    own = sorted(one for one in kept.iterdir() if one.is_dir()) if kept.is_dir() else []
    listed: dict[Path, ListedModel] = {}
    for folder in (shipped, named, *own):
        model = _listed(folder, "Shipped model" if folder == shipped else folder.name)
        if model is not None:
            listed.setdefault(folder.resolve(), model)
    return list(listed.values())


def _listed(folder: Path, name: str) -> ListedModel | None:
    if not holds_models(folder):
        return None
    try:
        cards = [read_card(one / CARD_FILE) for one in model_folders(folder)]
        for card in cards:
            check_card(card, folder.name)
    except ModelError:
        return None
    naming = next((card for card in cards if card["kind"] == BODY_PART), cards[0])
    if not naming["body_parts"] or (naming["kind"] == BODY_PART and len(cards) == 1):
        return None
    kind = CASCADE if len(cards) > 1 else str(naming["kind"])
    return ListedModel(name, folder, kind, tuple(naming["body_parts"]))
