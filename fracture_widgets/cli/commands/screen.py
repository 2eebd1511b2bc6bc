"""``fracture-widgets screen``: a folder becomes a table, unattended."""

from __future__ import annotations

import logging
from pathlib import Path

from fracture_widgets.cli.narrator import Narrator, tell, tell_json
from fracture_widgets.cli.options import (
    App,
    Json,
    OperatingPoint,
    interruptible,
    tell_skipped,
)

app = App()


@app.command(short_help="answer a folder of thousands, into a table")
def screen(
    folder: Path,
    *,
    out: Path,
    restart: bool = False,
    models: Path | None = None,
    operating_point: OperatingPoint = "sensitive",
    batch: int = 16,
    dask: str | None = None,
    skipped: bool = False,
    as_json: Json = False,
) -> int:
    """Answer every radiograph in a folder and the folders in it, one row a file, sorted by path.

    A file that cannot be read has the reason in its row; the exit code is then 1. Finished
    batches are kept in TABLE.part: whatever stops the command, the same command goes on from
    there, to the same table.

    Parameters
    ----------
    folder : FOLDER
        folder of radiographs
    out : TABLE
        a .csv or .parquet file
    restart
        begin again, and replace the table when it is done
    batch
        radiographs that go through the network together
    dask : ADDRESS
        let the workers of a Dask cluster do it, such as tcp://host:8786. They read the files
        themselves: FOLDER, and --models if given, must lie on a file system that they share,
        under the same path. Workers of another version or model are left out; one worker with
        two threads a machine is best, for the network takes all cores. Dask's protocol trusts
        its network and can run any code: keep its ports inside the cluster
    """
    from fracture_widgets.base.progress import Monitor
    from fracture_widgets.screening.screen import screen_folder

    # Dask logs a lost connection in thirty lines; ours is one sentence.
    logging.getLogger("distributed.client").disabled = True
    with Narrator("radiographs") as narrator:

        def step(done: int, total: int | None, what: str) -> None:
            if done and not narrator.total:
                narrator.say(f"Going on after {done:,} of {total:,} radiographs.")
            narrator.step(done, total, what)

        with interruptible(
            lambda _: narrator.say(
                f"Stopped: {narrator.done:,} of {narrator.total:,} radiographs are kept in "
                f"{out}.part; the same command, without --restart, goes on from there."
            )
        ):
            screening = screen_folder(
                folder,
                out,
                models=models,
                operating_point=operating_point,
                batch=batch,
                restart=restart,
                dask=dask,
                monitor=Monitor(on_step=step, on_say=narrator.say),
            )
    answered = screening.files - screening.failed
    if as_json:
        tell_json(
            {
                "table": str(out),
                "files": screening.files,
                "answered": answered,
                "fractures": screening.fractures,
                "failed": screening.failed,
                "skipped": screening.skipped.counts,
            }
        )
        return 1 if screening.failed else 0
    tell(
        f"{out}: {screening.files:,} files, {answered:,} answered "
        f"({screening.fractures:,} with a fracture), {screening.failed:,} with an error"
    )
    tell_skipped(screening.skipped, each=skipped)
    return 1 if screening.failed else 0
