"""Of numbers for which a lesson's usual conclusion is false, its text says something else."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from lessons import lesson, printed, run

from fracture_widgets import Box, Cascade, load_dataset, write_phantoms
from fracture_widgets.models.engine import OnnxEngine
from fracture_widgets.models.folder import load_model_folder
from fracture_widgets.models.trust import Calibration

pytestmark = pytest.mark.usefixtures("answered_once")

SEED = 0


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn") / "drawn"
    write_phantoms(folder, patients=2, seed=5, exposures=1)
    return load_dataset(folder)


@pytest.fixture(scope="module")
def cascade():
    model = load_model_folder()
    return Cascade(model, OnnxEngine.of_model(model))


def test_1_labels_that_are_exchanged_make_the_accuracy_what_was_the_error(drawn, cascade):
    other = drawn["label"].map({"normal": "fractured", "fractured": "normal"})
    told = [
        printed(1, "right_code", table=table, cascade=cascade)
        for table in (drawn, drawn.assign(label=other))
    ]
    right, wrong = (float(text.split("accuracy")[-1].split()[0]) for text in map(fracture, told))
    assert right + wrong == pytest.approx(1, abs=2e-3)
    assert right != wrong


def fracture(told: str) -> str:
    return told[told.index("Fracture, all parts") : told.index("AUROC")]


@pytest.mark.parametrize(
    ("twins", "says"), [(True, "It leaks"), (False, "No leak shows here")]
)  # fmt: skip
def test_2_without_twins_nothing_leaks(twins, says):
    rng = np.random.default_rng(SEED)
    patients = np.repeat(np.arange(40), 3)
    label = np.where(np.arange(40) % 2, "normal", "fractured")[patients]
    seen = rng.random((40, 4, 4))[patients] if twins else rng.random((120, 4, 4))
    seen = seen + 0.001 * rng.random((120, 4, 4))
    table = pd.DataFrame(
        {"label": label, "patient_id": patients.astype(str), "image_path": map(str, range(120))}
    ).assign(body_part="hand", study_id="1")
    assert says in printed(2, "leak", table=table, thumbnails=seen, np=np)


@pytest.mark.parametrize(
    ("val_loss", "says"),
    [([0.7, 0.5, 0.9], "It overfits"), ([0.7, 0.5, 0.4], "It does not overfit here")],
)
def test_3_a_curve_that_stays_down_is_not_called_overfitting(val_loss, says):
    history = pd.DataFrame(
        {"loss": [0.6, 0.3, 0.01], "accuracy": [0.6, 0.9, 1.0], "val_loss": val_loss}
    ).assign(val_accuracy=0.7)
    split = pd.DataFrame({"split": ["train", "test"]})
    trained = SimpleNamespace(history=history, split=split)
    assert says in printed(3, "overfit_numbers", overfitted=trained)


@pytest.mark.parametrize(
    ("best", "says"),
    [((0.5, 0.9), "Nobody can say who wins"), ((0.92, 0.98), "Some lie apart")],
)
def test_4_a_method_that_is_better_is_said_to_lie_apart(best, says):
    rows = [("always-normal", 0.4, 0.6), ("k-means", 0.5, 0.8), ("resnet50", *best)]
    table = pd.DataFrame(rows, columns=["model", "low", "high"])
    comparison = SimpleNamespace(table=table.assign(metric="accuracy", part="hand"))
    assert says in printed(4, "overlap", comparison=comparison, PART="hand")


@pytest.mark.parametrize(("stays", "says"), [(False, "Grad-CAM passes"), (True, "it fails")])
def test_5_a_heatmap_that_knows_nothing_fails(drawn, stays, says):
    from fracture_widgets import RadiographsDisplay, read_radiograph
    from fracture_widgets.imaging.preprocessing import Placement
    from fracture_widgets.models.explain import over_radiograph

    cells = np.random.default_rng(SEED).random((7, 7), np.float32)
    other = cells if stays else cells[::-1, ::-1].copy()
    forgotten = dict.fromkeys(("nothing", "the head"), cells) | {"the head": other}
    told = printed(
        5, "sanity_show", np=np, cells=cells, forgotten=forgotten, Placement=Placement,
        radiograph=read_radiograph(drawn["image_path"][0]), over_radiograph=over_radiograph,
        RadiographsDisplay=lambda *_, **__: RadiographsDisplay,
    )  # fmt: skip
    assert says in told


@pytest.mark.parametrize(
    ("true", "says"), [(True, "It keeps its word"), (False, "surer than it may be")]
)
def test_6_a_network_that_is_too_sure_is_said_to_be(true, says):
    scores = SimpleNamespace(score=np.full(5, 0.95), true=np.full(5, true), n=5)
    assert says in printed(6, "calibration_number", scores=scores)


def test_6_a_detector_that_finds_something_is_not_called_worthless():
    known = {}
    cells = lesson(6)
    run(cells["worthless"], known)
    assert "sensitivity  0.0%" in run(cells["worthless_score"], dict(known))
    assert "sensitivity  100.0%" in run(
        cells["worthless_score"], known | {"answers": known["truth"]}
    )


@pytest.mark.parametrize(
    ("moved", "says"), [(0.0, "the rule hardly matters"), (0.1, "made by the rule")]
)
def test_7_boxes_that_fit_are_worth_the_same_by_any_rule(moved, says):
    there = [[Box(0.2, 0.2, 0.4, 0.4)], []]
    found = [[(Box(0.2 + moved, 0.2, 0.4 + moved, 0.4), 0.9)], []]
    table = pd.DataFrame({"patient_id": ["a", "b"]})
    known = {"np": np, "Box": Box, "there": there, "found": found, "table": table}
    assert says in printed(7, "iou", "map", "map-compared", **known)


@pytest.mark.parametrize("lost", [0.0, 0.2])
def test_8_where_nothing_is_lost_no_change_is_said_to_cost(lost):
    kinds = ["scattered", "inverted"]
    rows = [
        SimpleNamespace(
            kind=kind,
            auroc=SimpleNamespace(value=0.9),
            lost=SimpleNamespace(value=change),
            verdicts={"refused": 0.0},
        )
        for kind, change in zip(kinds, (lost, 0.0), strict=True)
    ]
    told = printed(8, "measured", abroad=SimpleNamespace(rows=rows), KINDS=kinds)
    assert f"more than 0.05 of AUROC: {lost > 0.05}" in told


@pytest.fixture(scope="module")
def judged():
    known = {}
    cells = lesson(9)
    run(cells["known"], known)
    return known | {"np": np, "pd": pd}


def test_9_a_rank_that_allows_less_does_not_keep_the_promise(judged):
    cells = lesson(9)
    known = dict(judged)
    run(cells["limit"], known)
    told = run(cells["promise"], known)
    assert told.count("kept;") == 2
    assert "NOT" not in told
    spoilt = dict(judged)
    run(
        cells["limit"].replace("* (1 - miss)", "* (1 - 2 * miss)").split("\n\n\nby_hand")[0], spoilt
    )
    assert run(cells["promise"], spoilt).count("NOT kept;") == 2


def test_9_who_pays_and_whether_a_probability_can_be_used_follow_from_the_answers(judged):
    cells = lesson(9)
    known = dict(judged)
    for name in ("limit", "reliable", "bolder"):
        run(cells[name], known)
    assert "who pays for it: the fractured" in run(cells["breaks_classes"], known)
    assert "its p can be used" in run(cells["cost"], known)
    timid = known | {"said": Calibration(slope=0.3)(known["said"])}
    run(cells["reliable"], timid)
    assert "does not mean what it says" in run(cells["cost"], dict(timid))
    assert "no worse" in run(cells["bolder"], dict(timid))
    exchanged = known | {"fractured": ~known["fractured"], "said": 1 - known["said"]}
    assert "who pays for it: the normal" in run(cells["breaks_classes"], dict(exchanged))
    dear = cells["doubt_cost"].replace("LOOK = 0.3", "LOOK = 0.95")
    assert "doubt pays" in run(cells["doubt_cost"], dict(known))
    assert "doubt does not pay" in run(dear, dict(known))


def test_10_an_average_that_shows_the_group_is_said_to(judged):
    cells = lesson(10)
    known = dict(judged)
    run("from fracture_widgets.evaluation.metrics import auroc, bootstrap_interval", known)
    assert "the average hides it" in run(cells["average"], dict(known))
    half = cells["average"].replace("spoilt_for(0.03)", "spoilt_for(0.5)")
    assert "even the average shows it" in run(half, dict(known))
    assert "misses are its errors" in run(cells["labels"], dict(known))
    assert "nothing was missed" in run(
        cells["labels"].replace("written(0.10)", "written(0.0)"), known
    )


def test_10_groups_of_which_there_are_enough_are_known_roughly(judged):
    cells = lesson(10)
    known = dict(judged)
    run(cells["count"], known)
    few = run(cells["found"], dict(known))
    assert few.count("we do not know") >= 2
    many = known | {"GROUPS": {"all": np.ones(len(known["said"]), bool)}}
    assert "we know roughly" in run(cells["found"], many)


def test_10_a_table_that_says_the_age_is_believed(drawn):
    table = drawn.assign(age=40)
    told = [printed(10, "columns", table=t, known=drawn) for t in (drawn, table)]
    assert "your table: knows none of it" in told[0]
    assert "your table: knows age" in told[1]
