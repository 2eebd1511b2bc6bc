"""From a folder in MURA's layout to answers: every network trained, then used by every command."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

pytest.importorskip("keras")

from fracture_widgets import Cascade, predict, read_radiograph
from fracture_widgets.cli import main
from fracture_widgets.cli.commands import train as train_command
from fracture_widgets.datasets.table import load_dataset
from fracture_widgets.errors import DatasetError, TrainingError
from fracture_widgets.models.networks.trunks import Architecture
from fracture_widgets.parts import BODY_PARTS
from fracture_widgets.phantoms import write_phantoms
from fracture_widgets.training.plan import TrainingPlan
from fracture_widgets.training.recipes.paper import train_bone_type_model, train_mura_models
from fracture_widgets.training.teaching import TrainingMonitor

pytestmark = [pytest.mark.slow, pytest.mark.keras]

PLAN = TrainingPlan(
    learning_rate=3e-3, batch=8, epochs=1, augmentation=None, weights=None, validation=0.25,
    test=0.25,
)  # fmt: skip
QUICK = (
    *("--weights", "none", "--no-augmentation", "--epochs", "1", "--batch", "8"),
    *("--learning-rate", "0.003", "--validation", "0.25", "--test", "0.25"),
)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "mura"
    write_phantoms(folder, patients=6, seed=1, exposures=1)
    return folder


@pytest.fixture(scope="module")
def models(drawn: Path, tiny_trunk, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All networks, trained by the command on a trunk that trains in a second."""
    out = tmp_path_factory.mktemp("models") / "mura"
    known = {"resnet50": Architecture("resnet50", "ResNet-50", tiny_trunk, None)}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(train_command, "ARCHITECTURES", known)
        assert main(["train", "mura", str(drawn), "--out", str(out), *QUICK]) == 0
    return out


def test_every_network_is_a_model_folder_that_says_what_it_is(models: Path) -> None:
    assert sorted(one.name for one in models.iterdir()) == sorted(["body_part", *BODY_PARTS])
    for folder in models.iterdir():
        card = json.loads((folder / "card.json").read_text())
        whole = folder.name == "body_part"
        assert card["schema"] == 2
        assert card["kind"] == ("body_part" if whole else "fracture")
        assert card["body_parts"] == (list(BODY_PARTS) if whole else [folder.name])
        learned = card["learned_from"]
        assert learned["train"]["patients"] == (2 * len(BODY_PARTS) if whole else 2)
        assert str(models.parent.parent) not in json.dumps(card)


def test_the_folder_of_folders_answers_everywhere(
    models: Path, drawn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = next((drawn / "train_valid" / "Hand").rglob("*.png"))
    report = Cascade.load(models).examine(read_radiograph(picture))
    assert set(report.body_part_probabilities) == set(BODY_PARTS)
    assert 0 <= report.fracture_probability <= 1
    capsys.readouterr()
    assert main(["predict", str(picture), "--json", "--models", str(models)]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["fracture_probability"] == pytest.approx(
        report.fracture_probability, abs=1e-6
    )
    assert predict(picture, model=models) in {"fractured", "normal"}
    table = tmp_path / "screened.csv"
    hands = str(drawn / "train_valid" / "Hand")
    assert main(["screen", hands, "--out", str(table), "--models", str(models)]) == 0
    assert len(pd.read_csv(table)) == len(list(Path(hands).rglob("*.png")))
    assert main(["evaluate", hands, "--json", "--models", str(models)]) == 0


def test_what_is_finished_is_not_done_again_and_what_was_stopped_goes_on(
    drawn: Path, tiny_trunk, tmp_path: Path
) -> None:
    train = partial(train_mura_models, drawn, tmp_path, trunk=tiny_trunk)
    heard = TrainingMonitor.of_callbacks
    told: list[str] = []
    plan = TrainingPlan(**{**vars(PLAN), "epochs": 2})
    seen: list[object] = []

    def stop_in_the_second_network() -> bool:
        return len(list(tmp_path.glob("*/card.json"))) == 1 and seen[-1].epoch == 2

    stopped = train(heard(seen.append, cancelled=stop_in_the_second_network), plan=plan)
    assert [run.finished for run in stopped.values()] == [True, False]
    runs = train(heard(say=told.append), plan=plan)
    assert list(runs) == ["body_part", *BODY_PARTS]
    assert all(run.finished and len(run.history) == 2 for run in runs.values())
    assert "The run in body_part is finished: it is not done again." in told
    with pytest.raises(TrainingError, match="was begun with other settings"):
        train(TrainingMonitor(), plan=TrainingPlan(**{**vars(plan), "batch": 4}))


def test_one_part_alone_needs_no_network_that_names_it(
    drawn: Path, tiny_trunk, tmp_path: Path
) -> None:
    table = load_dataset(drawn)
    hands = table[table["body_part"] == "hand"]
    runs = train_mura_models(hands, tmp_path, TrainingMonitor(), plan=PLAN, trunk=tiny_trunk)
    assert list(runs) == ["hand"]
    assert Cascade.load(tmp_path).body_parts == ("hand",)
    with pytest.raises(DatasetError, match=r"one body part alone \(hand\): there is none to tell"):
        train_bone_type_model(hands, plan=PLAN, trunk=tiny_trunk)
