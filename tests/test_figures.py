import io

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.evaluation.scores import score_body_part, score_fracture
from fracture_widgets.figures import (
    ConfusionMatrixDisplay,
    LearningCurvesDisplay,
    RadiographsDisplay,
    RocDisplay,
)
from fracture_widgets.imaging.phantoms import draw_phantom

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
HAND = draw_phantom("hand", fractured=False, seed=1).radiograph

DISPLAYS = [
    LearningCurvesDisplay(HISTORY, title="Fracture, hand"),
    ConfusionMatrixDisplay([[3, 1], [1, 5]], ["fractured", "normal"]),
    RocDisplay({"hand": (TRUE == "fractured", PROBABILITY)}, title="Fracture"),
    RadiographsDisplay([HAND], titles=["A drawn hand"], maps=[np.eye(3, dtype=np.float32)]),
]


def texts(display):
    return [text.get_text() for axes in display.axes_ for text in axes.texts]


@pytest.mark.parametrize("display", DISPLAYS, ids=lambda display: type(display).__name__)
class TestEveryDisplay:
    def test_draws_on_a_sheet_of_its_own_and_returns_itself(self, display):
        assert display.plot() is display
        assert display.axes_[0].get_figure() is display.figure_

    def test_draws_into_axes_that_it_is_given(self, display):
        figure = Figure()
        axes = figure.subplots(1, 2)
        given = axes if isinstance(display, LearningCurvesDisplay) else axes[0]
        display.plot(given)
        assert display.figure_ is figure
        with pytest.raises(ValueError, match="Received: 3"):
            display.plot(figure.subplots(1, 3))

    def test_is_saved_as_the_same_png_every_time_and_nothing_else_is_left(self, display, tmp_path):
        path = display.save(tmp_path / "figure.png", dpi=60)
        first = path.read_bytes()
        assert Image.open(io.BytesIO(first)).format == "PNG"
        assert display.save(path, dpi=60).read_bytes() == first
        assert [file.name for file in tmp_path.iterdir()] == ["figure.png"]

    def test_shows_itself_in_a_notebook(self, display):
        assert display._repr_png_().startswith(b"\x89PNG")
        assert len(repr(display)) < 80

    def test_leaves_pyplot_and_its_style_alone(self, display):
        import matplotlib as mpl
        from matplotlib import pyplot as plt

        before = (plt.get_fignums(), dict(mpl.rcParams))
        display.plot()
        assert (plt.get_fignums(), dict(mpl.rcParams)) == before

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
    assert texts(display) == ["3", "75%", "1", "25%", "0", "0%", "1,200", "100%"]
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


def test_a_roc_curve_names_its_area():
    scores = score_fracture("fracture, hand", TRUE, PREDICTED, PROBABILITY,
                            groups=np.arange(10), resamples=10)  # fmt: skip
    display = RocDisplay.from_scores({"hand": scores}).plot()
    area = scores.estimates["auroc"].value
    assert display.areas == {"hand": area}
    (legend,) = display.axes_[0].get_legend().get_texts()
    assert legend.get_text() == f"hand: AUROC {area:.3f}"
    only_normal = RocDisplay({"hand": ([False, False], [0.1, 0.2])}).plot()
    (legend,) = only_normal.axes_[0].get_legend().get_texts()
    assert legend.get_text() == "hand: not defined"


class TestRadiographs:
    def test_need_as_many_titles_as_there_are(self):
        with pytest.raises(ValueError, match="1 radiographs, 2 titles"):
            RadiographsDisplay([HAND], titles=["one", "two"])

    def test_need_something_to_show(self):
        with pytest.raises(ValueError, match="at least one"):
            RadiographsDisplay([])

    def test_show_the_map_over_the_radiograph(self):
        bare, mapped = (
            RadiographsDisplay([HAND, HAND], maps=[None, np.ones((2, 2), np.float32)]).plot().axes_
        )
        colours = [axes.images[0].get_array() for axes in (bare, mapped)]
        assert (colours[0][..., 0] == colours[0][..., 2]).all()
        assert (colours[1][..., 0] != colours[1][..., 2]).any()
