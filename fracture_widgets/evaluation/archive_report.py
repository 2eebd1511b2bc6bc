"""An archive's evaluation as one HTML page that needs nothing beside it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from fracture_widgets.base import __version__
from fracture_widgets.base.files import write_whole
from fracture_widgets.base.language import NOTICE, percent
from fracture_widgets.evaluation.evaluate import Evaluation
from fracture_widgets.evaluation.learned import MARK, NOT_SAID
from fracture_widgets.evaluation.scores import Scores
from fracture_widgets.evaluation.shift_table import VERDICTS, ShiftResults
from fracture_widgets.evaluation.shifts import SHIFTS
from fracture_widgets.imaging.radiograph import read_radiograph
from fracture_widgets.parts import FRACTURED

PAGE, NUMBERS = "report.html", "report.json"

_WORST = 6
_SIDE = 240
_MEASURED = ("n", "patients", "fractured", "accuracy", "always normal", "AUROC", "sensitivity",
             "specificity")  # fmt: skip
_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #22272e; max-width: 80rem; margin: 2rem auto;
  padding: 0 1rem; }
h2 { margin-top: 2.2rem; } .quiet { color: #59636e; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .9rem .25rem 0; border-bottom: 1px solid #d5dae0;
  white-space: nowrap; }
.row { display: flex; flex-wrap: wrap; gap: 1rem; } figure { margin: 0; width: 240px; }
figure img { display: block; max-width: 240px; background: #000; }
figcaption { font-size: 13px; overflow-wrap: anywhere; }
"""


def write_archive_report(folder: Path, evaluation: Evaluation, *, title: str) -> Path:
    """Write an evaluation as a page, and its numbers as JSON, into a folder; return the page."""
    numbers = json.dumps(evaluation.to_dict(), indent=2) + "\n"
    write_whole(folder / NUMBERS, numbers.encode())
    return write_whole(folder / PAGE, archive_page(evaluation, title=title).encode())


def archive_page(evaluation: Evaluation, *, title: str) -> str:
    """Return the page; what comes from files and folders is escaped in it.

    It names no patient: of a file it has the base name and the pixels.
    """
    name = escape(title)
    scores, learned = evaluation.fracture, evaluation.learned
    marked = f", {MARK}" if learned is not None and learned.n and learned.all else ""
    sections = [
        f"<h1>{name}</h1>",
        _paragraph(
            f"{scores.n:,} radiographs of {scores.groups:,} patients, answered by the model "
            f"{evaluation.model[:12]} of Fracture Widgets {__version__}. {NOTICE} In brackets: "
            "95 percent intervals, whole patients drawn with replacement."
        ),
        f"<p>{escape(NOT_SAID if learned is None else str(learned))}</p>",
        f"<h2>Fracture{marked}</h2>",
        _fracture_table(evaluation),
        _paragraph("Always answering normal is what accuracy is to be compared with."),
        f"<h2>Body part{marked}</h2>",
        _body_part_table(evaluation.body_part),
    ]
    if evaluation.on_all is not None:
        sections += [f"<h2>Fracture, some {MARK}</h2>", _fracture_table(evaluation.on_all)]
    if evaluation.shifts is not None:
        sections += list(_shifts(evaluation.shifts))
    sections += list(_worst(evaluation.counted))
    if evaluation.unreadable:
        reasons = "".join(f"<li>{escape(why)}</li>" for _, why in evaluation.unreadable)
        sections += ["<h2>Files that could not be read</h2>", f"<ul>{reasons}</ul>"]
    head = f'<meta charset="utf-8"><title>{name}</title><style>{_STYLE}</style>'
    body = "\n".join(sections)
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n'


def _paragraph(text: str) -> str:
    return f'<p class="quiet">{escape(text)}</p>'


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    titles = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    lines = (
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{titles}</tr>\n" + "\n".join(lines) + "</table>"


def _fracture_table(evaluation: Evaluation) -> str:
    named = {"all parts": evaluation.fracture, **evaluation.by_part}
    rows = []
    for name, scores in named.items():
        numbers = scores.estimates
        rows.append(
            (
                name,
                f"{scores.n:,}",
                f"{scores.groups:,}",
                f"{int(scores.true.sum()):,}",
                numbers["accuracy"],
                f"{scores.baseline:.3f}",
                *(numbers[each] for each in ("auroc", "sensitivity", "specificity")),
            )
        )
    return _table(("", *_MEASURED), rows)


def _body_part_table(scores: Scores) -> str:
    rows: list[tuple[object, ...]] = list(scores.estimates.items())
    rows.insert(1, (f"always {scores.baseline_answer}", f"{scores.baseline:.3f}"))
    called = [f"called {label}" for label in scores.labels]
    counts = zip(scores.labels, scores.confusion.tolist(), strict=True)
    confusion = _table(("", *called), ((label, *row) for label, row in counts))
    return f"{_table(('', ''), rows)}\n<br>{confusion}"


def _shifts(results: ShiftResults) -> Iterator[str]:
    changed = len(results.rows) > 1
    yield "<h2>Verdicts" + (", and in other archives" if changed else "") + "</h2>"
    head = ("", "strength", "body part", "AUROC", "AUROC lost", *map(str, VERDICTS))
    rows = []
    for row in results.rows:
        shares = (f"{row.verdicts[verdict]:.1%}" for verdict in VERDICTS)
        kind = SHIFTS[row.kind].title if row.kind in SHIFTS else row.kind
        rows.append((kind, row.strength or "", row.body_part, row.auroc, row.lost, *shares))
    yield _table(head, rows)
    if results.knows_unlike:
        named, *worth = results.worth_rows()
        yield _table(named, worth)
        yield _paragraph(
            "Of radiographs that are answered, as they are or changed: how many of the fractured "
            "are called none seen, how many of the normal a fracture, how many of all are in "
            "doubt, and the AUROC, by whether the networks find them like what they learned from."
        )
    if changed:
        yield _paragraph(
            "Each radiograph was changed as another archive would have it, by drawing: washed out, "
            "framed, turned. Strength 1 is just visible, 5 still readable. The mean of those never "
            "trained on leaves out what trainings draw themselves."
        )


def _worst(predictions: pd.DataFrame) -> Iterator[str]:
    broken = predictions["label"] == FRACTURED
    wrong = predictions["predicted_body_part"] != predictions["body_part"]
    score = "fracture_probability"
    listed = {
        "Fractures given least": predictions[broken].nsmallest(_WORST, score),
        "Normal ones given most": predictions[~broken].nlargest(_WORST, score),
        "Body parts mistaken most surely": predictions[wrong].nlargest(
            _WORST, "body_part_probability"
        ),
    }
    for title, rows in listed.items():
        if len(rows):
            figures = "\n".join(_figure(row) for _, row in rows.iterrows())
            yield f'<h2>{title}</h2>\n<div class="row">\n{figures}\n</div>'
    yield _paragraph("What is written into the pixels of a radiograph is seen here, too.")


def _figure(row: pd.Series[Any]) -> str:
    path = Path(str(row["image_path"]))
    radiograph = read_radiograph(path)
    picture = base64.b64encode(radiograph.to_png(max_side=_SIDE)).decode()
    caption = (
        f"{radiograph.name}: {row['body_part']}, {row['label']}; answered "
        f"{row['predicted_body_part']}, {percent(row['fracture_probability'])}"
    )
    return (
        f'<figure><img alt="" src="data:image/png;base64,{picture}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )
