"""The figures in the README and in the documentation are those of the card that ships."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from fracture_widgets.models.compose import JOINTS_FOLDER
from fracture_widgets.models.folder import default_models_folder, load_model_folder
from fracture_widgets.models.trust import LIKE, UNLIKE, UNLIKE_SECTION
from fracture_widgets.parts import BODY_PARTS

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
EVIDENCE = ROOT / "docs" / "explanation" / "evidence.md"
VARIABLES = ROOT / "docs" / "reference" / "environment.md"
COMPARISON = ROOT / "docs" / "explanation" / "comparison.md"


@pytest.fixture(scope="module")
def figures() -> Any:
    return load_model_folder().card["figures"]


def _interval(estimate: Any) -> str:
    if estimate["low"] is None:
        return f"{estimate['value']:.3f}"
    return f"{estimate['value']:.3f} ({estimate['low']:.3f} to {estimate['high']:.3f})"


@pytest.mark.parametrize("looked_at", ["out_of_fold", "test"])
@pytest.mark.parametrize("part", [*BODY_PARTS, "pooled"])
def test_fracture_row(figures: Any, part: str, looked_at: str) -> None:
    scores = figures[looked_at]["fracture"][part]
    fractured = sum(scores["confusion"]["counts"][0])
    cells = [
        "all three" if part == "pooled" else part,
        f"{scores['n']} ({fractured})",
        _interval(scores["auroc"]),
        _interval(scores["accuracy"]),
        f"{scores['always_normal_accuracy']:.3f}",
        _interval(scores["sensitivity"]),
        _interval(scores["specificity"]),
    ]
    row = f"| {' | '.join(cells)} |"
    assert row in EVIDENCE.read_text(encoding="utf-8")
    assert looked_at == "test" or row in README.read_text(encoding="utf-8")


def test_body_part_and_localisation(figures: Any) -> None:
    text = " ".join(EVIDENCE.read_text(encoding="utf-8").split())
    folds, test = figures["out_of_fold"], figures["test"]
    for estimate in (
        folds["body_part"]["accuracy"],
        folds["body_part_uncropped"],
        folds["localisation"]["map_hit"],
        folds["localisation"]["heatmap_hit"],
        test["body_part"]["accuracy"],
    ):
        assert _interval(estimate) in text


def test_joints_boxes_and_refusals_stand_in_the_evidence() -> None:
    card = load_model_folder(default_models_folder() / JOINTS_FOLDER).card
    text = " ".join(EVIDENCE.read_text(encoding="utf-8").split())
    limit = card["thresholds"]["joint"]
    for split in ("held_out", "test"):
        scores = card["figures"][split]
        found = min(scores["joints"].items(), key=lambda row: abs(float(row[0]) - limit))[1]
        estimates = [found[name] for name in ("recall", "precision", "body_part", "others_with")]
        estimates += [*scores["pointing"].values(), scores["froc"]["centre"]["0.25"]]
        for estimate in estimates:
            assert _interval(estimate) in text
    for kind, row in card["gate"]["kinds"].items():
        shares = " | ".join(
            _interval(row[name]) for name in ("answered", "no_radiograph", "no_joint", "turned")
        )
        assert f"| {kind} | {row['n']} ({row['groups']}) | {shares} |" in text
    assert _interval(card["beside"]["same_verdict"]) in text
    for name in (LIKE, UNLIKE):
        worth = card[UNLIKE_SECTION][name]
        cells = (
            f"{_interval(worth[of])} of {worth[of]['n']} ({worth[of]['groups']})"
            for of in ("missed", "false", "doubt", "auroc")
        )
        assert f"| {name} | {' | '.join(cells)} |" in text


def test_what_becomes_of_answers_in_other_archives_stands_in_the_evidence() -> None:
    text = EVIDENCE.read_text(encoding="utf-8")
    written = (ROOT / "results" / "found_joints" / "shifts.md").read_text(encoding="utf-8")
    means = [re.split(r" {2,}", line)[1:5] for line in written.splitlines() if "mean of" in line]
    for place, title in enumerate(("the right body part", "fracture AUROC", "AUROC lost")):
        assert f"| {title} | {means[0][place]} | {means[1][place]} |" in text
    assert f"| not answered | {means[0][3]} | {means[1][3]} | 0.000 |" in text


def test_where_boxes_point_on_turned_radiographs_stands_in_the_evidence() -> None:
    text = EVIDENCE.read_text(encoding="utf-8")
    written = (ROOT / "results" / "found_joints" / "found_joints.md").read_text(encoding="utf-8")
    rows = [line for line in written.splitlines() if re.match(r"\| \d+ \| ", line)]
    assert len(rows) == 4
    assert all(row in text for row in rows)


def test_every_network_of_the_reproduction_stands_with_its_figures() -> None:
    results = ROOT / "results"
    text = COMPARISON.read_text(encoding="utf-8")
    written = (results / "table_6_1.md").read_text(encoding="utf-8").splitlines()
    shown = {row for row in text.splitlines() if row.startswith("| ")}
    for network in pd.read_csv(results / "table_6_1.csv")["network"]:
        (row,) = (row for row in written if row.startswith(f"| {network} | ") and " to " in row)
        assert row in shown

    compared = results / "comparison"
    table = pd.read_csv(compared / "comparison.csv").set_index(["model", "part", "metric"])
    for model, title in pd.read_csv(compared / "models.csv", index_col=0)["title"].items():
        aurocs = (_interval(table.loc[(model, part, "auroc")]) for part in ("all", *BODY_PARTS))
        assert f"| {title} | {' | '.join(aurocs)} |" in shown


@pytest.mark.parametrize(
    ("page", "least"), [("detectors/detectors", 13), ("ablation/ablation", 16)]
)
def test_every_detector_and_ingredient_stands_with_its_figures(page: str, least: int) -> None:
    text = COMPARISON.read_text(encoding="utf-8").splitlines()
    written = (ROOT / "results" / f"{page}.md").read_text(encoding="utf-8")
    rows = [line for line in written.splitlines() if line.startswith("| ")]
    assert len(rows) >= least
    assert set(rows) <= set(text)


@pytest.mark.parametrize("part", BODY_PARTS)
def test_verdict_row(part: str) -> None:
    known = load_model_folder().card["trust"]["parts"][part]
    none_seen = known["verdicts"]["none seen"]
    assert (
        f"| {part} | {known['n']} ({known['fractured']}) "
        f"| {_interval(known['calibration_error']['as it is'])} "
        f"| {known['asked']['sensitivity']:g} / {known['asked']['specificity']:g} "
        f"| {known['band']['low']:.3f} / {known['band']['high']:.3f} "
        f"| {_interval(known['sensitivity'])} | {_interval(known['specificity'])} "
        f"| {_interval(known['doubt'])} | {none_seen['fractured']} of {none_seen['n']} |"
    ) in EVIDENCE.read_text("utf-8")


@pytest.mark.parametrize("part", BODY_PARTS)
def test_row_of_the_balanced_operating_point(part: str) -> None:
    known = load_model_folder().card["trust"]["parts"][part]["points"]["balanced"]
    none_seen = known["verdicts"]["none seen"]
    assert (
        f"| {part} | {known['asked']['sensitivity']:g} / {known['asked']['specificity']:g} "
        f"| {known['band']['low']:.3f} / {known['band']['high']:.3f} "
        f"| {_interval(known['sensitivity'])} | {_interval(known['specificity'])} "
        f"| {_interval(known['doubt'])} | {none_seen['fractured']} of {none_seen['n']} |"
    ) in EVIDENCE.read_text("utf-8")


def test_what_passes_the_gate() -> None:
    gate = load_model_folder().card["gate"]["test"]
    text = " ".join(EVIDENCE.read_text("utf-8").split())
    assert f"{_interval(gate['kept'])} of our radiographs pass ({gate['kept']['n']} crops" in text
    for kind in ("joint, cropped", "leg or hip, whole", "leg or hip, patch", "scan"):
        row = f"| {kind} | {gate[kind]['n']} ({gate[kind]['groups']}) "
        assert f"{row}| {_interval(gate[kind]['refused'])} |" in text


def test_every_variable_of_the_environment_is_in_its_table() -> None:
    package = ROOT / "fracture_widgets"
    sources = "".join(path.read_text("utf-8") for path in package.rglob("*.py"))
    used = set(re.findall(r"FRACTURE_WIDGETS_[A-Z_]+", sources))
    rows = re.findall(
        r"^\| `(FRACTURE_WIDGETS_[A-Z_]+)` \|", VARIABLES.read_text("utf-8"), re.MULTILINE
    )
    assert sorted(rows) == sorted(used)
    assert len(used) >= 6


def test_the_readme_is_short_and_its_links_lead_somewhere() -> None:
    text = README.read_text("utf-8")
    assert len(text.splitlines()) <= 150
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    assert len(links) > 20
    assert [link for link in links if not (ROOT / link).exists()] == []
    commands = re.findall(r"^(?:make|fracture-widgets) ([a-z]+)", text, re.MULTILINE)
    assert {"dashboard", "test", "predict", "evaluate", "compare"} <= set(commands)
