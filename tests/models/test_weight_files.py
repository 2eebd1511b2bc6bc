"""Weight files: plain arrays, the same bytes for the same weights, one sentence when damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fracture_widgets.base.files import file_sha256
from fracture_widgets.errors import ModelError
from fracture_widgets.models.weight_files import (
    StoredWeights,
    pack_weights,
    read_weights,
    write_weights,
)

WEIGHTS = {
    "conv/kernel": np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4),
    "norm/moving_variance": np.array([83_614.7, 1e-9, 2.0], np.float32),
}


def test_weights_come_back_as_float32_to_half_precision(tmp_path: Path) -> None:
    write_weights(tmp_path / "w.npz", WEIGHTS)
    read = read_weights(tmp_path / "w.npz")
    assert read["conv/kernel"].dtype == np.float32
    np.testing.assert_allclose(read["conv/kernel"], WEIGHTS["conv/kernel"], atol=1e-3)


def test_variances_beyond_half_precision_come_back_whole(tmp_path: Path) -> None:
    write_weights(tmp_path / "w.npz", WEIGHTS)
    read = read_weights(tmp_path / "w.npz")["norm/moving_variance"]
    np.testing.assert_array_equal(read, WEIGHTS["norm/moving_variance"])


def test_a_kernel_that_training_blew_up_is_not_stored(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="conv/kernel"):
        write_weights(tmp_path / "w.npz", {"conv/kernel": np.full((2, 2), 1e9, np.float32)})


def test_the_same_weights_have_the_same_sha256(tmp_path: Path) -> None:
    first = write_weights(tmp_path / "first.npz", WEIGHTS)
    second = write_weights(tmp_path / "second.npz", WEIGHTS)
    assert first == second == file_sha256(tmp_path / "second.npz")


def test_nothing_half_written_is_left_beside_the_file(tmp_path: Path) -> None:
    write_weights(tmp_path / "w.npz", WEIGHTS)
    assert [path.name for path in tmp_path.iterdir()] == ["w.npz"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"w\.npz is missing"):
        read_weights(tmp_path / "w.npz")


@pytest.mark.parametrize("content", [b"", b"no weights at all", b"PK\x03\x04 cut short"])
def test_a_damaged_file_is_refused_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.npz").write_bytes(content)
    with pytest.raises(ModelError, match=r"w\.npz is not a weight file"):
        read_weights(tmp_path / "w.npz")


def test_a_pickle_inside_is_never_opened(tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", weights=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ModelError, match=r"w\.npz is not a weight file"):
        read_weights(tmp_path / "w.npz")


def test_eight_bits_are_exact_to_a_step_of_each_channel(tmp_path: Path) -> None:
    kernel = np.random.default_rng(0).normal(0, [0.1, 3.0, 0.0], (3, 3, 5, 3)).astype(np.float32)
    path = tmp_path / "w.npz"
    with path.open("wb") as stream:
        pack_weights(
            stream, {"a/kernel": kernel, "a/bias": kernel[0, 0, 0]}, eight_bits={"a/kernel"}
        )
    steps = np.abs(kernel).max((0, 1, 2)) / 127
    for weights in (read_weights(path), StoredWeights([path])):
        assert list(weights) == ["a/kernel", "a/bias"]
        assert (np.abs(weights["a/kernel"] - kernel) <= steps / 2 + 1e-7).all()
        assert weights["a/kernel"].dtype == np.float32
        np.testing.assert_array_equal(weights["a/bias"], kernel[0, 0, 0])


def test_eight_bits_without_a_scale_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", **{"a/kernel": np.zeros((2, 2), np.int8)})
    with pytest.raises(ModelError, match="no scale"):
        read_weights(tmp_path / "w.npz")
