"""Which of the saved results are wanted, and in which order."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from fracture_widgets.parts import Verdict

__all__ = ["HistoryFilter", "Order", "ReaderFilter"]


class Order(enum.StrEnum):
    """What comes first."""

    NEWEST = "newest"
    PROBABLE = "probable"


class ReaderFilter(enum.StrEnum):
    """How the reader's verdict stands to the network's."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    NOT_READ = "not read"


_ORDERS = {
    Order.NEWEST: "id DESC",
    Order.PROBABLE: "COALESCE(calibrated_probability, fracture_probability) DESC, id DESC",
}
# A refused radiograph has no verdict to agree with.
_READER = {
    ReaderFilter.AGREES: "reader_verdict = verdict",
    ReaderFilter.DISAGREES: "reader_verdict <> verdict AND verdict <> 'refused'",
    ReaderFilter.NOT_READ: "reader_verdict IS NULL",
}


@dataclass(frozen=True)
class HistoryFilter:
    """What a row must be to be wanted; each empty attribute asks nothing.

    Attributes
    ----------
    text
        Is in the file's name or the remark, in small or capital letters.
    verdict
        The network's.
    body_part
        ``"elbow"``, ``"hand"`` or ``"shoulder"``.
    reader
        A :class:`ReaderFilter`. Of refused radiographs the reader neither agrees nor disagrees.
    model
        Beginning of the sha256 of the model that answered.
    order
        An :class:`Order`; those without a probability come last.
    """

    text: str = ""
    verdict: Verdict | None = None
    body_part: str = ""
    reader: ReaderFilter | None = None
    model: str = ""
    order: Order = Order.NEWEST

    @property
    def where(self) -> tuple[str, tuple[object, ...]]:
        """The SQL condition, and the values of its marks."""
        conditions: list[str] = []
        values: list[object] = []
        if self.text:
            conditions.append("(instr(casefold(name), ?) > 0 OR instr(casefold(remark), ?) > 0)")
            values += [self.text.casefold()] * 2
        if self.verdict is not None:
            conditions.append("verdict = ?")
            values.append(str(self.verdict))
        if self.body_part:
            conditions.append("body_part = ?")
            values.append(self.body_part)
        if self.reader is not None:
            conditions.append(_READER[self.reader])
        if self.model:
            conditions.append("substr(model, 1, ?) = ?")
            values += [len(self.model), self.model]
        return " AND ".join(conditions) or "1", tuple(values)

    @property
    def order_by(self) -> str:
        """The SQL order."""
        return _ORDERS[self.order]
