import io
from functools import cache

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from fracture_widgets.base.language import gettext, speaking
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.evaluation.detection import Froc
from fracture_widgets.evaluation.metrics import Estimate
from fracture_widgets.evaluation.scores import score_body_part, score_fracture
from fracture_widgets.figures import (
    CalibrationDisplay,
    ComparisonDisplay,
    ConfusionMatrixDisplay,
    FrocDisplay,
    GreyValuesDisplay,
    LearningCurvesDisplay,
    OperatingPointsDisplay,
    PrecisionRecallDisplay,
    PrevalenceDisplay,
    RadiographsDisplay,
    ReaderRocDisplay,
    RocDisplay,
    ShiftsDisplay,
    SubgroupDisplay,
)
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.phantoms import draw_phantom

FROC = Froc(np.array([np.inf, 0.9, 0.4]), np.array([0, 0, 0.75]), np.array([0, 0.5, 1]))
HISTORY = pd.DataFrame(
    {
        "loss": [0.9, 0.6, 0.4],
        "accuracy": [0.5, 0.7, 0.8],
        "val_loss": [0.8, 0.5, 0.7],
        "val_accuracy": [0.55, 0.72, 0.7],
    },
    index=[1, 2, 3],
)
TRUE = np.array(["fractured"] * 4 + ["normal"] * 6)
PREDICTED = np.array(["fractured"] * 3 + ["normal"] * 6 + ["fractured"])
PROBABILITY = np.array([0.9, 0.8, 0.6, 0.3, 0.1, 0.2, 0.4, 0.3, 0.1, 0.7])
PREDICTIONS = pd.DataFrame(
    {
        "study_id": np.arange(10),
        "label": TRUE,
        "fracture_probability": PROBABILITY,
        "body_part": ["hand", "elbow"] * 5,
        "view": ["frontal"] * 4 + ["lateral"] * 6,
    }
)
COMPARED = pd.DataFrame(
    [
        (model, metric, value, value - 0.1, value + 0.1, 10, 4)
        for model, value in (("always-normal", 0.5), ("resnet50", 0.7))
        for metric in ("accuracy", "auroc", "precision", "recall")
    ],
    columns=["model", "metric", "value", "low", "high", "n", "fractured"],
)


@cache
def scores():
    return score_fracture(
        "fracture, hand", TRUE, PREDICTED, PROBABILITY, groups=np.arange(10), resamples=50
    )


@cache
def hand():
    return draw_phantom("hand", fractured=False, seed=1).radiograph


KINDS = {
    LearningCurvesDisplay: lambda: LearningCurvesDisplay(HISTORY, title="Fracture, hand"),
    ConfusionMatrixDisplay: lambda: ConfusionMatrixDisplay(
        [[3, 1], [1, 5]], ["fractured", "normal"]
    ),
    RocDisplay: lambda: RocDisplay.from_predictions(
        TRUE, PROBABILITY, by=["hand"] * 10, title="Fracture"
    ),
    PrecisionRecallDisplay: lambda: PrecisionRecallDisplay.from_predictions(
        TRUE, PROBABILITY, groups=np.arange(10), resamples=50
    ),
    CalibrationDisplay: lambda: CalibrationDisplay.from_scores(scores()),
    OperatingPointsDisplay: lambda: OperatingPointsDisplay.from_scores(scores()),
    SubgroupDisplay: lambda: SubgroupDisplay.from_predictions(
        PREDICTIONS, resamples=50, title="By kind"
    ),
    ComparisonDisplay: lambda: ComparisonDisplay(COMPARED, titles={"resnet50": "ResNet-50"}),
    RadiographsDisplay: lambda: RadiographsDisplay(
        [hand()], titles=["A drawn hand"], maps=[np.eye(3, dtype=np.float32)]
    ),
    PrevalenceDisplay: lambda: PrevalenceDisplay(0.7, 0.9),
    FrocDisplay: lambda: FrocDisplay(FROC, price=0.5),
    GreyValuesDisplay: lambda: GreyValuesDisplay(hand()),
    ShiftsDisplay: lambda: ShiftsDisplay(
        [hand()], kinds=["turned", "gamma"], boxes=[[Box(0.4, 0.4, 0.6, 0.6)]], side=60
    ),
}


@pytest.fixture(scope="module")
def display(request):
    return KINDS[request.param]()


def texts(display):
    return [text.get_text() for axes in display.axes_ for text in axes.texts]


@pytest.mark.parametrize("display", KINDS, ids=lambda kind: kind.__name__, indirect=True)
class TestEveryDisplay:
    def test_draws_on_a_sheet_of_its_own_and_returns_itself(self, display):
        assert display.plot() is display
        assert display.axes_[0].get_figure() is display.figure_

    @pytest.mark.slow
    def test_draws_into_axes_that_it_is_given(self, display):
        figure = Figure()
        needed = len(display.plot().axes_)
        axes = figure.subplots(1, needed, squeeze=False)
        display.plot(axes)
        assert display.figure_ is figure
        assert display.axes_ == tuple(axes.flat)
        with pytest.raises(ValueError, match="Received: 3"):
            display.plot(figure.subplots(1, 3))

    @pytest.mark.slow
    def test_is_saved_as_the_same_png_every_time_and_nothing_else_is_left(self, display, tmp_path):
        path = display.save(tmp_path / "figure.png", dpi=60)
        first = path.read_bytes()
        assert Image.open(io.BytesIO(first)).format == "PNG"
        assert display.save(path, dpi=60).read_bytes() == first
        assert [file.name for file in tmp_path.iterdir()] == ["figure.png"]

    @pytest.mark.slow
    def test_shows_itself_in_a_notebook(self, display):
        assert display._repr_png_().startswith(b"\x89PNG")
        assert len(repr(display)) < 80

    def test_leaves_pyplot_and_its_style_alone(self, display):
        import matplotlib as mpl
        from matplotlib import pyplot as plt

        before = (plt.get_fignums(), dict(mpl.rcParams))
        display.plot()
        assert (plt.get_fignums(), dict(mpl.rcParams)) == before

    @pytest.mark.slow
    def test_a_folder_that_is_not_there_is_one_sentence(self, display, tmp_path):
        with pytest.raises(FractureWidgetsError, match=r"^The figure a.png could not be written"):
            display.save(tmp_path / "missing" / "a.png")


def test_learning_curves_mark_the_epoch_that_is_kept():
    display = LearningCurvesDisplay(HISTORY).plot()
    assert display.best_epoch == 2
    loss, accuracy = display.axes_
    assert "kept: epoch 2, 0.500" in [t.get_text() for t in loss.get_legend().get_texts()]
    assert "kept: epoch 2, 0.720" in [t.get_text() for t in accuracy.get_legend().get_texts()]
    np.testing.assert_array_equal(loss.lines[1].get_ydata(), HISTORY.val_loss)


def test_one_epoch_is_a_point_and_a_loss_that_is_no_number_no_best():
    LearningCurvesDisplay(HISTORY.iloc[:1]).plot()
    nothing = LearningCurvesDisplay(HISTORY.assign(val_loss=np.nan)).plot()
    assert nothing.best_epoch is None


def test_a_matrix_shows_counts_and_shares_of_the_row():
    display = ConfusionMatrixDisplay([[3, 1], [0, 1200]], ["fractured", "normal"]).plot()
    assert texts(display) == ["3", "75 %", "1", "25 %", "0", "0 %", "1,200", "100 %"]
    assert [t.get_text() for t in display.axes_[0].get_yticklabels()][:2] == [
        "fractured\nn = 4",
        "normal\nn = 1,200",
    ]


def test_a_row_without_cases_has_no_shares():
    display = ConfusionMatrixDisplay([[0, 0], [1, 1]], ["fractured", "normal"]).plot()
    assert np.isnan(display.rates[0]).all()
    assert texts(display)[:4] == ["0", "–", "0", "–"]


def test_a_matrix_counts_predictions_or_takes_scores():
    labels = ("fractured", "normal")
    counted = ConfusionMatrixDisplay.from_predictions(TRUE, PREDICTED, labels)
    assert counted.counts.tolist() == [[3, 1], [1, 5]]
    scores = score_fracture("fracture, hand", TRUE, PREDICTED, PROBABILITY,
                            groups=np.arange(10), resamples=10)  # fmt: skip
    scored = ConfusionMatrixDisplay.from_scores(scores)
    assert scored.counts.tolist() == counted.counts.tolist()
    assert scored.title == "Fracture, hand"
    parts = score_body_part(["hand"], ["hand"], ("elbow", "hand"), groups=[1], resamples=10)
    assert ConfusionMatrixDisplay.from_scores(parts).labels == ("elbow", "hand")
    with pytest.raises(ValueError, match="3 labels"):
        ConfusionMatrixDisplay([[1, 2], [3, 4]], ["a", "b", "c"])


def legend(display, axes=0):
    return [text.get_text() for text in display.axes_[axes].get_legend().get_texts()]


def test_a_roc_curve_names_its_area():
    bare = RocDisplay.from_predictions(TRUE, PROBABILITY, by=["hand"] * 10).plot()
    area = scores().estimates["auroc"].value
    assert bare.areas == {"hand": area}
    assert legend(bare) == [f"hand: AUROC {area:.3f}"]
    assert bare.curves["hand"].band is None
    only_normal = RocDisplay.from_predictions([False, False], [0.1, 0.2], by=["hand"] * 2).plot()
    assert legend(only_normal) == ["hand: not defined"]


@pytest.mark.slow
def test_curves_of_scores_have_the_scores_own_intervals():
    scores = score_fracture("fracture", TRUE, PREDICTED, PROBABILITY, groups=np.arange(10) // 2)
    roc = RocDisplay.from_scores({"hand": scores}).plot()
    assert legend(roc) == [f"hand: AUROC {scores.estimates['auroc']}"]
    assert roc.curves["hand"].area.groups == 5
    found = PrecisionRecallDisplay.from_scores({"hand": scores}).plot()
    precision = scores.estimates["average_precision"]
    assert legend(found) == [f"hand: average precision {precision}\nprevalence 0.400"]


def test_a_band_is_drawn_for_each_of_up_to_three_curves():
    kinds = np.array(["a", "b"] * 5)
    settings = {"groups": np.arange(10), "resamples": 20}
    two = RocDisplay.from_predictions(TRUE, PROBABILITY, by=kinds, **settings).plot()
    assert list(two.curves) == ["a", "b"]
    assert len(two.axes_[0].collections) == 2
    half = np.resize([0, 1, 2, 3], 10)
    four = RocDisplay.from_predictions(TRUE, PROBABILITY, by=half, **settings).plot()
    assert len(four.curves) == 4
    assert len(four.axes_[0].collections) == 0


def test_one_curve_alone_needs_no_name():
    one = RocDisplay.from_predictions(TRUE == "fractured", PROBABILITY).plot()
    assert legend(one) == [f"AUROC {scores().estimates['auroc'].value:.3f}"]


def test_precision_falls_to_the_prevalence_that_is_marked():
    display = PrecisionRecallDisplay.from_predictions(TRUE, PROBABILITY).plot()
    assert display.curves["all"].prevalence == 0.4
    line, curve = display.axes_[0].lines
    assert set(line.get_ydata()) == {0.4}
    assert (curve.get_xdata()[-1], curve.get_ydata()[-1]) == (1.0, 0.4)


def test_a_reliability_diagram_shows_every_bin_with_its_count():
    display = CalibrationDisplay.from_predictions(
        TRUE, PROBABILITY, groups=np.arange(10), bins=5, title="Hand", resamples=50
    ).plot()
    diagram, counts = display.axes_
    assert [text.get_text() for text in counts.texts] == ["3", "3", "1", "2", "1"]
    np.testing.assert_allclose(
        np.asarray(diagram.containers[0].lines[0].get_ydata(), dtype=float), [0, 1 / 3, 1, 0.5, 1]
    )
    assert diagram.get_title(loc="right") == f"ECE {display.error}"
    assert diagram.get_title(loc="left") == "Hand"
    assert display.error.low <= display.error.high
    alone = CalibrationDisplay.from_predictions(TRUE, PROBABILITY)
    assert np.isnan(alone.error.low)


@pytest.mark.slow
def test_operating_points_are_marked_and_their_numbers_stand_below():
    display = OperatingPointsDisplay.from_scores(scores()).plot()
    curves, numbers = display.axes_
    cells = [text.get_text() for text in numbers.texts]
    for letter, point in zip("ABC", display.points, strict=True):
        start = cells.index(letter)
        assert cells[start : start + 4] == [
            letter, f"{point.threshold:.3f}", point.name, str(point.sensitivity)
        ]  # fmt: skip
        assert letter in [text.get_text() for text in curves.texts]
    assert display.table.loc["from 0.5", "threshold"] == 0.5
    assert display.table.loc["from 0.5", "sensitivity"].startswith("0.750 (")
    assert len(curves.collections) == 2  # the bands
    bare = OperatingPointsDisplay.from_predictions(TRUE, PROBABILITY).plot()
    assert len(bare.axes_[0].collections) == 0


def test_letters_of_neighbouring_points_do_not_touch():
    display = OperatingPointsDisplay.from_predictions(
        TRUE, PROBABILITY, sensitivities=(), specificities=(), thresholds=(0.5, 0.501, 0.502)
    ).plot()
    places = [text.xyann[0] for text in display.axes_[0].texts]
    assert np.diff(places).min() > 0.03


def test_a_forest_has_a_row_for_each_level_under_its_heading():
    display = SubgroupDisplay.from_predictions(PREDICTIONS, resamples=50).plot()
    (axes,) = display.axes_
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        *("All radiographs", "Body part", "elbow", "hand", "View", "frontal", "lateral"),
    ]
    words = [text.get_text() for text in axes.texts]
    assert "10 (4)" in words
    assert "not defined" in words  # no fracture is in a lateral view
    assert f"{scores().estimates['auroc'].value:.3f}" in " ".join(words)


def test_nothing_written_beside_a_forest_is_cut_off():
    display = SubgroupDisplay.from_predictions(PREDICTIONS, resamples=50)
    FigureCanvasAgg(display.plot().figure_).draw()
    sheet = display.figure_.bbox
    for text in display.axes_[0].texts:
        assert text.get_window_extent().x1 <= sheet.x1


class TestRadiographs:
    def test_need_as_many_titles_as_there_are(self):
        with pytest.raises(ValueError, match="1 radiographs, 2 titles"):
            RadiographsDisplay([hand()], titles=["one", "two"])

    def test_need_something_to_show(self):
        with pytest.raises(ValueError, match="at least one"):
            RadiographsDisplay([])

    def test_draw_boxes_where_they_are_and_those_that_are_there_dashed(self):
        box = Box(0.25, 0.5, 0.75, 1)
        (axes,) = RadiographsDisplay([hand()], boxes=[[box]], marked=[[box]]).plot().axes_
        there, found = axes.patches
        assert there.get_linestyle() != found.get_linestyle() == "-"
        for patch in (there, found):
            assert patch.get_width() == hand().width / 2
            assert patch.get_y() + patch.get_height() == hand().height - 0.5
        with pytest.raises(ValueError, match="as many boxes as radiographs"):
            RadiographsDisplay([hand()], boxes=[[], []])

    def test_stand_in_rows_of_so_many(self):
        sheet = RadiographsDisplay([hand()] * 3, titles="abc", columns=2).plot()
        assert [axes.get_title() for axes in sheet.axes_] == ["a", "b", "c", ""]
        places = [axes.get_subplotspec() for axes in sheet.axes_]
        assert [(place.rowspan.start, place.colspan.start) for place in places] == [
            (0, 0), (0, 1), (1, 0), (1, 1),
        ]  # fmt: skip
        assert not any(axes.axison for axes in sheet.axes_)

    def test_show_the_map_over_the_radiograph(self):
        bare, mapped = (
            RadiographsDisplay([hand(), hand()], maps=[None, np.ones((2, 2), np.float32)])
            .plot()
            .axes_
        )
        colours = [axes.images[0].get_array() for axes in (bare, mapped)]
        assert (colours[0][..., 0] == colours[0][..., 2]).all()
        assert (colours[1][..., 0] != colours[1][..., 2]).any()


def test_what_false_boxes_buy_is_drawn_from_none_on():
    (axes,) = FrocDisplay(FROC, price=0.5).plot().axes_
    curve, price = axes.lines
    assert curve.get_xdata().tolist() == [0, 0, 0.75]
    assert curve.get_ydata().tolist() == [0, 0.5, 1]
    assert list(price.get_xdata()) == [0.5, 0.5]
    assert len(FrocDisplay(FROC).plot().axes_[0].lines) == 1


def test_predictive_values_are_drawn_against_prevalence_and_places_marked():
    display = PrevalenceDisplay(0.7, 0.9, places={"clinic": 0.05}).plot()
    (axes,) = display.axes_
    positive, negative = (line.get_ydata() for line in axes.lines[:2])
    assert (np.diff(positive) > 0).all()
    assert (np.diff(negative) < 0).all()
    assert [text.get_text() for text in axes.texts] == ["clinic: 27%"]
    assert repr(display) == "PrevalenceDisplay(sensitivity=0.70, specificity=0.90)"


def test_a_share_that_is_none_is_refused_before_drawing():
    with pytest.raises(ValueError, match="sensitivity"):
        PrevalenceDisplay(7, 0.9)


def test_the_window_is_what_the_picture_shows_and_all_pixels_are_counted():
    display = GreyValuesDisplay(hand(), window=(0.2, 0.7)).plot()
    picture, counts = display.axes_
    assert picture.images[0].get_clim() == (0.2, 0.7)
    assert sum(bar.get_height() for bar in counts.containers[0]) == hand().pixels.size
    assert repr(display) == "GreyValuesDisplay(0.20 to 0.70)"


def test_a_window_that_falls_is_refused():
    with pytest.raises(ValueError, match="rises"):
        GreyValuesDisplay(hand(), window=(0.7, 0.2))


def test_each_curve_has_its_two_points_and_its_area():
    true = [True, True, False, False]
    areas = {
        "You": Estimate(0.875, 0.5, 1.0, 4, 4),
        "The network": Estimate(0.75, np.nan, np.nan, 4, 4),
    }
    scores = {"You": [2, 1, 1, 0], "The network": [0.9, 0.2, 0.4, 0.1]}
    display = ReaderRocDisplay(
        {name: ReaderRocDisplay.curve(true, scores[name], areas[name]) for name in areas},
        points={
            "You": ((0.5, 1.0), (0.0, 0.5)),
            "The network": ((0.5, 1.0), (float("nan"), 0.5)),
        },
    ).plot()
    (axes,) = display.axes_
    marked = [
        (line.get_marker(), *map(float, line.get_xydata()[0]))
        for line in axes.lines
        if line.get_marker() in {"o", "s"} and len(line.get_xdata())
    ]
    assert marked == [("o", 0.5, 1.0), ("s", 0.0, 0.5), ("o", 0.5, 1.0)]
    words = [text.get_text() for text in axes.get_legend().get_texts()]
    assert words[:2] == ["You: AUROC 0.875 (0.500 to 1.000)", "The network: AUROC 0.750"]
    assert words[2:] == ["doubt counts as fractured", "doubt counts as normal"]


def test_the_figure_of_a_reading_speaks_german_and_its_title_is_not_cut():
    curve = ReaderRocDisplay.curve([True, False], [0.9, 0.1], Estimate(0.82, 0.5, 1.0, 10, 10))
    with speaking("de"):
        title = gettext("Fractures found, and false alarms (n = {n:,})", n=10)
        display = ReaderRocDisplay({"You": curve}, points={}, title=title).plot()
        (axes,) = display.axes_
        axes.figure.canvas.draw()
        said = [text.get_text() for text in axes.get_legend().get_texts()]
        ticks = [text.get_text() for text in axes.get_xticklabels()]
    assert said[0] == "Sie: AUROC 0,820 (0,500 bis 1,000)"
    assert said[1:] == ["Zweifel zählt als „mit Fraktur“", "Zweifel zählt als „normal“"]
    assert "0,2" in ticks
    assert axes.get_ylabel() == "Gefundene Frakturen (Sensitivität)"
    box = axes.title.get_window_extent()
    assert box.x1 <= axes.figure.bbox.x1


def test_a_contact_sheet_has_a_row_for_each_kind_and_a_column_for_each_strength():
    (axes,) = ShiftsDisplay([hand()], kinds=["turned", "dark-frame"], side=50).plot().axes_
    assert [tick.get_text() for tick in axes.get_xticklabels()] == list("12345")
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["turned", "dark\nframe"]
    with pytest.raises(ValueError, match="at least one radiograph"):
        ShiftsDisplay([])
