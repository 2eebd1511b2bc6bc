"""A network computes in the precision it was built in; its weights are float32 in both."""

from __future__ import annotations

import pytest

from fracture_widgets.models.networks.precision import precision
from fracture_widgets.models.networks.question import head


@pytest.mark.parametrize(("bfloat16", "computes"), [(False, "float32"), (True, "bfloat16")])
def test_a_network_computes_as_it_was_built_and_answers_in_float32(
    bfloat16: bool, computes: str
) -> None:
    import keras

    with precision(bfloat16=bfloat16):
        features = keras.Input((8,))
        model = keras.Model(features, head(features, "answer", 2))
    hidden, answer = model.get_layer("answer_dense1"), model.get_layer("answer")
    assert (hidden.compute_dtype, hidden.variable_dtype) == (computes, "float32")
    assert (answer.compute_dtype, answer.variable_dtype) == ("float32", "float32")


def test_the_precision_before_comes_back_also_after_an_error() -> None:
    import keras

    before = keras.config.dtype_policy().name
    with pytest.raises(RuntimeError), precision(bfloat16=True):
        raise RuntimeError
    assert keras.config.dtype_policy().name == before
