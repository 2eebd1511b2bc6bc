"""The one model folder: a card, the network's graph and the weights, each known by its sha256."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from fracture_widgets.base.files import Content, file_sha256, write_by_content, write_whole
from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.preprocessing import PREPROCESSING
from fracture_widgets.imaging.views import VIEWS
from fracture_widgets.models.trust import TRUST_SECTION, trust_of_card
from fracture_widgets.models.weight_files import StoredWeights, Weights, pack_weights
from fracture_widgets.parts import LABELS

CARD_FILE, GRAPH_FILE = "card.json", "graph.json"
OUT_OF_FOLD_FILE = "out_of_fold.csv"
"""Every answer out of fold, from which calibration and operating points follow."""
LEARNED_FROM = "learned_from"
"""Begins the name of the file that tells what was learned from, which decides no answer."""

MODELS_VARIABLE = "FRACTURE_WIDGETS_MODELS"
"""Environment variable that names another models folder."""

SCHEMA = 2
_LONGEST_CARD = 16 << 20
_LONGEST_WORDS = 80
CASCADE, BODY_PART, FRACTURE, LOOKS = "cascade", "body_part", "fracture", "looks"
KINDS = (CASCADE, BODY_PART, FRACTURE, LOOKS)

_PACKAGE = Path(__file__).resolve().parent.parent
_CASCADE_GRAPH = _PACKAGE / "resources" / "cascade_graph.json"
_AGAIN = "install the package again, or train a model with fracture-widgets train cascade"


@dataclass(frozen=True, eq=False)
class ModelFolder:
    """A network's graph and weights with their card."""

    card: Mapping[str, Any]
    weights: Weights
    graph: Mapping[str, Any]
    sha256: str
    name: str = "model"
    home: Path | None = None

    @classmethod
    def of_cascade(cls, weights: Weights, graph: Mapping[str, Any], body_parts: Sequence[str],
                   name: str) -> Self:  # fmt: skip
        """Return a cascade that is in no folder, known by a name of its own."""
        card = {"schema": SCHEMA, "kind": CASCADE, "body_parts": list(body_parts)}
        return cls(card, weights, graph, name, name)

    @property
    def kind(self) -> str:
        """``"cascade"``, ``"body_part"``, ``"fracture"`` or ``"looks"``."""
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


@contextmanager
def _damage_in_words() -> Iterator[None]:
    """Say in one sentence that a card is damaged, however it is."""
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError) as error:
        raise ModelError(f"{CARD_FILE} is damaged ({_brief(error)}); {_AGAIN}.") from error


@_damage_in_words()
def read_card(folder: Path) -> dict[str, Any]:
    """Read a folder's card; one of the first schema says afterwards what those of this one say."""
    try:
        with (folder / CARD_FILE).open("rb") as file:
            text = file.read(_LONGEST_CARD + 1)
        if len(text) > _LONGEST_CARD:
            raise ValueError(f"it is longer than {_LONGEST_CARD >> 20} MB")
        card = json.loads(text, parse_constant=_refuse_number, parse_float=_finite)
    except FileNotFoundError:
        raise ModelError(
            f"There is no model: {folder.name}/{CARD_FILE} is missing; {_AGAIN}."
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{CARD_FILE} cannot be read ({error}); {_AGAIN}.") from error
    files = card.get("files") if isinstance(card, dict) else None
    if not isinstance(files, dict) or not files:
        raise ModelError(f"{CARD_FILE} names no weight files; {_AGAIN}.")
    if not all(isinstance(entry, dict) and isinstance(entry.get("sha256"), str)
               for entry in files.values()):  # fmt: skip
        raise ModelError(f"{CARD_FILE} gives no sha256 of its files; {_AGAIN}.")
    if "schema" in card:
        return dict(card)
    question, labels = card.get("question"), card.get("labels")
    if question is None:
        kind, parts = CASCADE, (labels or {}).get("body_part", [])
    elif question == BODY_PART:
        kind, parts = BODY_PART, labels
    else:
        kind, parts = FRACTURE, [] if question == FRACTURE else [question]
    return {"schema": 1, "kind": kind, "network": "resnet50", "body_parts": parts, **card}


def _refuse_number(word: str) -> float:
    raise ValueError(f"{word} is no number")


def _brief(value: object) -> str:
    """Return what a card says as so many words that a sentence has room for them."""
    words = str(value)
    return words if len(words) <= _LONGEST_WORDS else f"{words[:_LONGEST_WORDS]} ..."


def _finite(word: str) -> float:
    number = float(word)
    return number if math.isfinite(number) else _refuse_number(word)


@_damage_in_words()
def check_card(card: Mapping[str, Any], home: str) -> None:
    """Refuse a card of a model that this version cannot use, with the reason."""
    schema, kind = card["schema"], card.get("kind")
    if not isinstance(schema, int) or not 1 <= schema <= SCHEMA:
        raise ModelError(
            f"The model in {home} was written by another version of Fracture Widgets (schema "
            f"{_brief(schema)}, this one reads up to {SCHEMA}): update the package, or choose "
            "another model."
        )
    if kind not in KINDS:
        raise ModelError(
            f"The model in {home} is of another kind ({_brief(kind)}) than this version of "
            f"Fracture Widgets knows: choose one of {', '.join(KINDS)}."
        )
    parts = card.get("body_parts")
    named = isinstance(parts, list) and all(isinstance(part, str) and part for part in parts)
    if not named or len(set(parts or ())) != len(parts or ()) or (kind != FRACTURE and not parts):
        raise ModelError(f"The card of {home} does not say which body parts the model knows.")
    trust_of_card(card)
    for name, wanted in _decided_by(kind, parts or ()).items():
        if card.get(name) != wanted:
            raise ModelError(
                f"The model was made for other {name} than this version of Fracture Widgets "
                f"uses; {_AGAIN if kind == CASCADE else 'train it again'}."
            )


def _decided_by(kind: str, body_parts: Sequence[str]) -> dict[str, Any]:
    """Return what this version's cards say of every model of a kind: labels and preprocessing."""
    fracture, parts = list(LABELS), list(body_parts)
    both = {BODY_PART: parts, FRACTURE: fracture}
    labels: Any = {CASCADE: both, LOOKS: both, BODY_PART: parts}
    settings = VIEWS if kind == LOOKS else PREPROCESSING
    return {"labels": labels.get(kind, fracture), "preprocessing": settings.to_dict()}


def _identity(card: Mapping[str, Any]) -> str:
    """Return the digest that stands for all that decides an answer."""
    files = {name: entry["sha256"] for name, entry in card["files"].items()}
    implied = file_sha256(_CASCADE_GRAPH)  # the graph of the first schema went without saying
    named = sorted(
        name
        for name, digest in files.items()
        if digest != implied and not name.startswith(LEARNED_FROM)
    )
    listing = "".join(f"{files[name]}  {name}\n" for name in named)
    parts = (card.get(TRUST_SECTION) or {}).get("parts")
    if parts:
        deciding = {
            name: {what: part.get(what) for what in ("calibration", "band")}
            for name, part in parts.items()
        }
        listing += json.dumps(deciding, sort_keys=True) + "\n"
    return hashlib.sha256(listing.encode()).hexdigest()


@_damage_in_words()
def load_model_folder(folder: str | os.PathLike[str] | None = None) -> ModelFolder:
    """Load a network after checking every file against the card."""
    home = Path(folder) if folder is not None else default_models_folder()
    card = read_card(home)
    check_card(card, home.name)
    for name, entry in card["files"].items():
        _check_file(home, name, entry)
    weights = StoredWeights(home / name for name in card["files"] if name.endswith(".npz"))
    graph, name = _graph(home, card), home.resolve().name
    return ModelFolder(card, weights, graph, _identity(card), name, home)


def _check_file(home: Path, name: str, entry: Mapping[str, Any]) -> None:
    path = home / name
    # A card must not reach outside its own folder.
    if Path(name).name != name:
        raise ModelError(f"{CARD_FILE} names a file outside its folder: {_brief(name)}.")
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
    for name in card["files"]:
        if name.endswith(".json"):
            try:
                graph: dict[str, Any] = json.loads((home / name).read_text(encoding="utf-8"))
                if not {"layers", "outputs", "features"} <= graph.keys():
                    raise ValueError("it has no layers, outputs and features")
            except (OSError, ValueError, AttributeError) as error:
                raise ModelError(
                    f"{name} in {home.name} is no network's graph ({error}): "
                    "train the model again, or choose another one."
                ) from error
            return graph
    if card["kind"] == CASCADE:
        return cascade_graph()
    # Networks for one question were once kept without their graph; the run knows the trunk.
    from fracture_widgets.models.networks.question import saved_question_graph

    try:
        run = json.loads((home / "run" / "run.json").read_text(encoding="utf-8"))
        trunk = str(run["record"]["network"])
    except (OSError, ValueError, KeyError, TypeError):
        trunk = "resnet50"
    return saved_question_graph(card["question"], card["labels"], trunk)


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
        files = dict(
            _write_file(folder / f"{stem}.npz", _packed(stem, arrays))
            for stem, arrays in groups.items()
        )
        files |= [_write_graph(folder, graph)]
        whole = {"schema": SCHEMA, "kind": kind, "network": network, **card}
        whole |= {"body_parts": list(body_parts), **_decided_by(kind, body_parts), "files": files}
        return _exchange_card(folder, whole)


def add_gate(folder: Path, weights: Weights, figures: Mapping[str, Any]) -> dict[str, Any]:
    """Write a gate beside a cascade's weights, or in the place of an older one."""
    return amend_card(folder, {"gate.npz": _packed("gate", weights)}, gate=dict(figures))


def amend_card(
    folder: Path, files: Mapping[str, Content] = MappingProxyType({}), **sections: Any
) -> dict[str, Any]:
    """Put files and sections into the card of a model that is there, for those they replace.

    A file replaces all whose names begin with its own, less the ending.
    """
    card = read_card(folder)
    with _saving(folder):
        named = card["files"]
        for name, content in files.items():
            written, entry = _write_file(folder / name, content)
            stem = Path(name).stem
            named = {n: known for n, known in named.items() if not n.startswith(stem)}
            named[written] = entry
        return _exchange_card(folder, {**card, **sections, "files": named})


def _write_file(path: Path, content: Content) -> tuple[str, dict[str, Any]]:
    """Write a file under a name that its content gives; return it and what the card says of it."""
    written, sha256 = write_by_content(path, content)
    return written.name, {"sha256": sha256, "bytes": written.stat().st_size}


def _packed(stem: str, weights: Weights) -> Content:
    """Return what writes weights: in eight bits conv5's kernels of a cascade, most of its trunk.

    A network for one question keeps what it was taught in half precision.
    """
    conv5 = {name for name in weights if name.startswith("conv5") and name.endswith("/kernel")}
    eight_bits = conv5 if stem == "trunk" else set()
    return lambda stream: pack_weights(stream, weights, eight_bits=eight_bits)


def _write_graph(folder: Path, graph: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Write a graph, a layer a line; return its file's name and what the card says of it."""
    layers = ",\n  ".join(json.dumps(layer) for layer in graph["layers"])
    rest = {name: value for name, value in graph.items() if name != "layers"}
    content = f'{{"layers": [\n  {layers}\n],\n{json.dumps(rest)[1:]}\n'.encode()
    path = folder / GRAPH_FILE
    if path.exists() and path.read_bytes() != content:  # another network's, still in use
        path, _ = write_by_content(path, content)
    else:
        write_whole(path, content)
    return path.name, {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def _exchange_card(folder: Path, card: dict[str, Any]) -> dict[str, Any]:
    """Write the card in the place of another one, and remove the files that only that one named."""
    try:
        before = set(read_card(folder)["files"])
    except ModelError:
        before = set()
    write_whole(folder / CARD_FILE, (json.dumps(card, indent=2) + "\n").encode())
    for name in before - set(card["files"]):
        if Path(name).name == name:
            (folder / name).unlink(missing_ok=True)
    return card


@contextmanager
def _saving(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ModelError(
            f"The model could not be saved in {folder.name} ({error.strerror}): make room there, "
            "or choose another folder."
        ) from error
