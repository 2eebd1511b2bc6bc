"""What the program answers to its own samples is what it always answered, in every format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from golden_compare import compare, compare_thumbnails, read
from golden_reports import answers, commands, reports, structured_reports

pytestmark = pytest.mark.usefixtures("answered_once")

CASES = list(read("reports.json"))


@pytest.mark.slow
def test_the_cascade_answers_the_samples_as_ever() -> None:
    compare(answers(), read("answers.json"))


@pytest.mark.slow
def test_the_command_prints_of_the_samples_what_it_ever_printed(tmp_path: Path) -> None:
    compare(commands(tmp_path), read("commands.json"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return reports(tmp_path_factory.mktemp("reports"))


@pytest.mark.slow
def test_there_is_a_report_on_every_sample(made: dict[str, Any]) -> None:
    assert list(made) == CASES


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("kind", ["json", "csv", "pdf"])
def test_a_report_says_what_it_ever_said(made: dict[str, Any], case: str, kind: str) -> None:
    compare(made[case][kind], read("reports.json")[case][kind])


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_page_looks_as_it_ever_looked(made: dict[str, Any], case: str) -> None:
    compare_thumbnails(made[case]["png"], read("reports.json")[case]["png"])


def test_the_pages_of_two_samples_do_not_look_the_same() -> None:
    first, second, *_ = (one["png"] for one in read("reports.json").values())
    with pytest.raises(AssertionError, match="greys apart"):
        compare_thumbnails(first, second)


@pytest.mark.slow
def test_the_dicom_reports_hold_what_they_ever_held(tmp_path: Path) -> None:
    pytest.importorskip("highdicom")
    made, known = structured_reports(tmp_path), read("structured_reports.json")
    for name, one in made.items():
        compare_thumbnails(one.pop("page"), known[name].pop("page"))
    compare(made, known)
