"""A model knows again what it learned from: copies of all kinds, and nothing else."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph, read_radiograph
from fracture_widgets.models.cascade import shipped_cascade
from fracture_widgets.models.folder import (
    CARD_FILE,
    default_models_folder,
    load_model_folder,
    read_card,
)
from fracture_widgets.models.learned_from import (
    ALIKE,
    FINGERPRINT,
    NOT,
    SAME,
    LearnedFrom,
    fingerprint_of,
    learned_from,
    learned_from_weights,
)
from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.phantoms import draw_phantom


@pytest.fixture(scope="module")
def learned() -> list[Radiograph]:
    return [draw_phantom(part, fractured=False, seed=seed).radiograph
            for part in BODY_PARTS for seed in range(6)]  # fmt: skip


@pytest.fixture(scope="module")
def known(learned: list[Radiograph]) -> LearnedFrom:
    return LearnedFrom.together([fingerprint_of(radiograph) for radiograph in learned])


def _saved(radiograph: Radiograph, kind: str, **settings: int) -> Radiograph:
    file = io.BytesIO()
    Image.fromarray(radiograph.to_uint8()).save(file, kind, **settings)
    return read_radiograph(file.getvalue(), name="copy")


def _deep(radiograph: Radiograph) -> Radiograph:
    file = io.BytesIO()
    deep = np.rint(radiograph.pixels * 4000 + 90).astype(np.uint16)
    Image.fromarray(deep).save(file, "PNG")
    return read_radiograph(file.getvalue(), name="deep")


def _scaled(radiograph: Radiograph, share: float) -> Radiograph:
    size = (round(radiograph.width * share), round(radiograph.height * share))
    picture = Image.fromarray(radiograph.pixels).resize(size, Image.Resampling.LANCZOS)
    return replace(radiograph, pixels=np.clip(np.asarray(picture), 0, 1))


def _cut(radiograph: Radiograph, share: float) -> Radiograph:
    return radiograph.crop(Box(share, share, 1 - share, 1 - share))


def _framed(radiograph: Radiograph) -> Radiograph:
    return replace(radiograph, pixels=np.pad(radiograph.pixels, 25))


COPIES: dict[str, Callable[[Radiograph], Radiograph]] = {
    "JPEG": lambda radiograph: _saved(radiograph, "JPEG", quality=70),
    "sixteen bits": _deep,
    "half": lambda radiograph: _scaled(radiograph, 0.5),
    "enlarged": lambda radiograph: _scaled(radiograph, 1.7),
    "cut by a hundredth": lambda radiograph: _cut(radiograph, 0.01),
    "brighter": lambda radiograph: replace(radiograph, pixels=radiograph.pixels**0.8),
}


@pytest.mark.parametrize("copied", [lambda r: r, lambda r: _saved(r, "PNG")], ids=["it", "PNG"])
def test_the_same_pixels_are_known_as_such(
    known: LearnedFrom, learned: list[Radiograph], copied: Callable[[Radiograph], Radiograph]
) -> None:
    assert {known.holds(copied(radiograph)) for radiograph in learned} == {SAME}


@pytest.mark.parametrize("kind", COPIES)
def test_a_copy_is_known_by_its_looks(
    known: LearnedFrom, learned: list[Radiograph], kind: str
) -> None:
    assert {known.holds(COPIES[kind](radiograph)) for radiograph in learned} == {ALIKE}


@pytest.mark.parametrize("changed", [_framed, lambda r: _cut(r, 0.02)], ids=["frame", "cut"])
def test_most_copies_in_a_frame_or_cut_by_a_fiftieth_are_known(
    known: LearnedFrom, learned: list[Radiograph], changed: Callable[[Radiograph], Radiograph]
) -> None:
    found = [known.holds(changed(radiograph)) for radiograph in learned]
    assert found.count(ALIKE) >= 0.8 * len(found)


@pytest.mark.slow
def test_others_of_the_same_parts_are_not(known: LearnedFrom, learned: list[Radiograph]) -> None:
    others = [draw_phantom(part, fractured=broken, seed=seed).radiograph
              for part in BODY_PARTS for broken in (True, False)
              for seed in range(100, 106)]  # fmt: skip
    assert {known.holds(radiograph) for radiograph in others} == {NOT}
    assert {known.holds(radiograph.inverted()) for radiograph in learned} == {NOT}


def test_nothing_was_learned_from_where_there_are_no_marks(learned: list[Radiograph]) -> None:
    nothing = LearnedFrom.together([])
    assert len(nothing) == 0
    assert nothing.holds(learned[0]) == NOT


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Return a small folder that has a card, a graph and weights."""
    from fracture_widgets.models.folder import save_model_folder

    home = tmp_path / "model"
    graph = {"layers": [], "outputs": {"hand": "hand"}, "features": "conv"}
    weights = {"hand/bias": np.zeros(2, np.float32)}
    save_model_folder(home, weights, graph, {}, kind="fracture", body_parts=["hand"])
    return home


def test_a_folder_keeps_the_marks_and_its_identity(
    model: Path, known: LearnedFrom, learned: list[Radiograph]
) -> None:
    before = load_model_folder(model)
    assert learned_from([before]) is None
    card = known.add_to(model)
    (name,) = (name for name in card["files"] if name.startswith("learned_from"))
    after = load_model_folder(model)
    assert after.sha256 == before.sha256
    assert set(after.weights) == set(before.weights)
    kept = learned_from([after])
    assert kept is not None
    np.testing.assert_array_equal(kept.fingerprints, known.fingerprints)
    assert (model / name).stat().st_size < 18 * len(learned) + 256

    # Another file takes the place of the first.
    LearnedFrom.together([fingerprint_of(learned[0])]).add_to(model)
    assert not (model / name).exists()
    (again,) = model.glob("learned_from*")
    assert again.name in read_card(model)["files"]


def test_a_mark_tells_nobody_what_the_radiograph_shows(learned: list[Radiograph]) -> None:
    assert FINGERPRINT.itemsize == 18
    assert fingerprint_of(learned[0]).shape == (1,)


@pytest.mark.parametrize("damage", ["cut off", "other bytes", "gone", "a pickle", "other numbers"])
def test_a_damaged_file_is_one_sentence(model: Path, known: LearnedFrom, damage: str) -> None:
    known.add_to(model)
    (file,) = model.glob("learned_from*")
    whole = file.read_bytes()
    if damage == "cut off":
        file.write_bytes(whole[:-5])
    elif damage == "other bytes":
        file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    elif damage == "gone":
        file.unlink()
    else:
        stream = io.BytesIO()
        other = np.array([{}], object) if damage == "a pickle" else np.zeros(9)
        np.save(stream, other, allow_pickle=True)
        from fracture_widgets.models.folder import amend_card

        amend_card(model, {"learned_from.npy": stream.getvalue()})
    with pytest.raises(ModelError, match=r"^learned_from\S*\.npy [^\n]+(again|one)\.$"):
        learned_from([load_model_folder(model)])


def test_weights_that_a_training_starts_from_tell_what_taught_them(
    model: Path, known: LearnedFrom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known.add_to(model)
    (weights,) = model.glob("*.npz")
    told = learned_from_weights(weights)
    assert told is not None
    assert len(told) == len(known)
    assert learned_from_weights("imagenet") is None
    assert learned_from_weights(None) is None
    alone = shutil.copy(weights, tmp_path / "alone.npz")
    assert learned_from_weights(alone) is None
    monkeypatch.setenv("FRACTURE_WIDGETS_MODELS", str(model))
    shipped = learned_from_weights("shipped")
    assert shipped is not None
    assert len(shipped) == len(known)


def test_a_card_without_the_file_says_nothing(model: Path, known: LearnedFrom) -> None:
    card = known.add_to(model)
    del card["files"][next(n for n in card["files"] if n.startswith("learned_from"))]
    (model / CARD_FILE).write_text(json.dumps(card), "utf-8")
    assert learned_from([load_model_folder(model)]) is None


def test_a_model_beside_it_that_does_not_say_is_named(
    model: Path, known: LearnedFrom, tmp_path: Path
) -> None:
    silent = load_model_folder(shutil.copytree(model, tmp_path / "older"))
    known.add_to(model)
    both = learned_from([load_model_folder(model), silent])
    assert both is not None
    assert both.silent == ("older",)
    np.testing.assert_array_equal(both.fingerprints, known.fingerprints)


def test_every_network_that_ships_says_what_it_learned_from() -> None:
    home = default_models_folder()
    whole, joints = (learned_from([load_model_folder(f)]) for f in (home, home / "joints"))
    assert whole is not None
    assert joints is not None
    # One fold of the train split and the test split taught the crops alone.
    assert 0 < len(joints) < 0.7 * len(whole)
    together = shipped_cascade().learned_from
    assert together is not None
    assert together.silent == ()
    np.testing.assert_array_equal(
        together.fingerprints, np.union1d(whole.fingerprints, joints.fingerprints)
    )
