"""The model card and the dataset card as Markdown, from the numbers that the card stores.

After Mitchell et al., *Model Cards for Model Reporting*, FAT* 2019, and Gebru et al., *Datasheets
for Datasets*, Communications of the ACM 64(12), 2021. Whatever the stored card lacks is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from itertools import starmap
from typing import Any

from fracture_widgets.base.language import begun
from fracture_widgets.base.tables import markdown_table
from fracture_widgets.errors import ModelError
from fracture_widgets.evaluation.metrics import estimate_text
from fracture_widgets.models.folder import BODY_PART, CARD_FILE
from fracture_widgets.models.trust import LIKE, OTHER_POINTS, UNLIKE, UNLIKE_SECTION
from fracture_widgets.parts import in_words, with_article

Card = Mapping[str, Any]

_NEEDED = ("name", "architecture", "trained_on", "attribution", "splits", "intervals", "figures")
_SPLITS = {
    "out_of_fold": "out of fold",
    "held_out": "on the fold held out",
    "test": "on the test split, looked at once",
}
_FRACTURE = (
    "fracture | n | fractured | AUROC | accuracy at 0.5 | always normal | sensitivity | specificity"
)


def model_card(card: Card) -> str:
    """Return the model card."""
    _check_figures(card)
    text = _template("model_card.md")
    a, parts = with_article(in_words(_body_parts(card))).split(" ", 1)
    fields: dict[str, str] = {
        "a": a,
        "parts": parts,
        "divided": begun(card["splits"]),
        "figures_of_splits": "\n\n".join(
            f"## How well it does, {_SPLITS.get(split, split)}\n\n{_figures(card, figures)}"
            for split, figures in card["figures"].items()
        ),
        "failures": _failures(card["failures"]) if card.get("failures") else "",
        "file_table": _files(card),
        "joints": "",
    }
    if card.get("joints"):
        fields["joints"] = "\n\n".join(_joints(card["joints"]))
    for heading, section, fill in (
        ("Calibration and verdicts", "trust", _trust),
        ("The gate", "gate", _gate),
        ("Kinds of radiographs", "subgroups", _subgroups),
    ):
        if card.get(section):
            fields |= fill(card[section])
        else:
            text = re.sub(rf"## {heading}\n.*?(?=## )", "", text, flags=re.DOTALL)
    return re.sub(r"\n{3,}", "\n\n", text.format_map({**card, **fields}))


def _joints(card: Card) -> Iterator[str]:
    """Yield what is told of the network that finds joints and boxes for one of crops."""
    yield (
        "## Joints on whole radiographs, and boxes\n\nAnother network looks over the radiograph "
        "first, finds the joints, and draws the boxes; what is said above of fractures is of the "
        f"crops that it finds. {card['architecture']}. Of it, conv1 to conv4 are "
        f"{card['attribution']['conv1_to_conv4']} All above them was learned from radiographs."
    )
    yield f"{begun(card['splits'])}. Intervals: {card['intervals']}."
    for split, figures in card["figures"].items():
        yield f"### {_SPLITS.get(split, split).capitalize()}"
        yield _found_table(figures["joints"])
        yield from _box_tables(figures)
    if beside := card.get("beside"):
        yield (
            f"At the box that is found, {estimate_text(beside['same_verdict'])} of "
            f"{beside['same_verdict']['n']} joints get the verdict that they get at the box that "
            f"people drew; half of the probabilities move by {beside['median_difference']:.3f} at "
            "most."
        )
    if worth := card.get(UNLIKE_SECTION):
        yield "### Radiographs unlike those that were learned from"
        yield (
            f"Such an answer has a note. Of {worth['measured']}: how often verdicts are wrong, or "
            "in doubt, by whether the gate of crops finds them like what was learned from."
        )
        columns = ("missed", "false", "doubt", "auroc")
        rows = [(name, *(_counted(worth[name][c]) for c in columns)) for name in (LIKE, UNLIKE)]
        yield _table("looks | fractured: none seen | normal: fracture | all: doubt | AUROC", rows)
    if gate := card.get("gate"):
        yield "### What is refused before any joint is answered"
        yield f"Fitted on {gate['fitted_on']}."
        yield _gate(gate)["gate_splits"]
    yield _files(card)


def _counted(estimate: Card) -> str:
    """Return an estimate, with how many answers of how many studies it is of."""
    return f"{estimate_text(estimate)} of {estimate['n']} ({estimate['groups']})"


def _found_table(joints: Card) -> str:
    """Return how many joints are found, a line for each least score."""
    shares = list(next(iter(joints.values())))
    head = " | ".join(["joints from", *(name.replace("_", " ") for name in shares)])
    return _table(head, ((limit, *(row[name] for name in shares)) for limit, row in joints.items()))


def _box_tables(figures: Card) -> Iterator[str]:
    """Yield how often the highest place and the boxes are right."""
    yield _table("highest | on the fracture", figures["pointing"].items())
    rates = list(next(iter(figures["froc"].values())))
    head = " | ".join(["found", *(f"at {rate} false boxes a joint" for rate in rates)])
    yield _table(head, ((rule, *row.values()) for rule, row in figures["froc"].items()))


def _looks_figures(figures: Card) -> Iterator[str]:
    """Yield what both looks are worth, a table for each question."""
    yield _found_table(figures["joints"])
    yield _table(_FRACTURE, starmap(_fracture_row, figures["fracture"].items()))
    whole = figures["whole_way"]
    yield (
        f"The first look finds {estimate_text(whole['found'])} of these joints by itself (from the "
        "least score on a card); told which part they are by it, their fracture AUROC is "
        f"{estimate_text(whole['fracture']['auroc'])}."
    )
    yield from _box_tables(figures)


def _fracture_row(part: str, row: Card) -> tuple[Any, ...]:
    """Return a part's line of :data:`_FRACTURE`."""
    names = ("auroc", "accuracy", "always_normal_accuracy", "sensitivity", "specificity")
    return part, row["n"], sum(row["confusion"]["counts"][0]), *(row[name] for name in names)


def network_card(card: Card) -> str:
    """Return the card of a network for one question, which its training has measured."""
    learned, tested = card["learned_from"], card.get("test")
    sets = [name for name in ("train", "validation", "test") if name in learned]
    columns = list(dict.fromkeys(name for split in sets for name in learned[split]))
    rows = ((split, *(learned[split].get(name, 0) for name in columns)) for split in sets)
    asked = "body part"
    if card["kind"] != BODY_PART:
        asked = f"fracture of {with_article(in_words(_body_parts(card) or None))}"
    figures = "It was not tested: the dataset left no radiographs for that."
    if tested:
        measured = [
            (name.replace("_", " "), value)
            for name, value in tested.items()
            if isinstance(value, Mapping | float) and name != "confusion"
        ]
        figures = (
            f"On {tested['n']} radiographs of {tested['groups']} patients that had no part in the "
            f"training, with 95 percent intervals.\n\n{_table('figure | value', measured)}"
        )
    made = (
        f"{card['architecture']}. {card['epochs']} epochs, of which number {card['best_epoch']} "
        "is kept."
    )
    return (
        f"# Model card: {card['network']}, {asked}\n\n**{card['notice']}**\n\n"
        f"## What it is\n\n{made}\n\n"
        f"{_table('setting | value', ((k, str(v)) for k, v in card['plan'].items()))}\n\n"
        f"## What it learned from\n\n{_table(' | '.join(['part', *columns]), rows)}\n\n"
        f"## How well it does\n\n{figures}\n\n## Files\n\n{_files(card)}\n"
    )


def _files(card: Card) -> str:
    files = card["files"].items()
    return _table(
        "file | sha256 | bytes",
        ((name, f"`{file['sha256']}`", file["bytes"]) for name, file in files
         if name.endswith(".npz")),
    )  # fmt: skip


def dataset_card(card: Card) -> str:
    """Return the card of the radiographs that the model was made from."""
    _check_figures(card)
    counts = card["trained_on"]["counts"].items()
    fields = {
        "parts": in_words(_body_parts(card), "and"),
        "divided": begun(card["splits"]),
        "count_table": _table(
            "kind | fractured | normal",
            ((kind, count["fractured"], count["normal"]) for kind, count in counts),
        ),
    }
    return _template("dataset_card.md").format_map({**card, **fields})


def _check_figures(card: Card) -> None:
    """Refuse a card that lacks what every model card tells: that of a network for one question."""
    if not all(section in card for section in _NEEDED):
        raise ModelError(
            f"No model card can be made of this model, whose {CARD_FILE} has no figures of a whole "
            "cascade: name the folder of the cascade that ships, or of one made by "
            "fracture-widgets train cascade."
        )


def _template(name: str) -> str:
    return (files("fracture_widgets") / "resources" / name).read_text("utf-8")


def _table(head: str, rows: Iterable[Sequence[Any]]) -> str:
    """Return a Markdown table of texts, numbers to three places and estimates."""

    def cell(value: Any) -> Any:
        if isinstance(value, Mapping):
            return estimate_text(value)
        return f"{value:.3f}" if isinstance(value, float) else value

    return markdown_table(head.split(" | "), ([cell(value) for value in row] for row in rows))


def _body_parts(card: Card) -> list[str]:
    """Return the body parts that the model answers."""
    parts: list[str] = card["body_parts"] if "body_parts" in card else card["labels"]["body_part"]
    return parts


def _figures(card: Card, figures: Card) -> str:
    """Return how well body parts, fractures and places were found on one split."""
    if "joints" in figures:
        return "\n\n".join(_looks_figures(figures))
    part, found = figures["body_part"], figures["localisation"]
    uncropped = figures["body_part_uncropped"]
    baseline = next(
        f"{name.replace('_accuracy', '').replace('_', ' ')} is right in {value:.3f}"
        for name, value in part.items()
        if name.startswith("always_")
    )
    rows = []
    for name in (*_body_parts(card), "pooled"):
        _, n, fractured, ranked, right, always, *_ = _fracture_row(name, figures["fracture"][name])
        rows.append((name, n, fractured, ranked, figures["without_holders"][name], right, always))
    head = (
        "fracture | n | fractured | AUROC | AUROC, no helper's hand in it | accuracy at 0.5 | "
        "always normal"
    )
    return (
        f"Body part: accuracy {estimate_text(part['accuracy'])}, n {part['n']} of "
        f"{part['groups']} studies ({baseline}). On whole radiographs that show one joint: "
        f"{estimate_text(uncropped)}, n {uncropped['n']}.\n\n{_table(head, rows)}\n\n"
        f"Localisation, of {found['map_hit']['n']} fractured joints: the fracture map's highest "
        f"place lies on an outline in {estimate_text(found['map_hit'])}, Grad-CAM's in "
        f"{estimate_text(found['heatmap_hit'])}."
    )


def _trust(trust: Card) -> dict[str, str]:
    parts = trust["parts"].items()
    calibration, verdicts, conformal = [], [], []
    for name, part in parts:
        method, errors = part["calibration"]["method"], part["calibration_error"]
        limits = part["band"]["low"], part["band"]["high"]
        calibration.append((name, method, errors["as it is"], errors[method], *limits))
        verdicts.append((name, part["n"], *_verdict_cells(part)))
        for sets in part["conformal"]:
            covered, both = sets["coverage"], sets["sizes"]["both"]
            row = (covered["fractured"], covered["normal"], both)
            conformal.append((name, f"{sets['miss']:.0%}", *row))
    return {
        "trust_note": trust.get("note", ""),
        "calibration_table": _table(
            "part | calibration | ECE before | ECE after | none seen below | fracture from",
            calibration,
        ),
        "verdict_table": _table(
            "part | n | asked | sensitivity | specificity | doubt | fractured of 'none seen'",
            verdicts,
        ),
        "other_points": "\n\n".join(_other_points(trust["parts"])),
        "conformal_table": _table(
            "part | conformal, may miss | covers fractured | covers normal | both possible",
            conformal,
        ),
    }


def _verdict_cells(point: Card) -> Iterator[Any]:
    """Yield what the limits of an operating point were asked for, and what they are worth."""
    asked, missed = point["asked"], point["verdicts"]["none seen"]
    yield f"{asked['sensitivity']:g} / {asked['specificity']:g}"
    yield from (point[name] for name in ("sensitivity", "specificity", "doubt"))
    yield f"{missed['fractured']} of {missed['n']}"


def _other_points(parts: Card) -> Iterator[str]:
    """Yield a table for each operating point that can be chosen instead of the first."""
    names = dict.fromkeys(name for part in parts.values() for name in part.get(OTHER_POINTS, {}))
    head = "none seen below | fracture from | asked | sensitivity | specificity | doubt"
    for name in names:
        rows, promised = [], {}
        for part, known in parts.items():
            if (point := known.get(OTHER_POINTS, {}).get(name)) is None:
                continue
            promised, limits = point["promised"], (point["band"]["low"], point["band"]["high"])
            rows.append((part, known["n"], *limits, *_verdict_cells(point)))
        yield (
            f"These verdicts are those of the *sensitive* operating point. The *{name}* one, "
            f"chosen with `--operating-point {name}`, promises {promised['sensitivity']:g} and "
            f"{promised['specificity']:g}:"
        )
        yield _table(f"part | n | {head} | fractured of 'none seen'", rows)


def _gate(gate: Card) -> dict[str, str]:
    def blocks() -> Iterator[str]:
        if kinds := gate.get("kinds"):
            shares = ("answered", "no_radiograph", "no_joint", "turned")
            yield f"Measured on {gate['measured']}."
            yield _table(
                "kind | n | studies or files | answered | no radiograph, or too unlike | "
                "no joint found | turned",
                (
                    (name, kind["n"], kind["groups"], *(kind[share] for share in shares))
                    for name, kind in kinds.items()
                ),
            )
            yield (
                f"On folds, {estimate_text(gate['turned_rightly'])} of inverted radiographs are "
                f"turned, and {estimate_text(gate['turned_wrongly'])} of others, wrongly."
            )
        for split, where in (("out_of_fold", "Out of fold"), ("test", "On the test split")):
            if not (kinds := gate.get(split)):
                continue
            kept = kinds["kept"]
            yield f"{where}: {estimate_text(kept)} of our radiographs pass, n {kept['n']}."
            yield _table(
                "kind | n | studies or files | refused | AUROC",
                (
                    (name, kind["n"], kind["groups"], kind["refused"], kind.get("auroc", ""))
                    for name, kind in kinds.items()
                    if name != "kept"
                ),
            )

    return {"gate_note": gate.get("note", ""), "gate_splits": "\n\n".join(blocks())}


def _subgroups(rows: Sequence[Card]) -> dict[str, str]:
    head = "kind | level | n | studies | fractured | AUROC"
    names = ("column", "level", "n", "studies", "fractured")
    return {"subgroup_table": _table(head, ((*(row[n] for n in names), row) for row in rows))}


def _failures(failures: Card) -> str:
    def named(radiographs: Sequence[Card]) -> str:
        return ", ".join(f"{r['image_id']} ({r['probability']:.3f})" for r in radiographs)

    worst = ((part, named(w["missed"]), named(w["false_alarms"])) for part, w in failures.items())
    return (
        "Most wrong out of fold, by FracAtlas's names: the fractures that were given the lowest "
        "probability, and the normal joints that were given the highest.\n\n"
        + _table("part | missed | false alarms", worst)
    )
