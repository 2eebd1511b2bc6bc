"""What is chosen before a training, with plain words beside each setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any

import ipywidgets as widgets

from fracture_widgets.app.tabs.training.choices import NETWORKS, QUESTIONS, Overview
from fracture_widgets.app.tabs.training.trainer import Activity, Trainer
from fracture_widgets.app.widgets.controls import Form
from fracture_widgets.base.language import gettext, marked, number, told
from fracture_widgets.training.plan import Augmentation

_SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "epochs": {
        "kind": "number", "label": marked("Epochs, at most"), "min": 1, "max": 500, "step": "1",
        "hint": marked(
            "In an epoch the network sees every training radiograph once. It often ends "
            "sooner."
        ),
    },
    "patience": {
        "kind": "number", "label": marked("Patience"), "min": 1, "max": 100, "step": "1",
        "hint": marked(
            "Training ends after so many epochs without a lower validation loss; the best "
            "epoch's weights are kept."
        ),
    },
    "learning_rate": {
        "kind": "number", "label": marked("Learning rate"), "min": 1e-6, "max": 1.0, "step": "any",
        "hint": marked(
            "How far each step goes. Too large, and the loss jumps about; too small, and it"
            " hardly moves."
        ),
    },
    "batch": {
        "kind": "number", "label": marked("Batch"), "min": 1, "max": 512, "step": "1",
        "hint": marked(
            "So many radiographs are looked at before the weights change. Fewer take less "
            "memory."
        ),
    },
    "augmentation": {
        "kind": "check", "label": marked("Vary the radiographs"),
        "hint": marked(
            "Every epoch sees them turned, enlarged and brightened a little, so that they "
            "are not learned by heart."
        ),
    },
    "class_weights": {
        "kind": "check", "label": marked("Let rare answers count more"),
        "hint": marked(
            "Otherwise a network does well by calling everything normal."
        ),
    },
}  # fmt: skip
"""Fields of a training's plan, as the form shows them."""

_DIVIDED = marked(
    "Radiographs that are there. About 60 percent are for training, 20 for validation and 20 for "
    "the test; no patient stands on two sides."
)
_FROZEN = marked("Not with the head alone: its trunk looks at each radiograph once.")


class SetupPanel(widgets.VBox):
    """Chooses radiographs, question, network and settings."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._options: Mapping[str, Sequence[tuple[str, str]]] = {
            "dataset_key": [(choice.key, choice.title) for choice in trainer.datasets],
            "question": QUESTIONS,
            "network_key": [(choice.key, choice.title) for choice in NETWORKS],
        }
        self.choices, self.settings = Form(self.change), Form(self.change)
        self.overview = widgets.HTML()
        super().__init__([self.choices, self.overview, self.settings])
        trainer.observe(
            self._fill, ["dataset_key", "question", "network_key", "activity", "settings"]
        )
        trainer.observe(self._describe, ["overview", "dataset_problem", "dataset_key", "activity"])
        self._fill()
        self._describe()

    def change(self, name: str, value: object) -> None:
        """Take what was chosen or typed in the page; what makes no sense is put back."""
        trainer = self._trainer
        if trainer.busy:
            pass
        elif value in [key for key, _ in self._options.get(name, ())]:
            trainer.set_trait(name, value)
            if name == "network_key":
                trainer.settings = trainer.network.begin(trainer.settings)
        elif name in _SETTINGS:
            self._set(name, value)
        self._fill()

    def _set(self, name: str, value: object) -> None:
        setting, kept = _SETTINGS[name], value
        if isinstance(value, bool) != (setting["kind"] == "check"):
            return
        if setting["kind"] == "number":
            if not isinstance(value, int | float):
                return
            kept = min(max(float(value), setting["min"]), setting["max"])
            kept = round(kept) if setting["step"] == "1" else kept
        elif name == "augmentation":
            kept = Augmentation() if value else None
        settings: Any = {name: kept}
        self._trainer.settings = replace(self._trainer.settings, **settings)

    def _fill(self, _: object = None) -> None:
        trainer, network = self._trainer, self._trainer.network
        chosen = [
            ("dataset_key", gettext("Radiographs"), trainer.dataset.hint),
            ("question", gettext("Question"), ""),
            ("network_key", gettext("Network"), network.hint),
        ]
        choices = [
            {
                "name": name, "kind": "select", "label": label, "hint": hint,
                "value": getattr(trainer, name), "options": [*map(list, self._options[name])],
                "disabled": trainer.busy,
            }
            for name, label, hint in chosen
        ]  # fmt: skip
        settings = {
            name: {"name": name, **setting, "value": getattr(trainer.plan, name),
                   "disabled": trainer.busy}
            for name, setting in _SETTINGS.items()
        }  # fmt: skip
        varied = settings["augmentation"]
        varied["value"] = varied["value"] is not None
        if network.frozen:
            varied |= {"hint": gettext(_FROZEN), "disabled": True}
        self.choices.fill(gettext("What to learn"), choices, folded=False)
        self.settings.fill(gettext("Settings"), [*settings.values()], folded=True)

    def _describe(self, _: object = None) -> None:
        trainer = self._trainer
        if trainer.dataset_problem:
            problem = escape(told(trainer.dataset_problem))
            self.overview.value = f'<p class="fw-note fw-note-problem" role="alert">{problem}</p>'
        elif trainer.overview is not None:
            self.overview.value = _table(trainer.overview)
        elif trainer.activity is Activity.CHECKING:
            words = gettext("The radiographs are looked through …")
            self.overview.value = f'<p class="fw-note">{escape(words)}</p>'
        else:
            words = gettext("They are drawn when you start, which takes a minute.")
            self.overview.value = f'<p class="fw-note">{escape(words)}</p>'


def _table(overview: Overview) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(gettext(part))}</th>'
        + "".join(f"<td>{number(count)}</td>" for count in numbers)
        + "</tr>"
        for part, *numbers in overview.rows
    )
    notes = "".join(f"<li>{escape(told(note))}</li>" for note in overview.notes)
    label = escape(gettext("Notes on the radiographs"))
    listed = f'<ul class="fw-warnings" aria-label="{label}">{notes}</ul>'
    heads = "".join(
        f'<th scope="col">{escape(word)}</th>'
        for word in (
            gettext("Part"),
            gettext("All"),
            gettext("Patients"),
            gettext("Fractured"),
            gettext("Normal"),
        )
    )
    return (
        f'<table class="fw-counts"><caption>{escape(gettext(_DIVIDED))}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        f"{listed if notes else ''}"
    )
