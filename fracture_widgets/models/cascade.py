"""The cascade: one radiograph in, one report out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from fracture_widgets.errors import ModelError
from fracture_widgets.imaging.radiograph import RadiographLike, as_radiograph
from fracture_widgets.imaging.walk import SkippedFiles
from fracture_widgets.models.answering import Answers, Prepared
from fracture_widgets.models.compose import Composition, compose, load_composition
from fracture_widgets.models.crops import Crops
from fracture_widgets.models.engine import AUTO, Engine, chosen_engine, engine_of
from fracture_widgets.models.folder import LOOKS, ModelFolder
from fracture_widgets.models.learned_from import LearnedFrom, learned_from
from fracture_widgets.models.looks import TwoLooks
from fracture_widgets.models.report import Answer, Report
from fracture_widgets.models.study import Examined, Sources, examine_many
from fracture_widgets.models.trust import (
    OPERATING_POINTS,
    SENSITIVE,
    OperatingPoint,
    trust_of_card,
)


class Cascade:
    """Names the body part of a radiograph, then says fractured or normal and where it looked.

    Parameters
    ----------
    model
        A cascade, or a fracture network for one part; or networks that answer together.
    engine
        What runs the network; by model, where there are several.
    operating_point
        As for :meth:`Cascade.load`.

    See Also
    --------
    Cascade.load : The usual way to get one.

    Examples
    --------
    >>> from fracture_widgets import Cascade, draw_phantom
    >>> cascade = Cascade.load()
    >>> drawn = [draw_phantom("hand", fractured=True, seed=seed).radiograph for seed in (1, 2)]
    >>> cascade.examine(drawn[0]).body_part
    'hand'
    >>> [each.report.body_part for each in cascade.examine_many(drawn)]
    ['hand', 'hand']
    """

    def __init__(
        self,
        model: ModelFolder | Composition,
        engine: Engine | Mapping[ModelFolder, Engine],
        *,
        operating_point: OperatingPoint = SENSITIVE,
    ) -> None:
        known = model if isinstance(model, Composition) else compose([model])
        self._composition = known
        engines = engine if isinstance(engine, Mapping) else dict.fromkeys(known.networks, engine)
        self._answers = _answers(known, engines, operating_point)

    def __deepcopy__(self, memo: dict[int, Any]) -> Cascade:
        return self  # nothing of it changes, and its engines cannot be copied

    @classmethod
    def load(
        cls,
        models: str | os.PathLike[str] | None = None,
        *,
        sha256: str | None = None,
        engine: str = AUTO,
        operating_point: OperatingPoint = SENSITIVE,
    ) -> Cascade:
        """Load a cascade from a models folder, an archive of one, or a web address.

        Parameters
        ----------
        models
            A model folder: a cascade, or a fracture network for one part. Or a folder of model
            folders, one that names the body part and one for the fractures of each. Or a ZIP
            archive of such a folder, here or at an address that begins with ``https://``; it is
            unpacked once, in the user's cache folder. The shipped cascade by default.
        sha256
            Of the archive, in 64 digits; one that has another is refused. An address needs it,
            here or at its own end as ``#sha256=``.
        engine
            ``"onnx"``; ``"openvino"``, which computes in bfloat16 where the processor does;
            ``"keras"``, the reference; or ``"auto"``: OpenVINO where it is installed, the
            processor has bfloat16 and it says what ONNX Runtime says, and else ONNX Runtime.
        operating_point
            ``"sensitive"``, whose limits keep 95 percent of fractured and of normal radiographs,
            or ``"balanced"``, whose limits keep 90 and which is less often in doubt. The card
            says how often.

        Raises
        ------
        ModelError
            If there is no model that this version can use, the archive is another than its
            ``sha256`` says, holds what it should not or cannot be had, models do not fit together,
            there is no such operating point, or the engine or the operating point has another name.
        MissingExtra
            If the engine is ``"keras"`` or ``"openvino"`` and that is not installed.
        """
        runs = chosen_engine(engine)
        if operating_point not in OPERATING_POINTS:
            raise ModelError(
                f"The operating point is one of {', '.join(OPERATING_POINTS)}. "
                f"Received: {operating_point!r}"
            )
        known = load_composition(models, sha256)
        trust_of_card(known.card, operating_point)  # before the networks are made ready
        engines = {model: engine_of(model, runs) for model in known.networks}
        return cls(known, engines, operating_point=operating_point)

    @property
    def card(self) -> Mapping[str, Any]:
        """The model's card: how it was made, from what, and how well it does."""
        return self._composition.card

    @property
    def sha256(self) -> str:
        """The model's identity, which differs between its operating points."""
        return self._answers.sha256

    @property
    def body_parts(self) -> tuple[str, ...]:
        """The body parts it tells apart and answers for, as its card says."""
        return self._composition.body_parts

    @cached_property
    def learned_from(self) -> LearnedFrom | None:
        """Radiographs that its networks learned from; None where no card tells of them."""
        return learned_from(self._composition.networks)

    def examine(self, radiograph: RadiographLike) -> Report:
        """Answer one radiograph. Safe to call from several threads.

        Parameters
        ----------
        radiograph
            A radiograph; a path or what else
            :func:`~fracture_widgets.imaging.radiograph.read_radiograph` reads; or an array of
            greys. Any framing of the body parts that the model knows where it looks twice; one
            joint that fills most of the picture where it does not.

        Returns
        -------
        Report
            One pass of each joint and its mirror image through the network gives all of it:
            probabilities are those of the two mean log-odds, the fracture map is the mean of
            both, the heatmap is that of the joint not mirrored. A joint that looks unlike those
            that were learned from is turned or smoothed before, as it looks most like them, and a
            note says so; of one that is smoothed, both have a say.

        Raises
        ------
        UnreadableRadiograph
            If it is no radiograph.
        """
        return self._answers.examine(as_radiograph(radiograph))

    def examine_many(
        self, radiographs: Sources, *, skipped: SkippedFiles | None = None
    ) -> Iterator[Examined]:
        """Answer radiographs one after another; one that cannot be read does not stop the rest.

        Parameters
        ----------
        radiographs
            Several of what :meth:`examine` takes, or what
            :func:`~fracture_widgets.imaging.studies.find_radiographs` finds: folders, ZIP
            archives, patterns such as ``"*.png"``.
        skipped
            Gets the files that are not taken for radiographs, each with the reason.

        Yields
        ------
        Examined
            Its ``place``, and its ``report`` or the ``problem`` that it has; each when it is asked
            for, so that thousands take the memory of one.
        """
        return examine_many(self, radiographs, skipped)

    def probabilities(self, radiograph: RadiographLike) -> dict[str, dict[str, float]]:
        """Return every head's answer to one radiograph, whatever it shows.

        Returns
        -------
        dict
            By head, ``"body_part"`` or a body part, the probability of each of its answers, of
            the radiograph and its mirror image, neither turned nor smoothed.
        """
        return self._answers.probabilities(as_radiograph(radiograph))

    def prepare(self, radiograph: RadiographLike) -> Prepared:
        """Make a radiograph ready for :meth:`answer`, which then needs nothing else of it.

        Parameters
        ----------
        radiograph
            As for :meth:`examine`.
        """
        return self._answers.prepare(as_radiograph(radiograph))

    def answer(self, prepared: Sequence[Prepared]) -> list[Answer]:
        """Answer many radiographs in one pass, without their maps. Safe to call from threads.

        Parameters
        ----------
        prepared
            What :meth:`prepare` makes of each.

        Returns
        -------
        list of Answer
            One for each, in order: what :meth:`examine` says of it, whatever stands beside it.
        """
        return self._answers.answer(prepared)

    def outputs(self, radiograph: RadiographLike) -> Mapping[str, npt.NDArray[np.float32]]:
        """Return all that the network says of one radiograph as it is, its features among it.

        Returns
        -------
        dict
            The network's outputs without their first axis, e.g. of a cascade of crops
            ``conv5_block3_out`` of shape ``(7, 7, 2048)`` and ``avg_pool`` of shape ``(2048,)``.
        """
        return self._answers.outputs(as_radiograph(radiograph))


def _answers(
    known: Composition, engines: Mapping[ModelFolder, Engine], point: OperatingPoint
) -> Answers:
    """Return what answers: networks of crops, or one that finds joints, alone or before those."""
    first, joints = known.first, known.joints
    if first is not None and first.kind == LOOKS:
        return TwoLooks(first, engines[first], point)
    crops = Crops(known, engines, point)
    return crops if joints is None else TwoLooks(joints, engines[joints], point, crops)


@cache
def shipped_cascade() -> Cascade:
    """Return the shipped cascade, loaded once in a process."""
    return Cascade.load()
