"""The end of a sitting: how well you read, the network beside you, and a file for the class."""

from __future__ import annotations

import math
from html import escape

import ipywidgets as widgets

from fracture_widgets.app.tabs.reading_room.desk import ReadingDesk
from fracture_widgets.app.tabs.reading_room.state import RoomState, Stage
from fracture_widgets.app.widgets.controls import DownloadButton, Figures, csv_download
from fracture_widgets.app.widgets.live import named
from fracture_widgets.base.words import percent
from fracture_widgets.evaluation.metrics import Estimate
from fracture_widgets.reading_room.export import readings_csv
from fracture_widgets.reading_room.scoring import Performance, SessionScore
from fracture_widgets.reading_room.session import READERS_WORDS, ReadingSession
from fracture_widgets.records.formats import ReportFile

__all__ = ["ScorePanel"]

_NOTHING = "<p>No case could be read, so there is nothing to score.</p>"


class ScorePanel(widgets.VBox):
    """Shows the score of a finished sitting."""

    def __init__(self, state: RoomState, desk: ReadingDesk) -> None:
        self._state = state
        self.card, self.cases = widgets.HTML(), widgets.HTML()
        self.figures = Figures()
        self.export = DownloadButton(self._file, label="Export for the class (CSV)")
        self.again = named(widgets.Button(description="Read again"), "fw-secondary")
        self.again.on_click(lambda _: desk.leave())
        buttons = named(widgets.HBox([self.export, self.again]), "fw-score-buttons")
        both = named(widgets.Box([self.card, self.figures]), "fw-score-columns")
        super().__init__([both, buttons, self.cases])
        state.observe(self._draw, ["stage", "turn"])

    def _draw(self, _: object = None) -> None:
        state = self._state
        session, score = state.session, state.score
        if state.stage is not Stage.SCORED or session is None:
            self.card.value = self.cases.value = ""
            self.figures.draw([])
            return
        self.card.value = _card(session, score)
        self.cases.value = _cases(session)
        self.export.disabled = score is None
        self.figures.draw([(_alt(score), state.roc)] if state.roc and score is not None else [])

    def _file(self) -> ReportFile | None:
        session = self._state.session
        if session is None:
            return None
        name = f"readings-{session.started_at[:10]}-{session.id[:6]}.csv"
        return csv_download(name, readings_csv(session))


def _card(session: ReadingSession, score: SessionScore | None) -> str:
    """Return the numbers as HTML; every text in it is escaped."""
    plan = session.plan
    title = f"{plan.title} · class code {plan.code}"
    if score is None:
        return f'<section class="fw-card"><h2>{escape(title)}</h2>{_NOTHING}</section>'
    said = [
        _found("You", score.reader, score.fractured, score.n),
        *([_found("The network", score.network, None, None)] if score.network else []),
        _marks(score),
        _refused(score),
        _left_out(session),
    ]
    words = "".join(f"<p>{escape(one)}</p>" for one in said if one)
    patients = "patient" if score.patients == 1 else "patients"
    return f"""
<section class="fw-card fw-evaluation" aria-label="Score">
  <p class="fw-kicker">{escape(title)}</p>
  <h2>{score.n:,} radiographs of {score.patients:,} {patients}, {score.fractured:,} fractured</h2>
  {words}
  {_table(score)}
  <p class="fw-fine">In brackets the 95 % interval: of shares by Wilson’s method, a patient counted
    once; of kappa and AUROC from drawing whole patients again and again, which tells nothing where
    nobody erred. With few cases it is wide. AUROC is the chance that a fractured radiograph was
    called more suspicious than a normal one.</p>
</section>
"""


def _table(score: SessionScore) -> str:
    network = score.network
    heads = ["Measure", "You", *(["The network"] if network else []), "Always “normal”"]
    theirs = [] if network is None else [len(network.positive), int(network.positive.sum())]
    rows = [
        _row("Radiographs", [f"{n:,}" for n in (score.n, *theirs[:1], score.n)]),
        _row(
            "of them fractured",
            [f"{n:,}" for n in (score.fractured, *theirs[1:], score.fractured)],
        ),
    ]
    one_kind = score.fractured in {0, score.n}
    for name, words in (("cautious", "fractured"), ("sure", "normal")):
        rows.append(
            f'<tr class="fw-division"><th scope="rowgroup" colspan="{len(heads)}">Doubt counted as '
            f"{words}</th></tr>"
        )
        always = ("0.000" if score.fractured else "–",
                  "1.000" if score.fractured < score.n else "–",
                  f"{score.baseline:.3f}", "–" if one_kind else "0.000")  # fmt: skip
        for metric, constant in zip(
            ("sensitivity", "specificity", "accuracy", "kappa"), always, strict=True
        ):
            values = [
                _said(getattr(getattr(who, name), metric))
                for who in (score.reader, network)
                if who is not None
            ]
            rows.append(_row(_SPELT.get(metric, metric.capitalize()), [*values, constant]))
    rows.append(
        f'<tr class="fw-division"><th scope="rowgroup" colspan="{len(heads)}">All three answers'
        "</th></tr>"
    )
    areas = [_said(who.auroc) for who in (score.reader, network) if who is not None]
    rows.append(_row("AUROC", [*areas, "–" if one_kind else "0.500"]))
    if score.agreement is not None:
        rows.append(_row("Kappa of you with the network", [_said(score.agreement), "", "0.000"]))
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in heads)
    return (
        f'<table class="fw-metrics"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody>'
        "</table>"
    )


_SPELT = {"kappa": "Cohen’s kappa"}


def _row(name: str, cells: list[str]) -> str:
    body = "".join(f"<td>{one}</td>" for one in cells)
    return f'<tr><th scope="row">{escape(name)}</th>{body}</tr>'


def _said(estimate: Estimate) -> str:
    if not math.isfinite(estimate.value):
        return "–"
    if not math.isfinite(estimate.low):
        return f"{estimate.value:.3f}".replace("-", "−")
    interval = f"({estimate.low:.2f} to {estimate.high:.2f})".replace("-", "−")
    return (
        f"{estimate.value:.3f}".replace("-", "−") + f' <span class="fw-interval">{interval}</span>'
    )


def _found(who: str, one: Performance, fractured: int | None, n: int | None) -> str:
    """Say in words what sensitivity and specificity count, with doubt as fractured."""
    broken = int(one.positive.sum()) if fractured is None else fractured
    whole = (len(one.positive) if n is None else n) - broken
    found = 0 if not broken else round(one.cautious.sensitivity.value * broken)
    spared = 0 if not whole else round(one.cautious.specificity.value * whole)
    sure = 0 if not broken else round(one.sure.sensitivity.value * broken)
    return (
        f"{who} called {found} of {broken} fractured radiographs doubtful or fractured ({sure} of "
        f"them fractured), and {spared} of {whole} normal ones normal."
    )


def _marks(score: SessionScore) -> str:
    if not score.to_mark:
        return ""
    if score.to_mark == 1:
        place = "not marked it" if not score.marked else "marked its place "
        place += "" if not score.marked else ("rightly" if score.hits else "wrongly")
        return f"You suspected 1 fracture whose place is known, and have {place}."
    return (
        f"Of the {score.to_mark} fractures that you suspected and whose place is known, you marked "
        f"{score.marked}, and {score.hits} in the right place."
    )


def _refused(score: SessionScore) -> str:
    if not score.refused:
        return ""
    were = "radiograph has" if score.refused == 1 else "radiographs have"
    return f"{score.refused} {were} no answer of the network, and its column leaves them out."


def _left_out(session: ReadingSession) -> str:
    if not session.left_out:
        return ""
    return f"{session.left_out} could not be read, and left out."


def _cases(session: ReadingSession) -> str:
    rows = []
    for place, one in session.done:
        assert one.verdict is not None
        network = one.network
        theirs = "–" if network is None else network.verdict.value
        if network is not None and network.probability is not None:
            theirs = f"{theirs}, {percent(network.probability)}"
        on = {True: "on the fracture", False: "beside it", None: "–"}[one.on_fracture]
        cells = (one.truth, READERS_WORDS[one.verdict], theirs, on, f"{one.seconds:.0f} s")
        body = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        rows.append(f'<tr><th scope="row">{place + 1}</th>{body}</tr>')
    heads = ("Case", "Truth", "You", "The network", "Your mark", "Time")
    head = "".join(f'<th scope="col">{one}</th>' for one in heads)
    return (
        '<div class="fw-cases"><h2>Case by case</h2><table class="fw-metrics"><thead><tr>'
        f"{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _alt(score: SessionScore) -> str:
    theirs = "" if score.network is None else f"; the network’s is {score.network.auroc.value:.3f}"
    return (
        "ROC curve: fractures found by false alarms. The area below yours is "
        f"{score.reader.auroc.value:.3f}{theirs}."
    )
