"""Names that visitors give to files: shown as they can be shown, and never a place on the disk."""

from __future__ import annotations

import os
import sys
import zipfile
from contextlib import contextmanager
from io import BytesIO
from itertools import cycle
from pathlib import Path

import pytest
from ipywidgets.embed import embed_data

from fracture_widgets.app.widgets.controls import DownloadButton
from fracture_widgets.cli.commands.predict import _write_heatmap
from fracture_widgets.cli.options import folder_for
from fracture_widgets.imaging.files import shown_name
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.records.formats import ReportFile, ReportFormat, report_file, save_report

MARK = "zwiebelfisch"
HOSTILE = {
    "upwards": f"../../../../tmp/{MARK}.png",
    "from the root": f"/tmp/{MARK}.png",
    "upwards on Windows": f"..\\..\\{MARK}.png",
    "a drive": f"C:\\Windows\\{MARK}.png",
    "a share": f"\\\\server\\share\\{MARK}.png",
    "a NUL": f"{MARK}.png\0.exe",
    "lines": f"{MARK}\r\nSet-Cookie: x=1\n.png",
    "right to left": f"{MARK}\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe",
    "an escape sequence": f"\x1b[2J{MARK}.png",
    "half a letter": f"{MARK}\ud800.png",
    "no letter at all": "",
    "dots": "..",
    "a dot": ".",
    "very long": MARK * 334 + ".png",
    "a tilde": f"~/{MARK}.png",
    "a variable": f"$HOME/%TEMP%/{MARK}.png",
    "a command": f"$(touch {MARK});`touch {MARK}`|{MARK}.png",
    "an address": f"file:///etc/{MARK}.png",
    "a device": "CON.png",
    "a device before a dot": "nul.tar.png",
    "a device with a number": "Lpt¹.png",
    "a device on the console": "conin$.png",
    "a stream": "hand.png:secret",
    "an end that Windows drops": "hand . . ",
    "letters of several bytes": "\N{CJK UNIFIED IDEOGRAPH-9AA8}" * 110 + ".png",
    "an element": f"<img src=x onerror=alert(1)>{MARK}.png",
    "a closing element": f'{MARK}"></style></script><script>alert(1)</script>.png',
    "a formula": f"=HYPERLINK(1)&{MARK}.png",
}
SET_ON_A_PAGE = ("upwards", "lines", "half a letter")
_WATCHED = ("open", "os.", "shutil.", "sqlite3.", "pathlib.", "tempfile.", "subprocess.", "glob.")


class Watch:
    """What Python is asked to do with files and commands, while it is watched."""

    def __init__(self):
        self.on = False
        self.events = []
        sys.addaudithook(self._hear)  # for ever: there is no way to take a hook away

    def _hear(self, event, arguments):
        if self.on and event.startswith(_WATCHED):
            self.events.append((event, repr(arguments)))

    @contextmanager
    def watching(self):
        self.events, self.on = [], True
        try:
            yield self.events
        finally:
            self.on = False


@pytest.fixture(scope="module")
def watch():
    return Watch()


@pytest.fixture
def content(radiograph):
    return radiograph("hand.png").to_png()


def on_windows(name):
    """Tell whether Windows can hold a name, by its own rules for the names of files."""
    word = name.partition(".")[0].rstrip().casefold()
    return (
        0 < len(name.encode()) <= 255
        and not any(letter in '<>:"/\\|?*' or ord(letter) < 32 for letter in name)
        and not name.endswith((".", " "))
        and word not in {"con", "prn", "aux", "nul", "conin$", "conout$"}
        and not (word[:3] in {"com", "lpt"} and word[3:] in set("0123456789¹²³"))
    )


def uploaded(workbench, name, content):
    """Send a file as a page does."""
    panel = workbench.upload
    panel.receive({"type": "batch", "batch": "1"})
    panel.receive(
        {"type": "begin", "batch": "1", "upload": "1", "name": name, "size": len(content),
         "more": 0},
        [memoryview(content)],
    )  # fmt: skip
    panel.receive({"type": "over", "batch": "1"})


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_name_is_shown_on_one_line_without_its_folders(name):
    shown = shown_name(name)
    assert shown.isprintable()
    assert 0 < len(shown) <= 120
    assert "/" not in shown
    assert "\\" not in shown
    shown.encode()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *zip(HOSTILE.values(), cycle(["csv", "json"]), strict=False),
        *((HOSTILE[name], kind) for name in SET_ON_A_PAGE for kind in ("pdf", "png")),
    ],
)
def test_no_name_of_an_upload_reaches_the_disk(
    name, kind, workbench, content, watch, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    with watch.watching() as events:
        uploaded(workbench, name, content)
        (entry,) = workbench.state.entries
        workbench.predict.click()
        workbench.result.save.choice = kind
        download = workbench.result._save()
    assert entry.radiograph.name == shown_name(name)
    assert any("history.sqlite3" in arguments for _, arguments in events), "this does watch"
    assert [event for event in events if MARK in event[1].casefold()] == []
    assert {path.name.partition("-")[0] for path in tmp_path.iterdir()} <= {
        "history.sqlite3",
        "history.sqlite3.guard",
    }
    # The browser is offered a name that is a name on every system.
    assert download.name.endswith(f".{kind}")
    assert os.path.basename(download.name) == download.name  # noqa: PTH119 - of any system
    assert download.name.isprintable()
    assert len(download.name.encode()) < 255
    assert on_windows(download.name)


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_name_is_text_in_the_answer(name, workbench, content):
    uploaded(workbench, name, content)
    workbench.predict.click()
    card = workbench.result.card.value
    assert "<img" not in card
    assert "<script" not in card.lower()
    assert "</style" not in card


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["an element", "a closing element", "half a letter", "a NUL"])
def test_a_name_is_text_in_what_a_notebook_keeps(kind, workbench, content):
    uploaded(workbench, HOSTILE[kind], content)
    workbench.predict.click()
    kept = str(embed_data(views=[workbench]))
    assert MARK in kept
    assert "<img src=x" not in kept
    assert "<script>alert" not in kept


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_no_name_in_an_archive_reaches_the_disk(name, workbench, content, watch, tmp_path):
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.png", content)
        info = zipfile.ZipInfo("placeholder")
        info.filename = name.encode("utf-8", "replace").decode()
        archive.writestr(info, content)
    with watch.watching() as events:
        uploaded(workbench, "study.zip", file.getvalue())
    assert workbench.state.entries[0].radiograph.name == "a.png"
    assert [event for event in events if MARK in event[1].casefold()] == []


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_heatmap_is_written_into_its_folder_and_nowhere_else(name, answers, content, tmp_path):
    report = answers.examine(read_radiograph(content, name=name))
    folder = folder_for("heatmaps", tmp_path / "maps")
    _write_heatmap(report, folder)
    (written,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert written.parent == folder
    assert written.suffix == ".png"
    assert on_windows(written.name)


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("kind", [ReportFormat.JSON, ReportFormat.CSV])
def test_a_report_has_a_name_that_every_system_can_hold(name, kind, answers, content, tmp_path):
    report = answers.examine(read_radiograph(content, name=name))
    (written,) = save_report(report, tmp_path, kind)
    assert on_windows(written.name)
    assert on_windows(report_file(report, kind).name)


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_download_is_offered_under_a_name_that_every_system_can_hold(name):
    button = DownloadButton(lambda: ReportFile(name, "text/plain", b""))
    sent = []
    button.send = lambda content, *_: sent.append(content["name"])
    button.receive({"type": "wanted"})
    assert len(sent) == 1
    assert on_windows(sent[0])


@pytest.mark.parametrize(
    "name", ["NUL", "con.txt", "a:b", "a. ", "b.", "COM1.tar.gz", "a\\b", "a?", "x" * 256]
)
def test_names_that_windows_cannot_hold_would_be_noticed(name):
    assert not on_windows(name)


def test_a_path_that_a_page_says_is_no_path(workbench, watch):
    """Messages name what a page was shown, by keys that are made here."""
    with watch.watching() as events:
        for panel in (workbench.upload, workbench.worklist.table, workbench.viewer):
            for kind in ("open", "select", "remove", "piece", "where", "end", "file", "wanted"):
                said = {"type": kind, "key": f"../{MARK}", "upload": f"/etc/{MARK}", "at": 0,
                        "name": f"/etc/{MARK}", "path": f"/etc/{MARK}"}  # fmt: skip
                panel.receive(said, [memoryview(b"x")])
    assert [event for event in events if MARK in event[1]] == []


def test_the_long_and_the_odd_are_real():
    assert max(map(len, HOSTILE.values())) > 4000
    assert Path(HOSTILE["from the root"]).is_absolute()
