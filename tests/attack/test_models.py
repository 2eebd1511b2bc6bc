"""Cards of any damage, weights that are no numbers, graphs that a neighbour has put there."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fracture_widgets.base.cache import ArrayCache, content_key
from fracture_widgets.errors import ModelError
from fracture_widgets.models import compose as composing
from fracture_widgets.models import folder as folders
from fracture_widgets.models.cascade import Cascade
from fracture_widgets.models.compose import load_composition
from fracture_widgets.models.engine import GRAPH_FILE, OnnxEngine
from fracture_widgets.models.folder import CARD_FILE, load_model_folder, save_model_folder
from fracture_widgets.models.trust import trust_of_card
from fracture_widgets.phantoms import draw_phantom

POSIX = pytest.mark.skipif(os.name != "posix", reason="modes and owners are a Unix matter")
GRAPH = {
    "layers": [{"name": "x", "type": "InputLayer", "inputs": [], "config": {}, "shape": [3]}],
    "outputs": {"hand": "x", "elbow": "x"},
    "features": "x",
}
PART = {
    "calibration": {"slope": 1.1, "intercept": -0.2},
    "band": {"low": 0.2, "high": 0.7},
    "prevalence": 0.4,
    "peers": [
        {"from": 0.0, "to": 0.5, "n": 10, "fractured": 1},
        {"from": 0.5, "to": 1.0, "n": 10, "fractured": 8},
    ],
}
STRANGE = (
    None, True, 7, -1, 0, 1e308, 10**400, "nan", "", "x" * 100_000, "../../card", "\0", "\x1b[2J",
    [], [[]], [None], {}, {"": {}}, [7, "hand", {}],
)  # fmt: skip
WORDS = ("NaN", "Infinity", "-Infinity", "1e999", "[" * 100_000, "9" * 5000, '"\\ud800"')
"""What is no JSON, or JSON of no number."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cascade of a few weights, with a card that says all that one can say."""
    home = tmp_path_factory.mktemp("models") / "small"
    weights = {"conv1_conv/kernel": np.ones((2, 2), np.float32), "hand/kernel": np.zeros(3)}
    trust = {"parts": {"hand": PART, "elbow": PART}}
    card = {"name": "small", "trust": trust, "gate": {"auc": 0.9}, "labels": 7}
    save_model_folder(home, weights, GRAPH, card, body_parts=["elbow", "hand"])
    return home


def places_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a card."""
    if path:
        yield path
    for key in value if isinstance(value, dict) else range(len(value)):
        if isinstance(value[key], dict | list):
            yield from places_in(value[key], (*path, key))
        else:
            yield (*path, key)


def changed(card: Any, path: tuple[Any, ...], value: Any) -> Any:
    card = copy.deepcopy(card)
    at = card
    for step in path[:-1]:
        at = at[step]
    if value is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return card


def said_of(home: Path, text: str) -> str:
    """Use a card in every way there is; return the sentence, or nothing where it is taken."""
    (home / CARD_FILE).write_text(text)
    composing._can_answer(home)  # the menu leaves out what it cannot name
    try:
        known = load_composition(home)
        trust_of_card(known.card)
    except ModelError as error:
        return str(error)
    return ""


def assert_is_a_sentence(sentence: str) -> None:
    assert sentence.endswith("."), sentence
    assert len(sentence) < 500, sentence[:600]
    assert "Traceback" not in sentence


@pytest.mark.slow
def test_a_card_of_any_damage_is_taken_or_refused_in_a_sentence(
    whole: Path,
) -> None:
    text = (whole / CARD_FILE).read_text()
    card = json.loads(text)
    assert said_of(whole, text) == ""
    refused = tried = 0
    for path in places_in(card):
        for value in (..., *STRANGE):
            said = said_of(whole, json.dumps(changed(card, path, value)))
            if said:
                assert_is_a_sentence(said)
            refused, tried = refused + bool(said), tried + 1
        for word in WORDS:
            stranger = json.dumps(changed(card, path, "@@")).replace('"@@"', word)
            said = said_of(whole, stranger)
            if word != WORDS[-1]:
                assert said, (path, word)
            assert_is_a_sentence(said or ".")
            tried += 1
    (whole / CARD_FILE).write_text(text)
    assert tried > 1000
    assert refused > 500


@pytest.mark.parametrize(
    "text", ["", "[]", "7", "null", '"card"', "{", "\x00\xff", "{}", "[" * 10**6]
)
def test_what_is_no_card_at_all_is_refused_in_a_sentence(whole: Path, text: str) -> None:
    kept = (whole / CARD_FILE).read_text()
    try:
        assert_is_a_sentence(said_of(whole, text))
        assert said_of(whole, text)
    finally:
        (whole / CARD_FILE).write_text(kept)


def test_a_card_of_gigabytes_is_not_read(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "_LONGEST_CARD", 1 << 10)
    with pytest.raises(ModelError, match="longer than"):
        load_model_folder(whole)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("band", "low"), "nan"), (("band", "high"), 2.0), (("band", "low"), 0.9),
        (("calibration", "slope"), 1e300), (("calibration", "intercept"), "inf"),
        (("prevalence",), -0.1), (("peers", 0, "n"), -1), (("peers", 0, "fractured"), 11),
        (("peers", 1, "to"), "1"), (("band", "low"), True),
    ],
)  # fmt: skip
def test_bands_and_calibrations_that_are_no_numbers_are_refused(
    where: tuple[Any, ...], value: Any
) -> None:
    card = {"trust": {"parts": {"hand": PART}}}
    assert trust_of_card(card)["hand"].band.low == 0.2
    with pytest.raises(ModelError, match="section on trust is damaged"):
        trust_of_card(changed(card, ("trust", "parts", "hand", *where), value))


@pytest.mark.parametrize(
    "points",
    [3, [1], {"balanced": {}}, {"balanced": {"band": {"low": 0.6, "high": 0.4}}},
     {"balanced": {"band": {"low": "nan", "high": 0.4}}}],
)  # fmt: skip
def test_other_operating_points_that_are_none_are_refused(points: Any) -> None:
    card = {"trust": {"parts": {"hand": {**PART, "points": points}}}}
    with pytest.raises(ModelError, match="section on trust is damaged"):
        trust_of_card(card)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_no_numbers_are_refused(whole: Path, value: float) -> None:
    weights = load_model_folder(whole).weights
    assert weights["hand/kernel"].tolist() == [0.0, 0.0, 0.0]
    card = json.loads((whole / CARD_FILE).read_text())
    (name,) = (name for name in card["files"] if name.startswith("heads"))
    path = whole / name
    kept = path.read_bytes()
    np.savez(path.with_suffix(""), **{"hand/kernel": np.array([0, value, 0], np.float32)})
    try:
        with pytest.raises(ModelError, match=r"holds weights that are no numbers \(hand/kernel\)"):
            weights["hand/kernel"]
    finally:
        path.write_bytes(kept)


@pytest.mark.slow
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_answer_that_is_no_number_is_none(value: float) -> None:
    class Broken:
        def __init__(self, engine: Any) -> None:
            self._engine = engine

        def run(self, inputs: Any) -> dict[str, Any]:
            outputs = {name: np.array(each) for name, each in self._engine.run(inputs).items()}
            outputs["hand"][0, 0] = value
            return outputs

    model = load_model_folder()
    engine = OnnxEngine.of_model(model)
    radiograph = draw_phantom("hand", fractured=False, seed=1).radiograph
    assert Cascade(model, engine).examine(radiograph).calibrated_probability >= 0
    with pytest.raises(ModelError, match=r"answers with what is no number \(hand\)"):
        Cascade(model, Broken(engine)).examine(radiograph)


# --- graphs that are kept -----------------------------------------------------------------------


class Builder:
    """Makes a file, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, folder: Path) -> None:
        self.times += 1
        (folder / GRAPH_FILE).write_bytes(b"ours")


KEY = {"graph": "a"}


def planted(home: Path, content: bytes, key: str) -> None:
    """Do what a neighbour would who knows how entries are written."""
    import hashlib

    (home / GRAPH_FILE).write_bytes(content)
    digests = {GRAPH_FILE: hashlib.sha256(content).hexdigest()}
    (home / "sha256.json").write_text(json.dumps({"built_from": key, "files": digests}))


@POSIX
def test_what_others_could_write_is_made_again(tmp_path: Path) -> None:
    cache, build = ArrayCache(tmp_path / "graphs"), Builder()
    home = cache.get_or_build(KEY, build)
    assert (home.stat().st_mode & 0o777, (tmp_path / "graphs").stat().st_mode & 0o777) == (448, 448)
    for path in (home, home / GRAPH_FILE, home / "sha256.json"):
        planted(home, b"theirs", content_key(KEY))
        path.chmod(path.stat().st_mode | 0o022)
        made = cache.get_or_build(KEY, build)
        assert (made / GRAPH_FILE).read_bytes() == b"ours", path.name
    assert build.times == 4
    assert (cache.get_or_build(KEY, build) / GRAPH_FILE).read_bytes() == b"ours"
    assert build.times == 4, "and kept again"


def test_what_was_made_of_something_else_is_made_again(tmp_path: Path) -> None:
    cache, build = ArrayCache(tmp_path), Builder()
    home = cache.get_or_build(KEY, build)
    planted(home, b"another", content_key({"graph": "b"}))
    assert (cache.get_or_build(KEY, build) / GRAPH_FILE).read_bytes() == b"ours"


def test_a_file_beside_those_that_were_made_is_in_doubt(tmp_path: Path) -> None:
    cache, build = ArrayCache(tmp_path), Builder()
    home = cache.get_or_build(KEY, build)
    (home / "network.bin").write_bytes(b"theirs")
    cache.get_or_build(KEY, build)
    assert build.times == 2
    assert not (home / "network.bin").exists()


@POSIX
def test_a_link_in_the_place_of_an_entry_is_not_followed(tmp_path: Path) -> None:
    cache, build = ArrayCache(tmp_path / "graphs"), Builder()
    home = cache.get_or_build(KEY, build)
    elsewhere = home.rename(tmp_path / "elsewhere")
    planted(elsewhere, b"theirs", content_key(KEY))
    home.symlink_to(elsewhere)
    try:
        made = cache.get_or_build(KEY, build)
    except OSError:
        return  # it is not kept, and the graph is made in memory
    assert (made / GRAPH_FILE).read_bytes() == b"ours"
    assert not made.is_symlink()


@POSIX
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs another owner")
def test_a_folder_of_somebody_else_keeps_nothing(tmp_path: Path) -> None:
    theirs = tmp_path / "graphs"
    theirs.mkdir()
    os.chown(theirs, 12_345, 12_345)
    with pytest.raises(OSError, match="can be written by others"):
        ArrayCache(theirs).get_or_build(KEY, Builder())
