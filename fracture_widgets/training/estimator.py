"""One of scikit-learn's classifiers over radiographs: a regression on what a network sees."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.base.cache import content_key
from fracture_widgets.errors import MissingExtra, TrainingError
from fracture_widgets.imaging.radiograph import RadiographLike, as_radiograph
from fracture_widgets.models.cascade import Cascade
from fracture_widgets.models.networks import POOLED_OUTPUT
from fracture_widgets.training.features import FeatureCache

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
except ImportError:  # the extra `train` brings it; without, fit says so
    BaseEstimator, ClassifierMixin = type("BaseEstimator", (), {}), type("ClassifierMixin", (), {})

_KEY = {"features": POOLED_OUTPUT}


class RadiographClassifier(ClassifierMixin, BaseEstimator):
    """Learns to tell radiographs apart, in seconds, from what a network already sees in them.

    The network's features stay as they are; a logistic regression on them is what is fitted. It is
    one of scikit-learn's classifiers, for its pipelines, searches and cross-validation; whatever
    the classes are. What the network itself learned from looks easier than it is:
    ``Cascade.load().learned_from.holds(radiograph)`` tells.

    Parameters
    ----------
    models
        A models folder, or a cascade; the shipped one by default.
    C
        How freely it fits: the inverse of the regression's penalty.
    class_weight
        ``"balanced"`` lets a class count the more the rarer it is; ``None`` does not.

    Attributes
    ----------
    classes_
        What :meth:`predict` answers, in the order of :meth:`predict_proba`.
    n_features_in_
        How many features a radiograph has.

    Examples
    --------
    >>> from fracture_widgets import RadiographClassifier, draw_phantom
    >>> drawn = [(draw_phantom("hand", fractured=seed % 2 > 0, seed=seed)) for seed in range(8)]
    >>> radiographs = [each.radiograph for each in drawn]
    >>> classifier = RadiographClassifier().fit(radiographs, [each.label for each in drawn])
    >>> classifier.classes_.tolist()
    ['fractured', 'normal']
    >>> classifier.predict_proba(radiographs[:2]).shape
    (2, 2)
    """

    def __init__(
        self,
        models: str | os.PathLike[str] | Cascade | None = None,
        *,
        C: float = 0.01,  # noqa: N803 - scikit-learn's own name
        class_weight: str | None = "balanced",
    ) -> None:
        self.models = models
        self.C = C
        self.class_weight = class_weight

    def fit(self, X: Iterable[RadiographLike], y: Iterable[Any]) -> RadiographClassifier:  # noqa: N803 - as above
        """Learn from radiographs whose classes are known.

        Parameters
        ----------
        X
            Paths, radiographs, or arrays of greys, as :meth:`Cascade.examine` takes them; an array
            of shape ``(n, height, width)`` is n radiographs.
        y
            The class of each.

        Raises
        ------
        TrainingError
            If there is no radiograph, there are more or fewer classes, or they are all the same.
        UnreadableRadiograph
            If one cannot be read.
        MissingExtra
            If scikit-learn is not installed.
        """
        try:
            from sklearn.linear_model import LogisticRegression
            from sklearn.pipeline import make_pipeline
            from sklearn.preprocessing import StandardScaler
        except ImportError:
            raise MissingExtra("The classifier", "train") from None
        answers = np.asarray(list(y))
        features = self._features(X)
        if len(features) != len(answers):
            raise TrainingError(
                f"There are {len(features)} radiographs and {len(answers)} classes: give one of "
                "each radiograph."
            )
        self.classes_ = np.unique(answers)
        if len(self.classes_) < 2:
            raise TrainingError(
                f"All radiographs are {self.classes_[0]}: the classifier can't fit with one class."
            )
        regression = LogisticRegression(C=self.C, class_weight=self.class_weight, max_iter=5000)
        self.regression_ = make_pipeline(StandardScaler(), regression).fit(features, answers)
        self.n_features_in_ = features.shape[1]
        return self

    def predict(self, X: Iterable[RadiographLike]) -> npt.NDArray[Any]:  # noqa: N803 - as above
        """Return the most probable class of each radiograph."""
        surest = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[surest])

    def predict_proba(self, X: Iterable[RadiographLike]) -> npt.NDArray[np.float64]:  # noqa: N803 - as above
        """Return the probability of every class for each radiograph, shape ``(n, classes)``."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        return np.asarray(self.regression_.predict_proba(self._features(X)))

    def _features(self, radiographs: Iterable[RadiographLike]) -> npt.NDArray[np.float32]:
        """Return what the network sees of each, of files that were seen before from the cache."""
        if isinstance(radiographs, str | os.PathLike | bytes):
            raise TrainingError("Give several radiographs, as a list of paths or of arrays.")
        chosen = self.models
        cascade = chosen if isinstance(chosen, Cascade) else Cascade.load(chosen)
        cache, rows = FeatureCache(), []
        for given in radiographs:
            radiograph = as_radiograph(given)
            key = content_key({**_KEY, "file": radiograph.sha256, "model": cascade.sha256})
            known = cache.get(key)
            if known is None:
                known = cascade.outputs(radiograph)[POOLED_OUTPUT]
                cache.put(key, known)
            rows.append(known)
        if not rows:
            raise TrainingError("There is no radiograph: give at least one.")
        return np.stack(rows)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        return tags
