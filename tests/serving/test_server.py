from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from voila.tornado.handler import TornadoVoilaHandler

from fracture_widgets.app.limits import UploadLimits
from fracture_widgets.base.files import DATA_FOLDER_VARIABLE, history_is_the_visitors, hours_kept
from fracture_widgets.serving.server import announce, environment, places_of
from fracture_widgets.serving.settings import ServingSettings
from fracture_widgets.serving.voila_private import FailureTellingHandler

HISTORY = "Each visitor has a history of their own, which is"
VISIT = "with their visit for 12 hours after it was used last."


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


@pytest.mark.parametrize("hours", [0, 12])
def test_a_page_is_told_how_long_its_place_is_kept(as_in_a_kernel, hours):
    as_in_a_kernel(keep_hours=hours)
    assert hours_kept() == hours


def test_where_no_place_can_be_kept_they_go_with_the_server(tmp_path, monkeypatch, caplog):
    (tmp_path / "visits").touch()
    monkeypatch.setenv(DATA_FOLDER_VARIABLE, str(tmp_path))
    asked = ServingSettings(Path("dashboard.ipynb"), keep_hours=12)
    places, settings = places_of(asked, tmp_path)
    assert settings.keep_hours == 0
    assert places.new_folder().parent == tmp_path
    assert "Visits are not kept when the dashboard ends" in caplog.text


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({}, []),
        ({"keep_hours": 1}, ["What is on a page is kept for 1 hour after it was used last."]),
        ({"separate_histories": True, "keep_hours": 12}, [f"{HISTORY} kept {VISIT}"]),
        ({"separate_histories": True}, [f"{HISTORY} deleted when the dashboard ends."]),
    ],
)
def test_it_is_said_how_long_visits_are_kept(capsys, chosen, said):
    announce(ServingSettings(Path("dashboard.ipynb"), **chosen))
    assert capsys.readouterr().out.splitlines()[1:] == said


@pytest.mark.parametrize("begun", [True, False])
def test_a_page_that_a_warm_kernel_fails_to_draw_is_told_once_it_has_begun(monkeypatch, begun):
    async def failing(self, path=None):
        yield "the beginning"
        raise RuntimeError("the kernel died")

    class Handler(FailureTellingHandler):
        _headers_written = begun

        def give_up(self, problem):
            given_up.append(str(problem))

    async def sent() -> list[str]:
        return [snippet async for snippet in object.__new__(Handler).get_generator()]

    given_up: list[str] = []
    monkeypatch.setattr(TornadoVoilaHandler, "get_generator", failing)
    if begun:
        beginning, end = asyncio.run(sent())
        assert beginning == "the beginning"
        assert "fw-failed" in end
        assert given_up == ["the kernel died"]
    else:
        with pytest.raises(RuntimeError, match="the kernel died"):
            asyncio.run(sent())
