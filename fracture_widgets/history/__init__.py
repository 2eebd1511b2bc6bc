"""The record of saved results: a small SQLite log in the user's data folder.

It keeps what was answered and for which file, and what the reader says of it, never pixels and
never patient tags. One connection is opened per operation, so that several notebooks and
dashboards can share one history.
"""

from __future__ import annotations

from fracture_widgets.history.filtering import HistoryFilter, Order, ReaderFilter
from fracture_widgets.history.folder import DATA_FOLDER_VARIABLE, data_folder
from fracture_widgets.history.record import History
from fracture_widgets.history.row import READER_VERDICTS, REMARK_LENGTH, SavedResult

__all__ = [
    "DATA_FOLDER_VARIABLE",
    "READER_VERDICTS",
    "REMARK_LENGTH",
    "History",
    "HistoryFilter",
    "Order",
    "ReaderFilter",
    "SavedResult",
    "data_folder",
]
