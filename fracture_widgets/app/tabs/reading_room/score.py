"""The end of a session: how well you read, the network beside you, and a file for the class."""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape
from typing import Any

import ipywidgets as widgets

from fracture_widgets.app.tabs.reading_room.desk import ReadingDesk, Stage
from fracture_widgets.app.widgets.controls import DownloadButton, Figures, csv_download
from fracture_widgets.app.widgets.live import named
from fracture_widgets.app.widgets.table import Record, RecordTable
from fracture_widgets.base.words import percent
from fracture_widgets.evaluation.metrics import Estimate
from fracture_widgets.models.verdict_words import verdict_words
from fracture_widgets.parts import FRACTURED, Verdict
from fracture_widgets.reading_room.class_table import readings_csv
from fracture_widgets.reading_room.scoring import Performance, SessionScore
from fracture_widgets.reading_room.session import READERS_WORDS, Reading, ReadingSession
from fracture_widgets.records.formats import ReportFile

_MISSED, _OTHERS = "The cases that you missed", "The other cases"


class ScorePanel(widgets.VBox):
    """Shows the score of a finished session."""

    def __init__(self, desk: ReadingDesk) -> None:
        self._desk = desk
        self.card, self.measures = widgets.HTML(), widgets.HTML()
        self.missed, self.others = (
            RecordTable(
                lambda _, number: desk.look_again(number),
                caption=caption,
                columns=("Case", "Truth", "You", "The network", "Your mark", "Time"),
                empty=empty,
                question="",
            )
            for caption, empty in ((_MISSED, "You missed none."), (_OTHERS, "There are none."))
        )
        self.figures = Figures()
        self.export = DownloadButton(self._file, label="Export for the class (CSV)")
        self.again = named(widgets.Button(description="Read again"), "fw-secondary")
        self.again.on_click(lambda _: desk.leave())
        buttons = named(widgets.HBox([self.export, self.again]), "fw-score-buttons")
        both = named(widgets.Box([self.measures, self.figures]), "fw-score-columns")
        super().__init__(
            [
                self.card,
                _headed(self.missed, _MISSED),
                buttons,
                both,
                _headed(self.others, _OTHERS),
            ]
        )
        for table in (self.missed, self.others):
            table.list_records([])  # a page that has no rows yet waits for all of them
        desk.observe(self._draw, ["stage", "turn"])

    def _draw(self, _: object = None) -> None:
        session, score = self._desk.session, self._desk.score
        if self._desk.stage is not Stage.SCORED or session is None:
            self.card.value = self.measures.value = ""
            self.figures.draw([])
            return
        self.card.value = _card(session, score)
        self.measures.value = _measures(score)
        for table, missed in ((self.missed, True), (self.others, False)):
            table.list_records(
                [_case(*case) for case in session.done if _missed(case[1]) is missed]
            )
        self.export.disabled = score is None
        roc = self._desk.roc
        self.figures.draw([(_alt(score), roc)] if roc and score is not None else [])

    def _file(self) -> ReportFile | None:
        session = self._desk.session
        if session is None:
            return None
        name = f"readings-{session.started_at[:10]}-{session.id[:6]}.csv"
        return csv_download(name, readings_csv(session))


def _card(session: ReadingSession, score: SessionScore | None) -> str:
    """Return the numbers as HTML; every text in it is escaped."""
    title = escape(f"{session.plan.title} · class code {session.plan.code}")
    if score is None:
        nothing = "<p>No case could be read, so there is nothing to score.</p>"
        return f'<section class="fw-card"><h2>{title}</h2>{nothing}</section>'
    patients = "patient" if score.patients == 1 else "patients"
    counted = f"{score.n:,} radiographs of {score.patients:,} {patients}"
    sentences = [
        f"Right answers to {counted}, {score.fractured:,} fractured; doubt counts as fractured."
    ]
    sentences += [_found(who, performance) for who, performance in score.readers.items()]
    sentences += [_marks(score)] if score.to_mark else []
    if score.refused:
        have = "radiograph has" if score.refused == 1 else "radiographs have"
        sentences.append(
            f"{score.refused} {have} no answer of the network, and its column leaves them out."
        )
    if session.left_out:
        sentences.append(f"{session.left_out} could not be read, and left out.")
    words = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    return f"""
<section class="fw-card fw-evaluation" aria-label="Score">
  <p class="fw-kicker">{title}</p>
  <h2>{_right_of(score)}</h2>
  {words}
</section>
"""


def _measures(score: SessionScore | None) -> str:
    """Return what was measured, and how."""
    if score is None:
        return ""
    return f"""
<section class="fw-card fw-evaluation" aria-label="Measures">
  {_measured(score)}
  <p class="fw-fine">In brackets the 95 % interval: of shares by Wilson’s method, a patient counted
    once; of kappa and AUROC from drawing whole patients again and again, which tells nothing where
    nobody erred. With few cases it is wide. AUROC is the chance that a fractured radiograph was
    called more suspicious than a normal one.</p>
</section>
"""


def _measured(score: SessionScore) -> str:
    """Return the table of what was measured, with the constant answer “normal” beside it."""
    readers, n, fractured = score.readers.values(), score.n, score.fractured
    one_kind = fractured in {0, n}
    heads = ["Measure", *score.readers, "Always “normal”"]

    def division(words: str) -> str:
        return (
            f'<tr class="fw-division"><th scope="rowgroup" colspan="{len(heads)}">{words}</th></tr>'
        )

    rows = [
        _row("Radiographs", [*(f"{len(reader.positive):,}" for reader in readers), f"{n:,}"]),
        _row(
            "of them fractured",
            [*(f"{reader.fractured:,}" for reader in readers), f"{fractured:,}"],
        ),
    ]
    always = {
        "Sensitivity": "0.000" if fractured else "–",
        "Specificity": "1.000" if fractured < n else "–",
        "Accuracy": f"{score.baseline:.3f}",
        "Cohen’s kappa": "–" if one_kind else "0.000",
    }
    metrics = ("sensitivity", "specificity", "accuracy", "kappa")
    for point, words in (("cautious", "fractured"), ("sure", "normal")):
        rows.append(division(f"Doubt counted as {words}"))
        for metric, (title, constant) in zip(metrics, always.items(), strict=True):
            values = [_number(getattr(getattr(reader, point), metric)) for reader in readers]
            rows.append(_row(title, [*values, constant]))
    rows.append(division("All three answers"))
    areas = [_number(reader.auroc) for reader in readers]
    rows.append(_row("AUROC", [*areas, "–" if one_kind else "0.500"]))
    if score.agreement is not None:
        rows.append(_row("Kappa of you with the network", [_number(score.agreement), "", "0.000"]))
    return _table(heads, rows)


def _table(heads: Iterable[str], rows: Iterable[str]) -> str:
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in heads)
    return (
        f'<table class="fw-metrics"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody>'
        "</table>"
    )


def _row(name: str, cells: Iterable[str]) -> str:
    """Return a row of cells that are HTML."""
    body = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr><th scope="row">{escape(name)}</th>{body}</tr>'


def _number(estimate: Estimate) -> str:
    if not math.isfinite(estimate.value):
        return "–"
    value = f"{estimate.value:.3f}".replace("-", "−")
    if not math.isfinite(estimate.low):
        return value
    interval = f"({estimate.low:.2f} to {estimate.high:.2f})".replace("-", "−")
    return f'{value} <span class="fw-interval">{interval}</span>'


def _found(who: str, reader: Performance) -> str:
    """Say in words what sensitivity and specificity count, with doubt as fractured."""
    broken, whole = reader.fractured, len(reader.positive) - reader.fractured
    found = 0 if not broken else round(reader.cautious.sensitivity.value * broken)
    spared = 0 if not whole else round(reader.cautious.specificity.value * whole)
    sure = 0 if not broken else round(reader.sure.sensitivity.value * broken)
    return (
        f"{who} called {found} of {broken} fractured radiographs doubtful or fractured ({sure} of "
        f"them fractured), and {spared} of {whole} normal ones normal."
    )


def _marks(score: SessionScore) -> str:
    if score.to_mark == 1:
        place = "not marked it" if not score.marked else "marked its place "
        place += "" if not score.marked else ("rightly" if score.hits else "wrongly")
        return f"You suspected 1 fracture whose place is known, and have {place}."
    return (
        f"Of the {score.to_mark} fractures that you suspected and whose place is known, you marked "
        f"{score.marked}, and {score.hits} in the right place."
    )


def _right_of(score: SessionScore) -> str:
    """Say how many of the cases the reader, and the network, had right."""
    you, *network = (
        f"{round(reader.cautious.accuracy.value * len(reader.positive)):,} of "
        f"{len(reader.positive):,}"
        for reader in score.readers.values()
    )
    return ", ".join([f"You {you}", *(f"the network {theirs}" for theirs in network)])


def _missed(reading: Reading) -> bool:
    """Tell whether a reading is wrong, with doubt counted as fractured."""
    return (reading.verdict is Verdict.NONE_SEEN) == (reading.truth == FRACTURED)


def _case(place: int, reading: Reading) -> Record:
    """Return a row of a case, which can be looked at once more."""
    assert reading.verdict is not None
    theirs, probability = reading.network_verdict, reading.network_probability
    said = "–" if theirs is None else verdict_words(theirs, probability)
    if probability is not None:
        said = f"{said}, {percent(probability)}"
    on = {True: "on the fracture", False: "beside it", None: "–"}[reading.on_fracture]
    yours, seconds = READERS_WORDS[reading.verdict], f"{reading.seconds:.0f} s"
    return Record(
        id=place + 1,
        name=f"case {place + 1}",
        cells=(f"{place + 1}", reading.truth, yours, said, on, seconds),
        actions=(("look", "Look again"),),
    )


def _headed(table: RecordTable, heading: str) -> Any:
    """Return a table below its heading."""
    head = widgets.HTML(f"<h2>{heading}</h2>")
    return named(widgets.VBox([named(head, "fw-heading"), table]), "fw-cases")


def _alt(score: SessionScore) -> str:
    theirs = "" if score.network is None else f"; the network’s is {score.network.auroc.value:.3f}"
    return (
        "ROC curve: fractures found by false alarms. The area below yours is "
        f"{score.reader.auroc.value:.3f}{theirs}."
    )
