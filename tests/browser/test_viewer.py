"""Looking closely at a radiograph, in Chromium, as it is served."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from large_files import write_dicom
from pages import (
    LAPTOP,
    PHONE,
    button,
    expect_kept,
    expect_no_wider_than,
    expect_on_screen,
    guarded_pages,
    open_workbench,
    pixels,
    start_over,
    upload,
    wait_until,
)  # fmt: skip
from picture_files import dicom_file, limb
from playwright.sync_api import expect

from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.phantoms import draw_phantom

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SIDE = 1200


@pytest.fixture(scope="module")
def dicom(tmp_path_factory):
    """A drawn hand in 12 bits, 0.05 mm from pixel to pixel."""
    return write_dicom(tmp_path_factory.mktemp("files") / "arm.dcm", SIDE)


def show(page, dicom):
    """Bring the radiograph and wait until it is there in full."""
    upload(page, dicom)
    expect(page.locator(".fw-queue li")).to_have_count(1)
    expect(page.locator(".fw-panes")).to_have_attribute("data-full", re.compile(".+"))


@pytest.fixture(scope="module")
def visitor(browser, dashboard):
    with guarded_pages(browser, dashboard.address) as make:
        page = make()
        open_workbench(page, dashboard.address)
        yield page


@pytest.fixture
def bare_page(visitor, dashboard):
    """A page with nothing on it, and with nothing left of what was done before."""
    start_over(visitor, dashboard)
    expect(visitor.locator(".fw-panes")).not_to_have_attribute("data-full", re.compile(".+"))
    return visitor


@pytest.fixture
def page(bare_page, dicom):
    """A page with the radiograph in full."""
    show(bare_page, dicom)
    return bare_page


@pytest.fixture
def fresh_page(new_page, dashboard, dicom):
    page = new_page()
    open_workbench(page, dashboard.address)
    show(page, dicom)
    return page


@pytest.fixture
def pane(page):
    return page.get_by_role("group", name="Radiograph", exact=True)


@pytest.fixture
def picture(page):
    return page.get_by_role("img", name=re.compile("^Radiograph arm.dcm"))


def zoom(page) -> float:
    return float(page.locator(".fw-panes").get_attribute("data-zoom"))


def greys(picture, place) -> int:
    """The grey at a place of the canvas, in parts of its width and height."""
    shown = pixels(picture)
    return int(shown[int(place[1] * shown.shape[0]), int(place[0] * shown.shape[1]), 0])


def test_the_page_shows_the_very_greys_of_the_file(picture, dicom):
    shown = pixels(picture)
    side = min(shown.shape[:2])
    top, left = ((length - side) // 2 for length in shown.shape[:2])
    square = shown[top : top + side, left : left + side, 0].astype(float)
    whole = read_radiograph(dicom).pixels
    at = (np.arange(side) * SIDE) // side
    # Both are means over a few pixels: they agree but for edges.
    assert np.corrcoef(square.ravel(), whole[np.ix_(at, at)].ravel())[0, 1] > 0.99


def test_zoom_window_invert_and_reset_by_keys_and_buttons(page, pane, picture, dicom):
    fitted = zoom(page)
    pane.focus()
    page.keyboard.press("+")
    expect(page.get_by_label("Zoom", exact=True)).to_have_text(f"{100 * fitted * 1.25:.0f} %")
    page.keyboard.press("1")
    expect(page.get_by_label("Zoom", exact=True)).to_have_text("100 %")
    page.keyboard.press("0")
    expect(page.get_by_label("Zoom", exact=True)).to_have_text(f"{100 * fitted:.0f} %")

    before = pixels(picture)
    page.keyboard.press("i")
    expect(button(page, "Invert")).to_have_attribute("aria-pressed", "true")
    assert greys(picture, (0.5, 0.5)) == pytest.approx(
        255 - int(before[before.shape[0] // 2, before.shape[1] // 2, 0]), abs=1
    )
    for _ in range(6):
        page.keyboard.press("[")
    width, level = read_radiograph(dicom).scale.usual
    narrow = width * math.exp(-6 * 20 / 150)
    expect(page.get_by_label("Window of greys")).to_have_text(f"W {narrow:.0f}  L {level:.0f}")
    button(page, "All as it was at first (Backspace)").click()
    expect(page.get_by_label("Window of greys")).to_have_text(f"W {width:.0f}  L {level:.0f}")
    assert np.array_equal(pixels(picture), before)


def test_turned_and_flipped_is_shown_so_said_so_and_kept(page, pane, picture, dicom):
    mark = page.locator(".fw-turned")
    expect(mark).to_be_hidden()
    before = pixels(picture).astype(int)
    pane.focus()
    page.keyboard.press("l")
    expect(mark).to_contain_text("Flipped left to right")
    expect(button(page, "Flip")).to_have_attribute("aria-pressed", "true")
    assert abs(pixels(picture) - before[:, ::-1]).mean() < 1
    assert abs(pixels(picture) - before).mean() > 1
    button(page, "Turn to the right (T)").click()
    expect(mark).to_contain_text("Flipped left to right, turned 90° to the right")
    middle = (before.shape[1] - before.shape[0]) // 2
    square = before[:, middle : middle + before.shape[0]]
    turned = pixels(picture)[:, middle : middle + before.shape[0]]
    # Half a pixel lies between the two where the pane's sides are odd.
    assert abs(turned - np.rot90(square[:, ::-1], -1)).mean() < 3
    assert abs(turned - np.rot90(square, -1)).mean() > 6
    upload(page, write_dicom(dicom.with_name("other.dcm"), 300))
    expect(page.locator(".fw-viewer figcaption")).to_contain_text("other.dcm")
    expect(mark).to_be_hidden()
    pane.focus()
    page.keyboard.press("ArrowLeft")
    expect(mark).to_contain_text("Flipped left to right, turned 90° to the right")
    page.keyboard.press("Backspace")
    expect(mark).to_be_hidden()


def test_arrows_go_to_the_next_radiograph_while_this_one_is_seen_whole(page, pane, dicom):
    caption = page.locator(".fw-viewer figcaption")
    upload(page, write_dicom(dicom.with_name("next.dcm"), 300))
    expect(caption).to_contain_text("next.dcm")
    expect(page.get_by_label("Place in the list")).to_have_text("2 of 2")
    pane.focus()
    page.keyboard.press("ArrowLeft")
    expect(caption).to_contain_text("arm.dcm")
    expect(page.get_by_label("Place in the list")).to_have_text("1 of 2")
    close = page.get_by_label("Zoom", exact=True)
    fitted = zoom(page)
    for _ in range(2):
        page.keyboard.press("+")
    expect(close).to_have_text(f"{100 * fitted * 1.25**2:.0f} %")
    page.keyboard.press("ArrowRight")  # moves the picture, which is seen in part
    page.keyboard.press("-")
    expect(close).to_have_text(f"{100 * fitted * 1.25:.0f} %")
    expect(caption).to_contain_text("arm.dcm")
    page.keyboard.press("n")
    expect(caption).to_contain_text("next.dcm")


def test_two_stand_side_by_side_and_are_zoomed_together(page, dicom):
    panes = page.locator(".fw-panes")
    upload(page, write_dicom(dicom.with_name("beside.dcm"), 300))
    expect(page.get_by_label("Place in the list")).to_have_text("2 of 2")
    panes.get_by_role("group", name="Radiograph", exact=True).focus()
    page.keyboard.press("c")
    expect(panes).to_have_count(2)
    expect(page.locator(".fw-viewer figcaption").last).to_contain_text("arm.dcm")
    expect(panes.last).to_have_attribute("data-full", re.compile(".+"))
    left, right = (panes.nth(number).bounding_box() for number in (0, 1))
    assert (left["y"], left["height"]) == (right["y"], right["height"])
    assert right["x"] >= left["x"] + left["width"]

    def zooms():
        return [float(panes.nth(number).get_attribute("data-zoom")) for number in (0, 1)]

    before = zooms()
    panes.last.get_by_role("group", name="Radiograph", exact=True).focus()
    page.keyboard.press("+")
    wait_until(page, lambda: zooms() == pytest.approx([1.25 * each for each in before]))
    page.get_by_label("Zoom together").uncheck()
    expect(page.locator(".fw-joined")).to_have_count(0)
    panes.last.get_by_role("group", name="Radiograph", exact=True).focus()
    page.keyboard.press("0")
    wait_until(page, lambda: zooms() == pytest.approx([1.25 * before[0], before[1]]))
    page.keyboard.press("f")
    wait_until(page, lambda: panes.last.bounding_box()["width"] > page.viewport_size["width"] / 3)
    page.keyboard.press("f")
    button(page, "Compare").first.click()
    expect(panes).to_have_count(1)


def test_the_picture_takes_the_whole_screen_and_gives_it_back(page, pane):
    before = pane.bounding_box()
    pane.focus()
    page.keyboard.press("f")
    full = "want => (document.fullscreenElement !== null) === want"
    page.wait_for_function(full, arg=True)
    wait_until(page, lambda: pane.bounding_box()["width"] > page.viewport_size["width"] - 5)
    expect_on_screen(page.get_by_role("toolbar", name="Picture"))
    button(page, "On the whole screen, and back (F)").click()
    page.wait_for_function(full, arg=False)
    wait_until(page, lambda: pane.bounding_box()["width"] == before["width"])


def test_the_wheel_scrolls_the_page_until_the_picture_has_the_focus(page, pane):
    larger = zoom(page)
    page.set_viewport_size({"width": 1280, "height": 500})
    wait_until(page, lambda: zoom(page) < larger)  # fitted anew
    top = """pane => pane.getBoundingClientRect().top"""
    before, fitted = pane.evaluate(top), zoom(page)
    page.mouse.move(640, 300)
    page.mouse.wheel(0, 120)
    wait_until(page, lambda: pane.evaluate(top) < before - 50)
    assert zoom(page) == fitted
    pane.click()
    scrolled = pane.evaluate(top)
    page.mouse.wheel(0, -240)
    wait_until(page, lambda: zoom(page) > 1.5 * fitted)
    assert pane.evaluate(top) == scrolled


def test_a_length_is_measured_in_millimetres_by_pointer_and_by_keys(page, pane):
    button(page, "Measure").click()
    scale = zoom(page)
    box = pane.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 100, middle[1], steps=4)
    page.mouse.up()
    drawn = page.get_by_label("Drawn on the picture")
    expect(drawn).to_contain_text(f"Ruler 1: {0.05 * 100 / scale:.1f} mm")
    pane.focus()
    page.keyboard.press("m")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(drawn).to_contain_text("Ruler 2: ")
    button(page, "Remove ruler 1").click()
    expect(drawn).not_to_contain_text("Ruler 1")
    expect(pane).to_be_focused()


def test_a_region_is_examined_on_its_own(page, pane):
    pane.focus()
    page.keyboard.press("r")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Drawn on the picture")).to_contain_text("Region of ")
    page.keyboard.press("Enter")
    expect(page.locator(".fw-card")).to_contain_text("arm.dcm, region 1")
    expect(page.locator(".fw-queue .fw-picture-title")).to_have_text(
        ["arm.dcm", "arm.dcm, region 1"]
    )


def test_maps_are_coloured_and_put_beside_without_the_kernel(fresh_page):
    page = fresh_page
    button(page, "Predict").click()
    # A hand drawn out to a square is none to the gate; refused, it has no maps.
    button(page, "Answer all the same").click()
    page.get_by_label("Why?").select_option(index=1)
    button(page, "Answer").click()
    expect(page.locator(".fw-card")).to_contain_text("Answered on request")
    pane = page.get_by_role("group", name="Radiograph", exact=True)
    pane.focus()
    shown = button(page, "Map")
    expect(shown).to_be_visible()
    if shown.get_attribute("aria-pressed") != "true":
        page.keyboard.press("h")
    expect(page.get_by_label("Opacity of the map")).to_be_visible()
    page.context.set_offline(True)  # the kernel is out of reach
    one = page.get_by_role("img", name=re.compile("Fracture map"))
    page.get_by_label("Opacity of the map").fill("100")
    before = pixels(one)
    page.get_by_label("Colours of the map").select_option("Viridis")
    assert not np.array_equal(pixels(one), before)
    page.get_by_label("Side by side").check()
    both = page.get_by_role("img", name=re.compile("^Radiograph arm.dcm"))
    expect(both).to_have_count(2)
    plain, covered = (pixels(both.nth(number)).astype(int) for number in (0, 1))
    boxes, mapped = ((np.ptp(shown, axis=2) > 0).mean() for shown in (plain, covered))
    assert boxes < 0.05  # grey all over, but for the boxes and their labels
    assert mapped > boxes + 0.05
    page.get_by_label("Colours of the map").select_option("Inferno")
    assert np.array_equal(pixels(both.nth(0)).astype(int), plain)
    assert not np.array_equal(pixels(both.nth(1)).astype(int), covered)
    page.context.set_offline(False)


def test_two_fingers_zoom_on_a_phone_and_nothing_is_cut_off(new_page, dashboard, dicom):
    page = new_page(viewport=PHONE, has_touch=True)
    open_workbench(page, dashboard.address)
    show(page, dicom)
    pane = page.get_by_role("group", name="Radiograph", exact=True)
    fitted = zoom(page)
    pane.evaluate(
        """pane => {
          const { left, top } = pane.getBoundingClientRect();
          const touch = (type, pointerId, x, y) => pane.dispatchEvent(new PointerEvent(type, {
            pointerId, pointerType: "touch", bubbles: true, clientX: left + x, clientY: top + y,
          }));
          pane.setPointerCapture = () => {}; // made-up pointers cannot be captured
          touch("pointerdown", 1, 100, 100);
          touch("pointerdown", 2, 150, 100);
          touch("pointermove", 2, 250, 100);
          touch("pointerup", 1, 100, 100);
          touch("pointerup", 2, 250, 100);
        }"""
    )
    page.wait_for_function(
        "fitted => Number(document.querySelector('.fw-panes').dataset.zoom) > 2.5 * fitted",
        arg=fitted,
    )
    expect_no_wider_than(page, PHONE["width"])


def test_twelve_megapixels_come_in_full_and_no_server_holds_them_back(
    new_page, dashboard, tmp_path
):
    page = new_page()
    received = []

    def keep(frame):
        received.append(frame)

    page.on("websocket", lambda socket: socket.on("framereceived", keep))
    open_workbench(page, dashboard.address)
    upload(page, write_dicom(tmp_path / "study.dcm", 3464, noise=400))
    expect(page.locator(".fw-panes")).to_have_attribute("data-full", re.compile(".+"))
    # Jupyter's servers drop what is printed faster than a million bytes a second, no pictures.
    assert sum(map(len, received)) > 12e6
    frames = [x.encode() if isinstance(x, str) else x for x in received]
    assert not any(b"rate exceeded" in frame for frame in frames)


def test_another_window_and_frame_are_chosen_by_name_and_by_keys(bare_page, tmp_path):
    path = tmp_path / "frames.dcm"
    frames = np.stack([limb(480, 320, seed=1), limb(480, 320, seed=2)])
    path.write_bytes(dicom_file(frames, WindowCenter=[90, 128], WindowWidth=[100, 256]))
    page = bare_page
    upload(page, path)
    caption = page.locator(".fw-viewer figcaption")
    window = page.get_by_label("Examined through")
    frame = page.get_by_label("Frame of the file")
    expect(window).to_have_value("0")
    frame.select_option("2 of 2")
    expect(caption).to_contain_text("frames.dcm, frame 2 · ")
    window.focus()
    page.keyboard.press("ArrowDown")
    expect(caption).to_contain_text("frames.dcm, frame 2, window 2 · ")
    expect(frame).to_have_value("1")
    expect(page.locator(".fw-queue .fw-picture-title")).to_have_count(3)


def write_windowed(path):
    """Write a drawn hand in 12 bits whose window is cut off below stripes of 3,400 and 3,900."""
    drawn = draw_phantom("hand", fractured=True, seed=2).radiograph.pixels
    values = np.rint(300 + 2400 * drawn).astype(np.uint16)
    values[: len(values) // 8] = np.where(np.arange(drawn.shape[1]) // 16 % 2, 3400, 3900)
    values[-1, 0], values[-1, -1] = 0, 4095
    windows = {"WindowCenter": [1500, 1200], "WindowWidth": [2400, 800]}
    windows |= {"WindowCenterWidthExplanation": ["Normal", "Bone"]}
    path.write_bytes(dicom_file(values, BitsStored=12, HighBit=11, **windows))
    return path


def test_windows_are_of_the_file_s_own_values_and_reach_all_of_them(bare_page, tmp_path):
    page = bare_page
    page.set_viewport_size(LAPTOP)
    show(page, write_windowed(tmp_path / "windowed.dcm"))
    greys_shown = page.get_by_label("Window of greys")
    presets = page.get_by_label("Window of values")
    picture = page.get_by_role("img", name=re.compile("^Radiograph windowed.dcm"))

    def stripes():
        """The greys along the stripes."""
        shown = pixels(picture)[..., 0]
        row = shown[int(0.06 * shown.shape[0])].astype(int)
        return row[np.flatnonzero(row > 60)]

    expect(greys_shown).to_have_text("W 2400  L 1500")
    expect(presets.locator("option")).to_have_text(
        [
            "As it was read",
            "Normal (centre 1500, width 2400)",
            "Bone (centre 1200, width 800)",
            "The whole range of the file",
        ]
    )
    assert set(stripes()) == {255}
    page.get_by_role("group", name="Radiograph", exact=True).focus()
    page.keyboard.press("a")
    expect(greys_shown).to_have_text("W 4096  L 2048")
    expect(presets).to_have_value("3")
    wait_until(page, lambda: {212, 243} <= set(stripes()))
    page.keyboard.press("]")
    expect(presets.locator("option:checked")).to_have_text("Your own")
    page.keyboard.press("a")
    page.keyboard.press("a")
    expect(presets).to_have_value("0")
    presets.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(greys_shown).to_have_text("W 800  L 1200")
    page.get_by_label("Centre of the window").fill("3650")
    page.keyboard.press("Enter")
    expect(greys_shown).to_have_text("W 800  L 3650")
    expect(picture).to_be_visible()
    expect_kept(page)
    page.reload()
    expect(page.locator(".fw-panes")).to_have_attribute("data-full", re.compile(".+"))
    expect(greys_shown).to_have_text("W 800  L 3650")
    expect(page.get_by_label("Centre of the window")).to_have_value("3650")
    assert min(stripes()) < 80
    assert max(stripes()) > 200
    button(page, "All as it was at first (Backspace)").click()
    expect(greys_shown).to_have_text("W 2400  L 1500")


def test_where_there_is_one_picture_nothing_is_to_be_chosen(page, pane):
    expect(pane).to_be_visible()
    expect(page.get_by_role("group", name="Picture of the file")).to_be_hidden()
