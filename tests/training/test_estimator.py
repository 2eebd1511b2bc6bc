"""The classifier is one of scikit-learn's, as far as that is about anything but columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_networks import put

pytest.importorskip("sklearn")

from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks

from fracture_widgets import Cascade, RadiographClassifier
from fracture_widgets.errors import TrainingError, UnreadableRadiograph

CHECKS = (
    *("check_estimator_cloneable", "check_estimator_repr", "check_estimator_tags_renamed"),
    *("check_get_params_invariance", "check_mixin_order", "check_no_attributes_set_in_init"),
    *("check_parameters_default_constructible", "check_set_params", "check_valid_tag_types"),
)
"""Those that give it no columns, which radiographs have none of."""


@pytest.fixture(scope="module")
def cascade(tmp_path_factory: pytest.TempPathFactory) -> Cascade:
    return Cascade.load(put(tmp_path_factory.mktemp("models") / "small", "fracture", ["hand"]))


@pytest.fixture(scope="module")
def told() -> tuple[np.ndarray, np.ndarray]:
    """Greys with bars that stand or lie, which is their class."""
    rng = np.random.default_rng(1)
    greys = rng.uniform(0, 0.2, (24, 60, 60)).astype(np.float32)
    bars = np.array(["standing", "lying"])[np.arange(24) % 2]
    bright = (np.arange(60) // 6) % 2 > 0
    greys[bars == "standing"] += np.float32(0.7) * bright[None, None, :]
    greys[bars == "lying"] += np.float32(0.7) * bright[None, :, None]
    return greys, bars


@pytest.mark.parametrize("name", CHECKS)
def test_scikit_learn_s_own_check(name: str) -> None:
    getattr(estimator_checks, name)("RadiographClassifier", RadiographClassifier())


def test_it_learns_and_two_fits_are_one(cascade: Cascade, told: Any) -> None:
    greys, sides = told
    classifier = RadiographClassifier(cascade, C=1.0)
    assert is_classifier(classifier)
    assert classifier.fit(greys, sides) is classifier
    given = classifier.predict_proba(greys)
    assert given.shape == (24, 2)
    assert given.sum(axis=1) == pytest.approx(1)
    assert classifier.score(greys, sides) > 0.9
    assert list(classifier.classes_) == ["lying", "standing"]
    again = clone(classifier)
    with pytest.raises(NotFittedError):
        again.predict(greys)
    assert (again.fit(greys, sides).predict_proba(greys) == given).all()


def test_paths_and_greys_are_the_same_radiographs(
    cascade: Cascade, told: Any, tmp_path: Path
) -> None:
    from PIL import Image

    greys = np.round(told[0] * 255).astype(np.uint8)
    paths = [tmp_path / f"{number}.png" for number in range(len(greys))]
    for path, grey in zip(paths, greys, strict=True):
        Image.fromarray(grey).save(path)
    classifier = RadiographClassifier(cascade).fit(paths, told[1])
    assert classifier.predict_proba(greys) == pytest.approx(classifier.predict_proba(paths))
    paths[3].write_bytes(b"no picture")
    with pytest.raises(UnreadableRadiograph, match=r"3\.png"):
        classifier.predict(paths)


def test_it_stands_in_searches_and_folds_by_patient(cascade: Cascade, told: Any) -> None:
    greys, sides = told
    patients = np.arange(24) // 4
    classifier = make_pipeline(RadiographClassifier(cascade))
    answers = cross_val_predict(classifier, greys, sides, groups=patients, cv=GroupKFold(3),
                                method="predict_proba")  # fmt: skip
    assert answers.shape == (24, 2)
    search = GridSearchCV(RadiographClassifier(cascade), {"C": [1e-6, 1.0]}, cv=3)
    assert search.fit(greys, sides).best_score_ > 0.9


@pytest.mark.parametrize(
    ("chosen", "classes", "says"),
    [
        (slice(0, 4), ["a"] * 3, "There are 4 radiographs and 3 classes"),
        (slice(0, 4), ["a"] * 4, "All radiographs are a: the classifier can't fit"),
        (slice(0, 0), [], "There is no radiograph"),
    ],
)
def test_what_cannot_be_learned_is_one_sentence(
    cascade: Cascade, told: Any, chosen: slice, classes: list[str], says: str
) -> None:
    with pytest.raises(TrainingError, match=says):
        RadiographClassifier(cascade).fit(told[0][chosen], classes)
    with pytest.raises(TrainingError, match="Give several radiographs"):
        RadiographClassifier(cascade).fit("folder", classes)
