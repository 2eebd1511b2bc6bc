"""``fracture-widgets export``: a model as an ONNX file, for other programs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

__all__ = ["add_parser"]


def add_parser(subparsers: Any) -> None:
    """Register ``export`` with the subparsers of the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "export",
        help="write a model as one ONNX file, for other programs",
        description="Write the networks of a models folder as one ONNX file, which ONNX's own "
        "checker has passed, with body parts, labels and preprocessing among its properties.",
    )
    parser.add_argument(
        "models", type=Path, nargs="?", metavar="MODELS", help="a models folder; what ships else"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the ONNX file")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from fracture_widgets.models.export import export_onnx

    model = export_onnx(arguments.models, arguments.out)
    answers = ", ".join(output.name for output in model.graph.output)
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1e6:,.0f} MB, answers {answers}.")
    return 0
