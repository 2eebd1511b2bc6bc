import numpy as np
import pytest
from sklearn.metrics.cluster import contingency_matrix

from fracture_widgets.errors import DatasetError
from fracture_widgets.evaluation.clustering import find_clusters, picture_points, purity


@pytest.fixture(scope="module")
def heaps():
    """Four heaps far apart; of the first, three in four are fractured, of the others none."""
    rng = np.random.default_rng(0)
    heap = np.arange(80) % 4
    points = rng.normal(size=(80, 3)) + 12 * np.eye(4)[heap][:, :3]
    fractured = (heap == 0) & (np.arange(80) % 16 != 0)
    return points, heap, fractured


@pytest.mark.slow
def test_the_silhouette_finds_how_many_clusters_there_are(heaps):
    points, heap, fractured = heaps
    clusters = find_clusters(points, fractured)
    assert len(clusters.centres) == 4
    assert purity(clusters.assign(points), heap) == 1


@pytest.mark.slow
def test_a_cluster_s_share_of_fractured_is_counted_on_what_it_was_found_from(heaps):
    points, heap, fractured = heaps
    clusters = find_clusters(points, fractured)
    shares = clusters.fractured[clusters.assign(points)]
    np.testing.assert_allclose(shares, np.where(heap == 0, 0.75, 0.0))
    beside = points + 0.5
    np.testing.assert_allclose(clusters.fractured[clusters.assign(beside)], shares)


@pytest.mark.slow
def test_labels_do_not_move_the_clusters(heaps):
    points, _, fractured = heaps
    one, other = find_clusters(points, fractured), find_clusters(points, ~fractured)
    np.testing.assert_array_equal(one.centres, other.centres)
    np.testing.assert_allclose(one.fractured, 1 - other.fractured)


def test_radiographs_that_are_all_alike_make_no_clusters():
    with pytest.raises(DatasetError, match="There are 2 different radiographs, too few"):
        find_clusters(np.repeat(np.eye(2), 5, axis=0), np.ones(10))


def test_purity_counts_the_most_frequent_label_of_each_cluster():
    rng = np.random.default_rng(1)
    clusters, true = rng.integers(0, 4, 50), rng.integers(0, 3, 50)
    assert purity(clusters, true) == contingency_matrix(true, clusters).max(axis=0).sum() / 50
    assert purity(np.zeros(4), ["a", "a", "a", "b"]) == 0.75
    assert purity(np.arange(4), ["a", "a", "a", "b"]) == 1
    assert np.isnan(purity([], []))


def test_a_picture_becomes_the_mean_greys_of_its_fields():
    pixels = np.zeros((2, 224, 224), np.uint8)
    pixels[1, :7, :7] = 255
    pixels[1, :7, 7:10] = 255  # three of the seven columns of the second field
    points = picture_points(pixels)
    assert points.shape == (2, 1024)
    assert points[0].max() == 0
    np.testing.assert_allclose(points[1, :3], [1, 3 / 7, 0], atol=1e-6)
