"""What to examine: files, the radiographs at hand, and drawn samples for those who have none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import ipywidgets as widgets

from fracture_widgets.app.card import answer_in_words
from fracture_widgets.app.state import Entry, ModelState, WorkbenchState
from fracture_widgets.app.tab import Tab
from fracture_widgets.app.widgets.background import BackgroundTask, LatestTask
from fracture_widgets.app.widgets.live import named, set_shown
from fracture_widgets.app.widgets.markup import headed, heading, show_problems
from fracture_widgets.app.widgets.table import (
    MakeThumbnail,
    Picture,
    PictureList,
    marked_thumbnail,
    thumbnail,
)
from fracture_widgets.app.widgets.upload import UploadPanel
from fracture_widgets.base.language import begun, gettext, marked
from fracture_widgets.datasets.layout import find_datasets
from fracture_widgets.imaging.radiograph import Radiograph, compact
from fracture_widgets.models.verdict_words import (
    NOT_ANSWERED,
    ON_REQUEST,
    study_in_words,
    verdict_slug,
)
from fracture_widgets.phantoms import Phantom, sample_phantoms

if TYPE_CHECKING:
    from fracture_widgets.reading_room.cases import Sample


_REAL = marked("Of {titles}, on the computer that runs this page; what they show is known.")


class ExamineTab(Tab):
    """The Examine tab: bring radiographs, and choose the one to ask about."""

    key, title, order = "examine", marked("Examine"), 10
    beside = True

    def view(self, app: Any) -> Any:
        """Return the way into a workbench."""
        return ExaminePanel(app.state, app.samples_offered, executor=app.executor)


TAB = ExamineTab


class ExaminePanel(widgets.VBox):
    """Takes files, lists the radiographs, and offers drawn ones, and real ones where there are."""

    def __init__(
        self,
        state: WorkbenchState,
        samples: Sequence[Phantom] | None = None,
        *,
        executor: Executor | None = None,
    ) -> None:
        self._state = state
        self.upload = UploadPanel(state, executor=executor)
        self.radiographs = RadiographList(state, executor=executor)
        self.samples = SampleList(state, gettext("Drawn samples"), executor=executor)
        self.real = SampleList(state, gettext("Real radiographs"), executor=executor)
        super().__init__([self.upload, self.radiographs, self.real, self.samples])
        self.add_class("fw-left")
        self._many = 0
        state.observe(self._fold, "listed")
        self.upload.observe(self._show_samples, "folded")
        self._fold()
        self._show_samples()
        self._offer_drawn(samples or ())
        self._drawing, self._looking = BackgroundTask(executor), BackgroundTask(executor)
        if samples is None:
            # Drawing them takes as long as loading the networks, which people wait for.
            state.observe(self._find_samples, "model")
            self._find_samples()

    def _fold(self, _: object = None) -> None:
        """Fold the ways to add radiographs away whenever some came, and back when none is left."""
        before, self._many = self._many, len(self._state.listed)
        self.upload.foldable = bool(self._many)
        if not self._many or self._many > before:
            self.upload.folded = bool(self._many)

    def _show_samples(self, _: object = None) -> None:
        set_shown(self.samples, not self.upload.folded)
        set_shown(self.real, not self.upload.folded and bool(self.real.samples))

    def _find_samples(self, _: object = None) -> None:
        if self._state.model is ModelState.LOADING:
            return
        self._state.unobserve(self._find_samples, "model")
        self._drawing.start(lambda: [sample_phantoms()], self._offer_drawn)

        def find() -> Iterator[tuple[Sample, ...]]:
            from fracture_widgets.reading_room.cases import dataset_samples

            yield dataset_samples()

        if find_datasets():
            self._looking.start(find, self._offer_real)

    def _offer_drawn(self, phantoms: Sequence[Phantom]) -> None:
        self.samples.offer(
            gettext("Or take a drawn sample"),
            gettext("Made by a program; no patient is behind them."),
            [
                Offered(
                    phantom.body_part,
                    gettext("drawn, {label}", label=gettext(phantom.label)),
                    partial(attrgetter("radiograph"), phantom),
                    at_hand=True,
                )
                for phantom in phantoms
            ],
        )

    def _offer_real(self, samples: Sequence[Sample]) -> None:
        titles = ", ".join(dict.fromkeys(sample.title for sample in samples))
        self.real.offer(
            gettext("Or take a real one"),
            gettext(_REAL, titles=titles),
            [
                Offered(sample.body_part, f"{sample.title}, {gettext(sample.label)}", sample.read)
                for sample in samples
            ],
        )
        self._show_samples()


class RadiographList(widgets.VBox):
    """Lists the radiographs with name, size and answer, and the files that could not be read.

    The views of a study stand together, under what they say together.
    """

    def __init__(self, state: WorkbenchState, *, executor: Executor | None = None) -> None:
        self._state = state
        self.problems = named(widgets.HTML(), "fw-problems")
        self.heading = heading()
        self.pictures = PictureList(
            self._choose, self._state.remove, label=gettext("Your radiographs"), executor=executor
        )
        self.pictures.add_class("fw-queue")
        self._studies: dict[str, list[int]] = {}
        super().__init__([self.problems, self.heading, self.pictures])
        state.observe(self._list, ["listed", "read_first"])
        state.observe(lambda change: self._update(change["old"], change["new"]), "selected_key")
        state.observe(lambda change: self._update(change["new"].key), "answered")
        state.observe(self._show_queue, "queue")
        state.observe(self._show_problems, "problems")
        self._list()
        self._show_problems()

    def _choose(self, key: int) -> None:
        if self._state.entry(key) is not None:
            self._state.selected_key = key

    def _list(self, _: object = None) -> None:
        entries = self._state.entries
        title = gettext("Your radiographs") + (f" ({len(entries)})" if len(entries) > 1 else "")
        self.heading.value = headed(title) if entries else ""
        self._make_room()
        keys = self._state.in_studies
        self._studies = {study: views for study, views in keys.items() if len(views) > 1}
        listed = map(self._state.entry, self._state.order)
        self.pictures.list_pictures([self._picture(entry) for entry in listed if entry is not None])

    def _update(self, *keys: int | None) -> None:
        for key in keys:
            entry = self._state.entry(key)
            if entry is None:
                continue
            views = self._studies.get(entry.radiograph.study, ())
            for known in map(self._state.entry, {key, *views[:1]}):
                if known is not None:
                    self.pictures.update_picture(self._picture(known))

    def _show_queue(self, change: Any) -> None:
        before, now = set(change["old"]), set(change["new"])
        self._update(*(before ^ now), *change["new"][:1])

    def _show_problems(self, _: object = None) -> None:
        show_problems(self.problems, self._state.problems)
        self._make_room()

    def _make_room(self) -> None:
        listed = bool(self._state.listed)
        set_shown(self.heading, listed)
        set_shown(self.pictures, listed)
        set_shown(self, listed or bool(self._state.problems))

    def _study(self, study: str) -> str:
        """Return what stands over the views of a study."""
        name = gettext("Study")
        if len(self._studies) > 1:
            name = gettext("Study {study}", study=list(self._studies).index(study) + 1)
        reports = [view.report for view in self._state.views_of(study) if view.report is not None]
        return f"{name}: {study_in_words(reports)}" if reports else name

    def _answer(self, entry: Entry) -> tuple[str, str]:
        """Return what became of a radiograph, and its tone."""
        queue = self._state.queue
        if entry.key in queue:
            first = entry.key == queue[0]
            return gettext("being examined") if first else gettext("waiting"), "waiting"
        if entry.report is not None:
            on_request = f", {gettext(ON_REQUEST)}" if entry.report.answer.overridden else ""
            tag = f"{answer_in_words(entry.report.answer)}{on_request}"
            return tag, verdict_slug(entry.report.verdict)
        return (gettext(NOT_ANSWERED), "problem") if entry.problem else ("", "normal")

    def _picture(self, entry: Entry) -> Picture:
        entry = self._state.in_sight(entry)
        radiograph, report = entry.radiograph, entry.report
        made: MakeThumbnail = partial(thumbnail, radiograph)
        drawn_on = ""
        if report is not None and report.answer.visible_findings:
            made = partial(marked_thumbnail, report)
            drawn_on = f" {report.model[:12]} {report.answer.band.point}"
        views = self._studies.get(radiograph.study, [])
        tag, tone = self._answer(entry)
        drawn = gettext(", drawn") if radiograph.source_format == "drawn" else ""
        # The end of a long name, where these stand too, is cut off.
        numbers = ((marked("frame"), radiograph.frame), (marked("window"), radiograph.window))
        which = "".join(f", {gettext(what)} {number + 1}" for what, number in numbers if number)
        return Picture(
            key=entry.key,
            title=radiograph.name,
            note=f"{radiograph.width} × {radiograph.height} px{which}{drawn}",
            alt=gettext("Thumbnail of {name}", name=radiograph.name),
            thumbnail=made,
            drawn=drawn_on,
            chosen=entry.key == self._state.selected_key,
            removable=True,
            tag=tag,
            tone=tone,
            group=self._study(radiograph.study) if views[:1] == [entry.key] else "",
            grouped=bool(views),
        )


class Offered(NamedTuple):
    """A sample: its body part, what stands beside it, what reads it, and whether that is done."""

    body_part: str
    note: str
    read: Callable[[], Radiograph]
    at_hand: bool = False

    def picture(self, key: int) -> Picture:
        """Return its place in a list of pictures."""
        return Picture(
            key=key,
            title=begun(gettext(self.body_part)),
            note=self.note,
            alt="",  # the words beside it say the same
            thumbnail=lambda: thumbnail(self.read()),
        )


class SampleList(widgets.VBox):
    """Samples to choose from; choosing one puts it into the list."""

    def __init__(
        self, state: WorkbenchState, label: str, *, executor: Executor | None = None
    ) -> None:
        self._state = state
        self._reading = LatestTask(executor)
        self.heading = heading()
        self.pictures = PictureList(self._choose, label=label, executor=executor)
        self.pictures.add_class("fw-samples")
        super().__init__([self.heading, self.pictures])
        self.add_class("fw-samples-panel")
        self.samples: Sequence[Offered] = ()
        self.pictures.list_pictures([])  # a page that has no rows yet waits for all of them

    def offer(self, title: str, text: str, samples: Sequence[Offered]) -> None:
        """Show these samples in place of those shown."""
        self.samples = samples
        self.heading.value = headed(title, text)
        self.pictures.list_pictures([each.picture(key) for key, each in enumerate(samples)])

    def _choose(self, number: int) -> None:
        sample = self.samples[number]
        if sample.at_hand:
            self._state.add(sample.read())
            return
        self._reading.start(
            lambda: [compact(sample.read())], self._state.add, self._state.add_problem
        )
