"""The dashboard as people start it, and what the browser tests do on its pages."""

from __future__ import annotations

import base64
import io
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    Request,
    ViewportSize,
    expect,
)

PATIENCE = 300_000  # milliseconds: a laptop that is doing something else answers late
WIDE: ViewportSize = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}
LAPTOP: ViewportSize = {"width": 1366, "height": 768}
PAGES = {
    "Workbench": "",
    "Reading room": "course/reading_room.ipynb",
    "Training": "course/training.ipynb",
    "Course": "course/index.ipynb",
    "Model card": "course/model_card.ipynb",
}
"""Where each page that the navigation names is."""
COMMAND = "import sys; from fracture_widgets.cli import main; sys.exit(main())"


@dataclass(frozen=True)
class Dashboard:
    """A running dashboard: where it is, the folder its visitors' results go to, its program."""

    address: str
    data: Path
    program: subprocess.Popen[str]


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serve(
    data: Path, *options: str, said: Path | None = None, port: int | None = None
) -> Iterator[Dashboard]:
    """Serve the dashboard by the command that people use; what it says is kept where asked for."""
    port = free_port() if port is None else port
    complaints = None if said is None else said.open("wb")
    server = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "dashboard", "--no-browser", "--port", str(port), *options],
        env=os.environ | {"FRACTURE_WIDGETS_DATA": str(data)},
        stdout=subprocess.PIPE,
        stderr=complaints or subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout is not None
    with server, server.stdout, complaints or nullcontext():
        first = server.stdout.readline()
        try:
            assert first.startswith(f"Fracture Widgets is at http://127.0.0.1:{port}/"), first
            yield Dashboard(f"http://127.0.0.1:{port}/", data, server)
        finally:
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:
                server.kill()
            if complaints is not None:
                complaints.write(server.stdout.read().encode())


@contextmanager
def guarded_pages(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Open pages, each a visitor of its own, that reach one address.

    What they ask of another machine is refused, as the fixture ``browser`` has it, and the test
    that asked fails; so does one whose page shows a dialog or meets an error.
    """
    abroad: list[str] = []
    alerts: list[str] = []
    errors: list[str] = []
    lent: list[_Lent] = []
    own = (address, address.replace("http", "ws", 1))

    def note(url: str) -> None:
        if url.startswith(("http", "ws")) and not url.startswith(own):
            abroad.append(url)

    def note_request(request: Request) -> None:
        note(request.url)

    def make(**options: Any) -> Page:
        context = _Lent(browser, {"viewport": WIDE, "accept_downloads": True} | options)
        lent.append(context)
        context.listen("request", note_request)
        page = context.page
        page.on("websocket", lambda socket: note(socket.url))
        page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    expect.set_options(timeout=PATIENCE)
    yield make
    for context in lent:
        context.hear_all()
    # What a page says while it is taken away under its own hands is no error of its.
    found = [*abroad], [*alerts], [*errors]
    for context in lent:
        context.give_back()
    assert found == ([], [], []), found


_IDLE: WeakKeyDictionary[Browser, dict[str, list[BrowserContext]]] = WeakKeyDictionary()
_OF_A_VISITOR = "cookies,local_storage,indexeddb,cache_storage,file_systems,service_workers"


class _Lent:
    """A context with one page, which knows nothing of who had it before.

    What they fetched and compiled is still there: without it a page costs twice as much.
    """

    def __init__(self, browser: Browser, options: dict[str, Any]) -> None:
        self._idle = _IDLE.setdefault(browser, {}).setdefault(repr(sorted(options.items())), [])
        self._context = self._idle.pop() if self._idle else browser.new_context(**options)
        self._context.set_default_timeout(PATIENCE)
        self._context.set_offline(False)
        self._heard: list[tuple[Any, Any]] = []
        self.page = self._context.new_page()
        session = self._context.new_cdp_session(self.page)
        what = {"origin": "*", "storageTypes": _OF_A_VISITOR}
        session.send("Storage.clearDataForOrigin", what)
        session.detach()
        assert self._context.cookies() == []

    def listen(self, event: Any, hear: Callable[[Any], None]) -> None:
        """Hear of what happens on all pages of the context."""
        self._context.on(event, hear)
        self._heard.append((event, hear))

    def hear_all(self) -> None:
        """Hear of what has happened by now."""
        self._context.cookies()

    def give_back(self) -> None:
        """Close all pages, and leave the context to another visitor."""
        for page in self._context.pages:
            page.close()
        for event, hear in self._heard:
            self._context.remove_listener(event, hear)
        self._idle.append(self._context)


def drop(page: Page, *paths: Path) -> None:
    """Drop files and folders on the page, as from a window of the desktop."""
    zone = page.locator(".fw-upload")
    zone.scroll_into_view_if_needed()
    box = zone.bounding_box()
    assert box is not None
    dragged = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send(
            "Input.dispatchDragEvent",
            {
                "type": kind,
                "x": box["x"] + box["width"] / 2,
                "y": box["y"] + 20,
                "data": dragged,
            },
        )
    session.detach()


def open_page(page: Page, address: str, panel: str) -> None:
    """Open an address and wait for a panel, by its class; fail at once where it cannot come."""
    page.goto(address)
    page.locator(panel).or_(page.get_by_text("There was an error")).first.wait_for()
    assert not page.get_by_text("There was an error").is_visible()


def open_workbench(page: Page, address: str, *, at_once: bool = False) -> None:
    """Open the workbench, wait until the networks are loaded, and say when they are to answer."""
    open_page(page, address, ".fw-workbench")
    make_ready(page, at_once=at_once)


def make_ready(page: Page, *, at_once: bool = False) -> None:
    """Wait on an open workbench until the networks are loaded, and say when they are to answer."""
    expect(status(page)).not_to_have_text(re.compile("^$|being loaded|what you left here"))
    # What an earlier page left is listed a moment after the status is told.
    nothing_left = status(page).filter(has_text="Choose a radiograph first.")
    expect(page.locator(".fw-queue li").or_(nothing_left).first).to_be_visible()
    answer_at_once(page, at_once)


def answer_at_once(page: Page, at_once: bool) -> None:
    """Say whether the networks answer as soon as something has arrived."""
    box = page.get_by_label("Answer at once")
    # A box that is drawn anew while it is clicked stays as it was.
    wait_until(page, lambda: box.is_checked() == at_once or box.click())
    expect(button(page, "Predict")).to_be_visible(visible=not at_once)


def start_over(page: Page, dashboard: Dashboard, size: ViewportSize = WIDE) -> Page:
    """Leave nothing of what an earlier test did on a workbench, for another one; return it.

    Tests of other files have the same history, and may have saved the same radiograph.
    """
    forget_results(dashboard)
    page.set_viewport_size(size)
    page.emulate_media(
        media="null", color_scheme="light", forced_colors="none", reduced_motion="no-preference"
    )
    tab(page, "Examine").click()
    expect(page.locator(".fw-examine.fw-as-examine")).to_be_visible()
    remove_all(page)
    expect(status(page)).to_have_text("Choose a radiograph first.")
    answer_at_once(page, False)
    page.get_by_label("I read first").uncheck()
    page.evaluate("scrollTo(0, 0)")
    return page


def remove_all(page: Page) -> None:
    """Take every radiograph out of the list."""
    radiographs = page.locator(".fw-queue li")
    for left in reversed(range(radiographs.count())):
        page.get_by_role("button", name=re.compile("^Remove ")).first.click()
        expect(radiographs).to_have_count(left)


def forget_results(dashboard: Dashboard) -> None:
    """Begin the history of all visitors anew; their pages go on."""
    for file in dashboard.data.glob("history.sqlite3*"):
        file.unlink()


def expect_named_in_the_navigation(page: Page, address: str, name: str) -> None:
    """Expect all pages in the navigation, and that the one of a name is here."""
    links = page.get_by_role("navigation", name="Pages").get_by_role("link")
    where = "nodes => nodes.map(node => [node.textContent, node.href, node.ariaCurrent])"
    here = {one: "page" if one == name else None for one in PAGES}
    expect(links).to_have_count(len(PAGES))
    assert links.evaluate_all(where) == [
        [one, address + path, here[one]] for one, path in PAGES.items()
    ]
    assert page.url == address + PAGES[name]


def status(page: Page) -> Locator:
    """The line that says what is going on."""
    return page.locator(".fw-right > .fw-status").first.get_by_role("status")


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def tab(page: Page, name: str) -> Locator:
    return page.get_by_role("tab", name=name, exact=True)


def expect_answered(page: Page, many: int) -> None:
    """Expect so many radiographs in the list, and an answer to each."""
    tags = page.locator(".fw-queue .fw-tag")
    expect(tags).to_have_count(many)
    expect(tags.filter(has_text=re.compile("waiting|being examined"))).to_have_count(0)


def expect_kept(page: Page) -> None:
    """Expect that nothing is lost if the page is left now, so that it does not ask."""
    expect(page.locator('.fw-drop[data-unsaved="false"]')).to_be_attached()


def upload(page: Page, *files: Path) -> None:
    page.get_by_label("Choose radiographs").set_input_files(files)


def wait_until(page: Page, condition: Callable[[], object]) -> None:
    """Wait for what happens outside the page, and let the page go on meanwhile."""
    for _ in range(PATIENCE // 100):
        if condition():
            return
        page.wait_for_timeout(100)
    raise AssertionError("What was waited for did not happen.")


def expect_no_wider_than(page: Page, width: int) -> None:
    """Wait until nothing in the workbench reaches farther to the right, in CSS pixels.

    A page that is made narrower is laid out anew a moment later, and not at once.
    """
    page.wait_for_function(
        """width => [...document.querySelectorAll('.fw-workbench *')]
          .filter(node => node.checkVisibility() && !node.closest('.fw-visually-hidden, thead'))
          .every(node => node.getBoundingClientRect().right <= width)""",
        arg=width,
    )


def expect_on_screen(node: Locator) -> None:
    """Wait until all of it can be seen without scrolling, and stays so."""
    inside = """node => {
      const { top, bottom, height } = node.getBoundingClientRect();
      return height > 0 && top >= 0 && bottom <= innerHeight;
    }"""
    node.page.wait_for_function(inside, arg=node.element_handle())
    node.page.wait_for_timeout(600)
    assert node.evaluate(inside)


def pixels(canvas: Locator) -> npt.NDArray[np.uint8]:
    """What a canvas shows, after it was drawn: red, green and blue, ``(height, width, 3)``."""
    address = canvas.evaluate(
        """canvas => new Promise(done => requestAnimationFrame(() =>
             requestAnimationFrame(() => done(canvas.toDataURL()))))"""
    )
    with Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))) as picture:
        return np.asarray(picture.convert("RGB"))
