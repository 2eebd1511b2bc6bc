"""The labels of a study agree, or training would be taught that the same picture is both."""

from __future__ import annotations

import pandas as pd

from fracture_widgets.errors import DatasetError
from fracture_widgets.models.networks.names import BODY_PART_OUTPUT

__all__ = ["refuse_disagreeing_labels"]


def refuse_disagreeing_labels(question: str, table: pd.DataFrame) -> None:
    """Check that no study is called both fractured and normal."""
    if question == BODY_PART_OUTPUT or "study_id" not in table:
        return
    answers = table.groupby(["study_id", "body_part"])["answer"].nunique()
    disagreeing = answers.index[answers > 1]
    if len(disagreeing):
        study, part = disagreeing[0]
        others = f", and {len(disagreeing) - 1:,} more" if len(disagreeing) > 1 else ""
        raise DatasetError(
            f"The {part} in the study {study} is called both fractured and normal{others}: correct "
            "the labels, or leave the study out."
        )
