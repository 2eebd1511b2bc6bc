"""``fracture-widgets export``: a model as an ONNX file, for other programs."""

from __future__ import annotations

from pathlib import Path

from fracture_widgets.cli.options import App

app = App()


@app.command(short_help="write a model as one ONNX file, for other programs")
def export(*, models: Path | None = None, out: Path) -> int:
    """Write the networks of a models folder as one ONNX file.

    ONNX's own checker has passed it, and body parts, labels and preprocessing are among its
    properties.

    Parameters
    ----------
    out : FILE
        the ONNX file
    """
    from fracture_widgets.models.onnx import export_onnx

    model = export_onnx(models, out)
    answers = ", ".join(output.name for output in model.graph.output)
    print(f"{out}: {out.stat().st_size / 1e6:,.0f} MB, answers {answers}.")
    return 0
