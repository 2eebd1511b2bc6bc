"""k-means: what radiographs say of fractures to somebody who has not been told of any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.errors import DatasetError, MissingExtra

Floats = npt.NDArray[np.floating]
_NUMBERS = range(2, 11)
_SIDE = 32
_STARTS = 4
_SILHOUETTE_SAMPLE = 1000


@dataclass(frozen=True, eq=False)
class Clusters:
    """Clusters of radiographs, and how many of each are fractured."""

    centres: Floats
    fractured: npt.NDArray[np.float64]

    def assign(self, points: Floats) -> npt.NDArray[np.intp]:
        """Return the number of the nearest centre to each point."""
        given, centres = np.asarray(points, dtype=float), np.asarray(self.centres, dtype=float)
        # Squared distances less what all centres share.
        distances = (centres**2).sum(axis=1) - 2 * given @ centres.T
        return np.asarray(distances.argmin(axis=1))


def find_clusters(points: Floats, fractured: npt.ArrayLike, *, seed: int = 0) -> Clusters:
    """Find clusters by k-means without looking at the labels, then count who is in them."""
    try:
        from sklearn.cluster import KMeans
        from sklearn.metrics import pairwise_distances, silhouette_score
        from sklearn.utils import check_random_state
    except ImportError:
        raise MissingExtra("Clustering", "train") from None
    points = np.asarray(points, dtype=np.float32)
    different = len(np.unique(points, axis=0))
    tried = [number for number in _NUMBERS if number < different]
    if not tried:
        raise DatasetError(
            f"There are {different} different radiographs, too few for clusters: add more."
        )
    judged = check_random_state(seed).permutation(len(points))[:_SILHOUETTE_SAMPLE]
    apart = pairwise_distances(points[judged])  # the same for every number of clusters
    best: Any = None
    highest = -np.inf
    for number in tried:
        found = KMeans(number, n_init=_STARTS, random_state=seed).fit(points)
        labels = found.labels_[judged]
        if len(np.unique(labels)) < 2:
            continue
        score = silhouette_score(apart, labels, metric="precomputed")
        if score > highest:
            best, highest = found, score
    flags = np.asarray(fractured, dtype=bool)
    counts = np.bincount(best.labels_, minlength=len(best.cluster_centers_))
    broken = np.bincount(best.labels_[flags], minlength=len(best.cluster_centers_))
    return Clusters(best.cluster_centers_, broken / counts)


def purity(clusters: npt.ArrayLike, true: npt.ArrayLike) -> float:
    """Return the share of radiographs that bear the most frequent label of their cluster."""
    _, cluster = np.unique(np.asarray(clusters), return_inverse=True)
    names, label = np.unique(np.asarray(true), return_inverse=True)
    if not len(cluster):
        return float("nan")
    counts = np.zeros((cluster.max() + 1, len(names)), dtype=np.int64)
    np.add.at(counts, (cluster, label), 1)
    return float(counts.max(axis=1).sum() / len(cluster))


def picture_points(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return radiographs as points: the mean grey of 32 x 32 fields."""
    n, side, _ = pixels.shape
    step = side // _SIDE
    fields = pixels.reshape(n, _SIDE, step, _SIDE, step).mean(axis=(2, 4), dtype=np.float32)
    points: npt.NDArray[np.float32] = (fields / 255).reshape(n, -1)
    return points
