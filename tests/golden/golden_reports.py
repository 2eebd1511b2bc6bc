"""What the program answers to its drawn samples, in every format, as values that can be kept."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
from golden_compare import DATA, thumbnail
from PIL import Image

import fracture_widgets
from fracture_widgets import Cascade, predict, sample_phantoms
from fracture_widgets.cli import main

QUESTIONS = ("Parts", "Elbow", "Hand", "Shoulder")
MAP_SIDE = 8
_FORMATS = "pdf,png,csv,json"


def run(*words: object) -> dict[str, Any]:
    """Run a command; return its exit code and what it printed."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main([str(word) for word in words])
    return {"code": code, "out": out.getvalue(), "err": err.getvalue()}


def lines(told: dict[str, Any], folder: Path, *, as_json: bool = False) -> dict[str, Any]:
    """Return what a command printed by line, without the folder it was about."""
    out, err = (
        [line.replace(f"{folder}/", "") for line in told[name].splitlines()]
        for name in ("out", "err")
    )
    return {"code": told["code"], "out": [json.loads(x) for x in out] if as_json else out,
            "err": err}  # fmt: skip


def write_samples(folder: Path) -> list[Path]:
    """Write the built-in samples as PNG files, and noise that is refused."""
    files = []
    for sample in sample_phantoms():
        files.append(folder / sample.radiograph.name)
        files[-1].write_bytes(sample.radiograph.to_png())
    files.append(folder / "noise.png")
    noise = np.random.default_rng(0).integers(0, 256, (96, 128), np.uint8)
    Image.fromarray(noise).save(files[-1])
    return files


def write_study(folder: Path) -> Path:
    """Write a study of two views of an elbow as MURA lays it out."""
    home = folder / "Elbow" / "patient00001" / "study1_positive"
    home.mkdir(parents=True)
    for number, sample in enumerate(sample_phantoms()[:2], 1):
        (home / f"image{number}.png").write_bytes(sample.radiograph.to_png())
    return folder / "Elbow"


def answers(models: Path | None = None) -> dict[str, Any]:
    """Return what ``Cascade.examine`` says of the samples as they are drawn."""
    cascade = Cascade.load(models)
    return {"model": cascade.sha256, "samples": [_answer(cascade, x) for x in sample_phantoms()]}


def _answer(cascade: Cascade, sample: Any) -> dict[str, Any]:
    report = cascade.examine(sample.radiograph)
    said = report.to_dict()
    assert said["sha256"] == hashlib.sha256(sample.radiograph.to_png()).hexdigest()
    return {
        "label": sample.label,
        "boxes": [[box.x0, box.y0, box.x1, box.y1] for box in sample.boxes],
        "fracture_kind": sample.fracture_kind,
        "pixels": _small(sample.radiograph.pixels),
        "report": said | {"sha256": "", "timings": list(said["timings"])},
        "heads": cascade.probabilities(sample.radiograph),
        "heatmap": _small(report.heatmap),
        "fracture_map": _small(report.fracture_map),
    }


def _small(values: Any) -> dict[str, Any]:
    """Return an array's shape, and its means over a grid of 8 x 8."""
    columns = [np.array_split(row, MAP_SIDE, axis=1) for row in np.array_split(values, MAP_SIDE)]
    grid = [[float(np.mean(cell, dtype=np.float64)) for cell in row] for row in columns]
    return {"shape": list(values.shape), "means": grid}


def commands(folder: Path) -> dict[str, Any]:
    """Return what ``predict`` prints of the samples, of a refused file and of a study."""
    files = write_samples(folder)
    study = write_study(folder)
    return {
        "words": lines(run("predict", *files), folder),
        "json": lines(run("predict", "--json", *files), folder, as_json=True),
        "overridden": lines(
            run("predict", "--json", "--override-gate", files[-1]), folder, as_json=True
        ),
        "study": lines(run("predict", study), folder),
        "study as json": lines(run("predict", "--json", study), folder, as_json=True),
        "questions": {
            file.name: {question: predict(file, question) for question in QUESTIONS}
            for file in files[:-1]
        },
    }


def reports(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the report on each sample: its JSON, its row, the text and the look of its page."""
    files = write_samples(folder)
    told = run("predict", *files, "--report", folder / "saved", "--format", _FORMATS)
    assert told["code"] == 0, told
    more = ("--report", folder / "overridden", "--format", _FORMATS, "--override-gate")
    assert run("predict", files[-1], *more)["code"] == 0
    found = {file.stem: _report(file, folder / "saved") for file in files}
    return found | {"noise, overridden": _report(files[-1], folder / "overridden")}


def _report(file: Path, saved: Path) -> dict[str, Any]:
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    stem = f"{file.stem}-{sha256[:8]}-report"
    said = json.loads((saved / f"{stem}.json").read_text("utf-8"))
    with (saved / f"{stem}.csv").open(encoding="utf-8-sig", newline="") as opened:
        head, row = csv.reader(opened)
    assert said["sha256"] == dict(zip(head, row, strict=True))["sha256"] == sha256
    return {
        "json": {name: _timeless(name, value) for name, value in said.items()},
        "csv": [[name, _timeless(name, cell)] for name, cell in zip(head, row, strict=True)],
        "pdf": [_known(line, sha256) for line in _text_of((saved / f"{stem}.pdf").read_bytes())],
        "png": thumbnail((saved / f"{stem}.png").read_bytes()),
    }


def _timeless(name: str, value: Any) -> Any:
    if name == "timings":
        return list(value)
    if name == "version":
        assert value == fracture_widgets.__version__
    changing = {"version", "made_at", "sha256"}
    return "" if name in changing or name.endswith("_seconds") else value


def _text_of(pdf: bytes) -> list[str]:
    from pypdf import PdfReader

    (page,) = PdfReader(io.BytesIO(pdf)).pages
    return page.extract_text().splitlines()


def _known(line: str, sha256: str) -> str:
    """Return a line without what another file, day or version would put there."""
    line = line.replace(sha256, "SHA256").replace(fracture_widgets.__version__, "VERSION")
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC([+-]\d\d:\d\d)?", "TIME", line)


def structured_reports(folder: Path) -> dict[str, Any]:
    """Return what the DICOM reports of an answered and of a refused radiograph hold.

    Their pixels are the same on every machine, and so is the digest that stands on the page.
    """
    with Image.open(DATA / "radiographs" / "hand-fractured.png") as kept:
        hand = np.asarray(kept.convert("L"))
    hand = hand.repeat(3, axis=0).repeat(3, axis=1)
    noise = np.random.default_rng(0).integers(0, 256, (96, 128), np.uint8)
    return {
        name: _structured_report(pixels, folder / name, name)
        for name, pixels in (("hand", hand), ("noise", noise))
    }


def _structured_report(pixels: Any, folder: Path, name: str) -> dict[str, Any]:
    from pydicom import dcmread

    folder.mkdir()
    file = folder / f"{name}.dcm"
    _write_dicom(file, pixels)
    told = run("predict", file, "--report", folder / "saved", "--format", "dicom")
    assert told["code"] == 0, told
    capture, document = (
        dcmread(next((folder / "saved").glob(f"*-{kind}.dcm")))
        for kind in ("secondary-capture", "structured-report")
    )
    page = io.BytesIO()
    Image.fromarray(capture.pixel_array).save(page, "PNG")
    return {
        "printed": lines(told, folder)["out"],
        "page": thumbnail(page.getvalue()),
        "capture": _header(capture),
        "document": {**_header(document), "content": list(_items(document))},
    }


def _header(dataset: Any) -> dict[str, str]:
    """Return the elements of a header but for identifiers, dates, pixels and the content."""
    return {
        element.keyword: str(element.value).replace(fracture_widgets.__version__, "VERSION")
        for element in dataset
        if element.keyword
        and element.VR not in {"UI", "DA", "TM", "DT", "SQ", "OB", "OW", "OB or OW"}
    } | {"SOPClassUID": str(dataset.SOPClassUID)}


def _items(item: Any) -> Iterator[list[Any]]:
    """Yield the tree of a document: how an item belongs, its kind, its name, its value, and so on.

    Identifiers and dates are left out.
    """
    for below in item.get("ContentSequence", ()):
        name = below.ConceptNameCodeSequence[0] if "ConceptNameCodeSequence" in below else None
        yield [
            below.RelationshipType,
            below.ValueType,
            "" if name is None else f"{name.CodeMeaning} ({name.CodeValue})",
            _value(below),
            list(_items(below)),
        ]


def _value(item: Any) -> Any:
    if item.ValueType == "NUM":
        (measured,) = item.MeasuredValueSequence
        (unit,) = measured.MeasurementUnitsCodeSequence
        return [float(measured.NumericValue), unit.CodeValue]
    if item.ValueType == "CODE":
        (code,) = item.ConceptCodeSequence
        return f"{code.CodeMeaning} ({code.CodingSchemeDesignator} {code.CodeValue})"
    if item.ValueType == "TEXT":
        return item.TextValue.replace(fracture_widgets.__version__, "VERSION")
    return ""


def _write_dicom(path: Path, stored: Any) -> None:
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = "1.2.3.4.5.6"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.4", "1.2.3.4.5"
    dataset.PatientName, dataset.PatientID = "Doe^Jane", "4711"
    dataset.Modality, dataset.PhotometricInterpretation = "DX", "MONOCHROME2"
    dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 0
    dataset.Rows, dataset.Columns = stored.shape
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    dataset.PixelData = stored.tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.save_as(path, enforce_file_format=True)
