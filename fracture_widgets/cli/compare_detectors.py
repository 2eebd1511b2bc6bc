"""``fracture-widgets compare detectors``: the boxes that detectors find, judged alike."""

from __future__ import annotations

from pathlib import Path

from fracture_widgets.cli.narrator import Narrator
from fracture_widgets.cli.options import interruptible, quiet_tensorflow
from fracture_widgets.training.detectors.plan import DetectorPlan


def detectors(
    fracatlas: Path,
    *,
    plan: DetectorPlan,
    out: Path,
    work: Path = Path("runs", "detectors"),
    models: list[str] | None = None,
    trunk: str = "imagenet",
    looks: Path | None = None,
    resamples: int = 200,
) -> int:
    """Train detectors on FracAtlas's official split, and judge the boxes that they find.

    mAP50, mAP50-95, fractured radiographs found at few false boxes, parameters and time, with
    published figures beside. Every epoch is kept as it ends; the same command goes on where it was
    stopped. It takes hours on two CPU cores.

    Parameters
    ----------
    out : DIR
        folder for the tables
    work : DIR
        folder for the trainings
    models : NAME...
        retinanet, faster-rcnn, two-looks (all of them)
    trunk : WEIGHTS
        weights of conv1 to conv4: imagenet, downloaded by Keras, or an .npz file
    looks : DIR
        work folder of train looks, whose folds answer for two-looks
    resamples
        draws of an interval
    """
    quiet_tensorflow()
    from fracture_widgets.datasets.fracatlas import FracAtlas
    from fracture_widgets.training.detectors.run import MODELS, compare_detectors

    with (
        FracAtlas.open(fracatlas) as atlas,
        Narrator() as narrator,
        interruptible(lambda _: narrator.say("Stopped: the same command goes on from here.")),
    ):
        result = compare_detectors(
            atlas,
            work,
            models=models or MODELS,
            plan=plan,
            trunk=trunk,
            looks=looks,
            resamples=resamples,
            monitor=narrator.monitor,
        )
    print(result)
    for path in result.save(out).values():
        print(path)
    return 1 if result.failed else 0
