import json

import numpy as np
import pytest

from fracture_widgets.base.progress import Monitor
from fracture_widgets.datasets.fracatlas import FracAtlas
from fracture_widgets.errors import DatasetError


@pytest.fixture(params=["folder", "folder above", "zip", "folder with the zip", "reduced"])
def any_copy(request, mini, tmp_path, as_folder, as_zip):
    match request.param:
        case "folder":
            as_folder(tmp_path, mini.published())
            return tmp_path / "FracAtlas"
        case "folder above":
            return as_folder(tmp_path, mini.published())
        case "zip":
            return as_zip(tmp_path / "my copy.zip", mini.published())
        case "folder with the zip":
            as_zip(tmp_path / "FracAtlas.zip", mini.published())
            return tmp_path
        case _:
            return as_folder(tmp_path, mini.reduced())


def test_a_copy_opens_in_every_shape_it_comes_in(any_copy, mini):
    with FracAtlas.open(any_copy) as atlas:
        assert list(atlas.image_ids) == mini.image_ids
        assert all(atlas.read_image(i) == mini.images[i] for i in mini.image_ids)
        assert list(atlas.table["image_id"]) == mini.image_ids
        held = sorted(atlas.outlines.itertuples(index=False, name=None))
        for mine, theirs in zip(sorted(mini.outlines), held, strict=True):
            assert mine[0] == theirs[0]
            assert np.allclose(mine[1:], theirs[1:], atol=1e-9)
        assert atlas.check_images() == ()


def test_polygons_are_read_in_both_layouts_and_a_box_stands_in_for_none(mini, tmp_path, as_folder):
    drawn, boxed = (outline[0] for outline in mini.outlines[:2])
    corners = np.array([[0.25, 0.2], [0.5, 0.2], [0.4, 0.6]])
    reduced = mini.reduced()
    reduced["fractures.csv"] = (
        "image_id,x0,y0,x1,y1,polygon\n"
        f'{drawn},0.25,0.2,0.5,0.6,"{corners.ravel().tolist()}"\n'
        f'{boxed},0.1,0.2,0.3,0.4,"[]"\n'
    ).encode()
    published, coco = mini.published(), mini.coco
    size = np.array([coco["images"][0]["width"], coco["images"][0]["height"]])
    number = {image["file_name"]: image["id"] for image in coco["images"]}
    coco["annotations"] = [
        {
            "image_id": number[drawn],
            "bbox": [*(size * [0.25, 0.2]), *(size * [0.25, 0.4])],
            "segmentation": [[1.0, 2.0], (corners * size).ravel().tolist()],
        },
        {"image_id": number[boxed], "bbox": [*(size * [0.1, 0.2]), *(size * [0.2, 0.2])]},
    ]
    published["FracAtlas/Annotations/COCO JSON/COCO_fracture_masks.json"] = json.dumps(
        coco
    ).encode()
    for name, files in (("reduced", reduced), ("published", published)):
        with FracAtlas.open(as_folder(tmp_path / name, files)) as atlas:
            (polygon,) = atlas.polygons_of(drawn)
            np.testing.assert_allclose(polygon, corners)
            (box,) = atlas.polygons_of(boxed)
            np.testing.assert_allclose(box, [[0.1, 0.2], [0.3, 0.2], [0.3, 0.4], [0.1, 0.4]])
            assert atlas.polygons_of("IMG0009999.jpg") == ()
            assert list(atlas.outlines) == ["image_id", "x0", "y0", "x1", "y1"]


def test_a_small_copy_says_how_it_differs_from_the_published_counts(published_zip, mini):
    with FracAtlas.open(published_zip) as atlas:
        fractured = mini.table["fractured"].sum()
        assert atlas.layout == "published"
        assert atlas.deviations == (
            f"{len(mini.image_ids)} radiographs are here; the paper counts 4,083.",
            f"{fractured} fractured radiographs are here; the paper counts 717.",
            f"{len(mini.outlines)} fracture outlines are here; the paper counts 922.",
        )


def _deviation(atlas, about):
    found = [sentence for sentence in atlas.deviations if about in sentence]
    assert len(found) == 1, atlas.deviations
    return found[0]


def test_each_deviation_is_named_with_its_radiographs(mini, tmp_path, as_folder):
    files = mini.published()
    fractured = next(i for i in mini.image_ids if mini.table.set_index("image_id").fractured[i])
    normal = [i for i in mini.image_ids if not mini.table.set_index("image_id").fractured[i]]
    # One in both folders (as in a later version of the record), one in the wrong one, one gone,
    # one nobody listed.
    files[f"FracAtlas/images/Non_fractured/{fractured}"] = b"another picture"
    files[f"FracAtlas/images/Fractured/{normal[0]}"] = files.pop(
        f"FracAtlas/images/Non_fractured/{normal[0]}"
    )
    del files[f"FracAtlas/images/Non_fractured/{normal[1]}"]
    files["FracAtlas/images/Non_fractured/IMG0009999.jpg"] = b""
    with FracAtlas.open(as_folder(tmp_path, files)) as atlas:
        assert fractured in _deviation(atlas, "stands in two image folders")
        assert atlas.read_image(fractured) == mini.images[fractured]
        assert normal[0] in _deviation(atlas, "folder of the other label")
        assert normal[1] in _deviation(atlas, "not present")
        assert normal[1] not in atlas.image_ids
        assert "IMG0009999.jpg" in _deviation(atlas, "not listed")


def test_outlines_that_contradict_the_table_are_named(mini, tmp_path, as_folder):
    files = mini.reduced()
    unlisted = mini.image_ids[0]
    files["fractures.csv"] = (
        f"image_id,x0,y0,x1,y1\n{unlisted},0.1,0.1,1.2,0.3\n{unlisted},0.5,0.5,0.5,0.6\n".encode()
    )
    with FracAtlas.open(as_folder(tmp_path, files)) as atlas:
        assert unlisted in _deviation(atlas, "Outlined but not marked fractured")
        assert unlisted in _deviation(atlas, "reach beyond the radiograph")
        assert unlisted in _deviation(atlas, "without area")
        assert len(atlas.outlines_of(unlisted)) == 1
        assert "more" in _deviation(atlas, "without an outline") or mini.outlines[0][
            0
        ] in _deviation(atlas, "without an outline")


def test_missing_outlines_are_a_deviation_and_leave_the_copy_usable(mini, tmp_path, as_folder):
    files = {name: c for name, c in mini.published().items() if not name.endswith(".json")}
    with FracAtlas.open(as_folder(tmp_path, files)) as atlas:
        assert "no fracture box" in _deviation(atlas, "are missing")
        assert atlas.outlines.empty
        assert atlas.outlines_of(mini.image_ids[0]) == ()


def test_decoding_names_what_is_no_picture_or_turned(mini, tmp_path, as_folder):
    files = mini.published()
    outlined = mini.outlines[0][0]
    coco = mini.coco
    for image in coco["images"]:
        if image["file_name"] == outlined:
            image["width"], image["height"] = image["height"], image["width"]
    files["FracAtlas/Annotations/COCO JSON/COCO_fracture_masks.json"] = json.dumps(coco).encode()
    normal = next(name for name in files if "Non_fractured" in name)
    files[normal] = b"no picture at all"
    with FracAtlas.open(as_folder(tmp_path, files)) as atlas:
        seen = []
        problems = atlas.check_images(
            monitor=Monitor(lambda done, total, _: seen.append((done, total)))
        )
        assert len(problems) == 2
        assert any(outlined in p and "turned" in p for p in problems)
        assert any(normal.rpartition("/")[2] in p for p in problems)
        assert seen[-1] == (len(mini.image_ids), len(mini.image_ids))


def test_a_damaged_member_of_the_archive_is_named(published_zip, mini):
    content = bytearray(published_zip.read_bytes())
    victim = mini.image_ids[0]
    at = content.find(mini.images[victim][200:260])
    content[at] ^= 0xFF
    published_zip.write_bytes(content)
    with FracAtlas.open(published_zip) as atlas:
        with pytest.raises(DatasetError, match=f"{victim} is damaged inside FracAtlas.zip"):
            atlas.read_image(victim)
        assert len(atlas.check_images()) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.pop("dataset.csv"), "is not FracAtlas, it has no dataset.csv"),
        (lambda f: f.update({"dataset.csv": b""}), "dataset.csv is not FracAtlas's"),
        (lambda f: f.update({"dataset.csv": b"a,b\n1,2\n"}), "dataset.csv is not FracAtlas's"),
        (lambda f: f.update({"dataset.csv": b"\xff\xfe\0"}), "dataset.csv is not FracAtlas's"),
        (
            lambda f: f.update({"fractures.csv": b"image_id\nx\n"}),
            "outlines of copy cannot be read",
        ),
        (
            lambda f: [f.pop(name) for name in list(f) if name.startswith("images/")],
            "holds none of them",
        ),
    ],
)
def test_a_copy_that_cannot_be_used_is_one_sentence(change, message, mini, tmp_path, as_folder):
    files = mini.reduced()
    change(files)
    with pytest.raises(DatasetError, match=message):
        FracAtlas.open(as_folder(tmp_path / "copy", files))


def test_what_is_no_copy_at_all_is_one_sentence(tmp_path, published_zip):
    with pytest.raises(DatasetError, match="There is no nowhere"):
        FracAtlas.open(tmp_path / "nowhere")
    (tmp_path / "text.zip").write_text("not a zip")
    with pytest.raises(DatasetError, match=r"text\.zip is not a zip archive"):
        FracAtlas.open(tmp_path / "text.zip")
    cut = published_zip.read_bytes()
    published_zip.write_bytes(cut[: len(cut) // 2])
    with pytest.raises(DatasetError, match="or is cut short"):
        FracAtlas.open(published_zip)


def test_an_id_the_copy_does_not_hold_is_refused(reduced_folder):
    with (
        FracAtlas.open(reduced_folder) as atlas,
        pytest.raises(DatasetError, match=r"no radiograph IMG7777777\.jpg"),
    ):
        atlas.read_image("IMG7777777.jpg")
