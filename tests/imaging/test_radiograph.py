from __future__ import annotations

import hashlib
import io
import os
import threading
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from picture_files import deep_png, deep_tiff, dicom_file, limb, picture_file, ramp
from PIL import Image, ImageFile

from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.boxes import Box
from fracture_widgets.imaging.radiograph import (
    Radiograph,
    read_radiograph,
)


def drawn(pixels: np.ndarray) -> Radiograph:
    return Radiograph(pixels, "drawn.png", "0" * 64, "drawn")


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "BMP", "JPEG2000"])
def test_eight_bit_greys_are_divided_by_255(file_format):
    radiograph = read_radiograph(picture_file(ramp() // 2, file_format))
    np.testing.assert_allclose(radiograph.pixels, (ramp() // 2) / 255, atol=1e-7)
    assert radiograph.source_format == {"JPEG2000": "JPEG 2000"}.get(file_format, file_format)
    assert radiograph.warnings == ()


@pytest.mark.parametrize("file_format", ["JPEG", "WEBP"])
def test_lossy_formats_come_close(file_format):
    radiograph = read_radiograph(picture_file(ramp(), file_format, quality=98))
    assert abs(radiograph.pixels - ramp() / 255).mean() < 0.02
    assert radiograph.source_format == {"WEBP": "WebP"}.get(file_format, file_format)


TWELVE_BITS = np.tile(np.arange(0, 4096, 16, dtype=np.uint16), (32, 1))


@pytest.mark.parametrize(
    "data",
    [
        deep_png(np.stack([TWELVE_BITS] * 3, axis=-1)),
        deep_png(np.stack([TWELVE_BITS] * 3 + [np.full_like(TWELVE_BITS, 65535)], axis=-1)),
        deep_tiff(np.stack([TWELVE_BITS] * 3, axis=-1), "<"),
        deep_tiff(np.stack([TWELVE_BITS] * 3, axis=-1), ">"),
    ],
    ids=["PNG", "PNG with alpha", "TIFF", "TIFF, big endian"],
)
def test_all_bits_of_deep_colours_are_kept(data):
    radiograph = read_radiograph(data)
    np.testing.assert_allclose(radiograph.pixels, TWELVE_BITS / TWELVE_BITS.max(), atol=1e-6)
    assert radiograph.warnings == ()


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "TIFF"])
@pytest.mark.parametrize(
    ("dpi", "shape"), [((200, 100), (64, 48)), ((100, 200), (32, 96)), ((300, 300), (32, 48))]
)
def test_pixels_that_are_not_square_are_made_so(file_format, dpi, shape):
    radiograph = read_radiograph(picture_file(ramp(), file_format, dpi=dpi))
    assert radiograph.pixels.shape == shape
    assert [note.split(" (")[0] for note in radiograph.warnings] == (
        ["The file's pixels are not square"] if shape != ramp().shape else []
    )


@pytest.mark.parametrize("dpi", [(1, 1000), (0, 100), (100, 0)])
def test_densities_of_no_meaning_are_left_out(dpi):
    radiograph = read_radiograph(picture_file(ramp(), "JPEG", dpi=dpi))
    assert radiograph.pixels.shape == ramp().shape
    assert radiograph.warnings == ()


def test_bits_that_are_lost_are_told():
    grey = np.stack([TWELVE_BITS, np.full_like(TWELVE_BITS, 65535)], axis=-1)
    assert read_radiograph(deep_png(grey)).warnings == (
        "The file has 16 bits for each colour, of which 8 are read: export it in grey.",
    )


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_sixteen_bit_greys_are_stretched_from_the_least_to_the_greatest(file_format):
    deep = ramp().astype(np.uint16) * 40 + 3000
    radiograph = read_radiograph(picture_file(deep, file_format))
    np.testing.assert_allclose(radiograph.pixels, ramp() / 255, atol=1e-6)


def test_a_deep_picture_of_one_grey_is_black():
    assert not read_radiograph(picture_file(np.full((20, 20), 999, np.uint16), "PNG")).pixels.any()


def test_a_deep_tiff_that_counts_from_white_is_turned_over():
    deep = ramp().astype(np.uint16)
    white_is_zero = read_radiograph(picture_file(deep, "TIFF", tiffinfo={262: 0}))
    black_is_zero = read_radiograph(picture_file(deep, "TIFF"))
    np.testing.assert_allclose(white_is_zero.pixels, 1 - black_is_zero.pixels, atol=1e-6)


def test_float_pictures_of_any_size_of_number_are_stretched():
    values = np.where(ramp() > 100, 3e38, -3e38).astype(np.float32)
    np.testing.assert_array_equal(
        read_radiograph(picture_file(values, "TIFF")).pixels, (ramp() > 100).astype(np.float32)
    )


def test_colour_becomes_luminance():
    bands = [Image.new("L", (20, 20), grey) for grey in (200, 100, 50)]
    radiograph = read_radiograph(picture_file(Image.merge("RGB", bands), "PNG"))
    assert radiograph.pixels[0, 0] == pytest.approx(
        (0.299 * 200 + 0.587 * 100 + 0.114 * 50) / 255, abs=0.003
    )


@pytest.mark.parametrize(
    ("mode", "file_format"),
    [
        ("1", "PNG"),
        ("P", "PNG"),
        ("LA", "PNG"),
        ("RGBA", "PNG"),
        ("CMYK", "TIFF"),
        ("YCbCr", "TIFF"),
        ("I", "TIFF"),
        ("F", "TIFF"),
    ],
)
def test_every_mode_keeps_black_black_and_white_white(mode, file_format):
    two_tone = np.where(ramp() > 127, 255, 0).astype(np.uint8)
    grey = Image.fromarray(two_tone)
    image = grey.convert("RGB").convert(mode) if mode == "YCbCr" else grey.convert(mode)
    radiograph = read_radiograph(picture_file(image, file_format))
    np.testing.assert_allclose(radiograph.pixels, two_tone / 255, atol=0.01)


def test_what_is_transparent_lies_on_black():
    image = Image.new("RGBA", (20, 20), (255, 255, 255, 255))
    image.putpixel((0, 0), (255, 255, 255, 0))
    image.putpixel((1, 0), (255, 255, 255, 51))
    pixels = read_radiograph(picture_file(image, "PNG")).pixels
    assert pixels[0, :3].tolist() == pytest.approx([0, 0.2, 1])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "JPEG"])
def test_the_camera_s_note_on_orientation_is_undone(file_format, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 100} if file_format == "JPEG" else {}
    file = picture_file(ramp(), file_format, exif=exif, **options)
    # EXIF 2.32, 4.6.5.A: where the stored row 0 and column 0 stand in the picture.
    upright = {
        1: ramp(),
        2: ramp()[:, ::-1],
        3: ramp()[::-1, ::-1],
        4: ramp()[::-1],
        5: ramp().T,
        6: ramp().T[:, ::-1],
        7: ramp().T[::-1, ::-1],
        8: ramp().T[::-1],
    }[orientation]
    pixels = read_radiograph(file).pixels
    assert pixels.shape == upright.shape
    assert abs(pixels - upright / 255).mean() < 0.02


def test_a_jpeg_cut_short_keeps_what_is_there_and_says_what_is_not():
    whole = picture_file(limb(400), "JPEG", quality=95)
    full = read_radiograph(whole).pixels
    cut = read_radiograph(whole[: len(whole) * 3 // 4])
    (warning,) = cut.warnings
    assert "cut short" in warning
    assert "of 400 rows are missing" in warning
    missing = int(warning.split("last ")[1].split(" of")[0])
    assert 80 < missing < 120
    np.testing.assert_array_equal(cut.pixels[: 400 - missing], full[: 400 - missing])
    assert not cut.pixels[-missing + 8 :].any()


def test_the_grey_of_what_is_missing_is_left_alone_elsewhere():
    picture = limb(400)
    picture[16:104, 40:] = 128
    whole = picture_file(picture, "JPEG", quality=95)
    cut = read_radiograph(whole[: len(whole) * 3 // 4])
    assert cut.pixels[32:96, 48:] == pytest.approx(128 / 255, abs=0.01)


def test_a_cut_jpeg_is_turned_upright_too():
    exif = Image.Exif()
    exif[0x0112] = 6
    whole = picture_file(limb(400), "JPEG", quality=95, exif=exif)
    cut = read_radiograph(whole[: len(whole) * 3 // 4])
    assert (cut.width, cut.height) == (400, 64)
    assert not cut.pixels[:, :60].any()


@pytest.mark.parametrize("options", [{}, {"no_jp2": True}, {"tile_size": (64, 64)}])
def test_a_jpeg_2000_cut_short_is_shown_as_far_as_it_goes(options):
    whole = picture_file(limb(320, 240), "JPEG2000", **options)
    radiograph = read_radiograph(whole[: len(whole) * 9 // 10], name="hand.jp2")
    (warning,) = radiograph.warnings
    assert "of the picture's data are missing" in warning
    assert 0.05 < radiograph.missing < 0.4
    with pytest.raises(UnreadableRadiograph, match=r"^hand\.jp2 is cut short"):
        read_radiograph(whole[: len(whole) // 5], name="hand.jp2")


def test_a_progressive_jpeg_cut_short_is_read():
    whole = picture_file(limb(), "JPEG", progressive=True)
    (warning,) = read_radiograph(whole[:-40]).warnings
    assert "finest detail" in warning


def test_reading_leaves_the_settings_of_pillow_alone():
    read_radiograph(picture_file(limb(), "JPEG")[:-20])
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def test_path_bytes_and_open_file_give_the_same(tmp_path):
    data = picture_file(ramp(), "PNG")
    path = tmp_path / "hand.png"
    path.write_bytes(data)
    with path.open("rb") as file:
        read = [
            read_radiograph(path),
            read_radiograph(str(path)),
            read_radiograph(data, name="hand.png"),
            read_radiograph(memoryview(data), name="some/folder/hand.png"),
            read_radiograph(io.BytesIO(data), name="C:\\scans\\hand.png"),
            read_radiograph(file),
        ]
    assert {r.name for r in read} == {"hand.png"}
    assert {r.sha256 for r in read} == {hashlib.sha256(data).hexdigest()}
    for radiograph in read:
        np.testing.assert_array_equal(radiograph.pixels, read[0].pixels)


def test_the_content_tells_the_format_not_the_name(tmp_path):
    path = tmp_path / "hand.jpg"
    path.write_bytes(dicom_file(ramp()))
    assert read_radiograph(path).source_format == "DICOM"


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("ha\nnd\x1b[31m.png", "ha nd\N{REPLACEMENT CHARACTER}[31m.png"),
        (os.fsdecode(b"h\xe4nd.png"), "h\N{REPLACEMENT CHARACTER}nd.png"),
        ("", "The picture"),
        ("../..", ".."),
        ("x" * 5000 + ".png", "x" * 115 + "….png"),
        ("Hüfte 手.png", "Hüfte 手.png"),
    ],
)
def test_names_fit_on_one_line_and_into_utf_8(given_name, shown):
    name = read_radiograph(picture_file(ramp(), "PNG"), name=given_name).name
    assert name == shown
    assert name.isprintable()
    assert len(name) <= 120
    assert name.encode()


def test_larger_pictures_than_allowed_are_refused():
    data = picture_file(ramp(32, 48), "PNG")
    assert read_radiograph(data, max_pixels=32 * 48).width == 48
    with pytest.raises(UnreadableRadiograph, match="48 x 32 pixels and at most 1,535 are read"):
        read_radiograph(data, max_pixels=32 * 48 - 1)


@pytest.mark.slow
def test_a_file_that_takes_too_long_is_given_up_and_others_are_read():
    source = picture_file(Image.new("L", (9000, 6000)), "PNG")
    with pytest.raises(UnreadableRadiograph, match=r"big\.png takes longer than 0\.01 seconds"):
        read_radiograph(source, name="big.png", max_seconds=0.01)
    assert read_radiograph(picture_file(ramp(), "PNG")).source_format == "PNG"


def test_black_and_white_are_exchanged_in_a_radiograph_of_its_own():
    first = drawn(ramp() / np.float32(255))
    other = first.inverted()
    np.testing.assert_array_equal(other.pixels, 1 - first.pixels)
    assert other.name == "drawn.png, black and white exchanged"
    assert other.warnings == ("Black and white were exchanged after it was read.",)
    assert other.sha256 not in (first.sha256, other.inverted().sha256)


def test_files_longer_than_any_radiograph_are_refused_unread(tmp_path):
    path = tmp_path / "endless.png"
    with path.open("wb") as file:
        file.truncate(600 * 2**20)
    with pytest.raises(UnreadableRadiograph, match="longer than the 512 MB"):
        read_radiograph(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are a Unix matter")
def test_a_pipe_is_refused_rather_than_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(UnreadableRadiograph, match="no ordinary file"):
        read_radiograph(tmp_path / "pipe.png")


@pytest.mark.parametrize("source", [None, 3, 2.5, ["hand.png"], object()])
def test_what_is_no_source_at_all_is_refused_in_a_sentence(source):
    with pytest.raises(UnreadableRadiograph, match="is no radiograph: give a path"):
        read_radiograph(source)


def test_a_file_opened_as_text_or_closed_is_refused(tmp_path):
    path = tmp_path / "hand.png"
    path.write_bytes(picture_file(ramp(), "PNG"))
    with (
        path.open(encoding="latin-1") as text,
        pytest.raises(UnreadableRadiograph, match=r"hand\.png was opened as text"),
    ):
        read_radiograph(text)
    with path.open("rb") as closed:
        pass
    with pytest.raises(UnreadableRadiograph, match=r"hand\.png cannot be read"):
        read_radiograph(closed)


def test_a_path_that_no_file_system_can_hold_was_not_found():
    with pytest.raises(UnreadableRadiograph, match="was not found"):
        read_radiograph("ha\0nd.png")
    with pytest.raises(UnreadableRadiograph, match=r"cannot be read|was not found"):
        read_radiograph("x" * 100_000)


def test_pixels_are_contiguous_float32_and_read_only():
    for data in (picture_file(ramp(), "PNG"), dicom_file(ramp())):
        pixels = read_radiograph(data).pixels
        assert pixels.dtype == np.float32
        assert pixels.flags.c_contiguous
        assert not pixels.flags.writeable


def test_the_caller_s_own_array_stays_writable():
    mine = np.zeros((20, 30), np.float32)
    assert not drawn(mine).pixels.flags.writeable
    mine[0, 0] = 1


@pytest.mark.parametrize("shape", [(0, 3), (4,), (3, 3, 3)])
def test_pixels_of_another_shape_are_no_radiograph(shape):
    with pytest.raises(ValueError, match=r"shape \(height, width\)"):
        drawn(np.zeros(shape, np.float32))


def test_the_representation_shows_no_pixels():
    assert "array" not in repr(drawn(np.zeros((20, 30), np.float32)))


def test_a_crop_is_the_part_inside_the_box():
    radiograph = read_radiograph(picture_file(ramp(40, 60), "PNG"), name="hand.png")
    part = radiograph.crop(Box(0.5, 0.25, 1.4, 0.75))
    np.testing.assert_array_equal(part.pixels, radiograph.pixels[10:30, 30:])
    assert (part.name, part.sha256) == (radiograph.name, radiograph.sha256)
    np.testing.assert_array_equal(radiograph.crop(Box(0, 0, 1, 1)).pixels, radiograph.pixels)


@given(
    x=st.floats(-0.5, 0.999),
    y=st.floats(-0.5, 0.999),
    width=st.floats(1e-9, 2),
    height=st.floats(1e-9, 2),
    rows=st.integers(1, 70),
    columns=st.integers(1, 70),
)
def test_a_crop_is_never_empty_and_as_large_as_its_box(x, y, width, height, rows, columns):
    box = Box(x, y, max(x, 0) + width, max(y, 0) + height)
    part = drawn(np.zeros((rows, columns), np.float32)).crop(box)
    inside = box.clipped()
    assert part.pixels.size >= 1
    assert abs(part.width - inside.width * columns) <= 1
    assert abs(part.height - inside.height * rows) <= 1


def test_a_box_beside_the_radiograph_cuts_nothing_out():
    with pytest.raises(ValueError, match="box"):
        drawn(np.zeros((20, 30), np.float32)).crop(Box(1.1, 0, 1.3, 1))


@given(st.integers(0, 255))
def test_eight_bit_greys_come_back_as_they_were(grey):
    radiograph = drawn(np.full((2, 2), grey / 255, np.float32))
    assert (radiograph.to_uint8() == grey).all()


def test_greys_outside_the_range_are_cut_off():
    assert drawn(np.array([[-3, 7]], np.float32)).to_uint8().tolist() == [[0, 255]]


@pytest.mark.parametrize(
    ("max_side", "size"), [(None, (60, 40)), (30, (30, 20)), (600, (60, 40)), (1, (1, 1))]
)
def test_the_png_is_scaled_down_and_never_up(max_side, size):
    png = drawn(ramp(40, 60) / np.float32(255)).to_png(max_side)
    with Image.open(io.BytesIO(png)) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "L", size)


def test_the_png_is_the_picture():
    radiograph = drawn(ramp() / np.float32(255))
    np.testing.assert_array_equal(read_radiograph(radiograph.to_png()).pixels, radiograph.pixels)


def test_a_png_has_a_side():
    with pytest.raises(ValueError, match="at least 1 pixel"):
        drawn(np.zeros((2, 2), np.float32)).to_png(0)


def test_several_threads_read_at_once_and_no_warning_filter_is_left_behind():
    files = [picture_file(limb(200), "JPEG")[:-20], dicom_file(ramp(), WindowWidth=0)] * 20
    filters = list(warnings.filters)
    failed = []

    def work(data: bytes) -> None:
        try:
            read_radiograph(data)
        except UnreadableRadiograph as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(data,)) for data in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert warnings.filters == filters
