"""What a visitor brought is on the disk, whole, bounded and their own, and comes back as it was."""

from __future__ import annotations

import os
from dataclasses import fields

import numpy as np
import pytest
from full_disk import no_file_longer_than
from history_reports import make_report
from known_reports import known_report, limb_report, refused_report
from picture_files import dicom_dataset, limb, saved

from fracture_widgets.errors import VisitError
from fracture_widgets.imaging.radiograph import Radiograph, compact, read_radiograph
from fracture_widgets.models.report import Peers
from fracture_widgets.records.visit import LOOK, READING, Answered, VisitStore

PLENTY = 100 << 20


@pytest.fixture
def store(tmp_path):
    return VisitStore(tmp_path / "visit", PLENTY)


@pytest.fixture
def again(store):
    """The same visit, seen by another program."""
    return VisitStore(store.folder, PLENTY)


def with_two_windows(**more):
    pixels = (np.arange(24 * 32, dtype=np.uint16) * 80).reshape(24, 32)
    dataset = dicom_dataset(pixels, WindowCenter=[9000, 30000], WindowWidth=[4000, 60000], **more)
    return compact(read_radiograph(saved(dataset), name="hand.dcm"))


@pytest.mark.parametrize("small", [True, False])
def test_a_radiograph_comes_back_as_it_was(store, again, small):
    radiograph = make_report(warnings=("A note.",)).radiograph
    if not small:
        rough = np.random.default_rng(1).random((9, 7), dtype=np.float32)
        radiograph = Radiograph(rough, "hand.png", "a" * 64, "PNG", (0.1, 0.2))
    store.add(compact(radiograph), 3)
    place, back = again.radiograph("a" * 64)
    assert place == 3
    assert np.array_equal(back.pixels, radiograph.pixels)
    for each in fields(Radiograph):
        if each.name != "pixels":
            assert getattr(back, each.name) == getattr(radiograph, each.name), each.name


def test_another_window_of_a_dicom_file_can_be_chosen_when_it_is_back(store, again):
    first = with_two_windows()
    store.add(first, 1)
    _, back = again.radiograph(first.sha256)
    assert back.windows == first.windows
    assert first.scale is not None
    assert back.scale == first.scale
    wanted, other = first.shown_as(window=1), back.shown_as(window=1)
    assert (other.sha256, other.name) == (wanted.sha256, wanted.name)
    assert np.array_equal(other.pixels, wanted.pixels)


def test_a_file_goes_with_the_last_of_its_pictures(store):
    first = with_two_windows()
    other = compact(first.shown_as(window=1))
    store.add(first, 1)
    store.add(other, 2)
    store.remove(first.sha256)
    assert store.radiograph(other.sha256)[1].shown_as(window=0).sha256 == first.sha256
    unfinished = store.folder / f".{other.sha256}.picture.npz.0123-1-part"  # somebody was killed
    unfinished.touch()
    os.utime(unfinished, (0, 0))
    store.remove(other.sha256)
    assert list(store.folder.iterdir()) == []


def test_views_of_a_study_stay_together_and_tell_nothing_of_it(store, again):
    one, two = (
        compact(read_radiograph(saved(dicom_dataset(limb(seed=n), StudyInstanceUID=u)), name="x"))
        for n, u in ((1, "1.2.3"), (2, "1.2.3"))
    )
    store.add(one, 1)
    store.add(two, 2)
    studies = {again.radiograph(each.sha256)[1].study for each in (one, two)}
    assert len(studies) == 1
    assert studies != {one.study}
    everything = b"".join(path.read_bytes() for path in store.folder.iterdir())
    assert one.study.encode() not in everything
    # Within the process that read them they are what they were, also for further views.
    assert store.radiograph(one.sha256)[1].study == two.study


@pytest.mark.parametrize(
    "report",
    [
        known_report(peers=Peers(0.6, 1.0, 40, 31, 0.4), notes=("Turned.",)),
        limb_report(),
        refused_report(),
        refused_report(overridden=True),
        make_report(),
    ],
    ids=["known", "limb", "refused", "overridden", "numpy"],
)
def test_an_answer_comes_back_to_the_last_digit(store, again, report):
    store.add(report.radiograph, 1)
    store.answer(report.radiograph.sha256, Answered(report))
    back = again.answered(report.radiograph).report
    assert back.answer == report.answer
    assert back.to_dict() == report.to_dict()
    assert np.array_equal(back.heatmap, report.heatmap)
    assert np.array_equal(back.fracture_map, report.fracture_map)
    assert back.override().to_dict() == report.override().to_dict()


def test_why_there_is_no_answer_comes_back_too(store, again):
    report = make_report()
    store.add(report.radiograph, 1)
    store.answer(report.radiograph.sha256, Answered(problem="It cannot be examined."))
    assert again.answered(report.radiograph).problem == "It cannot be examined."


def test_looks_and_choices_come_back(store, again):
    look = {"window": {"width": 0.5, "level": 0.25}, "rulers": []}
    assert again.settings() == {}
    store.note("a" * 64, LOOK, look)
    store.note("a" * 64, READING, {"remark": "x"})
    store.set({"point": "balanced"})
    assert again.noted("a" * 64, LOOK) == look
    assert again.noted("a" * 64, READING) == {"remark": "x"}
    assert again.settings() == {"point": "balanced"}


def test_another_page_sees_what_was_written(store, again):
    report = make_report()
    before = store.state()
    written = store.add(report.radiograph, 1)
    assert again.state() != before
    assert again.versions()["a" * 64].picture == written
    answered = store.answer("a" * 64, Answered(report))
    assert again.versions()["a" * 64] == (written, answered, None, None)
    assert store.answer("a" * 64, Answered(report)) != answered
    store.remove("a" * 64)
    assert again.versions() == {}
    again.remove("a" * 64)


def test_an_answer_that_comes_too_late_brings_nothing_back(store):
    store.answer("a" * 64, Answered(make_report()))
    assert store.versions() == {}


def test_so_much_of_a_visit_is_kept(store):
    small = VisitStore(store.folder, 20_000)
    pixels = np.random.default_rng(1).random((50, 60), dtype=np.float32)
    small.add(Radiograph(pixels, "one.png", "a" * 64, "PNG"), 1)
    with pytest.raises(VisitError, match=r"nothing of this visit is kept \(of one visit"):
        small.add(Radiograph(pixels, "two.png", "b" * 64, "PNG"), 2)
    assert list(small.versions()) == ["a" * 64]


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such limit")
def test_a_full_disk_is_one_sentence_and_what_was_kept_stays(store):
    pixels = np.random.default_rng(1).random((50, 60), dtype=np.float32)
    store.add(Radiograph(pixels, "one.png", "a" * 64, "PNG"), 1)
    with (
        no_file_longer_than(4096),
        pytest.raises(VisitError, match=r"From here on nothing of this visit is kept \(File too"),
    ):
        store.add(Radiograph(pixels, "two.png", "b" * 64, "PNG"), 2)
    assert list(store.versions()) == ["a" * 64]
    assert len(list(store.folder.iterdir())) == 2


@pytest.mark.parametrize("name", ["picture.npz", "about.json", "answer.npz"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"[1]", b'{"place": "x"}'])
def test_a_damaged_file_is_a_sentence(store, name, content):
    report = make_report()
    store.add(report.radiograph, 1)
    store.answer("a" * 64, Answered(report))
    (store.folder / f"{'a' * 64}.{name}").write_bytes(content)
    with pytest.raises(VisitError, match="cannot be read and is left out"):
        store.answered(store.radiograph("a" * 64)[1])


def test_a_name_from_elsewhere_is_no_path(store):
    with pytest.raises(ValueError, match="No radiograph has this digest"):
        store.note("../../x", LOOK, {})


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps no such modes")
def test_it_is_its_owner_s_alone(store):
    before = os.umask(0o022)
    try:
        store.add(with_two_windows(), 1)
        store.set({})
    finally:
        os.umask(before)
    assert store.folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in store.folder.iterdir()} == {0o600}
