"""``fracture-widgets history``: what was saved, and what the reader says of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fracture_widgets.base.tables import ENCODING
from fracture_widgets.cli.narrator import say, tell
from fracture_widgets.cli.options import App, choice, writing
from fracture_widgets.parts import BODY_PARTS, Verdict

if TYPE_CHECKING:
    from fracture_widgets.records.saved_result import SavedResult

app = App(
    invoke_without_command=True,
    subcommand_metavar="[ACTION]",
    short_help="list, read, export and delete saved results",
)

_NOT_READ = "not read"
_READINGS = (*(str(word) for word in Verdict if word != Verdict.REFUSED), _NOT_READ)

Number = Annotated[int, typer.Argument(metavar="NUMBER", help="of the saved result")]


@app.callback()
def history(
    context: typer.Context,
    *,
    search: str = "",
    verdict: Verdict | None = None,
    part: Annotated[str | None, choice(*BODY_PARTS)] = None,
    reader: Literal["agrees", "disagrees", "not read"] | None = None,
    model: str = "",
    by: Literal["newest", "probable"] = "newest",
    limit: Annotated[int | None, {"min": 1}] = None,
    csv: str | None = None,
    json: str | None = None,
) -> int:
    """List the saved results, newest first.

    Or note your own verdict beside the network's, or delete a result.

    Parameters
    ----------
    search : TEXT
        in the name or the remark
    verdict
        the network's
    part
        the body part
    reader
        how your verdict stands to it
    model : SHA256
        beginning of the model's sha256
    by
        what comes first
    limit
        how many rows at most
    csv : FILE
        write what is found as CSV instead; - is standard output
    json : FILE
        write what is found as JSON instead; - is standard output
    """
    if csv is not None and json is not None:
        raise typer.BadParameter("not allowed with --csv", param_hint="--json")
    if context.invoked_subcommand is not None:
        return 0
    from fracture_widgets.records.history import History
    from fracture_widgets.records.saved_result import (
        HistoryFilter,
        Order,
        ReaderFilter,
        as_csv,
        as_json,
    )

    saved = History()
    wanted = HistoryFilter(
        text=search,
        verdict=verdict,
        body_part=part or "",
        reader=None if reader is None else ReaderFilter(reader),
        model=model,
        order=Order(by),
    )
    rows = saved.rows(wanted, limit=limit)
    if saved.left_out:
        say(saved.left_out)
    if csv is not None:
        return _export(csv, as_csv(rows), ENCODING, len(rows))
    if json is not None:
        return _export(json, as_json(rows), "utf-8", len(rows))
    for row in rows:
        tell(_in_words(row))
    found = saved.count(wanted)
    shown = "" if len(rows) == found else f", {len(rows):,} shown"
    say(f"{found:,} of {saved.count():,} saved results{shown}")
    return 0


@app.command(short_help="note your own verdict")
def read(
    number: Number,
    reading: Annotated[str, choice(*_READINGS)],
    *,
    remark: str | None = None,
) -> int:
    """Note your own verdict of a saved result, and a remark if you like.

    Parameters
    ----------
    reading
        what you conclude
    remark : TEXT
        replaces the remark there is; '' clears it
    """
    from fracture_widgets.records.history import History

    saved = History()
    if remark is None:
        remark = saved.get(number).remark
    verdict = None if reading == _NOT_READ else Verdict(reading)
    tell(_in_words(saved.set_reading(number, verdict, remark)))
    return 0


@app.command(short_help="delete a saved result")
def delete(number: Number, *, yes: bool = False) -> int:
    """Delete a saved result for good, after asking.

    Parameters
    ----------
    yes
        do not ask
    """
    from fracture_widgets.records.history import History

    saved = History()
    row = saved.get(number)
    tell(_in_words(row))
    if not (yes or _agreed()):
        say("Nothing is deleted.")
        return 1
    saved.delete(row.id)
    say(f"No. {row.id} is deleted.")
    return 0


def _agreed() -> bool:
    try:
        return input("Delete this result for good? [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        return False


def _export(target: str, text: str, encoding: str, rows: int) -> int:
    from fracture_widgets.base.files import write_whole

    if target == "-":
        sys.stdout.write(text)
        return 0
    with writing(f"{Path(target).name} could not be written", "choose another place"):
        write_whole(Path(target), text.encode(encoding))
    say(f"{target}: {rows:,} saved results")
    return 0


def _in_words(row: SavedResult) -> str:
    from fracture_widgets.base.language import local, percent
    from fracture_widgets.models.verdict_words import ON_REQUEST, verdict_words

    when = local(row.saved_at)
    said = verdict_words(row.verdict, row.calibrated_probability)
    verdict = f"{said}{f' ({ON_REQUEST})' if row.overridden else ''}"
    if row.probability is not None:
        verdict = f"{row.body_part}, {verdict} ({percent(row.probability)})"
    own = row.reader_verdict or _NOT_READ
    remark = f" | {_one_line(row.remark)}" if row.remark else ""
    return f"{row.id:>5}  {when}  {_one_line(row.name)} | {verdict} | reader: {own}{remark}"


def _one_line(text: str) -> str:
    """Return text without what would move the cursor of a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
