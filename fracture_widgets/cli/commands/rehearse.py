"""``fracture-widgets rehearse``: the lessons on a folder of radiographs, before the class."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fracture_widgets.cli.narrator import say, tell
from fracture_widgets.cli.options import App, dataset_table, writing

app = App()


@app.command(short_help="run the lessons on a folder of radiographs")
def rehearse(
    dataset: Annotated[Path | None, {}] = None,
    *,
    lessons: list[int] | None = None,
    out: Path | None = None,
) -> int:
    """Run the lessons of the course, and say how long each took and what stopped it.

    DATASET stands in the place of the drawn radiographs; without one, they are drawn. The exit code
    is 1 where a lesson stopped.

    Parameters
    ----------
    lessons : N
        these alone, such as 1 2 6
    out : DIR
        keep the notebooks there, with what their cells gave
    """
    from fracture_widgets.course.lessons import notebooks_folder, read_pages
    from fracture_widgets.course.lessons import rehearse as run

    pages = [page for page in read_pages() if page.kind == "lesson"]
    chosen = [page for page in pages if not lessons or int(page.number) in lessons]
    if dataset is not None:
        dataset_table(dataset)
    if not chosen:
        say(f"There is no such lesson: they are 1 to {len(pages)}.")
    stopped = not chosen
    for page in chosen:
        done = run(notebooks_folder() / page.file, dataset)
        stop = f", then {done.problem}" if done.problem else ""
        tell(f"{page.number:>2} {page.title}: {done.seconds / 60:.1f} minutes{stop}")
        stopped |= bool(done.problem)
        if out is not None:
            with writing(f"{page.file} could not be written", "choose another folder"):
                done.save(out / page.file)
    return int(stopped)
