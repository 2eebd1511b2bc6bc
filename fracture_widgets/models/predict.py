"""The paper's ``predict``, and the networks trained in this process that it answers with."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.radiograph import Radiograph, read_radiograph
from fracture_widgets.models.cascade import Cascade, shipped_cascade
from fracture_widgets.models.compose import holds_models
from fracture_widgets.models.networks import BODY_PART_OUTPUT
from fracture_widgets.models.report import Answer, most_probable
from fracture_widgets.parts import FRACTURED

AnswersQuestion = Callable[[Radiograph], Mapping[str, float]]
"""Returns the probability of each answer to a question, ``"body_part"`` or a part."""

TRAINED: dict[str, AnswersQuestion] = {}
"""What was trained in this process, by its question; what ships answers all others."""


def predict(
    image_path: str | os.PathLike[str],
    model: str | os.PathLike[str] | Cascade = "Parts",
) -> str:
    """Answer one question about one file, as the paper does it.

    Networks that :func:`train_bone_type_model` and :func:`train_fracture_model` trained in this
    process answer their questions; the shipped cascade answers all others.

    Parameters
    ----------
    image_path
        A radiograph.
    model
        ``"Parts"`` asks for the body part; ``"Elbow"``, ``"Hand"`` or ``"Shoulder"`` asks that
        part's network whether the radiograph shows a fracture, whatever it shows. A cascade or a
        models folder is asked for a fracture of the part that it sees.

    Returns
    -------
    str
        ``"Elbow"``, ``"Hand"`` or ``"Shoulder"``; or ``"fractured"`` or ``"normal"``. It equals
        the same word in any letter case. The gate is not asked: :meth:`Cascade.examine` refuses
        what is no such radiograph.

    Raises
    ------
    UnreadableRadiograph
        If the file is no radiograph.
    ModelError
        If ``model`` has another name, or the model is damaged.

    Examples
    --------
    >>> from pathlib import Path
    >>> from fracture_widgets import draw_phantom, predict
    >>> drawn = draw_phantom("hand", fractured=True, seed=1).radiograph
    >>> _ = Path("hand.png").write_bytes(drawn.to_png())
    >>> predict("hand.png")
    'Hand'
    >>> predict("hand.png", model="Hand")
    'fractured'
    """
    if isinstance(model, str) and not holds_models(Path(model)):
        return AnyCase(_answer_to(model, read_radiograph(image_path)))
    cascade = model if isinstance(model, Cascade) else Cascade.load(model)
    radiograph = read_radiograph(image_path)
    (answer,) = cascade.answer([cascade.prepare(radiograph)])
    return AnyCase(answer.label)


def answer_by_trained(radiograph: Radiograph) -> Answer:
    """Answer as :func:`predict` does: which part, and then whether that part is fractured."""
    parts = _probabilities_of(BODY_PART_OUTPUT, BODY_PART_OUTPUT, radiograph)
    part = most_probable(parts)
    fracture = _probabilities_of(part, part, radiograph)[FRACTURED]
    return Answer(parts, fracture, fracture)


def _answer_to(question: str, radiograph: Radiograph) -> str:
    """Answer one of the paper's questions by what was trained for it, or else by what ships."""
    output = BODY_PART_OUTPUT if question.lower() == "parts" else question.lower()
    answer = most_probable(_probabilities_of(output, question, radiograph))
    return answer.capitalize() if output == BODY_PART_OUTPUT else answer


def _probabilities_of(output: str, question: str, radiograph: Radiograph) -> Mapping[str, float]:
    if trained := TRAINED.get(output):
        return trained(radiograph)
    cascade = shipped_cascade()
    if output not in (BODY_PART_OUTPUT, *cascade.body_parts):
        names = ", ".join(name.capitalize() for name in ("parts", *cascade.body_parts))
        raise ModelError(f"The model is one of {names}. Received: {question!r}")
    return cascade.probabilities(radiograph)[output]


class AnyCase(str):
    """A name that equals itself in any letter case: ``"Elbow"`` is ``"elbow"``.

    Sets and the keys of dictionaries know it by its own spelling alone.
    """

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        """Compare without regard to case."""
        return isinstance(other, str) and self.casefold() == other.casefold()

    def __ne__(self, other: object) -> bool:
        """Compare without regard to case."""
        return not self == other
