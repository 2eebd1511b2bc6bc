"""The gate: what is no radiograph of an elbow, hand or shoulder is refused, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from fracture_widgets import Cascade
from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.quality import find_quality_problem
from fracture_widgets.imaging.radiograph import Radiograph
from fracture_widgets.models.folder import load_model_folder
from fracture_widgets.models.gate import (
    GATE_WEIGHTS,
    INVERTED,
    NOT_A_RADIOGRAPH,
    OTHER_BODY_PART,
    Gate,
    stage_means,
)
from fracture_widgets.models.networks import PROBE_INPUTS, STAGE_MEANS
from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.phantoms import draw_phantom, sample_phantoms
from fracture_widgets.training.outliers import drawn_pictures

if TYPE_CHECKING:
    import numpy.typing as npt


@pytest.fixture(scope="module")
def gate() -> Gate:
    found = Gate.of_weights(load_model_folder().weights)
    assert found is not None
    return found


def _simple(**changes: npt.NDArray[np.float32]) -> dict[str, npt.NDArray[np.float32]]:
    """A gate that is 0 at the origin, that measures distance along the third feature and all
    after it, leans with the first and darkens with the second, which are no distance.
    """
    free = np.eye(STAGE_MEANS, 2, dtype=np.float32)
    return {
        "gate_ours/mean": np.zeros(STAGE_MEANS, np.float32),
        "gate_ours/scale": np.ones(STAGE_MEANS, np.float32),
        "gate_ours/basis": free,
        "gate_ours/residual": np.ones(1, np.float32),
        "gate_part/kernel": free[:, 0],
        "gate_part/bias": np.zeros(1, np.float32),
        "gate_greys/kernel": free[:, 1],
        "gate_greys/bias": np.array([-2.0], np.float32),
        "gate/thresholds": np.array([0.0, 2.0, -1.0], np.float32),
        "gate/spreads": np.array([1.0, 0.5, 1.0], np.float32),
        **changes,
    }


def _refuses(gate: Gate, crops: Cascade, picture: Radiograph) -> bool:
    found = gate.check(find_quality_problem(picture), crops.outputs(picture), crops.body_parts)
    return found is not None


def _outputs(*means: float) -> dict[str, npt.NDArray[np.float32]]:
    seen = np.zeros(STAGE_MEANS + 10, np.float32)
    seen[: len(means)] = means
    seen[STAGE_MEANS:] = 99  # maxima, which are none of the gate's business
    return {PROBE_INPUTS: seen}


def test_what_lies_within_all_limits_passes() -> None:
    assert Gate(_simple()).check(None, _outputs(1.5, 0.9, 0.5), BODY_PARTS) is None


def test_far_away_is_no_radiograph() -> None:
    refusal = Gate(_simple()).check(None, _outputs(0, 0, np.e), BODY_PARTS)
    assert refusal is not None
    assert refusal.kind == NOT_A_RADIOGRAPH
    assert refusal.score == pytest.approx(2.0, abs=1e-5)  # the variance is e squared times ours
    assert refusal.sentence.startswith("This does not look like a radiograph of an elbow, hand or")


def test_near_and_leaning_is_another_body_part() -> None:
    refusal = Gate(_simple()).check(None, _outputs(3, 0, 0.5), BODY_PARTS)
    assert refusal is not None
    assert (refusal.kind, refusal.score) == (OTHER_BODY_PART, pytest.approx(2.0))
    assert "another body part" in refusal.sentence


def test_the_parts_that_are_named_are_those_of_the_model_that_refuses() -> None:
    far = Gate(_simple()).check(None, _outputs(0, 0, np.e), ["wrist"])
    leaning = Gate(_simple()).check(None, _outputs(3, 0, 0.5), ["wrist"])
    assert far is not None
    assert far.sentence.startswith("This does not look like a radiograph of a wrist: choose")
    assert leaning is not None
    assert "than a wrist, such as a leg or hip: choose a radiograph of this" in leaning.sentence


def test_dark_bones_are_exchanged_greys() -> None:
    refusal = Gate(_simple()).check(None, _outputs(0, 2.5, 0.5), BODY_PARTS)
    assert refusal is not None
    assert (refusal.kind, refusal.score) == (INVERTED, pytest.approx(1.5))
    assert "exchange them" in refusal.sentence


def test_greys_that_are_strange_and_yet_more_ours_than_exchanged_are_no_radiograph_s() -> None:
    refusal = Gate(_simple()).check(None, _outputs(0, 1.5, 0.5), BODY_PARTS)
    assert refusal is not None
    assert (refusal.kind, refusal.score) == (NOT_A_RADIOGRAPH, pytest.approx(0.5))


def test_the_reason_is_the_number_that_lies_furthest_beyond_its_limit() -> None:
    gate = Gate(_simple())
    kinds = [
        refusal.kind
        for leaning in (2.5, 9.0)
        if (refusal := gate.check(None, _outputs(leaning, 4.0, 0.5), BODY_PARTS)) is not None
    ]
    assert kinds == [INVERTED, OTHER_BODY_PART]


def test_a_plain_flaw_is_named_before_the_network_is_asked() -> None:
    blank = Radiograph(np.full((60, 50), 0.5, np.float32), "blank", "0", "drawn")
    refusal = Gate(_simple()).check(find_quality_problem(blank), _outputs(0, 0, np.e), BODY_PARTS)
    assert refusal is not None
    assert refusal.kind == "blank"


@pytest.mark.parametrize("name", GATE_WEIGHTS)
def test_a_missing_array_is_named(name: str) -> None:
    weights = _simple()
    del weights[name]
    with pytest.raises(ModelError, match=f"{name} is missing. Fit it again with"):
        Gate.of_weights(weights)


def test_an_array_of_another_network_is_refused() -> None:
    with pytest.raises(ModelError, match=r"gate_part/kernel has shape \(12,\)"):
        Gate(_simple(**{"gate_part/kernel": np.zeros(12, np.float32)}))


def test_a_model_without_a_gate_has_none() -> None:
    assert Gate.of_weights({"conv1_conv/kernel": np.zeros(3, np.float32)}) is None


@pytest.mark.slow
def test_the_workbench_s_samples_pass(crops: Cascade, gate: Gate) -> None:
    for sample in sample_phantoms():
        assert not _refuses(gate, crops, sample.radiograph)


@pytest.mark.slow
def test_drawn_radiographs_of_all_parts_pass(crops: Cascade, gate: Gate) -> None:
    drawn = [
        draw_phantom(part, fractured=fractured, seed=seed).radiograph
        for part in BODY_PARTS
        for fractured in (False, True)
        for seed in (31, 32)
    ]
    assert sum(_refuses(gate, crops, one) for one in drawn) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("part", BODY_PARTS)
def test_drawn_radiographs_with_exchanged_greys_are_named_so(
    crops: Cascade, gate: Gate, part: str
) -> None:
    drawn = draw_phantom(part, fractured=False, seed=31).radiograph
    report = crops.examine(drawn.inverted())
    assert report.refused
    assert report.answer.refusal_kind == INVERTED
    assert not crops.examine(drawn.inverted().inverted()).refused


@pytest.mark.slow
def test_what_is_no_radiograph_is_refused(crops: Cascade, gate: Gate) -> None:
    for drawn in drawn_pictures(each=4, seed=5):
        picture = Radiograph(drawn.draw(), drawn.name, "0", "drawn")
        assert _refuses(gate, crops, picture), drawn.name


def test_a_phantom_is_judged_alike_at_any_size(crops: Cascade, gate: Gate) -> None:
    phantom = draw_phantom("hand", fractured=True, seed=7).radiograph
    doubled = Radiograph(np.kron(phantom.pixels, np.ones((2, 2))), "large", "0", "drawn")
    small, large = (
        gate.excess(stage_means(crops.outputs(one))[None]) for one in (phantom, doubled)
    )
    np.testing.assert_allclose(small, large, atol=1.0)


def test_many_are_scored_as_each_by_itself(gate: Gate) -> None:
    means = np.random.default_rng(0).random((5, STAGE_MEANS), np.float32)
    together = gate.scores(means)
    assert together.shape == (5, 3)
    each = np.concatenate([gate.scores(row[np.newaxis]) for row in means])
    np.testing.assert_allclose(together, each, rtol=1e-4)
