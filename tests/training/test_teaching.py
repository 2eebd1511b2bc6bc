import time

import pytest

from fracture_widgets.base.progress import Clock
from fracture_widgets.training.run_folder import COLUMNS, history_table
from fracture_widgets.training.teaching import EpochEnded


def test_the_time_left_follows_the_pace_without_the_slow_first_step(monkeypatch):
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    clock = Clock()
    assert clock.seconds_left(0, 10) is None
    now = 30.0
    assert clock.seconds_left(1, 10) == 270
    now = 32.0
    assert clock.seconds_left(2, 10) == 16
    now = 36.0
    assert clock.seconds_left(4, 10) == 12
    assert clock.seconds_left(10, 10) == 0


@pytest.mark.parametrize(
    ("losses", "said"),
    [
        ((0.9,), "Epoch 1 is the best so far."),
        ((0.9, 0.7, 0.8, 0.75), "No improvement for 2 of 5 epochs; best so far epoch 2."),
        ((0.9, 0.9), "No improvement for 1 of 5 epochs; best so far epoch 1."),
    ],
)
def test_early_stopping_is_said_as_it_comes(losses, said):
    history = history_table([dict.fromkeys(COLUMNS, 0.5) | {"val_loss": loss} for loss in losses])
    best = 1 + losses.index(min(losses))
    assert str(EpochEnded(history, best, epochs=25, patience=5)) == said
