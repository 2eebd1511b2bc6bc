"""A network that finds joints, before networks that answer crops of one joint."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scripted_looks import PARTS, Scripted, looks_folder
from small_networks import put

from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.imaging.views import VIEWS, standard_crop
from fracture_widgets.models.cascade import Cascade
from fracture_widgets.models.compose import Composition, compose
from fracture_widgets.models.crops import Crops
from fracture_widgets.models.engine import OnnxEngine
from fracture_widgets.models.folder import load_model_folder
from fracture_widgets.models.gate import (
    INVERTED,
    NOT_A_RADIOGRAPH,
    OTHER_BODY_PART,
    TOO_UNLIKE,
    Gate,
)
from fracture_widgets.models.looks import NO_JOINT, TwoLooks
from fracture_widgets.models.report import UNLIKE_KNOWN, Peers
from fracture_widgets.models.showings import AS_IS, OTHERS, Showing
from fracture_widgets.models.trust import OperatingPoint, Trusted, error_rates
from fracture_widgets.parts import FRACTURED, LABELS

TWO = [(4, 6, 0, (3, 3, 3, 3)), (14, 10, 1, (4, 4, 4, 4))]
"""An elbow above a hand."""
UNSURE = [(*joint, -0.2) for joint in TWO]
"""The same, found with a score of 0.45."""


@pytest.fixture(scope="module")
def crops(tmp_path_factory: pytest.TempPathFactory) -> Composition:
    home = tmp_path_factory.mktemp("crops")
    put(home / "body_part", "body_part", list(PARTS))
    for seed, part in enumerate(PARTS, start=1):
        put(home / part, "fracture", [part], seed)
    return compose([load_model_folder(folder) for folder in sorted(home.iterdir())])


@pytest.fixture
def limb() -> Radiograph:
    pixels = np.random.default_rng(0).uniform(0, 1, (400, 320)).astype(np.float32)
    return Radiograph(pixels=pixels, name="limb.png", sha256="0", source_format="PNG")


def both(crops: Composition, engine: Scripted, **heads: object) -> tuple[Cascade, Cascade]:
    """Return the networks of crops behind what an engine finds, and by themselves."""
    finder = looks_folder(**heads)
    engines = {model: OnnxEngine.of_model(model) for model in crops.networks}
    together = compose([*crops.networks, finder])
    return Cascade(together, {**engines, finder: engine}), Cascade(crops, engines)


def test_each_joint_is_answered_by_the_network_of_its_part(
    crops: Composition, limb: Radiograph
) -> None:
    cascade, alone = both(crops, Scripted(TWO, (9.0, 9.0, 9.0), fracture=(8, 20)))
    report = cascade.examine(limb)
    assert sorted(joint.answer.body_part for joint in report.answer.joints) == ["elbow", "hand"]
    for joint in report.answer.joints:
        # Not what the network that finds joints thinks of them, which is sure of a fracture.
        crop = limb.crop(joint.box.grown(0.06))
        heads = alone.probabilities(crop)[joint.answer.body_part]
        assert joint.answer.fracture_probability == pytest.approx(heads["fractured"], abs=1e-5)
        (finding,) = joint.answer.findings
        assert (finding.source, finding.box is not None) == ("fracture boxes", True)


def test_a_crop_lies_where_it_was_cut(limb: Radiograph) -> None:
    (joint, *_) = (found.box for found in scripted_joints(limb))
    view = standard_crop(limb.pixels, joint)
    placed = view.to_radiograph(*view.place(joint))
    assert placed is not None
    for edge in ("x0", "y0", "x1", "y1"):
        assert getattr(placed, edge) == pytest.approx(getattr(joint, edge), abs=1e-6)
    left, top, right, bottom = view.place(joint)
    assert min(left, top) >= 0
    assert max(right, bottom) <= view.pixels.shape[1]


def scripted_joints(limb: Radiograph):
    """Return the joints of a model that finds two."""
    from scripted_looks import scripted_cascade

    return scripted_cascade(Scripted(TWO, (0.0, 0.0, 0.0))).examine(limb).answer.joints


def test_many_are_answered_as_each_by_itself(crops: Composition, limb: Radiograph) -> None:
    cascade, _ = both(crops, Scripted(TWO, (0.0, 0.0, 0.0)))
    alone = cascade.examine(limb).answer
    for answer in cascade.answer([cascade.prepare(limb)] * 3):
        assert answer.fracture_probability == pytest.approx(alone.fracture_probability, abs=1e-6)
        assert [joint.box for joint in answer.joints] == [joint.box for joint in alone.joints]


def test_the_heads_and_the_outputs_are_those_of_the_crops(
    crops: Composition, limb: Radiograph
) -> None:
    cascade, alone = both(crops, Scripted(TWO, (0.0, 0.0, 0.0)))
    assert set(cascade.probabilities(limb)) == {"body_part", *PARTS}
    ours, theirs = cascade.outputs(limb), alone.outputs(limb)
    assert ours.keys() == theirs.keys()


def gate_says(monkeypatch: pytest.MonkeyPatch, said: list[dict[str, float]]) -> None:
    """Let the gate for crops say something of each crop as it is, one after the other."""
    following = iter(said)
    monkeypatch.setattr("fracture_widgets.models.crops.OTHERS", ())

    class ScriptedGate:
        def excess_by_kind(self, outputs: object) -> dict[str, float]:
            return next(following)

    monkeypatch.setattr(Gate, "of_weights", lambda weights: ScriptedGate())


DARK = {"inverted": (0.0, 1.0)}
"""The head of a finder that takes whatever it is shown for a negative."""


@pytest.mark.parametrize(
    ("heads", "said", "refusal", "notes"),
    [
        ({}, [{INVERTED: 8.0}, {INVERTED: 7.0}, {INVERTED: -9.0}, {INVERTED: -9.0}], "", 1),
        ({}, [{INVERTED: 1.0}, {INVERTED: 0.5}], "", 1),
        ({}, [{INVERTED: 8.0}, {INVERTED: -2.0}], "", 1),
        ({}, [{NOT_A_RADIOGRAPH: 2.6}, {NOT_A_RADIOGRAPH: 3.0}], TOO_UNLIKE, 0),
        ({}, [{NOT_A_RADIOGRAPH: 2.0}, {NOT_A_RADIOGRAPH: 3.0}], "", 1),
        (DARK, [{INVERTED: -1.0}] * 2, "", 1),
        (DARK, [{INVERTED: 0.5}] * 2 + [{INVERTED: -1.0}] * 2, "", 0),
        (DARK, [{INVERTED: 0.5}] * 4, TOO_UNLIKE, 0),
        ({}, [{INVERTED: 8.0}] * 2 + [{INVERTED: 0.5}] * 2, TOO_UNLIKE, 0),
    ],
    ids=[
        *("plainly dark", "a little dark", "one of two is dark", "strange", "another hospital"),
        *("turned rightly", "turned wrongly and seen as it was", "dark either way"),
        "plainly dark and dark when turned",
    ],
)
def test_plainly_dark_bones_are_turned_and_what_is_strange_is_refused(
    crops: Composition,
    limb: Radiograph,
    monkeypatch: pytest.MonkeyPatch,
    heads: dict[str, object],
    said: list[dict[str, float]],
    refusal: str,
    notes: int,
) -> None:
    gate_says(monkeypatch, said)
    cascade, _ = both(crops, Scripted(TWO, (0.0, 0.0, 0.0)), **heads)
    answer = cascade.examine(limb).answer
    assert (answer.refusal_kind, len(answer.notes)) == (refusal, notes)


RATES = {
    "like": {"missed": {"value": 0.012}, "false": {"value": 0.149}},
    "unlike": {"missed": {"value": 0.043}, "false": {"value": 0.362}},
}

MEASURED = (
    "Of such, drawn for a test, 4 in 100 fractures were called none seen and 36 in 100 sound "
    "joints a fracture; of others 1 and 15."
)


@pytest.mark.parametrize(
    ("card", "excess", "point", "said"),
    [
        ({}, 0.5, "sensitive", [UNLIKE_KNOWN]),
        ({}, -0.5, "sensitive", []),
        (
            {"out_of_distribution": RATES},
            0.5,
            "sensitive",
            [f"{UNLIKE_KNOWN} {MEASURED}"],
        ),
        ({"out_of_distribution": RATES}, 0.5, "balanced", [UNLIKE_KNOWN]),
    ],
    ids=["not measured", "like what is known", "measured", "measured at another point"],
)
def test_an_answer_to_what_looks_unlike_says_what_it_is_worth(
    crops: Composition,
    limb: Radiograph,
    monkeypatch: pytest.MonkeyPatch,
    card: dict[str, Any],
    excess: float,
    point: OperatingPoint,
    said: list[str],
) -> None:
    gate_says(monkeypatch, [{NOT_A_RADIOGRAPH: excess}] * 2)
    finder = looks_folder()
    networks = sorted(model.sha256 for model in crops.networks)
    sections = {name: {**section, "models": networks} for name, section in card.items()}
    finder = replace(finder, card={**finder.card, **sections})
    engines = {model: OnnxEngine.of_model(model) for model in crops.networks}
    engine = Scripted(TWO, (0.0, 0.0, 0.0))
    model = TwoLooks(finder, engine, point, Crops(crops, engines))
    (answer,) = model.answer([model.prepare(limb)])
    assert list(answer.notes) == said
    assert answer.is_of_unlike is bool(said)


@pytest.mark.parametrize("section", [3, {}, {"like": {"missed": {"value": 3}}}, {"like": "3"}])
def test_a_damaged_section_of_the_card_is_a_sentence(section: object) -> None:
    with pytest.raises(ModelError, match="section on out_of_distribution is damaged"):
        error_rates({"out_of_distribution": section}, ["ab"])


def test_rates_that_nothing_was_measured_on_are_not_told() -> None:
    unlike = {"missed": {"value": None}, "false": {"value": None}}
    assert error_rates({"out_of_distribution": {**RATES, "models": ["ab"]}}, ["ab"]) is not None
    undefined = {**RATES, "unlike": unlike, "models": ["ab"]}
    assert error_rates({"out_of_distribution": undefined}, ["ab"]) is None


def test_rates_of_other_networks_are_not_told() -> None:
    assert error_rates({"out_of_distribution": {**RATES, "models": ["ab"]}}, ["cd"]) is None


def test_one_joint_of_two_that_looks_unlike_is_noted_and_has_no_peers(
    crops: Composition, limb: Radiograph, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = Trusted.answer
    peers = Peers(0.0, 1.0, 10, 5, 0.5)
    monkeypatch.setattr(Trusted, "answer", lambda *given: replace(trusted(*given), peers=peers))
    for excess in ([-1.0, -1.0], [0.5, -1.0], [-1.0, 0.5]):
        gate_says(monkeypatch, [{NOT_A_RADIOGRAPH: each} for each in excess])
        answer = both(crops, Scripted(TWO, (0.0, 0.0, 0.0)))[0].examine(limb).answer
        noted = max(excess) > 0
        assert answer.is_of_unlike is noted
        assert answer.peers == (None if noted else peers)
        kept = [joint.answer.peers is not None for joint in answer.joints]
        assert sorted(kept) == sorted(each <= 0 for each in excess)


@pytest.mark.parametrize(
    ("joints", "excess", "refused", "boxes"),
    [
        (TWO, [-1.0, -1.0], False, 2),
        (TWO, [-1.0, 0.5], False, 1),
        (TWO, [0.5, 0.5], True, 2),
        ([], [0.5], True, 0),
        ([], [-0.5], True, 0),
        ([], [-0.8], False, 0),
        (UNSURE, [-0.8, -0.5], False, 1),
        (UNSURE, [-0.5, -0.5], True, 2),
    ],
    ids=[
        *("two of ours", "a knee beside one", "knees", "nothing like a crop"),
        *("a crop that may be a knee", "a tight crop", "two found unsurely", "what may be knees"),
    ],
)
def test_a_joint_of_another_part_is_none_and_a_tight_crop_is_one(
    crops: Composition,
    limb: Radiograph,
    monkeypatch: pytest.MonkeyPatch,
    joints: list[tuple[object, ...]],
    excess: list[float],
    refused: bool,
    boxes: int,
) -> None:
    said = [{OTHER_BODY_PART: each, NOT_A_RADIOGRAPH: -1.0, INVERTED: -1.0} for each in excess]
    gate_says(monkeypatch, said)
    cascade, _ = both(crops, Scripted(joints, (0.0, 0.0, 0.0)))
    answer = cascade.examine(limb).answer
    assert (answer.refused, len(answer.joints)) == (refused, boxes)
    assert answer.refusal_kind == (NO_JOINT if refused else "")


QUARTER, SMOOTHER = Showing(eighths=2), Showing(sigma=1.5)


class Distances:
    """A gate by whose distance one way to show a crop is nearer than others."""

    def __init__(self, near: Showing, *, leaning: float = -1.0, away: float = 1.0) -> None:
        self.shown, self.leaning, self.away = near, leaning, away
        self.tried = [way for way in OTHERS if away > way.tried_from]
        self.asked = 0

    def excess_by_kind(self, outputs: object) -> dict[str, float]:
        # One crop as it is, all other ways, then the one that was chosen.
        at = self.asked
        self.asked += 1
        ways = [AS_IS, *self.tried, self.shown]
        distance = -4.0 if ways[at] == self.shown else self.away
        leaning = self.leaning if at == 0 else -1.0
        return {NOT_A_RADIOGRAPH: distance, OTHER_BODY_PART: leaning, INVERTED: -1.0}


@pytest.mark.parametrize("showing", OTHERS, ids=str)
def test_a_crop_that_looks_unlike_is_shown_as_it_looks_most_like_what_is_known(
    crops: Composition, limb: Radiograph, monkeypatch: pytest.MonkeyPatch, showing: Showing
) -> None:
    gate = Distances(showing)
    monkeypatch.setattr(Gate, "of_weights", lambda weights: gate)
    cascade, _ = both(crops, Scripted(TWO[:1], (0.0, 0.0, 0.0)))
    report = cascade.examine(limb)
    (joint,) = report.answer.joints
    assert gate.asked == 1 + len(OTHERS) + 1
    assert report.answer.notes == (showing.note,)
    crop = standard_crop(limb.pixels, joint.box).pixels
    shown = showing.of(crop)
    part = joint.answer.body_part
    network, output = crops.fracture[part]
    # Of what is smoothed, both have a say.
    given = [shown, crop] if showing.sigma else [shown]
    both_ways = np.stack([*given, *(each[:, ::-1] for each in given)])
    said = OnnxEngine.of_model(network).run(both_ways)[output]
    likely = np.exp(np.log(said).mean(0))
    expected = (likely / likely.sum())[LABELS.index(FRACTURED)]
    assert joint.answer.fracture_probability == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("showing", OTHERS, ids=str)
def test_fractures_are_looked_for_as_the_joint_was_turned(
    crops: Composition, limb: Radiograph, monkeypatch: pytest.MonkeyPatch, showing: Showing
) -> None:
    def found(gate: Distances) -> tuple[Scripted, Cascade]:
        monkeypatch.setattr(Gate, "of_weights", lambda weights: gate)
        engine = Scripted(TWO[:1], (0.0, 0.0, 0.0), fracture=(8, 20))
        return engine, both(crops, engine)[0]

    engine, cascade = found(Distances(AS_IS, away=-9.0))
    upright = cascade.examine(limb)
    assert [shape[1] for shape in engine.looked].count(VIEWS.second) == 1
    engine, cascade = found(Distances(showing))
    report = cascade.examine(limb)
    assert [shape[1] for shape in engine.looked].count(VIEWS.second) == 1 + bool(showing.eighths)
    # The network finds one in the same place of whatever it is shown: beside it on the joint.
    (before,), (after,) = upright.answer.findings, report.answer.findings
    assert (after.box == before.box) is not bool(showing.eighths)
    joint = report.answer.joints[0].box
    side = max(joint.width * limb.width, joint.height * limb.height) * (1 + 2 * VIEWS.margin)
    middle = (np.array([20.5, 8.5]) * 8 / VIEWS.second - 0.5) * side
    angle = np.pi / 4 * showing.eighths
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert after.box is not None
    assert _middle(after.box, limb) - _middle(joint, limb) == pytest.approx(turn @ middle, abs=1)
    # The map is hottest where the box has its middle.
    hottest = np.unravel_index(report.fracture_map.argmax(), report.fracture_map.shape)
    place = (np.array(hottest)[::-1] + 0.5) / np.array(report.fracture_map.shape)[::-1]
    size = np.array([limb.width, limb.height])
    assert place * size == pytest.approx(_middle(after.box, limb), abs=side / 32)


def test_of_two_joints_one_is_looked_at_again(
    crops: Composition, limb: Radiograph, monkeypatch: pytest.MonkeyPatch
) -> None:
    upright = both(crops, Scripted(TWO, (0.0, 0.0, 0.0), fracture=(8, 20)))[0].examine(limb)
    tried = [0.5 if way == QUARTER else 5.0 for way in OTHERS]
    distances = iter([-9.0, 1.0 + QUARTER.reluctance, *tried, -4.0])

    class OneLiesTurned:
        def excess_by_kind(self, outputs: object) -> dict[str, float]:
            return {NOT_A_RADIOGRAPH: next(distances), OTHER_BODY_PART: -1.0, INVERTED: -1.0}

    monkeypatch.setattr(Gate, "of_weights", lambda weights: OneLiesTurned())
    engine = Scripted(TWO, (0.0, 0.0, 0.0), fracture=(8, 20))
    report = both(crops, engine)[0].examine(limb)
    looked, again = (given for given in engine.inputs if given.shape[1] == VIEWS.second)
    np.testing.assert_array_equal(again, QUARTER.of(looked[1])[np.newaxis])
    found = [joint.answer.findings[0].box for joint in report.answer.joints]
    before = {joint.box: joint.answer.findings[0].box for joint in upright.answer.joints}
    stayed = [before[joint.box] for joint in report.answer.joints]
    assert sorted(a == b for a, b in zip(found, stayed, strict=True)) == [False, True]


def test_nothing_is_found_in_the_empty_corners_of_a_turned_view(
    crops: Composition, limb: Radiograph, monkeypatch: pytest.MonkeyPatch
) -> None:
    eighth = Showing(eighths=1)
    monkeypatch.setattr(Gate, "of_weights", lambda weights: Distances(eighth))
    report = both(crops, Scripted(TWO[:1], (0.0, 0.0, 0.0), fracture=(0, 0)))[0].examine(limb)
    assert report.answer.findings == ()


def _middle(box: Box, limb: Radiograph) -> np.ndarray:
    """Return the middle of a box in pixels."""
    return np.array(box.centre) * (limb.width, limb.height)


@pytest.mark.parametrize(
    ("showing", "away", "leaning", "notes"),
    [
        (QUARTER, -1.6, -1.0, 0),
        (QUARTER, -0.6, -1.0, 1),
        (SMOOTHER, -0.6, -1.0, 0),
        (SMOOTHER, -0.4, -1.0, 1),
        (QUARTER, 1.0, 0.5, 0),
    ],
    ids=["like what is known", "hardly strange", "hardly strange, grainy", "strange", "a knee"],
)
def test_only_a_strange_crop_of_ours_is_shown_otherwise(
    crops: Composition,
    limb: Radiograph,
    monkeypatch: pytest.MonkeyPatch,
    showing: Showing,
    away: float,
    leaning: float,
    notes: int,
) -> None:
    gate = Distances(showing, away=away, leaning=leaning)
    monkeypatch.setattr(Gate, "of_weights", lambda weights: gate)
    answer = both(crops, Scripted(TWO[:1], (0.0, 0.0, 0.0)))[0].examine(limb).answer
    assert len(answer.notes) == notes
    # What was no joint of ours as it is, is none as it looks otherwise.
    assert answer.refused is (leaning > 0)


def test_the_model_is_another_with_another_finder(crops: Composition) -> None:
    known = compose([*crops.networks, looks_folder()])
    assert known.sha256 not in {crops.sha256, looks_folder().sha256}
    assert known.card["joints"]["kind"] == "looks"
    assert known.of_crops == crops.networks
    with pytest.raises(ModelError, match="two finds elbow and hand, and the others answer for"):
        compose([*crops.networks, looks_folder(PARTS[:2])])


def test_a_model_folder_may_hold_what_finds_its_joints(tmp_path: Path, crops: Composition) -> None:
    put(tmp_path / "hand", "fracture", ["hand"])
    put(tmp_path / "hand" / "joints", "fracture", ["wrist"])
    with pytest.raises(ModelError, match="nothing beside it names the body part"):
        Cascade.load(tmp_path / "hand")
