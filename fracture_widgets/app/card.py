"""The answer as a card on the page: the verdict, one probability, and what is behind them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from fracture_widgets.app.widgets.markup import notes
from fracture_widgets.base.language import begun, gettext, ngettext, number, percent, told
from fracture_widgets.models.report import Answer, Report
from fracture_widgets.models.verdict_words import (
    annotations_of,
    not_examined,
    operating_points,
    override_mark,
    peers_sentence,
    place_in_words,
    verdict_heading,
    verdict_slug,
    verdict_words,
)

if TYPE_CHECKING:
    from fracture_widgets.records.saved_result import SavedResult


def answer_in_words(answer: Answer) -> str:
    """Return body part and verdict as one phrase: ``"hand, none seen"``."""
    verdict = verdict_heading(answer)[1]
    return verdict if answer.refused else f"{gettext(answer.body_part)}, {verdict}"


def knows_one_part(answer: Answer) -> bool:
    """Tell whether the body part was given and not found: the model knows no other."""
    return len(answer.body_part_probabilities) == 1


def saved_in_words(row: SavedResult) -> str:
    """Say what was saved of a reading, and whether the network says the same."""
    verdict = gettext("not read yet")
    if row.reader_verdict is not None:
        verdict = gettext("“{verdict}”", verdict=verdict_words(row.reader_verdict))
    if row.agreed is None:
        return gettext("Saved: {verdict}.", verdict=verdict)
    alike = gettext("the network says the same")
    if not row.agreed:
        alike = gettext("the network says something else")
    return gettext("Saved: {verdict}; {alike}.", verdict=verdict, alike=alike)


def card(report: Report) -> str:
    """Return the answer as HTML; every text in it is escaped."""
    answer = report.answer
    part, verdict = verdict_heading(answer)
    heading = f"{escape(part)}: " if part else ""
    marked = f'<p class="fw-overridden">{escape(override_mark(answer))}</p>'
    said = peers_sentence(answer)
    worth = f'<p class="fw-meaning">{escape(said)}</p>' if said else ""
    noted = notes(gettext("Notes on the file"), report.warnings)
    if answer.is_of_unlike:  # which says what the answer is worth
        worth, noted = noted, ""
    made = gettext(
        "Model {model}, {seconds} seconds",
        model=report.model[:12],
        seconds=number(report.timings["total"], 2),
    )
    return f"""
<section class="fw-card" data-verdict="{verdict_slug(answer.verdict)}"
  aria-label="{escape(gettext("Result"))}">
  <div class="fw-said">
  <p class="fw-kicker">{escape(report.radiograph.name)}</p>
  <h2>{heading}<strong>{escape(verdict if part else begun(verdict))}</strong></h2>
  {marked if answer.overridden else ""}
  {f"<p>{escape(told(answer.refusal))}</p>" if answer.refused else _probability(answer)}
  </div>
  {_joints(answer) + worth if len(answer.examined_joints) > 1 else worth + _joints(answer)}
  {noted}
  <details class="fw-more"><summary>{escape(gettext("How this was found"))}</summary>
  {"" if answer.refused else _limits_and_part(answer)}
  {_found(answer) if len(answer.examined_joints) > 1 else ""}
  <p class="fw-fine">{escape(made)}</p>
  </details>
</section>
"""


def _probability(answer: Answer) -> str:
    """Return the one probability of the card, on its scale."""
    width = 100.0 * answer.calibrated_probability
    low, high = 100.0 * answer.band.low, 100.0 * answer.band.high
    doubt = f'<i class="fw-band" style="left: {low:.1f}%; width: {high - low:.1f}%"></i>'
    spoken = gettext(
        "Probability of a fracture: {width:.0f} percent; doubt lies between {low:.0f} and "
        "{high:.0f} percent",
        width=width,
        low=low,
        high=high,
    )
    return f"""
  <p class="fw-probability">{escape(gettext("Probability of a fracture"))}
    <b>{escape(percent(answer.calibrated_probability))}</b></p>
  <div class="fw-bar" role="img" aria-label="{escape(spoken)}">
    <span style="width: {width:.1f}%"></span>{doubt if high > low else ""}
  </div>
  <p class="fw-scale" aria-hidden="true"><span>0 %</span><span>50 %</span><span>100 %</span></p>
"""


def _limits_and_part(answer: Answer) -> str:
    return f"""
  <p class="fw-meaning">{_unbroken(operating_points(answer.band))}</p>
  {_body_parts(answer) if len(answer.joints) < 2 else ""}
"""


def _unbroken(text: str) -> str:
    """Return a text as HTML in which no line ends before a percent sign."""
    return escape(text).replace(" %", "&nbsp;%")


def _joints(answer: Answer) -> str:
    """List the joints, the gravest first, each with its findings, by their names on the picture.

    Of several, each is brief, so that all of them are in sight.
    """
    if not answer.examined_joints:
        return ""
    annotations = annotations_of(answer)
    joints = [each for each in annotations if each.is_joint]
    rows = []
    for annotation, joint in zip(joints, answer.examined_joints, strict=True):
        probability = joint.answer.calibrated_probability
        said = verdict_words(joint.verdict, probability)
        found = [each for each in annotations if each.joint == annotation.name]
        facts = [percent(probability), place_in_words(*joint.box.centre)]
        facts += [each.short_label for each in found]
        row = (
            f"<span>{annotation.name} {escape(begun(gettext(joint.answer.body_part)))}: "
            f"<strong>{escape(said)}</strong></span> "
        )
        if len(joints) > 1:
            row += f"<small>{_unbroken('; '.join(facts))}</small>"
        else:
            row += f"<span>{_unbroken(facts[0])}</span> <small>{escape(facts[1])}</small>"
            row += _found(answer)
        rows.append(f'<li data-verdict="{verdict_slug(joint.verdict)}">{row}</li>')
    return f"""
  <h3>{escape(ngettext("Joint", "{n} joints", len(joints)))}</h3>
  <ul class="fw-joints">{"".join(rows)}</ul>
  <p class="fw-meaning">{escape(not_examined(len(joints)))}</p>
"""


def _found(answer: Answer) -> str:
    """List where each finding lies, and what found it."""
    said = [each.sentence for each in annotations_of(answer) if not each.is_joint]
    rows = "".join(f"<li>{_unbroken(sentence)}</li>" for sentence in said)
    return f'<ul class="fw-found">{rows}</ul>' if said else ""


def _body_parts(answer: Answer) -> str:
    heading = escape(gettext("Body part"))
    if knows_one_part(answer):
        part = begun(gettext(answer.body_part))
        only = escape(gettext("{part} (the only part this model knows)", part=part))
        return f'<h3>{heading}</h3><p class="fw-meaning">{only}</p>'
    rows = "".join(
        f'<li data-chosen="{str(part == answer.body_part).lower()}">'
        f"<span>{escape(begun(gettext(part)))}</span>"
        f'<span class="fw-bar" aria-hidden="true"><span style="width: {100 * share:.1f}%"></span>'
        f"</span><span>{escape(percent(share))}</span></li>"
        for part, share in answer.body_part_probabilities.items()
    )
    return f'<h3>{heading}</h3><ul class="fw-parts">{rows}</ul>'
