"""A miniature FracAtlas, drawn, in the layouts and with the flaws of the published one."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fracture_widgets.datasets.joints import joint_table

COLUMNS = (
    *("hand", "leg", "hip", "shoulder", "mixed", "hardware", "multiscan"),
    *("fractured", "fracture_count", "frontal", "lateral", "oblique"),
)
TURNED = "IMG0000439.jpg"
LEG = "IMG0000000.jpg"
SIZE = (200, 150)
EXIF_ORIENTATION = 0x0112


class MiniAtlas:
    """Radiographs under published names: a study with both labels, one unclear joint ..."""

    def __init__(self) -> None:
        joints = joint_table()
        alone = joints.groupby("image_id")["joint_index"].transform("size") == 1
        hands = joints[(joints.body_part == "hand") & (joints.label != "unclear") & alone]
        both = hands.groupby("study").label.nunique()
        self.mixed_study = min(both.index[both == 2])
        mixed = hands[hands.study == self.mixed_study]
        ids = {
            *mixed.drop_duplicates("label").image_id,
            joints.image_id[joints.label == "unclear"].iloc[0],
            joints.image_id[
                (joints.body_part == "shoulder") & (joints.label == "fractured") & alone
            ].iloc[0],
            *joints.image_id[(joints.split == "test")].drop_duplicates().iloc[:2],
            TURNED,
        }
        self.joints = joints[joints.image_id.isin(ids)].reset_index(drop=True)
        self.image_ids = sorted({*ids, LEG})
        others = {TURNED, LEG}
        self.cut_short = next(
            i for i in self.image_ids if i not in others and not self._is_fractured(i)
        )
        self.images = {image_id: self._draw(image_id) for image_id in self.image_ids}

    def _is_fractured(self, image_id: str) -> bool:
        labels = self.joints.label[self.joints.image_id == image_id]
        return bool(labels.isin(["fractured", "unclear"]).any())

    def _draw(self, image_id: str) -> bytes:
        width, height = SIZE
        rng = np.random.default_rng(int(image_id[3:10]))
        rows, columns = np.mgrid[:height, :width]
        grey = 90 + 60 * np.sin(columns / 9) + rows / 3 + rng.normal(0, 6, (height, width))
        picture = Image.fromarray(grey.clip(0, 255).astype(np.uint8))
        file = io.BytesIO()
        if image_id == TURNED:
            exif = Image.Exif()
            exif[EXIF_ORIENTATION] = 8
            picture.transpose(Image.Transpose.ROTATE_270).save(file, "JPEG", exif=exif)
        else:
            picture.save(file, "JPEG", quality=90)
        content = file.getvalue()
        return content[:-24] if image_id == self.cut_short else content

    @property
    def outlines(self) -> list[tuple[str, float, float, float, float]]:
        """One in the middle of every fractured joint, one over the edge of an unclear one."""
        found = []
        for joint in self.joints.itertuples():
            w, h = joint.x1 - joint.x0, joint.y1 - joint.y0
            x, y = joint.x0 + 0.4 * w, joint.y0 + 0.4 * h
            if joint.label == "unclear":
                x = joint.x0 - 0.12 * w
            if joint.label != "normal":
                found.append((joint.image_id, x, y, x + 0.2 * w, y + 0.2 * h))
        return found

    @property
    def table(self) -> pd.DataFrame:
        rows = []
        for image_id in self.image_ids:
            count = sum(outline[0] == image_id for outline in self.outlines)
            row = dict.fromkeys(COLUMNS, 0) | {"hand": 1, "fracture_count": count}
            rows.append({"image_id": image_id, **row, "fractured": int(count > 0)})
        return pd.DataFrame(rows)

    @property
    def coco(self) -> dict[str, list[dict[str, object]]]:
        width, height = SIZE
        fractured = [i for i in self.image_ids if self._is_fractured(i)]
        return {
            "images": [
                {"id": n, "file_name": i, "width": width, "height": height}
                for n, i in enumerate(fractured)
            ],
            "annotations": [
                {
                    "image_id": fractured.index(i),
                    "bbox": [x0 * width, y0 * height, (x1 - x0) * width, (y1 - y0) * height],
                }
                for i, x0, y0, x1, y1 in self.outlines
            ],
        }

    def published(self) -> dict[str, bytes]:
        """Return the files of the published archive by name."""
        files = {
            "FracAtlas/dataset.csv": self.table.to_csv(index=False).encode(),
            "FracAtlas/Annotations/COCO JSON/COCO_fracture_masks.json": json.dumps(
                self.coco
            ).encode(),
            "FracAtlas/Utilities/Fracture Split/train.csv": b"image_id\n",
            "__MACOSX/FracAtlas/._dataset.csv": b"\0\5\x16\7",
        }
        for image_id, content in self.images.items():
            folder = "Fractured" if self._is_fractured(image_id) else "Non_fractured"
            files[f"FracAtlas/images/{folder}/{image_id}"] = content
        return files

    def reduced(self) -> dict[str, bytes]:
        """Return the files of the reduced layout by name."""
        outlines = pd.DataFrame(self.outlines, columns=["image_id", "x0", "y0", "x1", "y1"])
        return {
            "dataset.csv": self.table.assign(study="study00001", split="train")
            .to_csv(index=False)
            .encode(),
            "fractures.csv": outlines.assign(polygon="[]").to_csv(index=False).encode(),
            **{f"images/{image_id}": content for image_id, content in self.images.items()},
        }


def write_folder(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.fixture(scope="session")
def mini() -> MiniAtlas:
    return MiniAtlas()


@pytest.fixture
def reduced_folder(mini: MiniAtlas, tmp_path: Path) -> Path:
    return write_folder(tmp_path / "reduced", mini.reduced())


@pytest.fixture
def published_folder(mini: MiniAtlas, tmp_path: Path) -> Path:
    return write_folder(tmp_path / "published", mini.published())


@pytest.fixture
def published_zip(mini: MiniAtlas, tmp_path: Path) -> Path:
    return write_zip(tmp_path / "FracAtlas.zip", mini.published())


@pytest.fixture(scope="session")
def as_folder():
    return write_folder


@pytest.fixture(scope="session")
def as_zip():
    return write_zip
