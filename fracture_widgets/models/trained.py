"""Networks that were trained in this process, which the paper's ``predict`` then answers with."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fracture_widgets.imaging.radiograph import Radiograph

AnswersQuestion = Callable[[Radiograph], Mapping[str, float]]
"""Returns the probability of each answer."""

_TRAINED: dict[str, AnswersQuestion] = {}


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


def use_trained(question: str, answer: AnswersQuestion) -> None:
    """Let ``predict`` answer a question, ``"body_part"`` or a part, by what was just trained."""
    _TRAINED[question] = answer


def trained_for(question: str) -> AnswersQuestion | None:
    """Return what was trained for a question in this process, or None."""
    return _TRAINED.get(question)


def any_trained() -> bool:
    """Whether a network was trained in this process."""
    return bool(_TRAINED)


def forget_trained() -> None:
    """Let ``predict`` answer by what ships again."""
    _TRAINED.clear()
