"""``fracture-widgets history``: what was saved, and what the reader says of it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fracture_widgets.base.files import write_whole
from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.parts import BODY_PARTS, Verdict

if TYPE_CHECKING:
    from fracture_widgets.records.history_filters import HistoryFilter
    from fracture_widgets.records.history_row import SavedResult

__all__ = ["add_parser"]

_READER = ("agrees", "disagrees", "not read")
_VERDICTS = tuple(map(str, Verdict))
_NOT_READ = "not read"
_READINGS = (*(one for one in _VERDICTS if one != Verdict.REFUSED), _NOT_READ)
_DELETED, _KEPT = 0, 1


def add_parser(subparsers: Any) -> None:
    """Register ``history`` with the subparsers of the command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "history",
        help="list, read, export and delete saved results",
        description="List the saved results, newest first; or note your own verdict beside the "
        "network's, or delete a result.",
    )
    _add_filters(parser)
    _add_exports(parser)
    actions = parser.add_subparsers(title="what else to do", metavar="[ACTION]")
    _add_read(actions)
    _add_delete(actions)
    parser.set_defaults(run=_list)


def _add_filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--search", metavar="TEXT", default="", help="in the name or the remark")
    parser.add_argument("--verdict", choices=_VERDICTS, help="the network's")
    parser.add_argument("--part", choices=BODY_PARTS, default="", help="the body part")
    parser.add_argument("--reader", choices=_READER, help="how your verdict stands to it")
    parser.add_argument(
        "--model", metavar="SHA256", default="", help="beginning of the model's sha256"
    )
    parser.add_argument(
        "--by", choices=("newest", "probable"), default="newest", help="what comes first"
    )
    parser.add_argument("--limit", metavar="N", type=_positive, help="how many rows at most")


def _add_exports(parser: argparse.ArgumentParser) -> None:
    exports = parser.add_mutually_exclusive_group()
    for kind in ("csv", "json"):
        exports.add_argument(
            f"--{kind}",
            metavar="FILE",
            help=f"write what is found as {kind.upper()} instead; - is standard output",
        )


def _add_read(actions: Any) -> None:
    read: argparse.ArgumentParser = actions.add_parser(
        "read",
        help="note your own verdict",
        description="Note your own verdict of a saved result, and a remark if you like.",
    )
    read.add_argument("number", metavar="NUMBER", type=int, help="of the saved result")
    read.add_argument("reading", choices=_READINGS, help="what you conclude")
    read.add_argument("--remark", metavar="TEXT", help="replaces the remark there is; '' clears it")
    read.set_defaults(run=_read)


def _add_delete(actions: Any) -> None:
    delete: argparse.ArgumentParser = actions.add_parser(
        "delete",
        help="delete a saved result",
        description="Delete a saved result for good, after asking.",
    )
    delete.add_argument("number", metavar="NUMBER", type=int, help="of the saved result")
    delete.add_argument("--yes", action="store_true", help="do not ask")
    delete.set_defaults(run=_delete)


def _list(arguments: argparse.Namespace) -> int:
    from fracture_widgets.records.history import History
    from fracture_widgets.records.history_row import as_csv, as_json

    history, wanted = History(), _filter(arguments)
    rows = history.rows(wanted, limit=arguments.limit)
    if arguments.csv is not None:
        # The mark at the beginning tells Excel that the file is UTF-8.
        return _export(arguments.csv, as_csv(rows), "utf-8-sig", len(rows))
    if arguments.json is not None:
        return _export(arguments.json, as_json(rows), "utf-8", len(rows))
    for row in rows:
        print(_in_words(row))
    found = history.count(wanted)
    shown = "" if len(rows) == found else f", {len(rows):,} shown"
    print(f"{found:,} of {history.count():,} saved results{shown}", file=sys.stderr)
    return 0


def _read(arguments: argparse.Namespace) -> int:
    from fracture_widgets.records.history import History

    history = History()
    remark = arguments.remark
    if remark is None:
        remark = history.get(arguments.number).remark
    verdict = None if arguments.reading == _NOT_READ else Verdict(arguments.reading)
    print(_in_words(history.set_reading(arguments.number, verdict, remark)))
    return 0


def _delete(arguments: argparse.Namespace) -> int:
    from fracture_widgets.records.history import History

    history = History()
    row = history.get(arguments.number)
    print(_in_words(row))
    if not (arguments.yes or _agreed()):
        print("Nothing is deleted.", file=sys.stderr)
        return _KEPT
    history.delete(row.id)
    print(f"No. {row.id} is deleted.", file=sys.stderr)
    return _DELETED


def _agreed() -> bool:
    try:
        return input("Delete this result for good? [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        return False


def _filter(arguments: argparse.Namespace) -> HistoryFilter:
    from fracture_widgets.records.history_filters import HistoryFilter, Order, ReaderFilter

    return HistoryFilter(
        text=arguments.search,
        verdict=None if arguments.verdict is None else Verdict(arguments.verdict),
        body_part=arguments.part,
        reader=None if arguments.reader is None else ReaderFilter(arguments.reader),
        model=arguments.model,
        order=Order(arguments.by),
    )


def _export(target: str, text: str, encoding: str, rows: int) -> int:
    if target == "-":
        sys.stdout.write(text)
        return 0
    try:
        write_whole(Path(target), text.encode(encoding))
    except OSError as error:
        raise FractureWidgetsError(
            f"{Path(target).name} could not be written ({error.strerror}): choose another place."
        ) from error
    print(f"{target}: {rows:,} saved results", file=sys.stderr)
    return 0


def _in_words(row: SavedResult) -> str:
    from fracture_widgets.base.words import percent

    when = row.saved_at.astimezone().strftime("%Y-%m-%d %H:%M")
    said = f"{row.verdict}{' (overridden)' if row.overridden else ''}"
    if row.probability is not None:
        said = f"{row.body_part}, {said} ({percent(row.probability)})"
    own = row.reader_verdict or _NOT_READ
    remark = f" | {_one_line(row.remark)}" if row.remark else ""
    return f"{row.id:>5}  {when}  {_one_line(row.name)} | {said} | reader: {own}{remark}"


def _one_line(text: str) -> str:
    """Return text without what would move the cursor of a terminal."""
    return "".join(one if one.isprintable() else " " for one in text)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number
