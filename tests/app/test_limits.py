from __future__ import annotations

import pytest

from fracture_widgets.app.limits import MAX_MB_VARIABLE, UploadLimits
from fracture_widgets.errors import FractureWidgetsError


def test_without_the_variable_the_usual_limits_hold(monkeypatch):
    monkeypatch.delenv(MAX_MB_VARIABLE, raising=False)
    assert UploadLimits.from_environment() == UploadLimits()
    monkeypatch.setenv(MAX_MB_VARIABLE, " ")
    assert UploadLimits.from_environment() == UploadLimits()


def test_the_variable_sets_the_largest_file(monkeypatch):
    monkeypatch.setenv(MAX_MB_VARIABLE, "200")
    limits = UploadLimits.from_environment()
    assert limits.file_bytes == 200 * 1024 * 1024
    assert limits.files == UploadLimits().files


@pytest.mark.parametrize("text", ["many", "-5", "1.5", "0", "513", "²"])
def test_a_variable_that_makes_no_sense_is_named(monkeypatch, text):
    monkeypatch.setenv(MAX_MB_VARIABLE, text)
    with pytest.raises(FractureWidgetsError, match="from 1 to 512"):
        UploadLimits.from_environment()


@pytest.mark.parametrize("nothing", [{"files": 0}, {"held_mb": 0}, {"file_mb": 0}])
def test_a_limit_of_nothing_is_refused(nothing):
    with pytest.raises(FractureWidgetsError, match="cannot be"):
        UploadLimits(**nothing)


def test_the_workbench_passes_its_limits_on(workbench_with):
    workbench = workbench_with(limits=UploadLimits(file_mb=7, files=9))
    assert workbench.upload.max_bytes == 7 * 1024 * 1024
    assert workbench.upload.max_files == 9
    assert "up to 7\N{NO-BREAK SPACE}MB each" in workbench.upload.hint
