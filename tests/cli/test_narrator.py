"""What is drawn of a piece of work, on a terminal and elsewhere."""

from __future__ import annotations

import io
import time

from fracture_widgets.cli import narrator as module
from fracture_widgets.cli.narrator import Narrator


class Terminal(io.StringIO):
    """A terminal that keeps what is written."""

    def isatty(self):
        return True


def terminal(monkeypatch):
    """Put a terminal in the place of stderr."""
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    return screen


def test_a_bar_is_drawn_on_a_terminal_and_gone_at_the_end(monkeypatch):
    screen = terminal(monkeypatch)
    with Narrator("radiographs") as narrator:
        narrator.step(3, 12, "Cutting")
        narrator._bar.refresh()
    shown = screen.getvalue()
    assert "Cutting" in shown
    assert "3/12" in shown
    assert "\x1b[2K" in shown


def test_names_are_not_taken_for_markup(monkeypatch):
    screen = terminal(monkeypatch)
    with Narrator() as narrator:
        narrator.step(1, 2, "[red]hand[/red]", note="[/nothing]")
        narrator._bar.refresh()
        narrator.say(f"[bold]{'wide ' * 60}[/nowhere]")
    shown = screen.getvalue()
    assert "[red]hand[/red]" in shown
    assert "[/nothing]" in shown
    assert f"[bold]{'wide ' * 60}[/nowhere]" in shown


def test_elsewhere_a_line_a_minute_without_colours(capsys, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with Narrator("radiographs") as narrator:
        for done in range(1, 31):
            now[0] += 10
            narrator.step(done, 2000, "Cutting")
        narrator.say("[red]done[/red]")
    assert capsys.readouterr().err.splitlines() == [
        *(f"Cutting: {done} of 2,000 radiographs" for done in (7, 14, 21, 28)),
        "[red]done[/red]",
    ]


def test_bytes_have_a_bar_of_their_own(monkeypatch):
    screen = terminal(monkeypatch)
    with Narrator("B") as narrator:
        narrator.stage("Downloading").step(5_000_000, None)
        narrator._bar.refresh()
        narrator.stage("Downloading").step(5_000_000, 340_000_000)
        narrator._bar.refresh()
    assert "5.0/340.0 MB" in screen.getvalue()


def test_work_reports_through_a_monitor(capsys, monkeypatch):
    monkeypatch.setattr(module, "_SECONDS_BETWEEN_LINES", -1)
    with Narrator("files") as narrator:
        monitor = narrator.monitor.stage("fold 2")
        monitor.step(1, 4, "reading")
        monitor.say("done")
    assert capsys.readouterr().err == "fold 2: reading: 1 of 4 files\nfold 2: done\n"
    assert (narrator.done, narrator.total) == (1, 4)


def test_an_answer_has_colours_on_a_terminal_alone(monkeypatch, capsys):
    screen = Terminal()
    words = {"marked": "fracture", "style": "bold red", "start": len("fracture.png")}
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    module.tell("fracture.png: fracture [red]", **words)
    assert capsys.readouterr().out == "fracture.png: fracture [red]\n"
    monkeypatch.setattr("sys.stdout", screen)
    module.tell("fracture.png: fracture [red]", **words)
    assert screen.getvalue() == "fracture.png: \x1b[1;31mfracture\x1b[0m [red]\n"
    monkeypatch.setenv("NO_COLOR", "1")
    screen.truncate(0)
    module.tell("fracture.png: fracture [red]", **words)
    assert "\x1b[1;31m" not in screen.getvalue()
    screen.truncate(0)
    module.tell("\x1b[2J: fracture", **words)
    assert "\x1b[2J" not in screen.getvalue()


def test_quiet_says_what_is_wrong_and_nothing_else(monkeypatch, capsys):
    module.be_quiet(quiet=True)
    try:
        module.say("a note")
        module.complain("what is wrong")
        screen = terminal(monkeypatch)
        with Narrator("radiographs") as narrator:
            narrator.step(3, 12, "Cutting")
        assert (narrator.done, narrator.total, screen.getvalue()) == (3, 12, "")
    finally:
        module.be_quiet(quiet=False)
    assert capsys.readouterr().err == "what is wrong\n"
