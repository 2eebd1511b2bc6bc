"""A hand with wrist and distal forearm, from straight above or turned."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fracture_widgets.phantoms.shapes import (
    Bone,
    FractureSite,
    Limb,
    Points,
    Tissue,
    blob,
    irregular_bone,
    long_bone,
    place,
    rounded,
    tube_outline,
)

__all__ = ["draw_hand"]

# Thumb to little finger. Lengths in mm follow hand-bone means of adults.
_RAYS = ("thumb", "index", "middle", "ring", "little")
_BASES = ((-21.0, -24.0), (-12.5, -36.5), (-2.0, -38.5), (7.5, -36.0), (15.5, -31.5))
_ANGLES = (-36.0, -9.0, -1.0, 7.0, 15.0)
_METACARPALS = (45.0, 66.0, 64.0, 57.0, 53.0)
_PHALANGES = (
    (31.0, 21.0),
    (40.0, 22.0, 16.0),
    (42.0, 19.0, 17.0),
    (41.0, 25.0, 17.0),
    (33.0, 18.0, 15.0),
)
_WIDTHS = (1.08, 1.05, 1.05, 0.95, 0.9)
_JOINT = 1.7
_FOREARM = 190.0

# name, centre x and y, width, height, turn in degrees
_CARPALS = (
    ("scaphoid", -11.5, -11.5, 12.5, 25.0, -32.0),
    ("lunate", 1.0, -8.0, 15.0, 13.5, 8.0),
    ("triquetrum", 12.5, -12.5, 14.0, 11.5, 38.0),
    ("pisiform", 14.5, -13.0, 9.0, 9.5, 0.0),
    ("trapezium", -19.0, -22.0, 13.5, 11.5, -38.0),
    ("trapezoid", -10.5, -27.5, 10.0, 11.0, -14.0),
    ("capitate", -0.5, -25.0, 13.0, 23.0, 3.0),
    ("hamate", 10.0, -25.5, 14.0, 17.5, 14.0),
)


def draw_hand(rng: np.random.Generator) -> Limb:
    """Return a hand; fingers point up, the thumb to the left."""
    turn = float(rng.choice([0.0, rng.uniform(22, 52)], p=[0.6, 0.4]))
    squeeze = float(np.cos(np.radians(turn)))
    size = float(rng.uniform(0.92, 1.06))
    spread = float(rng.uniform(0.5, 1.25))
    bones: list[Bone] = []
    tissues: list[Tissue] = []
    sites: list[FractureSite] = []
    tips: list[Points] = []

    def turned_x(x: float, lift: float) -> float:
        """Project the horizontal place of a point that lies ``lift`` mm above the plate."""
        return x * squeeze + lift * float(np.sin(np.radians(turn)))

    for ray in range(5):
        # The palm is an arch: the outer rays lie deeper than the middle one.
        lift = (-9.0, 2.0, 4.0, 1.0, -5.0)[ray]
        base = np.array([turned_x(_BASES[ray][0], lift), _BASES[ray][1]])
        base = base + rng.normal(0, 0.5, 2)
        widen = _WIDTHS[ray] * float(rng.uniform(0.94, 1.06))
        fan = 1.0 if ray == 0 else spread
        angle = np.radians((_ANGLES[ray] * (0.45 + 0.55 * fan)) * squeeze + rng.normal(0, 1.5))
        if ray == 0:
            angle += np.radians(rng.uniform(-8, 14))
        names = [f"{_RAYS[ray]} metacarpal"]
        lengths = [_METACARPALS[ray] * float(rng.uniform(0.96, 1.04))]
        for number, length in enumerate(_PHALANGES[ray]):
            names.append(f"{_RAYS[ray]} phalanx {number + 1}")
            lengths.append(length * float(rng.uniform(0.96, 1.04)))
        place_now = base
        path = [base]
        chain: list[Bone] = []
        for number, (name, length) in enumerate(zip(names, lengths, strict=True)):
            if number == 1:
                angle += np.radians((spread - 1.0) * (ray - 2.2) * 5.0 + rng.normal(0, 2.5))
                if ray == 0:
                    angle += np.radians(rng.uniform(4, 26))
            elif number > 1:
                angle += np.radians(rng.normal(0, 2.5))
            along = np.array([np.sin(angle), -np.cos(angle)])
            end = place_now + along * length
            chain.append(_finger_bone(rng, name, place_now, end, number, len(names), widen))
            place_now = end + along * _JOINT
            path.append(end)
        bones.extend(chain)
        tips.append(place_now)
        skin = f"{_RAYS[ray]} skin"
        tissues.append(_finger_skin(rng, skin, path, widen * (1.12 if ray == 0 else 1.0)))
        for number in range(2):
            bone = chain[number]
            fraction = float(rng.uniform(0.3, 0.78))
            followers = tuple(b.name for b in chain[number + 1 :]) + (
                (skin,) if number == 1 else ()
            )
            sites.append(
                FractureSite(
                    bone.name,
                    bone.axis[0] + fraction * (bone.axis[1] - bone.axis[0]),
                    _unit(bone.axis[1] - bone.axis[0]),
                    float(np.interp(fraction, bone.stations, bone.radius)),
                    ("gap", "step", "angulation"),
                    followers,
                )
            )
    bones.extend(_carpals(rng, turned_x))
    scaphoid = next(bone for bone in bones if bone.name == "scaphoid")
    sites.append(
        FractureSite(
            "scaphoid",
            scaphoid.outline.mean(axis=0),
            place(np.array([[0.0, -1.0]]), np.zeros(2), np.radians(-32.0))[0],
            6.2,
            ("gap",),
        )
    )
    bones.extend(_forearm(rng, squeeze))
    radius = next(bone for bone in bones if bone.name == "radius")
    away = float(rng.uniform(15, 27))
    towards = _unit(radius.axis[1] - radius.axis[0])
    fraction = 1 - away / _FOREARM
    wrist_site = FractureSite(
        "radius",
        radius.axis[1] - towards * away,
        towards,
        float(np.interp(fraction, radius.stations, radius.radius)) * 1.05,
        ("gap", "step"),
    )
    sites.extend([wrist_site] * 3)  # it breaks more often than any single finger bone
    tissues.extend(_palm_and_forearm(rng, squeeze, bones))

    shown = float(rng.uniform(35, 105))
    middle = np.array([[turned_x(-30, 0), shown], [turned_x(28, 0), shown]])
    focus = np.concatenate((np.stack(tips), middle))
    if rng.random() < 0.2:  # a radiograph of the wrist alone
        focus = np.array([[-34, -rng.uniform(55, 85)], [30, -50], [-30, shown], [28, shown]])
    return Limb(
        tuple(_scaled(bone, size) for bone in bones),
        tuple(
            Tissue(t.name, t.outline * size, t.thickness * size, t.rounding * size) for t in tissues
        ),
        tuple(
            FractureSite(
                s.bone, s.point * size, s.direction, s.half_width * size, s.kinds, s.followers
            )
            for s in sites
        ),
        focus * size,
        (0.0, 180.0, 180.0),
        0.36,
    )


def _unit(vector: Points) -> Points:
    unit: Points = vector / np.hypot(*vector)
    return unit


def _scaled(bone: Bone, size: float) -> Bone:
    return Bone(
        bone.name,
        bone.outline * size,
        bone.axis * size,
        bone.stations,
        bone.radius * size,
        bone.cortex * size,
        bone.depth,
    )


def _finger_bone(
    rng: np.random.Generator,
    name: str,
    start: Points,
    end: Points,
    number: int,
    bones: int,
    widen: float,
) -> Bone:
    profile: tuple[tuple[float, float, float], ...]
    if number == 0:
        profile = (
            (0.0, 5.4, 5.4),
            (0.05, 7.4, 7.2),
            (0.2, 5.2, 5.0),
            (0.45, 3.7, 3.7),
            (0.65, 3.9, 3.9),
            (0.82, 5.8, 5.8),
            (0.92, 7.6, 7.6),
            (0.985, 6.0, 6.0),
            (1.0, 2.5, 2.5),
        )
    elif number == bones - 1:
        profile = (
            (0.0, 4.4, 4.4),
            (0.1, 5.8, 5.8),
            (0.35, 2.9, 2.9),
            (0.68, 2.2, 2.2),
            (0.84, 3.9, 3.9),
            (0.97, 3.4, 3.4),
            (1.0, 1.2, 1.2),
        )
    else:
        scale = 1.0 if number == 1 else 0.86
        profile = tuple(
            (t, a * scale, b * scale)
            for t, a, b in (
                (0.0, 5.6, 5.6),
                (0.07, 7.6, 7.6),
                (0.25, 5.0, 5.0),
                (0.5, 4.1, 4.1),
                (0.75, 4.0, 4.0),
                (0.9, 5.8, 5.8),
                (0.98, 5.4, 5.4),
                (1.0, 2.6, 2.6),
            )
        )
    shaped = [(t, a * widen, b * widen) for t, a, b in profile]
    return long_bone(
        name, start, end, shaped, rng=rng, shaft_cortex=0.46, end_cortex=0.6, depth=1.05
    )


def _finger_skin(rng: np.random.Generator, name: str, path: list[Points], widen: float) -> Tissue:
    # From the head of the metacarpal to a little beyond the tip.
    knuckle = path[0] + 0.6 * (path[1] - path[0])
    tip = path[-1] + 5.5 * _unit(path[-1] - path[-2])
    points = [knuckle, path[1], *path[2:], tip]
    half = float(rng.uniform(9.2, 11.2)) * widen
    widths = np.linspace(half * 1.15, half * 0.88, len(points))
    widths[-1] *= 0.62
    return Tissue(name, tube_outline(np.stack(points), widths), half * 1.8, 0.8 * half)


def _carpals(rng: np.random.Generator, turned_x: Callable[[float, float], float]) -> list[Bone]:
    found = []
    for name, x, y, width, height, turn in _CARPALS:
        lift = float(rng.normal(0, 3)) + (8.0 if name == "pisiform" else 0.0)
        middle = np.array([turned_x(x, lift), y]) + rng.normal(0, 0.4, 2)
        shape = blob(rng, 1.14 * width, 1.14 * height, square=2.7, rough=0.05)
        outline = place(shape, middle, np.radians(turn + rng.normal(0, 4)))
        found.append(irregular_bone(name, outline, radius=min(width, height) / 2, cortex=0.75))
    return found


def _forearm(rng: np.random.Generator, squeeze: float) -> list[Bone]:
    lean = float(rng.normal(0, 3))
    top = np.array([-5.5 * squeeze, -0.5])
    radius = long_bone(
        "radius",
        (top[0] + 1.0 + lean, top[1] + _FOREARM),
        (top[0], top[1]),
        (
            (0.0, 7.0, 7.0),
            (0.35, 6.8, 6.8),
            (0.62, 6.6, 6.6),
            (0.8, 8.0, 8.0),
            (0.89, 11.5, 11.0),
            (0.955, 15.0, 13.0),
            (0.985, 15.5, 13.5),
            (1.0, 13.5, 12.5),
            (1.025, 11.5, 2.0),
        ),
        rng=rng,
        shaft_cortex=0.32,
        end_cortex=0.8,
        bow=-2.0,
        depth=0.75,
    )
    head = np.array([(15.5 * squeeze + 1.5 * (1 - squeeze)), 2.0 + rng.normal(0, 1.2)])
    ulna = long_bone(
        "ulna",
        (head[0] + lean + 2.0, head[1] + _FOREARM),
        head,
        (
            (0.0, 7.0, 7.0),
            (0.5, 6.0, 6.0),
            (0.78, 5.2, 5.2),
            (0.92, 5.8, 6.2),
            (0.965, 8.2, 8.0),
            (0.99, 8.0, 8.0),
            (1.0, 6.6, 7.8),
            (1.008, 1.0, 7.4),
            (1.024, -4.4, 6.6),
        ),
        rng=rng,
        shaft_cortex=0.34,
        end_cortex=0.7,
        depth=0.9,
    )
    return [radius, ulna]


def _palm_and_forearm(rng: np.random.Generator, squeeze: float, bones: list[Bone]) -> list[Tissue]:
    heads = {b.name: b.axis[1] for b in bones if b.name.endswith("metacarpal")}
    index, little = heads["index metacarpal"], heads["little metacarpal"]
    middle, thumb = heads["middle metacarpal"], heads["thumb metacarpal"]
    wrist = 29.0 * (0.6 + 0.4 * squeeze)
    palm = rounded(
        [
            (-wrist - 1, 8),
            (-wrist - 3, -14),
            tuple(thumb + (-9, 12)),
            tuple(thumb + (-6, -8)),
            tuple(0.5 * thumb + 0.5 * index + (-1, -2)),
            tuple(index + (-10, 0)),
            tuple(index + (-4, -14)),
            tuple(middle + (0, -16)),
            tuple(little + (4, -12)),
            tuple(little + (11, 2)),
            (wrist + 6, -32),
            (wrist, -6),
            (wrist - 1, 10),
        ]
    )
    grow = float(rng.uniform(0.95, 1.2))
    forearm = rounded(
        [
            (-wrist - 2, -20),
            (wrist + 2, -20),
            (wrist + 1, 20),
            (wrist * 1.18 * grow, 80),
            (wrist * 1.5 * grow, 200),
            (-wrist * 1.4 * grow, 200),
            (-wrist * 1.12 * grow, 80),
            (-wrist, 20),
        ]
    )
    return [
        Tissue("palm", palm, 28.0, 12.0),
        Tissue("forearm", forearm, 42.0, 19.0),
    ]
