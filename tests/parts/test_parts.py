"""The body parts: one file each, in a stable order, and more of them from other packages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fracture_widgets.parts import (
    BODY_PARTS,
    BodyPart,
    all_parts,
    get_part,
    in_words,
    parts_among,
    plurals,
    with_article,
)
from fracture_widgets.phantoms import draw_phantom

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


def test_the_parts_are_in_the_order_of_the_shipped_networks_outputs():
    assert list(BODY_PARTS) == ["elbow", "hand", "shoulder"]
    assert [(part.name, part.seed) for part in all_parts()] == [
        ("elbow", 0),
        ("hand", 1),
        ("shoulder", 2),
    ]


def test_lists_in_words():
    assert in_words() == "elbow, hand or shoulder"
    assert in_words(last="and") == "elbow, hand and shoulder"
    assert in_words(["hand"]) == "hand"
    assert in_words(["hand", "wrist"]) == "hand or wrist"
    assert plurals() == "elbows, hands and shoulders"
    assert parts_among(["shoulder", "knee", "elbow", "knee"]) == ["elbow", "shoulder", "knee"]
    assert with_article(in_words()) == "an elbow, hand or shoulder"


def test_an_unknown_part_is_named_with_those_there_are():
    with pytest.raises(ValueError, match="one of elbow, hand, shoulder. Received: knee"):
        get_part("knee")


def test_a_part_without_a_place_comes_last_and_has_a_seed_of_its_name():
    wrist = BodyPart("wrist", "wrists", ("8205005", "SCT", "Wrist"))
    ankle = BodyPart("ankle", "ankles", ("70258002", "SCT", "Ankle"))
    ours = sorted([wrist, *all_parts(), ankle], key=lambda part: part.rank)
    assert [part.name for part in ours] == [*BODY_PARTS, "ankle", "wrist"]
    assert len({part.seed for part in ours}) == 5


@pytest.fixture
def with_plugin(tmp_path):
    """Run code in a process of its own where another package adds body parts."""

    def run(code: str, **modules: str) -> str:
        information = tmp_path / "more_parts-1.0.dist-info"
        information.mkdir()
        points = "".join(f"{name} = {name}\n" for name in modules)
        (information / "entry_points.txt").write_text(f"[fracture_widgets.parts]\n{points}")
        (information / "METADATA").write_text("Metadata-Version: 2.1\nName: more-parts\n")
        for name, text in modules.items():
            (tmp_path / f"{name}.py").write_text(text)
        path = os.pathsep.join([str(tmp_path), str(ROOT)])
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            env={**os.environ, "PYTHONPATH": path},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


WRIST = (Path(__file__).parent / "plugin" / "wrist.py").read_text("utf-8")


def test_a_part_of_another_package_is_listed_and_read(with_plugin):
    code = """
from fracture_widgets.datasets.layout import body_part_of, expected_layout, place_of
from fracture_widgets.parts import BODY_PARTS, get_part, in_words
print(*BODY_PARTS, in_words(), body_part_of("XR_WRIST").name, body_part_of("Handgelenk").name)
print(place_of(("Wrist", "fractured")).body_part, get_part("wrist").site)
print("XR_SHOULDER | XR_WRIST" in expected_layout())
"""
    assert with_plugin(code, wrist=WRIST).splitlines() == [
        "elbow hand shoulder wrist elbow, hand, shoulder or wrist wrist wrist",
        "wrist ('8205005', 'SCT', 'Wrist')",
        "True",
    ]


def test_a_part_that_does_not_import_or_is_none_is_named_and_the_rest_goes_on(with_plugin):
    code = """
import logging
import sys
from fracture_widgets.parts import BODY_PARTS
logging.basicConfig(stream=sys.stdout, format="%(message)s")
print(*BODY_PARTS)
print(*BODY_PARTS)
"""
    bad = {"toe": "import no_such_module", "nose": "BODY_PART = 'nose'"}
    toe, nose, *names = with_plugin(code, wrist=WRIST, **bad).splitlines()
    assert names == ["elbow hand shoulder wrist"] * 2
    assert toe == (
        "toe was left out, because it cannot be imported (No module named 'no_such_module'): "
        "mend or remove it."
    )
    assert nose == "'nose' was left out, because it is no BodyPart: mend or remove it."


def test_a_part_of_another_package_is_drawn_and_written_and_read(with_plugin):
    code = """
import numpy as np
from pathlib import Path
from fracture_widgets import draw_phantom, load_dataset, sample_phantoms, write_phantoms

for seed in range(6):
    broken, whole = (draw_phantom("wrist", fractured=f, seed=seed) for f in (True, False))
    assert (broken.label, whole.label, len(broken.boxes)) == ("fractured", "normal", 1)
    pixels, others = broken.radiograph.pixels, whole.radiograph.pixels
    assert pixels.shape == others.shape and not np.array_equal(pixels, others)
    assert whole.radiograph.pixels.std() > 0.02
print(*(sample.body_part for sample in sample_phantoms()))
hand = draw_phantom("hand", fractured=True, seed=3).radiograph.sha256
write_phantoms(Path("drawn"), patients=2)
print("Elbow|Hand|Shoulder|Wrist" in Path("drawn/README.txt").read_text())
table = load_dataset("drawn")
print(*sorted(table["body_part"].unique()), table.groupby("body_part")["label"].nunique().min())
print(hand)
"""
    samples, readme, parts, hand = with_plugin(code, wrist=WRIST).splitlines()
    assert samples.split() == [name for name in (*BODY_PARTS, "wrist") for _ in range(2)]
    assert readme == "True"
    assert parts == "elbow hand shoulder wrist 2"
    assert hand == draw_phantom("hand", fractured=True, seed=3).radiograph.sha256


def test_a_part_that_is_not_drawn_is_left_out_of_the_drawings(with_plugin):
    code = """
from pathlib import Path
from fracture_widgets import draw_phantom, sample_phantoms, write_phantoms
print(len(sample_phantoms()))
write_phantoms(Path("drawn"), patients=1)
print(*sorted(path.name for path in Path("drawn/train_valid").iterdir()))
try:
    draw_phantom("toe", fractured=False, seed=0)
except ValueError as error:
    print(error)
"""
    toe = """
from fracture_widgets.parts import BodyPart
BODY_PART = BodyPart("toe", "toes", ("29707007", "SCT", "Toe"))
"""
    assert with_plugin(code, toe=toe).splitlines() == [
        "6",
        "Elbow Hand Shoulder",
        "No drawing is known of a toe: give its BodyPart one.",
    ]


def test_the_shipped_model_answers_its_three_parts_beside_a_fourth(with_plugin):
    code = """
from pathlib import Path
from fracture_widgets import Cascade, draw_phantom, evaluate_predictions, write_phantoms

cascade = Cascade.load()
report = cascade.examine(draw_phantom("elbow", fractured=True, seed=4).radiograph)
print(*report.body_part_probabilities, report.body_part, report.label)
refused = cascade.examine(draw_phantom("wrist", fractured=False, seed=1).radiograph)
print(*refused.body_part_probabilities)
write_phantoms(Path("drawn"), patients=1)
evaluation = evaluate_predictions("drawn", cascade, show=None, resamples=20)
print(*evaluation.body_part.labels, *evaluation.by_part)
"""
    three = "elbow hand shoulder"
    assert with_plugin(code, wrist=WRIST).splitlines() == [
        f"{three} elbow fractured",
        three,
        f"{three} wrist {three} wrist",
    ]
