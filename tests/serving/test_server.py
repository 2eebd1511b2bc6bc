from __future__ import annotations

from pathlib import Path

import pytest

from fracture_widgets.app.limits import UploadLimits
from fracture_widgets.base.files import history_is_the_visitors
from fracture_widgets.serving.server import environment
from fracture_widgets.serving.settings import ServingSettings


@pytest.fixture
def as_in_a_kernel(monkeypatch):
    """Take on what the kernels of a server are told."""

    def take_on(**chosen) -> None:
        settings = ServingSettings(Path("dashboard.ipynb"), **chosen)
        for name, value in environment(settings).items():
            monkeypatch.setenv(name, value)

    return take_on


def test_a_page_is_told_the_largest_file(as_in_a_kernel):
    as_in_a_kernel(max_mb=200)
    assert UploadLimits.from_environment().file_mb == 200


@pytest.mark.parametrize("separate", [True, False])
def test_a_page_is_told_whose_its_history_is(as_in_a_kernel, separate):
    as_in_a_kernel(separate_histories=separate)
    assert history_is_the_visitors() is separate
