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
from fracture_widgets.base.language import gettext, marked, ngettext, number, told
from fracture_widgets.base.words import percent
from fracture_widgets.evaluation.metrics import Estimate
from fracture_widgets.models.verdict_words import verdict_words
from fracture_widgets.parts import FRACTURED, NORMAL, Verdict
from fracture_widgets.reading_room.class_table import readings_csv
from fracture_widgets.reading_room.scoring import Performance, SessionScore
from fracture_widgets.reading_room.session import READERS_WORDS, Reading, ReadingSession
from fracture_widgets.records.formats import ReportFile

_MISSED, _OTHERS = marked("The cases that you missed"), marked("The other cases")


class ScorePanel(widgets.VBox):
    """Shows the score of a finished session."""

    def __init__(self, desk: ReadingDesk) -> None:
        self._desk = desk
        self.card, self.measures = widgets.HTML(), widgets.HTML()
        self.missed, self.others = (
            RecordTable(
                lambda _, number: desk.look_again(number),
                caption=gettext(caption),
                columns=(
                    gettext("Case"),
                    gettext("Truth"),
                    gettext("You"),
                    gettext("The network"),
                    gettext("Your mark"),
                    gettext("Time"),
                ),
                empty=empty,
                question="",
            )
            for caption, empty in (
                (_MISSED, gettext("You missed none.")),
                (_OTHERS, gettext("There are none.")),
            )
        )
        self.figures = Figures()
        self.export = DownloadButton(self._file, label=gettext("Export for the class (CSV)"))
        self.again = named(widgets.Button(description=gettext("Read again")), "fw-secondary")
        self.again.on_click(lambda _: desk.leave())
        buttons = named(widgets.HBox([self.export, self.again]), "fw-score-buttons")
        both = named(widgets.Box([self.measures, self.figures]), "fw-score-columns")
        super().__init__(
            [
                self.card,
                _headed(self.missed, gettext(_MISSED)),
                buttons,
                both,
                _headed(self.others, gettext(_OTHERS)),
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


_ON_FRACTURE = {True: marked("on the fracture"), False: marked("beside it"), None: "–"}
_EXPLAINED = marked(
    "In brackets the 95 % interval: of shares by Wilson’s method, a patient counted once; of kappa "
    "and AUROC from drawing whole patients again and again, which tells nothing where nobody "
    "erred. With few cases it is wide. AUROC is the chance that a fractured radiograph was called "
    "more suspicious than a normal one."
)


def _card(session: ReadingSession, score: SessionScore | None) -> str:
    """Return the numbers as HTML; every text in it is escaped."""
    title = escape(
        gettext(
            "{title} · class code {code}", title=told(session.plan.title), code=session.plan.code
        )
    )
    if score is None:
        words = escape(gettext("No case could be read, so there is nothing to score."))
        nothing = f"<p>{words}</p>"
        return f'<section class="fw-card"><h2>{title}</h2>{nothing}</section>'
    sentences = [
        ngettext(
            "Right answers to {radiographs:,} radiographs of {n:,} patient, {fractured:,} "
            "fractured; doubt counts as fractured.",
            "Right answers to {radiographs:,} radiographs of {n:,} patients, {fractured:,} "
            "fractured; doubt counts as fractured.",
            score.patients,
            radiographs=score.n,
            fractured=score.fractured,
        )
    ]
    sentences += [_found(who, performance) for who, performance in score.readers.items()]
    sentences += [_marks(score)] if score.to_mark else []
    if score.refused:
        sentences.append(
            ngettext(
                "{n} radiograph has no answer of the network, and its column leaves it out.",
                "{n} radiographs have no answer of the network, and its column leaves them out.",
                score.refused,
            )
        )
    if session.left_out:
        sentences.append(
            gettext("{left_out} could not be read, and left out.", left_out=session.left_out)
        )
    words = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    return f"""
<section class="fw-card fw-evaluation" aria-label="{escape(gettext("Score"))}">
  <p class="fw-kicker">{title}</p>
  <h2>{escape(_right_of(score))}</h2>
  {words}
</section>
"""


def _measures(score: SessionScore | None) -> str:
    """Return what was measured, and how."""
    if score is None:
        return ""
    return f"""
<section class="fw-card fw-evaluation" aria-label="{escape(gettext("Measures"))}">
  {_measured(score)}
  <p class="fw-fine">{escape(gettext(_EXPLAINED))}</p>
</section>
"""


def _measured(score: SessionScore) -> str:
    """Return the table of what was measured, with the constant answer “normal” beside it."""
    readers, n, fractured = score.readers.values(), score.n, score.fractured
    one_kind = fractured in {0, n}
    heads = [gettext("Measure"), *map(gettext, score.readers), gettext("Always “normal”")]

    def division(words: str) -> str:
        return (
            f'<tr class="fw-division"><th scope="rowgroup" colspan="{len(heads)}">{words}</th></tr>'
        )

    rows = [
        _row(
            gettext("Radiographs"),
            [*(number(len(reader.positive)) for reader in readers), number(n)],
        ),
        _row(
            gettext("of them fractured"),
            [*(number(reader.fractured) for reader in readers), number(fractured)],
        ),
    ]
    always = {
        gettext("Sensitivity"): number(0.0, 3) if fractured else "–",
        gettext("Specificity"): number(1.0, 3) if fractured < n else "–",
        gettext("Accuracy"): number(score.baseline, 3),
        gettext("Cohen’s kappa"): "–" if one_kind else number(0.0, 3),
    }
    metrics = ("sensitivity", "specificity", "accuracy", "kappa")
    for point, words in (("cautious", FRACTURED), ("sure", NORMAL)):
        rows.append(division(gettext("Doubt counted as {label}", label=gettext(words))))
        for metric, (title, constant) in zip(metrics, always.items(), strict=True):
            values = [_number(getattr(getattr(reader, point), metric)) for reader in readers]
            rows.append(_row(title, [*values, constant]))
    rows.append(division(gettext("All three answers")))
    areas = [_number(reader.auroc) for reader in readers]
    rows.append(_row("AUROC", [*areas, "–" if one_kind else number(0.5, 3)]))
    if score.agreement is not None:
        rows.append(
            _row(
                gettext("Kappa of you with the network"),
                [_number(score.agreement), "", number(0.0, 3)],
            )
        )
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
    value = number(estimate.value, 3).replace("-", "−")
    if not math.isfinite(estimate.low):
        return value
    interval = gettext(
        "({low} to {high})", low=number(estimate.low, 2), high=number(estimate.high, 2)
    ).replace("-", "−")
    return f'{value} <span class="fw-interval">{interval}</span>'


def _found(who: str, reader: Performance) -> str:
    """Say in words what sensitivity and specificity count, with doubt as fractured."""
    broken, whole = reader.fractured, len(reader.positive) - reader.fractured
    found = 0 if not broken else round(reader.cautious.sensitivity.value * broken)
    spared = 0 if not whole else round(reader.cautious.specificity.value * whole)
    sure = 0 if not broken else round(reader.sure.sensitivity.value * broken)
    return gettext(
        "{who} called {found} of {broken} fractured radiographs doubtful or fractured"
        " ({sure} of them fractured), and {spared} of {whole} normal ones normal.",
        who=gettext(who),
        found=found,
        broken=broken,
        sure=sure,
        spared=spared,
        whole=whole,
    )


def _marks(score: SessionScore) -> str:
    if score.to_mark == 1:
        if not score.marked:
            return gettext("You suspected 1 fracture whose place is known, and have not marked it.")
        if score.hits:
            return gettext("You suspected 1 fracture whose place is known, and marked it rightly.")
        return gettext("You suspected 1 fracture whose place is known, and marked it wrongly.")
    return gettext(
        "Of the {to_mark} fractures that you suspected and whose place is known, you "
        "marked {marked}, and {hits} in the right place.",
        to_mark=score.to_mark,
        marked=score.marked,
        hits=score.hits,
    )


def _right_of(score: SessionScore) -> str:
    """Say how many of the cases the reader, and the network, had right."""
    you, *network = (
        gettext(
            "{n} of {total}",
            n=round(reader.cautious.accuracy.value * len(reader.positive)),
            total=len(reader.positive),
        )
        for reader in score.readers.values()
    )
    said = [gettext("You {you}", you=you)]
    return ", ".join([*said, *(gettext("the network {theirs}", theirs=one) for one in network)])


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
    on = gettext(_ON_FRACTURE[reading.on_fracture])
    yours, seconds = gettext(READERS_WORDS[reading.verdict]), f"{reading.seconds:.0f} s"
    return Record(
        id=place + 1,
        name=gettext("case {n}", n=place + 1),
        cells=(f"{place + 1}", gettext(reading.truth), yours, said, on, seconds),
        actions=(("look", gettext("Look again")),),
    )


def _headed(table: RecordTable, heading: str) -> Any:
    """Return a table below its heading."""
    head = widgets.HTML(f"<h2>{escape(heading)}</h2>")
    return named(widgets.VBox([named(head, "fw-heading"), table]), "fw-cases")


def _alt(score: SessionScore) -> str:
    theirs = (
        ""
        if score.network is None
        else gettext("; the network’s is {value:.3f}", value=score.network.auroc.value)
    )
    return gettext(
        "ROC curve: fractures found by false alarms. The area below yours is {value:.3f}{theirs}.",
        value=score.reader.auroc.value,
        theirs=theirs,
    )
