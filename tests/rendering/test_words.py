from __future__ import annotations

import pytest

from fracture_widgets.rendering import percent


@pytest.mark.parametrize(
    ("probability", "said"),
    [
        (0.0, "< 0.1 %"),
        (0.0009, "< 0.1 %"),
        (0.001, "0.1 %"),
        (0.5, "50.0 %"),
        (0.8731, "87.3 %"),
        (0.9985, "99.9 %"),
        (0.9995, "> 99.9 %"),
        (1.0, "> 99.9 %"),
    ],
)
def test_a_probability_is_said_with_one_decimal_and_never_as_certain(probability, said):
    assert percent(probability) == said
