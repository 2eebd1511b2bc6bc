"""Record ``docs/moving_picture.gif``: a radiograph arrives, is answered, read and saved.

    python benchmarks/moving_picture.py

It needs Chromium and the extras ``dashboard`` and ``test``. The radiograph is drawn.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

from page_opening import chromium
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright
from served import PATIENCE, READY, dashboard

from fracture_widgets.phantoms import draw_phantom

_DOCS = Path(__file__).parents[1] / "docs"
_SIZE = {"width": 1180, "height": 760}
_SHOWN = (885, 570)
_COLOURS = 128


def frames(page: Page, radiograph: Path) -> Iterator[tuple[bytes, int]]:
    """Yield a picture of each step and for how many milliseconds it stands."""
    page.locator(".fw-samples li").last.wait_for()
    page.wait_for_timeout(3000)  # for their thumbnails
    yield page.screenshot(), 1500
    page.get_by_label("Choose radiographs").set_input_files(radiograph)
    expect(page.locator(".fw-queue li")).to_have_count(1)
    yield page.screenshot(), 900
    expect(page.locator(".fw-card h2 strong")).to_be_visible()
    page.wait_for_timeout(1000)
    yield page.screenshot(), 2600
    page.locator(".fw-own-verdict").get_by_label("Fracture").check()
    expect(page.locator(".fw-own-verdict .fw-reading-outcome")).to_contain_text("Saved")
    yield page.screenshot(), 2200
    with page.expect_download():
        page.get_by_role("button", name="Download the report").click()
    expect(page.locator(".fw-result .fw-status")).to_contain_text("no.")
    page.get_by_role("tab", name="History", exact=True).click()
    expect(page.locator(".fw-history tbody tr").first).to_be_visible()
    yield page.screenshot(), 2600


def record(path: Path) -> None:
    """Drive the dashboard through one visit and write the moving picture."""
    expect.set_options(timeout=PATIENCE)
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        radiograph = Path(scratch, "elbow.png")
        radiograph.write_bytes(draw_phantom("elbow", fractured=True, seed=2).radiograph.to_png())
        browser = playwright.chromium.launch(executable_path=chromium())
        with dashboard(Path(scratch, "data")) as served:
            page = browser.new_page(viewport=_SIZE)
            page.set_default_timeout(PATIENCE)
            page.goto(served.address)
            page.get_by_text(READY).wait_for()
            taken = list(frames(page, radiograph))
        browser.close()
    pictures = [
        Image.open(io.BytesIO(png)).convert("RGB").resize(_SHOWN).quantize(_COLOURS)
        for png, _ in taken
    ]
    pictures[0].save(
        path,
        save_all=True,
        append_images=pictures[1:],
        duration=[milliseconds for _, milliseconds in taken],
        loop=0,
        optimize=True,
    )


if __name__ == "__main__":
    record(_DOCS / "moving_picture.gif")
