"""What the teachers' page gives as solutions is right by the checks of the lessons."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lessons import lesson, run

from fracture_widgets.evaluation.detection import Examined, Found, Marked
from fracture_widgets.evaluation.scores import score_fracture
from fracture_widgets.imaging.boxes import Box

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "guides" / "solutions.md"
EMPTY = re.compile(r"^(?:answer|threshold) = None.*$|^divided = .*# repair this$", re.MULTILINE)


def solutions() -> dict[tuple[int, int], str]:
    found = {}
    for part in PAGE.read_text("utf-8").split("\n## ")[1:]:
        number = int(part.split()[0])
        for code in re.findall(r"```python\n(.+?)```", part, re.DOTALL):
            exercise = re.match(r"# exercise (\d)", code)
            assert exercise, code
            found[number, int(exercise[1])] = code
    return found


SOLUTIONS = solutions()


def scores():
    rng = np.random.default_rng(1)
    true = np.arange(40) % 2 == 0
    said = np.clip(0.3 * true + 0.6 * rng.random(40), 0, 1)
    words, called = (np.where(flags, "fractured", "normal") for flags in (true, said >= 0.5))
    return score_fracture("fracture", words, called, said, groups=range(40), resamples=20)


def known_in(number: int) -> dict:
    """Return what a lesson's exercises stand on, made up where the lesson computes it."""
    table = pd.DataFrame(
        {
            "patient_id": [f"p{n // 2}" for n in range(40)],
            "label": ["fractured", "fractured", "normal", "normal"] * 10,
            "body_part": "hand",
            "image_path": [f"{n}.png" for n in range(40)],
        }
    )
    known = {"np": np, "pd": pd, "Box": Box, "table": table}
    if number == 5:
        known["cells"] = np.random.default_rng(2).random((7, 7))
    if number in (6, 8):
        known |= {"scores": scores(), "scattered": scores()}
        known["abroad_only"] = pd.DataFrame({"label": table["label"]})
        known["refused"] = pd.Series([True, False, False, False] * 10)
    if number == 7:
        box, other = Box(0.1, 0.1, 0.3, 0.3), Box(0.6, 0.6, 0.9, 0.9)
        known["examined"] = [
            Examined("a", (Marked(box),), (Found(box, 0.9),)),
            Examined("b", (Marked(box),), (Found(other, 0.8), Found(other, 0.7), Found(box, 0.2))),
            *(Examined(name, (), ()) for name in "cd"),
        ]
        known["curve"] = np.array([(0.0, 0.0), (0.0, 0.5), (0.25, 0.5), (0.5, 0.5), (0.5, 1.0)])
    return known


def test_every_exercise_that_is_checked_has_a_solution():
    asked = {
        (number, int(name[2:]))
        for number in range(1, 11)
        for name, source in lesson(number).items()
        if re.fullmatch(r"ex\d", name) and "import check_" in source
    }
    assert set(SOLUTIONS) == asked


@pytest.mark.parametrize("place", sorted(set(SOLUTIONS) - {(3, 1)}), ids=str)
def test_a_solution_is_right(place):
    number, exercise = place
    cell = lesson(number)[f"ex{exercise}"]
    known = known_in(number)
    assert not run(cell, dict(known)).startswith("Right")
    code = SOLUTIONS[place]
    if "sheet |=" in code:
        before, check = cell.rsplit("\n\n", 1)
        solved = f"{before}\n{code}\n{check}"
    else:
        solved, changed = EMPTY.subn(lambda _: code, cell)
        assert changed == 1
    assert run(solved, known).startswith("Right.")


@pytest.mark.keras
def test_the_numbers_that_a_head_learns():
    import keras

    from fracture_widgets.course import check_trained_weights

    layers = [keras.layers.Dense(units) for units in (128, 50, 3)]
    known = {}
    run(SOLUTIONS[3, 1], known)
    model = keras.Sequential([keras.Input((2048,)), *layers])
    assert check_trained_weights(known["answer"], model).state == "right"
