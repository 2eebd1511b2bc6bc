"""The one model folder: a card, the network's graph and the weights, each known by its sha256."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from fracture_widgets.base.files import file_sha256, write_by_content, write_whole
from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.preprocessing import PREPROCESSING
from fracture_widgets.models.card import CASCADE, SCHEMA, check_card, labels_of, read_card
from fracture_widgets.models.trust import TRUST_SECTION
from fracture_widgets.models.weight_files import StoredWeights, Weights, pack_weights

__all__ = [
    "CARD_FILE",
    "OUT_OF_FOLD_FILE",
    "ModelFolder",
    "add_gate",
    "amend_card",
    "cascade_graph",
    "default_models_folder",
    "graph_text",
    "installed_models_folder",
    "is_model_folder",
    "load_model_folder",
    "model_sha256",
    "save_model_folder",
    "write_graph",
]

CARD_FILE, GRAPH_FILE = "card.json", "graph.json"
OUT_OF_FOLD_FILE = "out_of_fold.csv"
"""Every answer out of fold, from which calibration and operating points follow."""

MODELS_VARIABLE = "FRACTURE_WIDGETS_MODELS"
"""Environment variable that names another models folder."""

_PACKAGE = Path(__file__).resolve().parent.parent
_CASCADE_GRAPH = _PACKAGE / "resources" / "cascade_graph.json"


@dataclass(frozen=True, eq=False)
class ModelFolder:
    """A network's graph and weights with their card."""

    card: Mapping[str, Any]
    weights: Weights
    graph: Mapping[str, Any]
    sha256: str
    name: str = "model"

    @classmethod
    def of_cascade(cls, weights: Weights, graph: Mapping[str, Any], body_parts: Sequence[str],
                   name: str) -> Self:  # fmt: skip
        """Return a cascade that is in no folder, known by a name of its own."""
        card = {"schema": SCHEMA, "kind": CASCADE, "body_parts": list(body_parts)}
        return cls(card, weights, graph, name, name)

    @property
    def kind(self) -> str:
        """``"cascade"``, ``"body_part"`` or ``"fracture"``."""
        return str(self.card["kind"])

    @property
    def body_parts(self) -> tuple[str, ...]:
        """The parts it names or answers for, in the order of its outputs; none means any."""
        return tuple(self.card["body_parts"])

    def file_sha256(self, stem: str) -> str:
        """Return the digest of the file of some of the weights: ``"trunk"``, ``"heads"``."""
        named = (name for name in self.card["files"] if name.startswith(stem))
        return str(self.card["files"][next(named)]["sha256"])

    @property
    def answer_output(self) -> str:
        """The output that holds the answer of a network for one question."""
        return str(next(iter(self.graph["outputs"])))


def default_models_folder() -> Path:
    """Return the models folder: the environment's choice, or the one that ships."""
    chosen = os.environ.get(MODELS_VARIABLE)
    return Path(chosen) if chosen else installed_models_folder()


def installed_models_folder() -> Path:
    """Return the folder of the model that ships: the installed one, or the checkout's."""
    installed = _PACKAGE / "resources" / "models"
    return installed if installed.is_dir() else _PACKAGE.parent / "models"


def cascade_graph() -> dict[str, Any]:
    """Return the graph of the cascade that ships, which cards of the first schema take as known."""
    graph: dict[str, Any] = json.loads(_CASCADE_GRAPH.read_text(encoding="utf-8"))
    return graph


def is_model_folder(folder: Path) -> bool:
    """Say whether a folder holds a model's card."""
    return (folder / CARD_FILE).is_file()


def model_sha256(files: Mapping[str, str], card: Mapping[str, Any] | None = None) -> str:
    """Return the digest that stands for all that decides an answer."""
    # The graph of the first schema went without saying.
    unsaid = file_sha256(_CASCADE_GRAPH)
    named = sorted(name for name, digest in files.items() if digest != unsaid)
    listing = "".join(f"{files[name]}  {name}\n" for name in named)
    parts = ((card or {}).get(TRUST_SECTION) or {}).get("parts")
    if parts:
        deciding = {
            name: {what: part.get(what) for what in ("calibration", "band")}
            for name, part in parts.items()
        }
        listing += json.dumps(deciding, sort_keys=True) + "\n"
    return hashlib.sha256(listing.encode()).hexdigest()


def load_model_folder(folder: str | os.PathLike[str] | None = None) -> ModelFolder:
    """Load a network after checking every file against the card."""
    home = Path(folder) if folder is not None else default_models_folder()
    card = read_card(home / CARD_FILE)
    check_card(card, home.name)
    files = {name: str(entry["sha256"]) for name, entry in card["files"].items()}
    for name, entry in card["files"].items():
        _check_file(home, name, entry)
    weights = StoredWeights(home / name for name in files if name.endswith(".npz"))
    return ModelFolder(
        card, weights, _graph(home, card), model_sha256(files, card), home.resolve().name
    )


def _check_file(home: Path, name: str, entry: Mapping[str, Any]) -> None:
    path = home / name
    # A card must not reach outside its own folder.
    if Path(name).name != name:
        raise ModelError(f"{CARD_FILE} names a file outside its folder: {name}.")
    if not path.is_file():
        return  # whoever reads it says so
    differs = ""
    if path.stat().st_size != entry.get("bytes", path.stat().st_size):
        differs = "size"
    elif file_sha256(path) != entry["sha256"]:
        differs = "sha256"
    if differs:
        raise ModelError(
            f"{name} is not the file that {CARD_FILE} describes (its {differs} differs); "
            "install the package again, or train the model again."
        )


def _graph(home: Path, card: Mapping[str, Any]) -> Mapping[str, Any]:
    names = [name for name in card["files"] if name.endswith(".json")]
    if names:
        try:
            graph = json.loads((home / names[0]).read_text(encoding="utf-8"))
            if not {"layers", "outputs", "features"} <= graph.keys():
                raise ValueError("it has no layers, outputs and features")
        except (OSError, ValueError, AttributeError) as error:
            raise ModelError(
                f"{names[0]} in {home.name} is no network's graph ({error}): "
                "train the model again, or choose another one."
            ) from error
        return graph  # type: ignore[no-any-return]
    if card["kind"] == CASCADE:
        return cascade_graph()
    # Networks for one question were once kept without their graph.
    from fracture_widgets.models.networks.question import saved_question_graph

    return saved_question_graph(card["question"], card["labels"], _trunk_of_run(home))


def _trunk_of_run(home: Path) -> str:
    """Return the name of a network's trunk, which its run knows where it is kept."""
    try:
        run = json.loads((home / "run" / "run.json").read_text(encoding="utf-8"))
        return str(run["record"]["network"])
    except (OSError, ValueError, KeyError, TypeError):
        return "resnet50"


def save_model_folder(
    folder: Path,
    weights: Weights,
    graph: Mapping[str, Any],
    card: Mapping[str, Any],
    *,
    kind: str = CASCADE,
    network: str = "resnet50",
    body_parts: Sequence[str] = (),
) -> dict[str, Any]:
    """Write a network, the card last; a fracture network that names no part answers for any."""
    groups = {"weights": dict(weights)}
    if kind == CASCADE:
        groups = {
            "trunk": {name: w for name, w in weights.items() if name.startswith("conv")},
            "heads": {name: w for name, w in weights.items() if not name.startswith("conv")},
        }
    with _saving(folder):
        folder.mkdir(parents=True, exist_ok=True)
        files = dict(_written(folder, stem, arrays) for stem, arrays in groups.items())
        files |= [write_graph(folder, graph)]
        complete = {
            "schema": SCHEMA,
            "kind": kind,
            "network": network,
            **card,
            "body_parts": list(body_parts),
            "labels": labels_of(kind, body_parts),
            "preprocessing": PREPROCESSING.to_dict(),
            "files": files,
        }
        _exchange_card(folder, complete)
    return complete


def add_gate(folder: Path, weights: Weights, figures: Mapping[str, Any]) -> dict[str, Any]:
    """Write a gate beside a cascade's weights, or in the place of an older one."""
    card = read_card(folder / CARD_FILE)
    with _saving(folder):
        others = {n: entry for n, entry in card["files"].items() if not n.startswith("gate")}
        name, entry = _written(folder, "gate", weights)
        complete = {**card, "gate": dict(figures), "files": {**others, name: entry}}
        _exchange_card(folder, complete)
    return complete


def amend_card(folder: Path, **sections: Any) -> dict[str, Any]:
    """Put sections into the card of a model that is there, each in place of what it replaces."""
    card = {**read_card(folder / CARD_FILE), **sections}
    with _saving(folder):
        _exchange_card(folder, card)
    return card


def _written(folder: Path, stem: str, weights: Weights) -> tuple[str, dict[str, Any]]:
    """Write weights under a name that their content gives."""
    path, sha256 = write_by_content(
        folder / f"{stem}.npz", lambda stream: pack_weights(stream, weights)
    )
    return path.name, {"sha256": sha256, "bytes": path.stat().st_size}


def write_graph(folder: Path, graph: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Write a network's graph, and return its file's name and what the card says of it."""
    content = graph_text(graph).encode()
    path, sha256 = folder / GRAPH_FILE, hashlib.sha256(content).hexdigest()
    if path.exists() and path.read_bytes() != content:  # another network's, still in use
        path, _ = write_by_content(path, content)
    else:
        write_whole(path, content)
    return path.name, {"sha256": sha256, "bytes": len(content)}


def graph_text(graph: Mapping[str, Any]) -> str:
    """Return a graph as JSON, a layer a line."""
    layers = ",\n  ".join(json.dumps(layer) for layer in graph["layers"])
    rest = {name: value for name, value in graph.items() if name != "layers"}
    return f'{{"layers": [\n  {layers}\n],\n{json.dumps(rest)[1:]}\n'


def _exchange_card(folder: Path, card: Mapping[str, Any]) -> None:
    """Write the card in the place of another one, and remove the files that only that one named."""
    before: set[str] = set()
    if is_model_folder(folder):
        try:
            before = set(read_card(folder / CARD_FILE)["files"])
        except ModelError:
            before = set()
    write_whole(folder / CARD_FILE, (json.dumps(card, indent=2) + "\n").encode())
    for name in before - set(card["files"]):
        if Path(name).name == name:
            (folder / name).unlink(missing_ok=True)


@contextmanager
def _saving(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ModelError(
            f"The model could not be saved in {folder.name} ({error.strerror}): make room there, "
            "or choose another folder."
        ) from error
