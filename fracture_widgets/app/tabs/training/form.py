"""What is chosen before a training, with plain words beside each setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import ipywidgets as widgets

from fracture_widgets.app.tabs.training.choices import NETWORKS, QUESTIONS
from fracture_widgets.app.tabs.training.state import Activity, Overview, TrainingState
from fracture_widgets.app.widgets.controls import Form

__all__ = ["SetupPanel"]


@dataclass(frozen=True)
class _Number:
    """A setting that is a number, with the numbers that are taken."""

    label: str
    low: float
    high: float
    step: str
    hint: str
    whole: bool = True


_NUMBERS: Mapping[str, _Number] = {
    "epochs": _Number(
        "Epochs, at most", 1, 500, "1",
        "In an epoch the network sees every training radiograph once. It often ends sooner.",
    ),
    "patience": _Number(
        "Patience", 1, 100, "1",
        "Training ends after so many epochs without a lower validation loss; the best epoch's "
        "weights are kept.",
    ),
    "learning_rate": _Number(
        "Learning rate", 1e-6, 1.0, "any",
        "How far each step goes. Too large, and the loss jumps about; too small, and it hardly "
        "moves.",
        whole=False,
    ),
    "batch": _Number(
        "Batch", 1, 512, "1",
        "So many radiographs are looked at before the weights change. Fewer take less memory.",
    ),
}  # fmt: skip
_FROZEN = "Not with the head alone: its trunk looks at each radiograph once."


class SetupPanel(widgets.VBox):
    """Chooses radiographs, question, network and settings."""

    def __init__(self, state: TrainingState) -> None:
        self._state = state
        self.choices, self.settings = Form(self.change), Form(self.change)
        self.overview = widgets.HTML()
        super().__init__([self.choices, self.overview, self.settings])
        state.observe(
            self._fill,
            ["dataset_key", "question", "network_key", "activity", "augmentation",
             "class_weights", *_NUMBERS],
        )  # fmt: skip
        state.observe(self._describe, ["overview", "dataset_problem", "dataset_key", "activity"])
        self._fill()
        self._describe()

    def change(self, name: object, value: object) -> None:
        """Take what was chosen or typed in the page; what makes no sense is put back."""
        state = self._state
        if state.busy or not isinstance(name, str):
            pass
        elif name == "dataset_key" and value in [one.key for one in state.datasets]:
            state.dataset_key = str(value)
        elif name == "question" and value in [key for key, _ in QUESTIONS]:
            state.question = str(value)
        elif name == "network_key" and value in [one.key for one in NETWORKS]:
            state.network_key = str(value)
            state.learning_rate = state.network.learning_rate
        elif name in {"augmentation", "class_weights"} and isinstance(value, bool):
            state.set_trait(name, value)
        elif name in _NUMBERS:
            number = _NUMBERS[name]
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                kept = min(max(float(value), number.low), number.high)
                state.set_trait(name, round(kept) if number.whole else kept)
        self._fill()

    def _fill(self, _: object = None) -> None:
        state = self._state
        busy = state.busy
        network = state.network
        numbers = [
            {
                "name": name, "kind": "number", "label": one.label, "hint": one.hint,
                "value": getattr(state, name), "min": one.low, "max": one.high, "step": one.step,
                "disabled": busy,
            }
            for name, one in _NUMBERS.items()
        ]  # fmt: skip
        checks = [
            _check(
                "augmentation", "Vary the radiographs",
                _FROZEN if network.frozen else "Every epoch sees them turned, enlarged and "
                "brightened a little, so that they are not learned by heart.",
                value=state.augmentation and not network.frozen, disabled=busy or network.frozen,
            ),
            _check(
                "class_weights", "Let rare answers count more",
                "Otherwise a network does well by calling everything normal.",
                value=state.class_weights, disabled=busy,
            ),
        ]  # fmt: skip
        choices = [
            _select("dataset_key", "Radiographs", state.dataset.hint, state.dataset_key,
                    [(one.key, one.title) for one in state.datasets], disabled=busy),
            _select("question", "Question", "", state.question, QUESTIONS, disabled=busy),
            _select("network_key", "Network", network.hint, state.network_key,
                    [(one.key, one.title) for one in NETWORKS], disabled=busy),
        ]  # fmt: skip
        self.choices.fill("What to learn", choices, folded=False)
        self.settings.fill("Settings", [*numbers, *checks], folded=True)

    def _describe(self, _: object = None) -> None:
        state = self._state
        if state.dataset_problem:
            problem = escape(state.dataset_problem)
            self.overview.value = f'<p class="fw-note fw-note-problem" role="alert">{problem}</p>'
        elif state.overview is not None:
            self.overview.value = _table(state.overview)
        elif state.activity is Activity.CHECKING:
            self.overview.value = '<p class="fw-note">The radiographs are looked through …</p>'
        else:
            self.overview.value = (
                '<p class="fw-note">They are drawn when you start, which takes a minute.</p>'
            )


def _check(name: str, label: str, hint: str, *, value: bool, disabled: bool) -> dict[str, Any]:
    return {
        "name": name, "kind": "check", "label": label, "hint": hint, "value": value,
        "disabled": disabled,
    }  # fmt: skip


def _select(
    name: str,
    label: str,
    hint: str,
    value: str,
    options: Sequence[tuple[str, str]],
    *,
    disabled: bool,
) -> dict[str, Any]:
    return {
        "name": name, "kind": "select", "label": label, "hint": hint, "value": value,
        "options": [list(option) for option in options], "disabled": disabled,
    }  # fmt: skip


def _table(overview: Overview) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(part)}</th>'
        + "".join(f"<td>{number:,}</td>" for number in numbers)
        + "</tr>"
        for part, *numbers in overview.rows
    )
    notes = "".join(f"<li>{escape(note)}</li>" for note in overview.notes)
    listed = f'<ul class="fw-warnings" aria-label="Notes on the radiographs">{notes}</ul>'
    heads = "".join(
        f'<th scope="col">{word}</th>'
        for word in ("Part", "All", "Patients", "Fractured", "Normal")
    )
    return (
        '<table class="fw-counts"><caption>Radiographs that are there. About 60 percent are for '
        "training, 20 for validation and 20 for the test; no patient stands on two sides.</caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        f"{listed if notes else ''}"
    )
