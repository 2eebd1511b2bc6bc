"""The model card and the dataset card as Markdown, from the numbers that the card stores.

After Mitchell et al., *Model Cards for Model Reporting*, FAT* 2019, and Gebru et al., *Datasheets
for Datasets*, Communications of the ACM 64(12), 2021. Whatever the stored card lacks is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fracture_widgets.base.tables import markdown_table
from fracture_widgets.errors import ModelError
from fracture_widgets.models.folder import CARD_FILE
from fracture_widgets.parts import in_words, with_article

__all__ = ["dataset_card", "model_card", "said"]

Card = Mapping[str, Any]

_ASKED = ("name", "architecture", "trained_on", "attribution", "splits", "intervals", "figures")

_USE = """\
**For teaching and research. Not a medical device.** It names the body part of a radiograph of {a}
{parts}, says *fracture*, *doubt* or *none seen*, and shows where it looked. It is
meant for lessons, for reading rooms and as a baseline in studies. It is not meant for decisions
about patients, for children's growth plates in particular, for other body parts, or for anything
but radiographs."""

_LIMITS = """\
- Trained and judged on the radiographs of one archive, FracAtlas. How well it does elsewhere is
  not known; independent tests of commercial readers found AUROC 0.77 to 0.85 where makers had
  claimed 0.98.
- FracAtlas tells neither age nor sex nor machine, so none of these could be checked. Children's
  growth plates may look like fractures to it.
- Shoulders with a fracture are few, so shoulder figures have wide intervals; on the test split
  they say next to nothing.
- Casts are not marked in FracAtlas; metal is, by radiograph and not by joint.
- It judges each view for itself. A study's verdict is the gravest of its views'.
- The heatmap of Grad-CAM shows what speaks for a fracture in the last stage; it misses the
  fracture far more often than the fracture map does (see Localisation).
- Labels are FracAtlas's, joint boxes were drawn by eye by this project."""


def model_card(card: Card) -> str:
    """Return the model card."""
    _require_figures(card)
    return "\n\n".join(_model_sections(card)) + "\n"


def dataset_card(card: Card) -> str:
    """Return the card of the radiographs that the model was made from."""
    _require_figures(card)
    trained = card["trained_on"]
    rows = [
        (kind, count["fractured"], count["normal"]) for kind, count in trained["counts"].items()
    ]
    return "\n\n".join(_dataset_sections(card, rows)) + "\n"


def _require_figures(card: Card) -> None:
    """Refuse a card that lacks what every model card tells: that of a network for one question."""
    if not all(section in card for section in _ASKED):
        raise ModelError(
            f"No model card can be made of this model, whose {CARD_FILE} has no figures of a whole "
            "cascade: name the folder of the cascade that ships, or of one made by "
            "fracture-widgets train cascade."
        )


def _dataset_sections(card: Card, rows: list[tuple[Any, ...]]) -> Iterator[str]:
    trained, parts = card["trained_on"], in_words(_body_parts(card), "and")
    yield "# Dataset card"
    yield f"{trained['what']}."
    yield "## Licence and source"
    yield f"{trained['licence']}.\n\n{card['attribution']['radiographs']}"
    yield "## What is in it"
    yield markdown_table(("kind", "fractured", "normal"), rows)
    yield (
        "Counted are radiographs the shipped network learned from, train and test split together; "
        "every figure on the model card is of networks that had not seen what they were judged on."
    )
    yield "## How it was labelled"
    yield (
        f"Fractures and their outlines are FracAtlas's. A box around every {parts} "
        "was drawn by this project (`joints.csv`); a joint counts as fractured where at "
        "least half of an outline lies in its box, and is left out where that is unclear."
    )
    yield "## How it was split"
    yield (
        f"{card['splits'][0].upper()}{card['splits'][1:]}. FracAtlas names no patients; a study "
        "joins neighbouring pictures of one region and near-duplicates, and never stands on two "
        "sides."
    )
    yield "## What is not known"
    yield "Age, sex, machine and hospital of each radiograph, and who read it first."


def _model_sections(card: Card) -> Iterator[str]:
    yield f"# Model card: {card['name']}"
    a, parts = with_article(in_words(_body_parts(card))).split(" ", 1)
    yield _USE.format(a=a, parts=parts)
    yield "## What it is"
    yield f"{card['architecture']}. {card['attribution']['conv1_to_conv4']}"
    yield "## What it learned from"
    yield f"{card['trained_on']['what']}. {card['trained_on']['licence']}. See `DATASET_CARD.md`."
    yield f"{card['splits'][0].upper()}{card['splits'][1:]}. Intervals: {card['intervals']}."
    for looked_at, figures in card["figures"].items():
        yield f"## How well it does, {_SPLITS.get(looked_at, looked_at)}"
        yield _body_part(figures)
        yield _fractures(figures, _body_parts(card))
        yield _localisation(figures)
    if "trust" in card:
        yield "## Calibration and verdicts"
        yield from _trust(card["trust"])
    if "gate" in card:
        yield "## The gate"
        yield from _gate(card["gate"])
    if card.get("subgroups"):
        yield "## Kinds of radiographs"
        yield from _subgroups(card["subgroups"])
    yield "## Limits and known failures"
    yield _LIMITS
    if card.get("failures"):
        yield from _failures(card["failures"])
    yield "## Files"
    yield markdown_table(
        ("file", "sha256", "bytes"),
        [
            (name, f"`{one['sha256']}`", one["bytes"])
            for name, one in card["files"].items()
            if name.endswith(".npz")
        ],
    )


_SPLITS = {"out_of_fold": "out of fold", "test": "on the test split, looked at once"}


def _body_part(figures: Card) -> str:
    part = figures["body_part"]
    baseline = next(
        f"{name.replace('_accuracy', '').replace('_', ' ')} is right in {value:.3f}"
        for name, value in part.items()
        if name.startswith("always_")
    )
    return (
        f"Body part: accuracy {said(part['accuracy'])}, n {part['n']} of {part['groups']} studies "
        f"({baseline}). On whole radiographs that show one joint: "
        f"{said(figures['body_part_uncropped'])}, n {figures['body_part_uncropped']['n']}."
    )


def _body_parts(card: Card) -> list[str]:
    """Return the body parts that the model answers."""
    parts: list[str] = card.get("body_parts") or card["labels"]["body_part"]
    return parts


def _fractures(figures: Card, body_parts: list[str]) -> str:
    rows = []
    for part in (*body_parts, "pooled"):
        one = figures["fracture"][part]
        without = figures["without_holders"][part]
        rows.append(
            (
                part,
                one["n"],
                sum(one["confusion"]["counts"][0]),
                said(one["auroc"]),
                said(without),
                said(one["accuracy"]),
                f"{one['always_normal_accuracy']:.3f}",
            )
        )
    head = ("fracture", "n", "fractured", "AUROC", "AUROC, nobody holding", "accuracy at 0.5")
    return markdown_table((*head, "always normal"), rows)


def _localisation(figures: Card) -> str:
    found = figures["localisation"]
    return (
        f"Localisation, of {found['map_hit']['n']} fractured joints: the fracture map's highest "
        f"place lies on an outline in {said(found['map_hit'])}, Grad-CAM's in "
        f"{said(found['heatmap_hit'])}."
    )


def _trust(trust: Card) -> Iterator[str]:
    yield f"Fitted on {trust['fitted_on']}; measured {trust['measured']}."
    if trust.get("note"):
        yield str(trust["note"])
    parts, promised = trust["parts"].items(), trust["promised"]
    yield markdown_table(
        ("part", "calibration", "ECE before", "ECE after", "none seen below", "fracture from"),
        [
            (
                name,
                one["calibration"]["method"],
                said(one["calibration_error"]["as it is"]),
                said(one["calibration_error"][one["calibration"]["method"]]),
                f"{one['band']['low']:.3f}",
                f"{one['band']['high']:.3f}",
            )
            for name, one in parts
        ],
    )
    yield markdown_table(
        ("part", "n", "asked", "sensitivity", "specificity", "doubt", "fractured of 'none seen'"),
        [
            (
                name,
                one["n"],
                f"{one['asked']['sensitivity']:g} / {one['asked']['specificity']:g}",
                said(one["sensitivity"]),
                said(one["specificity"]),
                said(one["doubt"]),
                (
                    f"{one['verdicts']['none seen']['fractured']} of "
                    f"{one['verdicts']['none seen']['n']}"
                ),
            )
            for name, one in parts
        ],
    )
    yield (
        "Sensitivity is the share of the fractured that are not *none seen*, specificity that of "
        "the normal that are not *fracture*. *Asked* is what the limits keep where they were "
        f"chosen: {promised['sensitivity']:g} and {promised['specificity']:g}, or as little more "
        "as keeps that on folds that had no say; where nothing up to 0.99 does, no more is asked."
    )
    yield markdown_table(
        ("part", "conformal, may miss", "covers fractured", "covers normal", "both possible"),
        [
            (
                name,
                f"{sets['miss']:.0%}",
                said(sets["coverage"]["fractured"]),
                said(sets["coverage"]["normal"]),
                said(sets["sizes"]["both"]),
            )
            for name, one in parts
            for sets in one["conformal"]
        ],
    )


def _gate(gate: Card) -> Iterator[str]:
    yield f"Fitted on the {gate['fitted_on']}."
    if gate.get("note"):
        yield str(gate["note"])
    for split, where in (("out_of_fold", "Out of fold"), ("test", "On the test split")):
        kinds = gate.get(split)
        if not kinds:
            continue
        yield (f"{where}: {said(kinds['kept'])} of our radiographs pass, n {kinds['kept']['n']}.")
        yield markdown_table(
            ("kind", "n", "studies or files", "refused", "AUROC"),
            [
                (
                    name,
                    kind["n"],
                    kind["groups"],
                    said(kind["refused"]),
                    said(kind["auroc"]) if "auroc" in kind else "",
                )
                for name, kind in kinds.items()
                if name != "kept"
            ],
        )


def _subgroups(rows: list[Card]) -> Iterator[str]:
    yield (
        "Fracture AUROC out of fold, all parts together. *Hardware* is metal anywhere on the "
        "radiograph, *holder* an adult's hand that holds the patient; a joint is of the views that "
        "its radiograph shows. Casts, age and sex are not known."
    )
    yield markdown_table(
        ("kind", "level", "n", "studies", "fractured", "AUROC"),
        [
            (one["column"], one["level"], one["n"], one["studies"], one["fractured"], said(one))
            for one in rows
        ],
    )


def _failures(failures: Card) -> Iterator[str]:
    yield (
        "Most wrong out of fold, by FracAtlas's names: the fractures that were given the lowest "
        "probability, and the normal joints that were given the highest."
    )
    yield markdown_table(
        ("part", "missed", "false alarms"),
        [
            (part, *(_named(worst[kind]) for kind in ("missed", "false_alarms")))
            for part, worst in failures.items()
        ],
    )


def _named(radiographs: list[Card]) -> str:
    return ", ".join(f"{one['image_id']} ({one['probability']:.3f})" for one in radiographs)


def said(estimate: Mapping[str, Any]) -> str:
    """Return a stored estimate with its interval, as ``0.901 (0.872 to 0.927)``."""
    if estimate["value"] is None:
        return "not defined"
    if estimate["low"] is None:
        return f"{estimate['value']:.3f}"
    return f"{estimate['value']:.3f} ({estimate['low']:.3f} to {estimate['high']:.3f})"
