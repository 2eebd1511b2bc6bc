"""What the page and the kernel tell each other while files are sent: the protocol by example."""

from __future__ import annotations

import base64
import io
import json
import zipfile

import pytest
from ipywidgets import Widget
from ipywidgets.embed import embed_data

from fracture_widgets.app.limits import UploadLimits
from fracture_widgets.app.state import WorkbenchState
from fracture_widgets.app.widgets.background import BackgroundTask
from fracture_widgets.app.widgets.upload import UploadPanel

PIECE = 1000
BATCH = "choice"


class Clock:
    seconds = 1000.0

    def __call__(self):
        return self.seconds


class Page:
    """Plays the page's part against a panel, and keeps what it is told."""

    def __init__(self, panel, batch=BATCH):
        self.panel = panel
        self.batch = batch
        self.messages = []
        panel.send = self.messages.append
        self.begin_batch()

    def say(self, kind, *pieces, **content):
        self.panel.receive({"type": kind, **content}, [memoryview(piece) for piece in pieces])

    def begin_batch(self):
        self.say("batch", batch=self.batch)

    def begin(self, name, content, key, *, piece=PIECE, more=1):
        self.say("begin", content[:piece], batch=self.batch, upload=key, name=name,
                 size=len(content), more=more)  # fmt: skip

    def piece(self, content, at, key):
        self.say("piece", content[at : at + PIECE], upload=key, at=at)

    def send(self, name, content, key="1"):
        """Send a whole file and return how it ended."""
        self.begin(name, content, key)
        for at in range(PIECE, len(content), PIECE):
            self.piece(content, at, key)
        return self.messages[-1]

    def over(self):
        self.say("over", batch=self.batch)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def state():
    return WorkbenchState(UploadLimits(file_mb=64, files=7, held_mb=1))


@pytest.fixture
def panel(state, synchronous, clock):
    return UploadPanel(state, executor=synchronous, clock=clock)


@pytest.fixture
def page(panel):
    return Page(panel)


@pytest.fixture
def png(radiograph):
    return lambda name="x", **size: radiograph(
        name, **({"width": 60, "height": 90} | size)
    ).to_png()


def names(state):
    return [entry.radiograph.name for entry in state.entries]


def done(key="1", *, taken=True):
    return {"type": "done", "upload": key, "taken": taken}


def have(received, key="1", **more):
    return {"type": "have", "upload": key, "received": received, **more}


def test_a_file_in_pieces_becomes_a_radiograph(page, state, png):
    content = png()
    assert len(content) > 3 * PIECE
    assert page.send("hand.png", content) == done()
    page.over()
    (entry,) = state.entries
    assert entry.radiograph.name == "hand.png"
    assert (entry.radiograph.width, entry.radiograph.height) == (60, 90)
    assert state.selected is entry


def test_every_piece_is_answered_with_how_much_is_here(page, png):
    content = png()
    page.send("hand.png", content)
    received = [said["received"] for said in page.messages if said["type"] == "have"]
    assert received == [*range(PIECE, len(content), PIECE), len(content)]


def test_a_small_file_takes_one_message(page, state, png):
    content = png()
    page.begin("hand.png", content, "1", piece=len(content))
    assert page.messages == [have(len(content)), done()]
    assert names(state) == ["hand.png"]


def test_of_many_files_the_first_is_selected_and_the_list_is_told_now_and_then(
    page, state, clock, png
):
    changes = []
    state.observe(changes.append, "listed")
    for number in range(7):
        clock.seconds += 0.5
        page.send(f"{number}.png", png(str(number)), key=str(number))
    page.over()
    assert names(state) == [f"{number}.png" for number in range(7)]
    assert state.selected.radiograph.name == "0.png"
    assert len(changes) == 3  # the first, after two seconds and more, and the rest at the end


def test_a_file_that_is_no_radiograph_leaves_a_sentence_and_the_next_one_is_read(page, state, png):
    assert page.send("notes.png", b"no picture at all", key="1") == done("1", taken=False)
    assert page.send("empty.png", b"", key="2") == done("2", taken=False)
    assert page.send("hand.png", png(), key="3") == done("3")
    assert names(state) == ["hand.png"]
    assert len(state.problems) == 2
    assert all(name in said for name, said in zip(["notes", "empty"], state.problems, strict=True))


def test_of_many_unreadable_files_five_are_explained_and_the_rest_counted(page, state):
    for number in range(12):
        page.send(f"bad {number}.png", b"no picture", key=str(number))
    assert len(state.problems) == 6
    assert state.problems[-1] == (
        "7 more files could not be read: bad 5.png, bad 6.png, bad 7.png and 4 more."
    )


# --- a connection that is cut --------------------------------------------------------------


def test_after_a_lost_connection_the_page_asks_what_is_here_and_goes_on_from_there(
    page, state, png
):
    content = png()
    page.begin("hand.png", content, "1")
    page.piece(content, 2 * PIECE, "1")  # the one before it was lost
    assert page.messages[-1] == have(PIECE)
    page.say("where", upload="1", query=1)
    assert page.messages[-1] == have(PIECE, query=1)
    for at in range(PIECE, len(content), PIECE):
        page.piece(content, at, "1")
    assert page.messages[-1] == done()
    assert names(state) == ["hand.png"]


def test_pieces_and_beginnings_that_come_twice_change_nothing(page, state, png):
    content = png()
    page.begin("hand.png", content, "1")
    page.piece(content, PIECE, "1")
    page.piece(content, PIECE, "1")
    page.begin("hand.png", content, "1")
    assert page.messages[-1] == have(2 * PIECE)
    for at in range(2 * PIECE, len(content), PIECE):
        page.piece(content, at, "1")
    assert names(state) == ["hand.png"]


def test_an_answer_that_was_lost_is_given_again(page, png):
    page.send("hand.png", png())
    page.say("where", upload="1", query=1)
    assert page.messages[-1] == done()


def test_of_a_file_whose_beginning_was_lost_nothing_is_known(page):
    page.say("where", upload="9", query=1)
    assert page.messages == [{"type": "unknown", "upload": "9"}]


def test_a_piece_of_an_unknown_file_is_passed_over(page, state):
    page.piece(b"x", 0, "9")
    page.say("never messages of")
    assert not page.messages
    assert not state.entries


def test_what_a_page_that_is_gone_had_sent_is_shown_to_the_next_one(page, state, png):
    page.send("a.png", png("a"), key="1")
    page.send("b.png", png("b"), key="2")
    assert names(state) == ["a.png"]
    page.say("ready")
    assert names(state) == ["a.png", "b.png"]


def test_the_last_file_is_shown_though_the_end_of_the_choice_was_lost(page, state, png):
    page.send("a.png", png("a"), key="1")
    page.begin("b.png", png("b"), "2", piece=1_000_000, more=0)
    assert names(state) == ["a.png", "b.png"]


def test_a_file_of_which_no_more_comes_is_forgotten(page, panel, clock, png):
    page.begin("hand.png", png(), "1")
    clock.seconds += 11 * 60
    page.begin_batch()
    page.say("where", upload="1", query=1)
    assert page.messages[-1]["type"] == "unknown"


def test_no_more_than_a_few_files_are_on_their_way_at_once(page, panel, clock, png):
    for number in range(20):
        clock.seconds += 1
        page.begin("hand.png", png(), str(number))
    assert len(panel._pending) <= 9


def test_more_bytes_than_a_file_was_said_to_have_are_not_kept(page, panel, state):
    page.say("begin", b"x" * 50, batch=BATCH, upload="1", name="a.png", size=10)
    assert page.messages[-1] == done(taken=False)
    assert not panel._pending


# --- two views of one workbench ------------------------------------------------------------


def test_two_views_send_side_by_side_without_disturbing_each_other(page, panel, state, png):
    first, second = png("first"), png("second")
    page.begin("first.png", first, "1")
    page.say("left_out", batch=BATCH, reason="kind", names=["notes.txt"], count=1)
    other = Page(panel, "another choice")
    other.begin("second.png", second, "2")
    for at in range(PIECE, max(len(first), len(second)), PIECE):
        page.piece(first, at, "1")
        other.piece(second, at, "2")
    page.over()
    other.over()
    assert sorted(names(state)) == ["first.png", "second.png"]
    assert state.problems == (
        (
            "notes.txt is no radiograph and was left out: choose PNG, JPEG, TIFF, BMP, WebP or "
            "DICOM files."
        ),
    )
    assert {said["upload"] for said in other.messages} == {"1", "2"}


# --- cancel --------------------------------------------------------------------------------


def test_a_cancelled_file_is_dropped_and_what_arrived_before_it_stays(page, panel, state, png):
    page.send("a.png", png("a"), key="1")
    page.send("b.png", png("b"), key="2")
    page.begin("c.png", png("c"), "3")
    page.say("end", upload="3")
    page.over()
    assert names(state) == ["a.png", "b.png"]
    assert not panel._pending


def test_a_file_that_is_here_whole_is_read_though_the_rest_was_cancelled(
    state, patient, clock, png
):
    page = Page(UploadPanel(state, executor=patient, clock=clock))
    page.send("a.png", png())
    page.say("end", upload="1")
    page.over()
    assert names(state) == []
    patient.go()
    assert names(state) == ["a.png"]


def test_files_are_read_one_after_the_other_off_the_event_loop(state, patient, clock, png):
    page = Page(UploadPanel(state, executor=patient, clock=clock))
    page.send("a.png", png("a"), key="1")
    page.send("b.png", png("b"), key="2")
    assert len(patient.waiting) == 1
    page.say("where", upload="1", query=1)
    assert page.messages[-1]["received"] == len(png("a"))
    patient.go()
    page.over()
    patient.go()
    assert names(state) == ["a.png", "b.png"]


# --- limits and refusals -------------------------------------------------------------------


def test_a_file_over_the_limit_is_refused_with_the_limit(page, state):
    page.say("begin", batch=BATCH, upload="1", name="huge.dcm", size=64 * 1024 * 1024 + 1)
    assert page.messages == [done(taken=False)]
    assert state.problems == (
        "huge.dcm is larger than 64 MB, the limit here: export a smaller copy and choose that.",
    )


def test_finished_files_wait_within_the_memory_for_radiographs(state, patient, clock):
    page = Page(UploadPanel(state, executor=patient, clock=clock))
    content = bytes(400_000)
    page.send("a.png", content, key="1")  # being read, all the time
    page.send("b.png", content, key="2")
    assert page.send("c.png", content, key="3")["type"] == "full"
    assert sum(len(pending.content) for pending in page.panel._pending.values()) == 800_000
    assert "c.png" in state.problems[0]


@pytest.mark.parametrize("size", [-1, -(10**12)])
def test_a_size_below_nothing_is_nothing(page, state, size):
    page.say("begin", b"x", batch=BATCH, upload="1", name="a.png", size=size)
    assert page.messages[-1] == done(taken=False)


def test_a_full_list_says_so_once_and_stops_the_page(page, state, png):
    size = {"width": 700, "height": 1000}
    page.send("a.png", png("a", **size), key="1")
    assert page.send("b.png", png("b", **size), key="2") == {
        "type": "full",
        "upload": "2",
        "taken": 0,
    }
    page.say("left_out", batch=BATCH, reason="full", names=["c.png", "d.png", "e.png"], count=98)
    page.over()
    assert names(state) == ["a.png"]
    assert state.problems == (
        (
            "The list is full (1 MB), and b.png, c.png, d.png and 96 more were left out: remove "
            "radiographs from the list, then add the rest again."
        ),
    )


@pytest.mark.parametrize(
    ("reason", "count", "said"),
    [
        ("kind", 40, "40 files are no radiographs and were left out: a, b, c and 37 more."),
        (
            "kind",
            1,
            (
                "a is no radiograph and was left out: choose PNG, JPEG, TIFF, BMP, WebP or "
                "DICOM files."
            ),
        ),
        (
            "size",
            2,
            (
                "2 files are larger than 64 MB, the limit here, and were left out: a, b. "
                "Export smaller copies and choose those."
            ),
        ),
        (
            "count",
            0,
            (
                "More than 7 radiographs were chosen, the limit here, and none was taken: "
                "choose a smaller folder, or some of the files."
            ),
        ),
        (
            "disk",
            0,
            (
                "Too many files lie there to look through, and none was taken: choose a "
                "smaller folder."
            ),
        ),
        (
            "changed",
            1,
            (
                "a changed or vanished while it was sent, and was left out: check that it "
                "is still there and choose it again."
            ),
        ),
        (
            "changed",
            2,
            (
                "2 files changed or vanished while they were sent, and were left out: a, "
                "b. Check that they are still there and choose them again."
            ),
        ),
        (
            "nothing",
            0,
            ("No radiograph was found there: choose PNG, JPEG, TIFF, BMP, WebP or DICOM files."),
        ),
    ],
)
def test_what_the_page_leaves_out_is_said_in_one_sentence(page, state, reason, count, said):
    page.say("left_out", batch=BATCH, reason=reason, names=["a", "b", "c"][:count], count=count)
    assert state.problems == (said,)


def test_names_are_base_names_and_not_endless(page, state):
    name = "C:\\patients\\wrist" + 1000 * "x"
    page.say("left_out", batch=BATCH, reason="kind", names=[name], count=1)
    (said,) = state.problems
    assert said.startswith("wristxxx")
    assert "patients" not in said
    assert len(said) < 400


def test_a_reason_nobody_knows_says_nothing(page, state):
    page.say("left_out", batch=BATCH, reason="<b>", names=["a"], count=1)
    assert state.problems == ()


def test_identical_files_are_said_to_be_identical(page, state, png):
    page.send("hand.png", png("hand.png"), "1")
    page.over()
    page.begin_batch()
    assert page.send("copy.png", png("hand.png"), "2")["taken"] == 0
    page.over()
    assert [entry.radiograph.name for entry in state.entries] == ["hand.png"]
    assert state.problems == ("copy.png is identical to hand.png: it is in the list once.",)
    page.begin_batch()
    page.send("hand.png", png("hand.png"), "3")
    assert state.problems == ("hand.png came before: it is in the list once.",)


def test_identical_files_of_one_choice_are_counted(page, state, png):
    for number in range(5):
        page.send(f"{number}.png", png("hand.png"), str(number))
    page.over()
    (said,) = state.problems
    assert said == (
        "4 files are identical to others, and in the list once: 1.png is identical to 0.png, "
        "2.png is identical to 0.png, 3.png is identical to 0.png and 1 more."
    )


def test_a_new_choice_of_files_clears_the_old_sentences(page, state):
    page.say("left_out", batch=BATCH, reason="kind", names=["a"], count=1)
    state.add_problem("Another one.")
    page.over()
    page.begin_batch()
    assert state.problems == ()


# --- archives -------------------------------------------------------------------------------


def archive(files):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return file.getvalue()


def test_an_archive_adds_its_radiographs_and_says_what_is_none(page, state, png):
    content = archive(
        {"DOE/1.png": png("1"), "notes.txt": b"no picture" * 30, "DOE/2.png": png("2")}
    )
    assert page.send("study.zip", content) == done(taken=2)
    page.over()
    assert names(state) == ["1.png", "2.png"]
    assert state.selected.radiograph.name == "1.png"
    (problem,) = state.problems
    assert problem == "study.zip: 1 file skipped: 1 not a picture."


def test_an_archive_without_radiographs_says_so(page, state):
    assert page.send("study.zip", archive({})) == done(taken=0)
    assert state.problems[0].startswith("study.zip is a ZIP archive without radiographs: ")


def test_an_archive_that_fills_the_list_stops_there_and_keeps_what_there_was_room_for(
    page, state, png
):
    large = {"width": 700, "height": 1000}
    content = archive({f"{number}.png": png(str(number), **large) for number in range(4)})
    last = page.send("study.zip", content)
    assert last == {"type": "full", "upload": "1", "taken": 1}
    assert names(state) == ["0.png"]
    assert "1.png with the rest of study.zip was left out" in state.problems[0]


def test_an_archive_may_hold_no_more_than_its_choice(page, state):
    page.send("study.zip", archive({f"{number}.png": b"" for number in range(20 * 7 + 1)}))
    assert state.problems == (
        "study.zip holds 141 files and at most 140 are read: pack the study alone.",
    )


def test_an_archive_that_is_cancelled_while_it_is_read_gives_no_more(state, png, clock):
    class Piecemeal(BackgroundTask):
        """Hands over one value at a time, when the test says so."""

        def start(self, work, on_value):
            self.stopped = False
            self.values, self.on_value = iter(work()), on_value

        def stop(self):
            self.stopped = True

        def go_on(self):
            self.on_value(next(self.values))

    panel = UploadPanel(state, clock=clock)
    reading = panel._reading = Piecemeal()
    page = Page(panel)
    page.send("study.zip", archive({"1.png": png("1"), "2.png": png("2")}))
    reading.go_on()
    page.say("end", upload="1")
    assert reading.stopped
    reading.go_on()  # what was under way when it was stopped
    assert names(state) == ["1.png"]
    assert page.messages[-1] == done(taken=1)


# --- nothing of it is saved ----------------------------------------------------------------


@pytest.mark.slow
def test_the_bytes_are_let_go_and_in_no_widget_state(workbench_with, png):
    workbench = workbench_with()
    sent = png("planted")
    page = Page(workbench.upload)
    page.begin("half.png", png("half"), "0")  # even while it is on its way
    page.send("planted.png", sent, key="1")
    page.over()
    workbench.predict.click()
    assert workbench.state.selected.report is not None
    radiograph = workbench.state.selected.radiograph
    saved = [
        json.dumps(Widget.get_manager_state(widgets=None)),
        json.dumps(embed_data(views=[workbench], drop_defaults=False), default=str),
    ]
    planted = {
        "file": sent,
        "half": png("half")[:PIECE],
        "pixels": radiograph.pixels.tobytes(),
        "greys": radiograph.to_uint8().tobytes(),
    }
    for text in saved:
        assert "fw-workbench" in text
        for what, content in planted.items():
            for start in (0, 1, 2):  # wherever it stands, base64 of it begins in one of three ways
                middle = content[300 + start : 360 + start]
                assert base64.b64encode(middle).decode() not in text, what
            assert content[300:340].hex() not in text, what
            assert json.dumps(content[300:340].decode("latin-1"))[1:-1] not in text, what
    assert set(workbench.upload._pending) == {"0"}
