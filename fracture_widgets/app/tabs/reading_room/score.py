"""The end of a session: how well you read, the network beside you, and a file for the class."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import ipywidgets as widgets

from fracture_widgets.app.tabs.reading_room.desk import ReadingDesk, Stage
from fracture_widgets.app.widgets.controls import DownloadButton, Figures, button, csv_download
from fracture_widgets.app.widgets.live import named
from fracture_widgets.app.widgets.markup import (
    digits,
    evaluation_card,
    headed,
    heading,
    interval,
    table,
    table_row,
)
from fracture_widgets.app.widgets.table import Record, RecordTable
from fracture_widgets.base.language import gettext, marked, ngettext, number, percent, told
from fracture_widgets.evaluation.metrics import Estimate
from fracture_widgets.models.verdict_words import verdict_words
from fracture_widgets.parts import FRACTURED, NORMAL, Verdict
from fracture_widgets.reading_room.class_table import readings_csv
from fracture_widgets.reading_room.scoring import Performance, SessionScore
from fracture_widgets.reading_room.session import READERS_WORDS, Reading, ReadingSession
from fracture_widgets.records.formats import ReportFile

_MISSED, _OTHERS = marked("The cases that you missed"), marked("The other cases")
_ON_FRACTURE = {True: marked("on the fracture"), False: marked("beside it"), None: "–"}
_EXPLAINED = marked(
    "In brackets the 95 % interval: of shares by Wilson’s method, a patient counted once; of kappa "
    "and AUROC from drawing whole patients again and again, which tells nothing where nobody "
    "erred. With few cases it is wide. AUROC is the chance that a fractured radiograph was called "
    "more suspicious than a normal one."
)


class ScorePanel(widgets.VBox):
    """Shows the score of a finished session."""

    def __init__(self, desk: ReadingDesk) -> None:
        self._desk = desk
        self.card, self.measures = widgets.HTML(), widgets.HTML()
        self.missed = self._cases(gettext(_MISSED), gettext("You missed none."))
        self.others = self._cases(gettext(_OTHERS), gettext("There are none."))
        self.figures = Figures()
        self.export = DownloadButton(self._file, label=gettext("Export for the class (CSV)"))
        self.again = button(gettext("Read again"), desk.leave)
        missed, others = (
            named(widgets.VBox([heading(gettext(title)), cases]), "fw-cases")
            for title, cases in ((_MISSED, self.missed), (_OTHERS, self.others))
        )
        buttons = named(widgets.HBox([self.export, self.again]), "fw-score-buttons")
        both = named(widgets.Box([self.measures, self.figures]), "fw-score-columns")
        super().__init__([self.card, missed, buttons, both, others])
        desk.observe(self._draw, ["stage", "turn"])

    def _cases(self, caption: str, empty: str) -> RecordTable:
        """Return a table of cases, each of which can be looked at once more."""
        cases = RecordTable(
            lambda _, number: self._desk.look_again(number),
            caption=caption,
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
        cases.list_records([])  # a page that has no rows yet waits for all of them
        return cases

    def _draw(self, _: object = None) -> None:
        session, score = self._desk.session, self._desk.score
        if self._desk.stage is not Stage.SCORED or session is None:
            self.card.value = self.measures.value = ""
            self.figures.draw([])
            return
        self.card.value = _card(session, score)
        self.measures.value = "" if score is None else _measures(score)
        for cases, missed in ((self.missed, True), (self.others, False)):
            cases.list_records(
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
    title = gettext(
        "{title} · class code {code}", title=told(session.plan.title), code=session.plan.code
    )
    if score is None:
        words = gettext("No case could be read, so there is nothing to score.")
        return f'<section class="fw-card">{headed(title, words)}</section>'
    said = "".join(f"<p>{escape(sentence)}</p>" for sentence in _sentences(session, score))
    kicker = f'<p class="fw-kicker">{escape(title)}</p>'
    return evaluation_card(gettext("Score"), f"{kicker}{headed(_right_of(score))}{said}")


def _sentences(session: ReadingSession, score: SessionScore) -> Iterator[str]:
    """Yield what was found in the readings."""
    yield ngettext(
        "Right answers to {radiographs:,} radiographs of {n:,} patient, {fractured:,} "
        "fractured; doubt counts as fractured.",
        "Right answers to {radiographs:,} radiographs of {n:,} patients, {fractured:,} "
        "fractured; doubt counts as fractured.",
        score.patients,
        radiographs=score.n,
        fractured=score.fractured,
    )
    for who, performance in score.readers.items():
        yield _found(who, performance)
    if score.to_mark:
        yield _marks(score)
    if score.refused:
        yield ngettext(
            "{n} radiograph has no answer of the network, and its column leaves it out.",
            "{n} radiographs have no answer of the network, and its column leaves them out.",
            score.refused,
        )
    if session.left_out:
        yield gettext("{left_out} could not be read, and left out.", left_out=session.left_out)


def _measures(score: SessionScore) -> str:
    """Return what was measured, and how, with the constant answer “normal” beside it."""
    readers, n, fractured = score.readers.values(), score.n, score.fractured
    one_kind = fractured in {0, n}
    heads = [gettext("Measure"), *map(gettext, score.readers), gettext("Always “normal”")]

    def division(words: str) -> str:
        return (
            f'<tr class="fw-division"><th scope="rowgroup" colspan="{len(heads)}">{words}</th></tr>'
        )

    counts = [number(len(reader.positive)) for reader in readers]
    broken = [number(reader.fractured) for reader in readers]
    rows = [
        table_row(gettext("Radiographs"), [*counts, number(n)]),
        table_row(gettext("of them fractured"), [*broken, number(fractured)]),
    ]
    always = {
        "sensitivity": (gettext("Sensitivity"), 0.0 if fractured else None),
        "specificity": (gettext("Specificity"), 1.0 if fractured < n else None),
        "accuracy": (gettext("Accuracy"), score.baseline),
        "kappa": (gettext("Cohen’s kappa"), None if one_kind else 0.0),
    }
    for point, words in (("cautious", FRACTURED), ("sure", NORMAL)):
        rows.append(division(gettext("Doubt counted as {label}", label=gettext(words))))
        for metric, (title, constant) in always.items():
            values = [_number(getattr(getattr(reader, point), metric)) for reader in readers]
            rows.append(table_row(title, [*values, digits(constant)]))
    rows.append(division(gettext("All three answers")))
    areas = [_number(reader.auroc) for reader in readers]
    rows.append(table_row("AUROC", [*areas, digits(None if one_kind else 0.5)]))
    if score.agreement is not None:
        alike = [_number(score.agreement), "", digits(0.0)]
        rows.append(table_row(gettext("Kappa of you with the network"), alike))
    explained = f'<p class="fw-fine">{escape(gettext(_EXPLAINED))}</p>'
    return evaluation_card(gettext("Measures"), table(heads, rows) + explained)


def _number(estimate: Estimate) -> str:
    """Return an estimate as HTML, its interval in small letters."""
    within = interval(estimate)
    small = f' <span class="fw-interval">{within}</span>' if within else ""
    return digits(estimate.value) + small


def _found(who: str, reader: Performance) -> str:
    """Say in words what sensitivity and specificity count, with doubt as fractured."""
    broken, whole = reader.fractured, len(reader.positive) - reader.fractured

    def of(share: Estimate, total: int) -> int:
        return round(share.value * total) if total else 0

    return gettext(
        "{who} called {found} of {broken} fractured radiographs doubtful or fractured"
        " ({sure} of them fractured), and {spared} of {whole} normal ones normal.",
        who=gettext(who),
        found=of(reader.cautious.sensitivity, broken),
        broken=broken,
        sure=of(reader.sure.sensitivity, broken),
        spared=of(reader.cautious.specificity, whole),
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


def _alt(score: SessionScore) -> str:
    theirs = ""
    if score.network is not None:
        theirs = gettext("; the network’s is {value:.3f}", value=score.network.auroc.value)
    return gettext(
        "ROC curve: fractures found by false alarms. The area below yours is {value:.3f}{theirs}.",
        value=score.reader.auroc.value,
        theirs=theirs,
    )
