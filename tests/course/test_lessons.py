"""What the lessons say of real radiographs is what was measured."""

from __future__ import annotations

import json

from fracture_widgets.course.lessons import notebooks_folder
from fracture_widgets.datasets.joints import joint_table
from fracture_widgets.models.compose import load_composition


def lesson(number: int) -> str:
    """Return the prose of a lesson, each paragraph in one line."""
    (file,) = notebooks_folder().glob(f"{number:02}_*.ipynb")
    cells = json.loads(file.read_text("utf-8"))["cells"]
    return "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


def test_how_little_is_known_of_fractured_shoulders():
    joints = joint_table()
    broken = joints[(joints["body_part"] == "shoulder") & (joints["label"] == "fractured")]
    folds = broken[broken["split"] == "train"]
    told = lesson(6)
    studies = folds["study"].nunique()
    assert f"{len(broken)} are fractured, {len(folds)} of them, from {studies} studies," in told
    figures = load_composition().card["figures"]["out_of_fold"]["fracture"]["shoulder"]
    found = figures["sensitivity"]
    assert (
        f"it found {figures['confusion']['counts'][0][0]} of the {len(folds)}: a sensitivity of "
        f"{found['value']:.2f}, with an interval from {found['low']:.2f} to {found['high']:.2f}"
    ) in told
    test = load_composition().card["figures"]["test"]["fracture"]["shoulder"]
    assert f"{sum(test['confusion']['counts'][0])} of {test['accuracy']['n']} fractured" in told
    assert test["accuracy"]["value"] < test["always_normal_accuracy"]
    assert test["sensitivity"]["value"] == 0


def test_how_often_a_heatmap_lies_on_the_fracture():
    figures = load_composition().card["figures"]["out_of_fold"]
    fracture = figures["fracture"]["pooled"]
    told = lesson(5)
    assert f"On {fracture['accuracy']['n']:,} joints of real radiographs" in told
    assert f"Of the {sum(fracture['confusion']['counts'][0])} that show a fracture" in told
    shares = figures["localisation"]
    assert f"lies on it in about {100 * shares['heatmap_hit']['value']:.0f} percent" in told
    assert f"does so in about {100 * shares['map_hit']['value']:.0f} percent" in told
