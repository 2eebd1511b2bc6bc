"""A page whose kernel has died says so, and goes on with another one."""

from __future__ import annotations

import os
import re
from contextlib import suppress

import psutil
import pytest
from pages import (
    button,
    expect_answered,
    expect_kept,
    guarded_pages,
    open_page,
    open_workbench,
    serve,
    upload,
)
from playwright.sync_api import expect

from fracture_widgets.phantoms import draw_phantom

DYING = """\
import os, pathlib, sys
count = pathlib.Path(__file__).with_name("dying")
if "ipykernel_launcher" in " ".join(sys.orig_argv) and (left := int(count.read_text())):
    count.write_text(str(left - 1))
    os._exit(1)
"""
"""Ends the first kernels of a program as they start."""

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_page_whose_kernel_has_died_says_so_and_offers_to_go_on(new_page, dashboard):
    page = new_page()
    open_workbench(page, dashboard.address)
    ended = page.locator(".fw-ended")
    expect(ended).to_be_hidden()
    for process in _kernels():
        process.kill()
    expect(ended).to_contain_text("The program behind this page has ended")
    ended.get_by_role("button", name="Go on with a new page").click()
    expect(page.locator(".fw-workbench")).to_be_visible()
    expect(page.locator(".fw-ended")).to_be_hidden()


def test_a_page_that_is_long_in_coming_asks_after_its_kernel_later(new_page, dashboard):
    page = new_page()
    # Its first ten seconds are over at once, before it is told which kernel is its own.
    page.add_init_script(
        """{ const real = setTimeout;
             window.setTimeout = (what, wait, ...rest) => {
               if (wait !== 10_000) return real(what, wait, ...rest);
               window.setTimeout = real;
               return real(() => { window.asked = document.readyState; what(); }, 0);
             }; }"""
    )
    open_page(page, dashboard.address, ".fw-workbench")
    assert page.evaluate("asked") == "loading"


def test_a_kernel_that_dies_during_an_answer_takes_nothing_along(new_page, dashboard, tmp_path):
    files = [tmp_path / f"hand {seed}.png" for seed in range(4)]
    for seed, file in enumerate(files):
        file.write_bytes(draw_phantom("hand", fractured=True, seed=seed).radiograph.to_png())
    page = new_page()
    open_workbench(page, dashboard.address)
    upload(page, *files)
    expect_kept(page)
    button(page, "Predict all (4)").click()
    tags = page.locator(".fw-queue .fw-tag")
    expect(tags.filter(has_text="being examined")).to_have_count(1)
    for process in _kernels():
        process.kill()
    ended = page.locator(".fw-ended")
    expect(ended).to_contain_text("The program behind this page has ended")
    ended.get_by_role("button", name="Go on with a new page").click()
    expect(page.locator(".fw-queue li")).to_have_count(4)
    page.get_by_role("button", name=re.compile("^Predict all")).click()
    expect_answered(page, 4)


@pytest.mark.parametrize(("dying", "opens"), [(1, True), (2, False)])
def test_a_page_whose_kernel_does_not_start_is_loaded_again_or_says_so(
    browser, tmp_path, dying, opens
):
    (tmp_path / "dying").write_text(str(dying))
    (tmp_path / "sitecustomize.py").write_text(DYING)
    with pytest.MonkeyPatch.context() as patch:
        found = filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")])
        patch.setenv("PYTHONPATH", os.pathsep.join(found))
        with (
            serve(tmp_path / "data", "--visitors", "1", "--warm", "0") as running,
            guarded_pages(browser, running.address) as make,
        ):
            page = make()
            page.goto(f"{running.address}course/02_data.ipynb")
            if opens:
                expect(page.get_by_role("heading", name="What to keep")).to_be_visible()
            expect(page.locator("#loading")).to_be_hidden()
            ended = page.locator(".fw-ended")
            expect(ended).to_be_visible(visible=not opens)
            if not opens:
                expect(ended).to_contain_text("The program behind this page has ended")
                ended.get_by_role("button", name="Go on with a new page").click()
                expect(page.get_by_role("heading", name="What to keep")).to_be_visible()


def _kernels() -> list[psutil.Process]:
    """The kernels of the dashboards that this test program started, warm ones among them."""
    dashboards = [child for child in psutil.Process().children() if _runs(child, "dashboard")]
    return [
        kernel
        for server in dashboards
        for kernel in server.children(recursive=True)
        if _runs(kernel, "ipykernel_launcher")
    ]


def _runs(process: psutil.Process, what: str) -> bool:
    """Say whether a process runs a command; what has ended, or is about to, runs none."""
    with suppress(psutil.Error):
        return any(what in word for word in process.cmdline())
    return False
