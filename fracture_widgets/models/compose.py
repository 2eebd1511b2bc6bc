"""Which networks answer together: one cascade, one network alone, or a folder of networks."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

from fracture_widgets.base.files import data_folder
from fracture_widgets.base.language import marked
from fracture_widgets.errors import ModelError
from fracture_widgets.models.fetched import model_home
from fracture_widgets.models.folder import (
    BODY_PART,
    CASCADE,
    FRACTURE,
    KINDS,
    LOOKS,
    SCHEMA,
    ModelFolder,
    check_card,
    default_models_folder,
    installed_models_folder,
    is_model_folder,
    load_model_folder,
    read_card,
)
from fracture_widgets.models.trust import TRUST_SECTION
from fracture_widgets.parts import in_words

JOINTS_FOLDER = "joints"


@dataclass(frozen=True, eq=False)
class Composition:
    """Model folders that answer together: what names the part, and by part what answers."""

    body_parts: tuple[str, ...]
    first: ModelFolder | None
    fracture: Mapping[str, tuple[ModelFolder, str]]
    card: Mapping[str, Any]
    sha256: str
    joints: ModelFolder | None = None
    """What finds the joints on a whole radiograph, where the others answer crops of one."""

    @property
    def networks(self) -> list[ModelFolder]:
        """Return every network, once."""
        return [*([self.joints] if self.joints else []), *self.of_crops]

    @property
    def of_crops(self) -> list[ModelFolder]:
        """Return the networks that see a crop of one joint, once."""
        first = [self.first] if self.first else []
        return list(dict.fromkeys([*first, *(network for network, _ in self.fracture.values())]))


def holds_models(folder: Path) -> bool:
    """Say whether a folder is a model folder, or holds some."""
    return (folder.is_file() and is_zipfile(folder)) or is_model_folder(model_folders(folder)[0])


def model_folders(models: str | os.PathLike[str], sha256: str | None = None) -> list[Path]:
    """Return the model folders that answer together when a folder or an archive is named.

    A model folder may hold the one that finds its joints, in ``joints``.
    """
    folder = model_home(models, sha256)
    if is_model_folder(folder) or not folder.is_dir():
        joints = folder / JOINTS_FOLDER
        return [folder, joints] if is_model_folder(joints) else [folder]
    return [below for below in sorted(folder.iterdir()) if is_model_folder(below)] or [folder]


def load_composition(
    models: str | os.PathLike[str] | None = None, sha256: str | None = None
) -> Composition:
    """Load a models folder, the models folders below it, or an archive of them."""
    named = models if models is not None else default_models_folder()
    return compose([load_model_folder(found) for found in model_folders(named, sha256)])


def compose(networks: Sequence[ModelFolder]) -> Composition:
    """Let networks answer together, or say why they cannot."""
    of = {kind: [each for each in networks if each.kind == kind] for kind in KINDS}
    if len(of[LOOKS]) == 1 and len(networks) > 1:
        return _found_first(of[LOOKS][0], [each for each in networks if each.kind != LOOKS])
    whole = next((each for each in networks if each.kind in (CASCADE, LOOKS)), None)
    if whole is not None:
        if len(networks) > 1:
            raise ModelError(
                f"{whole.name} is a whole cascade beside other models: name one of them."
            )
        answering = {part: (whole, part) for part in whole.body_parts}
        return Composition(whole.body_parts, whole, answering, whole.card, whole.sha256)
    fracture = _by_part(of[FRACTURE])
    if len(of[BODY_PART]) > 1:
        raise _both(of[BODY_PART], "name the body part")
    if not of[BODY_PART]:
        return _alone(of[FRACTURE])
    (first,) = of[BODY_PART]
    if not fracture:
        raise ModelError(
            f"{first.name} is a network for one question, the body part, and says nothing of "
            "fractures: put it in a folder beside the fracture network of each part, and name that "
            "folder."
        )
    parts, any_part = first.body_parts, fracture.pop("", None)
    unnamed = [part for part in fracture if part not in parts]
    answering = {part: found for part in parts if (found := fracture.get(part) or any_part)}
    without = [part for part in parts if part not in answering]
    if without or unnamed:
        raise ModelError(
            f"The networks do not fit together: {first.name} "
            + (
                f"tells {without[0]} apart, and no network answers for its fractures"
                if without
                else f"does not tell {unnamed[0]} apart, whose fractures another network answers"
            )
            + ". Train the one that is missing, or take the other away."
        )
    sha256 = _together(network.sha256 for network in networks)
    return Composition(parts, first, answering, _card(networks, parts), sha256)


def _found_first(finder: ModelFolder, networks: Sequence[ModelFolder]) -> Composition:
    """Let a network find joints for others, which say of each whether it is fractured."""
    known = compose(networks)
    if set(known.body_parts) != set(finder.body_parts):
        raise ModelError(
            f"The networks do not fit together: {finder.name} finds "
            f"{in_words(finder.body_parts, 'and')}, and the others answer for "
            f"{in_words(known.body_parts, 'and')}. Take {finder.name} away, or train one for these "
            "parts."
        )
    return replace(
        known,
        joints=finder,
        card={**known.card, "joints": finder.card},
        sha256=_together([known.sha256, finder.sha256]),
    )


def _together(digests: Iterable[str]) -> str:
    """Return the digest of models that answer together."""
    return hashlib.sha256("".join(sorted(f"{each}\n" for each in digests)).encode()).hexdigest()


def _by_part(networks: Sequence[ModelFolder]) -> dict[str, tuple[ModelFolder, str]]:
    """Return the fracture networks by part; one for any part goes by an empty name."""
    found: dict[str, tuple[ModelFolder, str]] = {}
    for network in networks:
        for part in network.body_parts or ("",):
            if part in found:
                raise _both([found[part][0], network], f"answer for {part or 'any part'}")
            found[part] = (network, network.answer_output)
    return found


def _alone(networks: Sequence[ModelFolder]) -> Composition:
    """Let a fracture network answer for the one part it knows."""
    (network, *others) = networks
    parts = network.body_parts
    if others or len(parts) != 1:
        raise ModelError(
            f"{network.name} is a network for one question, fractures"
            + (f" of {parts[0]}" if len(parts) == 1 else " of several parts")
            + ", and nothing beside it names the body part: put a network for the body part there, "
            "or name a network for one part alone."
        )
    answering = {parts[0]: (network, network.answer_output)}
    return Composition(parts, None, answering, network.card, network.sha256)


def _both(networks: Sequence[ModelFolder], what: str) -> ModelError:
    names = " and ".join(network.name for network in networks[:2])
    return ModelError(f"{names} both {what}: keep one of them in the folder.")


def _card(networks: Sequence[ModelFolder], parts: Sequence[str]) -> dict[str, Any]:
    """Return the card of networks together: theirs, and the trust that each part's own gives."""
    card: dict[str, Any] = {
        "schema": SCHEMA,
        "kind": CASCADE,
        "body_parts": list(parts),
        "networks": {network.name: network.card for network in networks},
    }
    known: dict[str, Any] = {}
    for network in networks:
        known |= (network.card.get(TRUST_SECTION) or {}).get("parts", {})
    return {**card, TRUST_SECTION: {"parts": known}} if known else card


def list_models() -> dict[Path, str]:
    """Return folders and names of the shipped model, the environment's, then one's own.

    One's own are kept in a folder each; what cannot answer is left out.
    """
    shipped, kept = installed_models_folder(), data_folder() / "models"
    own = sorted(kept.iterdir()) if kept.is_dir() else []
    listed: dict[Path, str] = {}
    for folder in (shipped, default_models_folder(), *own):
        if _can_answer(folder):
            name = marked("Shipped model") if folder == shipped else folder.name
            listed.setdefault(folder.resolve(), name)
    return listed


def _can_answer(folder: Path) -> bool:
    """Say whether a model can be loaded from a folder, as far as its cards tell."""
    try:
        cards = [read_card(found) for found in model_folders(folder)]
        for card in cards:
            check_card(card, folder.name)
    except ModelError:
        return False
    naming = next((card for card in cards if card["kind"] == BODY_PART), cards[0])
    return bool(naming["body_parts"]) and (naming["kind"] != BODY_PART or len(cards) > 1)
