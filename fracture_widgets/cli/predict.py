"""``fracture-widgets predict``: answers for files and folders."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fracture_widgets.cli.reports import ReportWriter, add_report_options
from fracture_widgets.errors import FractureWidgetsError, UnreadableRadiograph

if TYPE_CHECKING:
    from fracture_widgets.cascade.cascade import Cascade
    from fracture_widgets.cascade.report import Report

__all__ = ["add_parser"]


def add_parser(subparsers: Any) -> None:
    """Register ``predict`` with the subparsers of the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "predict",
        help="name the body part and say fractured or normal",
        description="Answer radiographs of elbow, hand or shoulder. A file that cannot be read "
        "does not stop the rest; the exit code is then 1.",
    )
    parser.add_argument("paths", nargs="+", metavar="PATH", help="radiographs, or folders of them")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.add_argument(
        "--heatmap", metavar="DIR", help="write each radiograph with its heatmap into this folder"
    )
    add_report_options(parser)
    parser.add_argument("--models", metavar="DIR", help="another models folder")
    parser.add_argument(
        "--engine", default="onnx", choices=("onnx", "keras"), help="what runs the network"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from fracture_widgets.cascade.cascade import Cascade

    cascade = Cascade.load(arguments.models, engine=arguments.engine)
    heatmaps = _heatmap_folder(arguments.heatmap)
    reports = ReportWriter.from_arguments(arguments)
    failures = 0
    for path in _files(arguments.paths):
        try:
            report = _examined(cascade, path)
            if heatmaps is not None:
                _write_heatmap(report, heatmaps)
            if reports is not None:
                reports.write(report, path)
        except FractureWidgetsError as error:
            failures += 1
            _say_error(path, error, as_json=arguments.json)
        else:
            print(_as_json(path, report) if arguments.json else _in_words(path, report), flush=True)
    return 1 if failures else 0


def _files(paths: Iterable[str]) -> Iterator[Path]:
    """Yield files as given, and the radiographs of folders in order."""
    from fracture_widgets.screening.listing import radiograph_names

    for path in map(Path, paths):
        if not path.is_dir():
            yield path
            continue
        found = [path / name for name in radiograph_names(path)]
        # A folder with nothing to read fails like a file that is not there.
        yield from found or [path]


def _examined(cascade: Cascade, path: Path) -> Report:
    from fracture_widgets.imaging.radiograph import read_radiograph

    if path.is_dir():
        raise UnreadableRadiograph(
            f"The folder {path.name} holds no radiographs: "
            "give one with PNG, JPEG, TIFF, BMP, WebP or DICOM files."
        )
    return cascade.examine(read_radiograph(path))


def _heatmap_folder(name: str | None) -> Path | None:
    if name is None:
        return None
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FractureWidgetsError(
            f"The folder for heatmaps cannot be made ({error.strerror}): choose another."
        ) from error
    return folder


def _write_heatmap(report: Report, folder: Path) -> None:
    from fracture_widgets.rendering.overlay import overlay

    # Two folders may hold files of one name; the content tells them apart.
    stem = Path(report.radiograph.name).stem
    target = folder / f"{stem}-{report.radiograph.sha256[:8]}-heatmap.png"
    try:
        overlay(report.radiograph, report.heatmap).save(target)
    except OSError as error:
        raise FractureWidgetsError(
            f"The heatmap of {report.radiograph.name} could not be written ({error.strerror}): "
            "make room, or choose another folder."
        ) from error


def _as_json(path: Path, report: Report) -> str:
    return json.dumps(
        {
            "path": str(path),
            "body_part": report.body_part,
            "body_part_probability": round(report.body_part_probability, 6),
            "label": report.label,
            "fracture_probability": round(report.fracture_probability, 6),
            "model": report.model,
        }
    )


def _in_words(path: Path, report: Report) -> str:
    from fracture_widgets.rendering import percent

    return (
        f"{path}: {report.body_part} ({percent(report.body_part_probability)}), "
        f"{report.label} (fracture {percent(report.fracture_probability)})"
    )


def _say_error(path: Path, error: FractureWidgetsError, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"path": str(path), "error": str(error)}), flush=True)
    else:
        print(f"{path}: {error}", file=sys.stderr, flush=True)
