"""The reading room without threads: the reader answers first, and all is found again."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from reading_cases import KnownSource, report_of

from fracture_widgets.app.tabs.reading_room import ReadingRoom
from fracture_widgets.app.tabs.reading_room.desk import Stage
from fracture_widgets.app.widgets.live import LiveWidget, descendants
from fracture_widgets.errors import FractureWidgetsError, UnreadableRadiograph
from fracture_widgets.reading_room.cases import offered_sources


class Network:
    """Answers every case alike, and notes when it was asked."""

    def __init__(self):
        self.asked = []
        self.fails = False

    def examine(self, radiograph):
        self.asked.append(radiograph.name)
        if self.fails:
            raise FractureWidgetsError("The network is away.")
        return report_of(radiograph, 0.4321)


class Page:
    """A room, and what it sent to the page."""

    def __init__(self, home, synchronous, *, sources=None, network=None):
        self.network = network or Network()
        self.room = ReadingRoom(
            home=home,
            sources=sources or [KnownSource()],
            cascade=self.network,
            executor=synchronous,
        )
        self.sent = []
        for widget in descendants(self.room):
            if isinstance(widget, LiveWidget):
                widget.send = lambda content, buffers=(): self.sent.append(content)

    @property
    def sheet(self):
        return self.room.sheet.content

    def start(self, count=2, **fields):
        for name, value in {"count": count, "code": "c", **fields}.items():
            self.room.start.form.change(name, value)
        self.room.start.start.click()

    def press(self, kind, **more):
        self.room.sheet.receive({"type": kind, "number": self.sheet["number"], **more})

    def read(self, verdict="doubt"):
        self.press("say", verdict=verdict)
        self.press("reveal")

    def place(self, *corners):
        viewer = self.room.viewer
        viewer.receive({"type": "place", "key": viewer.content["key"], "box": list(corners)})

    def everything(self):
        """All that the page was sent or could ask for, as text."""
        state = [widget.get_state() for widget in (self.room, *descendants(self.room))]
        shown = [w.content for w in descendants(self.room) if isinstance(w, LiveWidget)]
        kept = [{k: v for k, v in one.items() if k not in {"_esm", "_css"}} for one in state]
        # The style sheet has words for every answer.
        kept = [one for one in kept if "<style>" not in str(one.get("value", ""))]
        return json.dumps([kept, shown, self.sent], default=str)


@pytest.fixture
def page(tmp_path, synchronous):
    return Page(tmp_path, synchronous)


@pytest.fixture
def open_again(tmp_path, synchronous):
    """Open the page anew, as after a reload: another kernel over the same folder."""
    return lambda **options: Page(tmp_path, synchronous, **options)


def test_before_a_reading_neither_truth_nor_network_is_in_the_page(page):
    page.start(count=4)
    page.read()
    page.press("next")  # the second is fractured
    page.sent.clear()
    page.press("say", verdict="doubt")
    page.place(0.5, 0.5, 0.5, 0.5)
    everything = page.everything()
    for word in ("c-1-fractured", "0.4321", "43.2", "truth", "0.4, 0.4, 0.6, 0.6", "Grad-CAM"):
        assert word not in everything, word
    assert page.sheet["rows"] == page.sheet["sentences"] == []
    assert page.network.asked == ["Case 1"]
    page.press("reveal")
    everything = page.everything()
    for word in ("43.2", "truth", "0.4, 0.4, 0.6, 0.6", "Grad-CAM"):
        assert word in everything, word
    assert "c-1-fractured" not in everything


def test_a_case_is_read_and_answered(page):
    page.start()
    assert (page.sheet["stage"], page.sheet["number"], page.sheet["total"]) == ("reading", 1, 2)
    page.press("say", verdict="none seen")
    page.press("say", verdict="doubt")
    assert [one["chosen"] for one in page.sheet["choices"]] == [False, True, False]
    page.press("reveal")
    assert [(one["who"], one["words"]) for one in page.sheet["rows"]] == [
        ("The truth", "normal"), ("You", "doubt"),
        ("The network", "doubt, more likely none"),
    ]  # fmt: skip
    assert page.sheet["rows"][2]["note"] == "43.2 %, hand"
    page.press("say", verdict="fracture")
    assert page.room.state.session.current.verdict == "doubt"


def test_a_mark_is_drawn_taken_back_and_judged(page):
    page.start()
    page.read()
    page.press("next")
    page.place(0.1, 0.1, 0.2, 0.2)
    assert page.sheet["marked"] == "You marked a box."
    assert [one["tone"] for one in page.room.viewer.content["boxes"]] == ["reader"]
    page.press("unmark")
    assert page.sheet["marked"] == ""
    assert page.room.viewer.content["boxes"] == []
    page.place(0.5, 0.5, 0.5, 0.5)
    assert page.sheet["marked"] == "You marked a point."
    page.read("fracture")
    assert [one["tone"] for one in page.room.viewer.content["boxes"]] == ["truth", "reader"]
    assert "lies on the fracture" in page.sheet["sentences"][0]
    page.place(0.1, 0.1, 0.1, 0.1)
    assert page.room.state.session.current.mark.x0 == 0.5


def test_a_second_press_of_next_skips_no_case(page):
    page.start(count=3)
    page.read()
    for _ in range(2):
        page.room.sheet.receive({"type": "next", "number": 1})
    assert page.sheet["number"] == 2


@pytest.mark.parametrize(
    "message",
    [
        {"type": "reveal"}, {"type": "next"}, {"type": "say", "verdict": "refused"},
        {"type": "say"}, {"type": "say", "verdict": ["doubt"]}, {"type": "else"},
    ],
)  # fmt: skip
def test_what_makes_no_sense_changes_nothing(page, message):
    page.start()
    page.room.sheet.receive(message | {"number": 1})
    assert page.sheet["stage"] == "reading"
    assert page.room.state.session.current.verdict is None


def test_a_reload_finds_the_case_and_what_was_said_of_it(page, open_again):
    page.start()
    page.read()
    page.press("next")
    page.press("say", verdict="fracture")
    page.place(0.2, 0.2, 0.3, 0.3)
    again = open_again()
    (record,) = again.room.start.table.content["rows"]
    assert record["cells"][-1] == "1 of 2"
    again.room.start.table.receive({"type": "open", "id": record["id"]})
    assert (again.sheet["number"], again.sheet["marked"]) == (2, "You marked a box.")
    assert [one["chosen"] for one in again.sheet["choices"]] == [False, False, True]


def test_a_reload_on_an_answer_shows_the_answer(page, open_again):
    page.start()
    page.read()
    again = open_again()
    again.room.start.table.receive({"type": "open", "id": page.room.state.session.id})
    assert again.sheet["stage"] == "answered"
    assert again.sheet["rows"] == page.sheet["rows"]


@pytest.mark.slow
def test_leaving_comes_back_to_the_list_and_the_score_stays_there(page):
    page.start()
    page.press("leave")
    assert page.room.state.stage is Stage.CHOOSING
    (record,) = page.room.start.table.content["rows"]
    page.room.start.table.receive({"type": "open", "id": record["id"]})
    page.read()
    page.press("next")
    page.read("fracture")
    assert page.sheet["next"] == "See the score"
    page.press("next")
    assert page.room.state.stage is Stage.SCORED
    assert "<h2>You 1 of 2, the network 1 of 2</h2>" in page.room.score.card.value
    assert "2 radiographs of 2 patients, 1 fractured" in page.room.score.card.value
    assert page.room.score.figures.content["figures"]
    page.room.score.again.click()
    assert page.room.start.table.content["rows"][0]["cells"][-1] == "all 2"
    page.room.start.table.receive({"type": "delete", "id": record["id"]})
    assert page.room.start.table.content["rows"] == []


def to_the_score(page, *verdicts):
    page.start(count=len(verdicts))
    for verdict in verdicts:
        page.read(verdict)
        page.press("next")


def test_a_score_begins_with_how_many_were_right_and_the_cases_that_were_missed(page):
    # The even ones are normal, the odd ones fractured; the network says doubt of all.
    to_the_score(page, "fracture", "doubt", "none seen", "none seen")
    assert "<h2>You 2 of 4, the network 2 of 4</h2>" in page.room.score.card.value
    missed, others = page.room.score.missed.content, page.room.score.others.content
    assert [row["cells"][:4] for row in missed["rows"]] == [
        ("1", "normal", "fractured", "doubt, more likely none, 43.2 %"),
        ("4", "fractured", "normal", "doubt, more likely none, 43.2 %"),
    ]
    assert [row["id"] for row in others["rows"]] == [2, 3]


def test_a_missed_case_is_looked_at_again_with_truth_and_both_answers(page):
    to_the_score(page, "none seen", "none seen")
    before = page.room.state.session.readings
    page.room.score.missed.receive({"type": "look", "id": 2})
    assert (page.sheet["stage"], page.sheet["number"]) == ("answered", 2)
    assert [(one["who"], one["words"]) for one in page.sheet["rows"]] == [
        ("The truth", "fractured"), ("You", "normal"), ("The network", "doubt, more likely none"),
    ]  # fmt: skip
    assert [one["tone"] for one in page.room.viewer.content["boxes"]] == ["truth"]
    page.press("say", verdict="fracture")
    page.place(0.5, 0.5, 0.5, 0.5)
    assert page.room.state.session.readings == before
    assert (page.sheet["next"], page.sheet["again"]) == ("Back to the score", True)
    page.press("next")
    assert page.room.state.stage is Stage.SCORED
    assert "<h2>You 1 of 2" in page.room.score.card.value
    assert page.sheet["stage"] == "away"


@pytest.mark.parametrize("number", [0, 3, -1, "2", None, [1]])
def test_no_other_case_can_be_looked_at(page, number):
    to_the_score(page, "none seen", "none seen")
    page.room.state.look_again(number) if isinstance(number, int) else None
    page.room.score.missed.receive({"type": "look", "id": number})
    assert page.room.state.stage is Stage.SCORED


def test_a_case_that_is_gone_since_is_a_sentence_above_the_score(tmp_path, synchronous):
    class Going(KnownSource):
        gone = False

        def case(self, key):
            if self.gone:
                raise UnreadableRadiograph("It is gone.")
            return super().case(key)

    source = Going()
    page = Page(tmp_path, synchronous, sources=[source])
    to_the_score(page, "none seen", "none seen")
    source.gone = True
    page.room.score.missed.receive({"type": "look", "id": 2})
    assert page.room.state.stage is Stage.SCORED
    assert page.room.status.text == "It is gone."
    assert page.room.status.tone == "problem"


def test_when_a_session_began_is_said_in_local_time_and_its_zone_named(
    tmp_path, synchronous, monkeypatch
):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        page = Page(tmp_path, synchronous)
        page.start()
        page.press("leave")
        (row,) = page.room.start.table.content["rows"]
        began = datetime.now(UTC) + timedelta(hours=9)
        assert row["cells"][0][:14] == f"{began:%Y-%m-%d %H}:"
        assert row["cells"][0].endswith(" UTC+09:00")
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_file_that_cannot_be_read_is_left_out_and_not_named(tmp_path, synchronous):
    class Damaged(KnownSource):
        def case(self, key):
            if "-0-" in key:
                raise UnreadableRadiograph(f"{key} is empty.")
            return super().case(key)

    page = Page(tmp_path, synchronous, sources=[Damaged()])
    page.start(count=2)
    assert page.sheet["number"] == 2
    page.read()
    page.press("next")
    assert "1 could not be read" in page.room.score.card.value
    assert "c-0" not in page.everything()


def test_a_session_of_files_none_of_which_can_be_read_ends_in_a_sentence(tmp_path, synchronous):
    class Broken(KnownSource):
        def case(self, key):
            raise UnreadableRadiograph(f"{key} is empty.")

    page = Page(tmp_path, synchronous, sources=[Broken()])
    page.start(count=2)
    assert page.room.state.stage is Stage.SCORED
    assert "No case could be read" in page.room.score.card.value


def test_without_the_network_the_reading_stands_all_the_same(tmp_path, synchronous):
    network = Network()
    network.fails = True
    page = Page(tmp_path, synchronous, network=network)
    page.start()
    page.read()
    assert page.sheet["sentences"][-1] == "The network could not be asked: The network is away."
    assert page.room.state.session.current.revealed


def test_a_source_that_is_not_offered_any_more_is_said(page, open_again):
    page.start()

    class Other(KnownSource):
        key = title = "other"

    again = open_again(sources=[Other()])
    again.room.start.table.receive({"type": "open", "id": page.room.state.session.id})
    assert "not offered here any more" in again.room.status.text
    assert again.room.status.tone == "problem"


@pytest.mark.parametrize(
    ("name", "value"),
    [("source", "/etc"), ("count", float("nan")), ("count", True), ("balanced", "yes"),
     ("code", 5), ("reader", None), (None, 1), ("else", 1)],
)  # fmt: skip
def test_fields_take_only_what_makes_sense(page, name, value):
    before = page.room.start.form.content
    page.room.start.form.change(name, value)
    assert page.room.start.form.content == before


def test_numbers_are_kept_in_their_bounds(page):
    page.room.start.form.change("count", 10_000)
    assert page.room.start.form.content["fields"][1]["value"] == 200


@pytest.mark.slow
def test_an_offered_folder_is_read_without_its_names(tmp_path, synchronous, radiograph):
    for label in ("normal", "fractured"):
        file = tmp_path / "hands" / "Hand" / label / f"patient-{label}" / "view.png"
        file.parent.mkdir(parents=True)
        file.write_bytes(radiograph(label).to_png())
    sources = offered_sources([tmp_path / "hands"])
    page = Page(tmp_path / "home", synchronous, sources=sources)
    page.start(source="dataset hands")
    for _ in range(2):
        page.press("say", verdict="fracture")
        everything = page.everything()
        assert "view.png" not in everything
        assert "patient-" not in everything
        page.press("reveal")
        page.press("next")
    assert "2 radiographs of 2 patients, 1 fractured" in page.room.score.card.value
    assert "1 of 1 fractured" in page.room.score.card.value


def test_names_are_text_and_never_html(page):
    page.start(count=1, code="<b>x</b>", reader="<i>")
    page.read()
    page.press("next")
    assert "<b>x</b>" not in page.room.score.card.value
    assert "&lt;b&gt;x" in page.room.score.card.value


def test_the_export_is_the_sessions_readings(page):
    page.start(count=1, reader="Ana")
    page.read()
    page.press("next")
    page.room.score.export.receive({"type": "wanted"})
    sent = page.sent[-1]
    assert sent["name"].startswith("readings-")
    assert sent["name"].endswith(".csv")


def test_the_clock_runs_while_a_case_is_looked_at(tmp_path, synchronous):
    page = Page(tmp_path, synchronous)
    now = [100.0]
    page.room.desk._clock = lambda: now[0]
    page.start()
    now[0] += 4
    page.press("say", verdict="doubt")
    now[0] += 3
    page.press("reveal")
    assert page.room.state.session.current.seconds == 7
