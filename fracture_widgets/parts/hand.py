"""The hand, with wrist and distal forearm: from straight above, or turned."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fracture_widgets.base.language import marked
from fracture_widgets.parts import BodyPart, Drawing

if TYPE_CHECKING:
    from fracture_widgets.phantoms.limb import Bone, FractureSite, Limb, Pen, Points, Tissue

# A ray a line: where it starts, its angle, how far above the plate it lies (the palm is an arch),
# how wide it is, and the lengths of its metacarpal and phalanges after hand-bone means of adults.
_RAYS = {
    "thumb": (-21.0, -24.0, -36.0, -9.0, 1.08, (45.0, 31.0, 21.0)),
    "index": (-12.5, -36.5, -9.0, 2.0, 1.05, (66.0, 40.0, 22.0, 16.0)),
    "middle": (-2.0, -38.5, -1.0, 4.0, 1.05, (64.0, 42.0, 19.0, 17.0)),
    "ring": (7.5, -36.0, 7.0, 1.0, 0.95, (57.0, 41.0, 25.0, 17.0)),
    "little": (15.5, -31.5, 15.0, -5.0, 0.9, (53.0, 33.0, 18.0, 15.0)),
}
# Middle, width, height and turn in degrees.
_CARPALS = {
    "scaphoid": (-11.5, -11.5, 12.5, 25.0, -32.0),
    "lunate": (1.0, -8.0, 15.0, 13.5, 8.0),
    "triquetrum": (12.5, -12.5, 14.0, 11.5, 38.0),
    "pisiform": (14.5, -13.0, 9.0, 9.5, 0.0),
    "trapezium": (-19.0, -22.0, 13.5, 11.5, -38.0),
    "trapezoid": (-10.5, -27.5, 10.0, 11.0, -14.0),
    "capitate": (-0.5, -25.0, 13.0, 23.0, 3.0),
    "hamate": (10.0, -25.5, 14.0, 17.5, 14.0),
}
_METACARPAL = (
    "0 5.4 5.4, 0.05 7.4 7.2, 0.2 5.2 5, 0.45 3.7 3.7, 0.65 3.9 3.9, 0.82 5.8 5.8, 0.92 7.6 7.6, "
    "0.985 6 6, 1 2.5 2.5"
)
_PHALANX = (
    "0 5.6 5.6, 0.07 7.6 7.6, 0.25 5 5, 0.5 4.1 4.1, 0.75 4 4, 0.9 5.8 5.8, 0.98 5.4 5.4, 1 2.6 2.6"
)
_LAST_PHALANX = (
    "0 4.4 4.4, 0.1 5.8 5.8, 0.35 2.9 2.9, 0.68 2.2 2.2, 0.84 3.9 3.9, 0.97 3.4 3.4, 1 1.2 1.2"
)
_JOINT = 1.7
_FOREARM = 190.0

_Project = Callable[[float, float], float]


def _draw(pen: Pen) -> Limb:
    """Draw a hand; fingers point up, the thumb to the left."""
    import numpy as np

    turn = float(pen.rng.choice([0.0, pen.rng.uniform(22, 52)], p=[0.6, 0.4]))
    squeeze, raised = float(np.cos(np.radians(turn))), float(np.sin(np.radians(turn)))
    size, spread = pen.uniform(0.92, 1.06), pen.uniform(0.5, 1.25)
    bones: list[Bone] = []
    tissues: list[Tissue] = []
    sites: list[FractureSite] = []
    tips: list[Points] = []

    def turned_x(x: float, lift: float) -> float:
        """Project the horizontal place of a point that lies ``lift`` mm above the plate."""
        return x * squeeze + lift * raised

    for number, name in enumerate(_RAYS):
        chain, tip, skin = _ray(pen, number, name, turned_x, squeeze, spread)
        bones.extend(chain)
        tips.append(tip)
        tissues.append(skin)
        for place in range(2):
            followers = [bone.name for bone in chain[place + 1 :]]
            followers += [skin.name] if place == 1 else []
            fraction = pen.uniform(0.3, 0.78)
            sites.append(pen.site_on(chain[place], fraction, "gap step angulation", followers))
    bones.extend(_carpals(pen, turned_x))
    scaphoid = next(bone for bone in bones if bone.name == "scaphoid")
    along = pen.turned((0.0, -1.0), np.radians(-32.0))
    sites.append(pen.site("scaphoid", scaphoid.outline.mean(axis=0), along, 6.2, "gap"))
    radius, ulna = _forearm(pen, squeeze)
    bones.extend((radius, ulna))
    away = pen.uniform(15, 27)
    towards = _unit(radius.axis[1] - radius.axis[0])
    width = float(np.interp(1 - away / _FOREARM, radius.stations, radius.radius)) * 1.05
    above_the_wrist = pen.site(
        "radius", radius.axis[1] - towards * away, towards, width, "gap step"
    )
    sites.extend([above_the_wrist] * 3)  # it breaks more often than any single finger bone
    tissues.extend(_palm_and_forearm(pen, squeeze, bones))

    shown = pen.uniform(35, 105)
    middle = np.array([[turned_x(-30, 0), shown], [turned_x(28, 0), shown]])
    focus = np.concatenate((np.stack(tips), middle))
    if pen.rng.random() < 0.2:  # a radiograph of the wrist alone
        focus = np.array([[-34, -pen.uniform(55, 85)], [30, -50], [-30, shown], [28, shown]])
    upright = (0.0, 180.0, 180.0)
    limb = pen.limb(bones, tissues, sites, focus, upright=upright, narrowest=0.36)
    return limb.scaled(size)


def _unit(vector: Points) -> Points:
    import numpy as np

    unit: Points = vector / np.hypot(*vector)
    return unit


def _ray(
    pen: Pen, number: int, name: str, turned_x: _Project, squeeze: float, spread: float
) -> tuple[list[Bone], Points, Tissue]:
    """Draw a metacarpal and its finger: the bones, where the finger ends, and its skin."""
    import numpy as np

    x, y, degrees, lift, wide, lengths = _RAYS[name]
    thumb = number == 0
    start = np.array([turned_x(x, lift), y]) + pen.rng.normal(0, 0.5, 2)
    widen = wide * pen.uniform(0.94, 1.06)
    fan = 1.0 if thumb else spread
    angle = np.radians((degrees * (0.45 + 0.55 * fan)) * squeeze + pen.rng.normal(0, 1.5))
    if thumb:
        angle += np.radians(pen.rng.uniform(-8, 14))
    lengths = tuple(length * pen.uniform(0.96, 1.04) for length in lengths)
    path, chain = [start], []
    for place, length in enumerate(lengths):
        if place == 1:
            angle += np.radians((spread - 1.0) * (number - 2.2) * 5.0 + pen.rng.normal(0, 2.5))
            if thumb:
                angle += np.radians(pen.rng.uniform(4, 26))
        elif place > 1:
            angle += np.radians(pen.rng.normal(0, 2.5))
        along = np.array([np.sin(angle), -np.cos(angle)])
        end = start + along * length
        called = f"{name} phalanx {place}" if place else f"{name} metacarpal"
        chain.append(_finger_bone(pen, called, start, end, place, len(lengths), widen))
        start = end + along * _JOINT
        path.append(end)
    skin = _skin(pen, f"{name} skin", path, widen * (1.12 if thumb else 1.0))
    return chain, start, skin


def _finger_bone(
    pen: Pen, name: str, start: Points, end: Points, place: int, bones: int, widen: float
) -> Bone:
    profile = pen.points(
        _METACARPAL if place == 0 else _LAST_PHALANX if place == bones - 1 else _PHALANX
    )
    if 1 < place < bones - 1:
        profile = profile * (1.0, 0.86, 0.86)
    profile = profile * (1.0, widen, widen)
    return pen.long_bone(name, start, end, profile, shaft_cortex=0.46, end_cortex=0.6, depth=1.05)


def _skin(pen: Pen, name: str, path: list[Points], widen: float) -> Tissue:
    import numpy as np

    # From the head of the metacarpal to a little beyond the tip.
    knuckle = path[0] + 0.6 * (path[1] - path[0])
    tip = path[-1] + 5.5 * _unit(path[-1] - path[-2])
    points = np.stack([knuckle, *path[1:], tip])
    half = pen.uniform(9.2, 11.2) * widen
    widths = np.linspace(half * 1.15, half * 0.88, len(points))
    widths[-1] *= 0.62
    return pen.tissue(name, pen.tube(points, widths), half * 1.8, 0.8 * half)


def _carpals(pen: Pen, turned_x: _Project) -> list[Bone]:
    import numpy as np

    found = []
    for name, (x, y, width, height, turn) in _CARPALS.items():
        lift = float(pen.rng.normal(0, 3)) + (8.0 if name == "pisiform" else 0.0)
        middle = np.array([turned_x(x, lift), y]) + pen.rng.normal(0, 0.4, 2)
        shape = pen.blob(1.14 * width, 1.14 * height, square=2.7, rough=0.05)
        outline = pen.turned(shape, np.radians(turn + pen.rng.normal(0, 4))) + middle
        found.append(pen.bone(name, outline, radius=min(width, height) / 2, cortex=0.75))
    return found


def _forearm(pen: Pen, squeeze: float) -> tuple[Bone, Bone]:
    lean = float(pen.rng.normal(0, 3))
    x, y = -5.5 * squeeze, -0.5
    radius = pen.long_bone(
        "radius",
        (x + 1.0 + lean, y + _FOREARM),
        (x, y),
        "0 7 7, 0.35 6.8 6.8, 0.62 6.6 6.6, 0.8 8 8, 0.89 11.5 11, 0.955 15 13, 0.985 15.5 13.5, "
        "1 13.5 12.5, 1.025 11.5 2",
        shaft_cortex=0.32,
        end_cortex=0.8,
        bow=-2.0,
        depth=0.75,
    )
    x, y = 15.5 * squeeze + 1.5 * (1 - squeeze), 2.0 + float(pen.rng.normal(0, 1.2))
    ulna = pen.long_bone(
        "ulna",
        (x + lean + 2.0, y + _FOREARM),
        (x, y),
        "0 7 7, 0.5 6 6, 0.78 5.2 5.2, 0.92 5.8 6.2, 0.965 8.2 8, 0.99 8 8, 1 6.6 7.8, "
        "1.008 1 7.4, 1.024 -4.4 6.6",
        shaft_cortex=0.34,
        depth=0.9,
    )
    return radius, ulna


def _palm_and_forearm(pen: Pen, squeeze: float, bones: list[Bone]) -> tuple[Tissue, Tissue]:
    heads = {bone.name.split()[0]: bone.axis[1] for bone in bones if "metacarpal" in bone.name}
    thumb, index, middle, little = (heads[name] for name in ("thumb", "index", "middle", "little"))
    between = 0.5 * thumb + 0.5 * index
    wrist = 29.0 * (0.6 + 0.4 * squeeze)
    palm = pen.outline(
        "-wrist-1 8, -wrist-3 -14, tx-9 ty+12, tx-6 ty-8, bx-1 by-2, ix-10 iy, ix-4 iy-14, "
        "mx my-16, lx+4 ly-12, lx+11 ly+2, wrist+6 -32, wrist -6, wrist-1 10",
        wrist=wrist,
        tx=thumb[0],
        ty=thumb[1],
        bx=between[0],
        by=between[1],
        ix=index[0],
        iy=index[1],
        mx=middle[0],
        my=middle[1],
        lx=little[0],
        ly=little[1],
    )
    grow = pen.uniform(0.95, 1.2)
    forearm = pen.outline(
        "-wrist-2 -20, wrist+2 -20, wrist+1 20, outer 80, outmost 200, -inmost 200, -inner 80, "
        "-wrist 20",
        wrist=wrist,
        outer=wrist * 1.18 * grow,
        outmost=wrist * 1.5 * grow,
        inner=wrist * 1.12 * grow,
        inmost=wrist * 1.4 * grow,
    )
    return pen.tissue("palm", palm, 28.0, 12.0), pen.tissue("forearm", forearm, 42.0, 19.0)


BODY_PART = BodyPart(
    name=marked("hand"),
    plural="hands",
    site=("85562004", "SCT", "Hand"),
    place=1,
    drawing=Drawing(_draw, absorption=1.75, samples=(4, 3)),
)
