"""A shoulder from the front, with the chest beside it."""

from __future__ import annotations

import numpy as np

from fracture_widgets.phantoms.shapes import (
    Bone,
    FractureSite,
    Limb,
    Points,
    Tissue,
    blob,
    irregular_bone,
    place,
    rounded,
    tube_outline,
)

__all__ = ["draw_shoulder"]

_SHAFT = 190.0
_ZERO = np.zeros(2)


def draw_shoulder(rng: np.random.Generator) -> Limb:
    """Return a shoulder; the arm hangs on the left, the chest lies on the right."""
    lift = np.radians(rng.choice([rng.uniform(-6, 20), rng.uniform(25, 75)], p=[0.78, 0.22]))
    humerus = _humerus(rng).turned(_ZERO, float(lift))
    glenoid = np.array([27.0 + rng.normal(0, 1.5), 3.0 + rng.normal(0, 2)])
    scapula = _scapula(rng, glenoid)
    borders, coracoid = _borders(rng, glenoid), _coracoid(rng, glenoid)
    socket = _socket(rng, glenoid)
    roof = -36.0 + rng.normal(0, 2.5)
    acromion, clavicle = _roof(rng, roof)
    ribs = _ribs(rng)
    fat = float(rng.uniform(0.85, 1.25))
    arm = place(
        rounded(
            [
                (-37 * fat, 10),
                (-44 * fat, 45),
                (-41 * fat, 110),
                (-36 * fat, 210),
                (36 * fat, 210),
                (38 * fat, 60),
                (30 * fat, 0),
                (0, -34),
                (-30, -22),
            ]
        ),
        _ZERO,
        float(lift),
    )
    top = roof - 18 * fat
    trunk = rounded(
        [
            (-20, -28),
            (-4, top + 4),
            (40, top - 4),
            (90, top - 22),
            (150, top - 62),
            (230, top - 90),
            (230, 230),
            (62, 230),
            (52, 140),
            (46, 95),
            (28, 60),
            (-4, 40),
            (-26, 0),
        ]
    )
    deltoid = tube_outline(
        np.array([[34.0, -8.0], [0.0, -4.0], [-4.0 + 12 * np.sin(lift), 34.0]]),
        (36 * fat, 38 * fat, 40 * fat),
    )
    tissues = (
        Tissue("arm", arm, 80.0 * fat, 26.0),
        Tissue("deltoid", deltoid, 92.0 * fat, 30.0),
        Tissue("trunk", trunk, 125.0 * fat, 60.0),
    )
    lung = rounded([(112, 12), (128, -6), (150, -14), (235, -10), (235, 230), (98, 230), (101, 90)])
    away = np.array([0.0, 1.0])
    neck = place(np.array([[-4.0, rng.uniform(28, 44)]]), _ZERO, float(lift))[0]
    shaft = place(np.array([[-5.0, rng.uniform(62, 92)]]), _ZERO, float(lift))[0]
    down = place(away[None], _ZERO, float(lift))[0]
    tuberosity = place(np.array([[-21.0, -1.0 + rng.normal(0, 2)]]), _ZERO, float(lift))[0]
    outward = place(np.array([[-0.92, -0.39]]), _ZERO, float(lift))[0]
    place_on = float(rng.uniform(0.3, 0.7))
    middle = _along(_middle_line(clavicle), place_on)
    sites = (
        FractureSite("humerus", neck, down, 17.5, ("gap", "step", "angulation"), ("arm",)),
        FractureSite("humerus", neck, down, 17.5, ("gap", "step", "angulation"), ("arm",)),
        FractureSite("humerus", shaft, down, 12.5, ("gap", "step", "angulation"), ("arm",)),
        FractureSite("humerus", tuberosity, outward, 17.0, ("gap",)),
        FractureSite("clavicle", middle[0], middle[1], 6.0, ("gap", "step")),
        FractureSite("clavicle", middle[0], middle[1], 6.0, ("gap", "step")),
    )
    arm_end = place(np.array([[-20.0, rng.uniform(66, 125)], [16.0, 66.0]]), _ZERO, float(lift))
    inward = rng.uniform(66, 140)
    focus = np.concatenate(
        (
            arm_end,
            np.array([[-32.0, 0.0], [-26.0, -20.0], [10.0, roof - 12], [inward, roof - 14]]),
        )
    )
    return Limb(
        (
            *ribs,
            scapula,
            *borders,
            coracoid,
            socket,
            humerus,
            acromion,
            clavicle,
        ),
        tissues,
        sites,
        focus,
        (0.0,),
        0.72,
        air=(Tissue("lung", lung, float(rng.uniform(40, 75)), 45.0),),
    )


def _humerus(rng: np.random.Generator) -> Bone:
    head = float(rng.uniform(23.0, 26.0))
    shaft = float(rng.uniform(11.0, 13.0))
    dome = [
        (head * 1.04 * np.cos(a) + 1.0, head * 1.04 * np.sin(a))
        for a in np.radians([42, 20, -5, -30, -55, -80, -105])
    ]
    corners = [
        *dome,
        (-14, -21),
        (-22, -18),
        (-27.5, -8),
        (-27, 6),
        (-23.5, 22),
        (-19, 42),
        (-shaft - 4.5, 70),
        (-shaft - 5, 110),
        (-shaft - 5, _SHAFT),
        (shaft - 5, _SHAFT),
        (shaft - 5, 110),
        (shaft - 4, 70),
        (10.5, 44),
        (13, 27),
    ]
    points = rounded(np.asarray(corners) + rng.normal(0, 0.5, (len(corners), 2)))
    cortex = shaft * float(rng.uniform(0.24, 0.34))
    return Bone(
        "humerus",
        points,
        np.array([[0.0, -head], [-5.0, _SHAFT]]),
        np.array([0.0, 0.15, 0.25, 0.36, 0.45, 0.6, 1.0]),
        np.array([head, head, 21.0, 16.0, shaft, shaft, shaft]),
        np.array([0.8, 0.9, 1.1, 1.8, cortex * 0.85, cortex, cortex]),
        0.9,
    )


def _scapula(rng: np.random.Generator, glenoid: Points) -> Bone:
    x, y = glenoid
    corners = [
        (x - 2, y - 18),
        (x + 1, y - 4),
        (x, y + 10),
        (x + 2, y + 19),
        (x + 9, y + 24),
        (x + 15, y + 42),
        (x + 24, y + 74),
        (x + 33, y + 108),
        (x + 41, y + 116),
        (x + 50, y + 104),
        (x + 58, y + 60),
        (x + 62, y + 10),
        (x + 66, y - 26),
        (x + 56, y - 30),
        (x + 34, y - 20),
        (x + 16, y - 20),
    ]
    points = rounded(np.asarray(corners) + rng.normal(0, 1.0, (len(corners), 2)))
    return irregular_bone("scapula", points, radius=1.4, cortex=0.45, depth=1.0)


def _borders(rng: np.random.Generator, glenoid: Points) -> tuple[Bone, ...]:
    """Return the parts of the shoulder blade that are thicker than its body."""
    x, y = glenoid
    lateral = np.array(
        [(x + 5, y - 4), (x + 8, y + 14), (x + 15, y + 38), (x + 25, y + 72), (x + 36, y + 108)]
    )
    spine = np.array([(x + 10, y - 17), (x + 30, y - 15), (x + 48, y - 19), (x + 66, y - 27)])
    shake = rng.normal(0, 0.8, 2)
    return (
        irregular_bone(
            "neck and lateral border",
            tube_outline(lateral + shake, (12.0, 8.5, 4.6, 3.6, 2.6)),
            radius=5.0,
            cortex=0.85,
            depth=0.9,
        ),
        irregular_bone(
            "scapular spine",
            tube_outline(spine + shake, (3.0, 3.0, 2.4, 1.0)),
            radius=3.0,
            cortex=0.6,
        ),
    )


def _socket(rng: np.random.Generator, glenoid: Points) -> Bone:
    outline = place(
        blob(rng, float(rng.uniform(9, 16)), 38.0, square=2.1, rough=0.02),
        glenoid + (-3, 0),
        np.radians(rng.normal(-6, 4)),
    )
    return irregular_bone("glenoid", outline, radius=7.0, cortex=1.0, depth=0.9)


def _coracoid(rng: np.random.Generator, glenoid: Points) -> Bone:
    start = glenoid + np.array([15.0, -20.0])
    tip = glenoid + np.array([-3.0 + rng.normal(0, 2), -13.0 + rng.normal(0, 2)])
    path = np.stack((start, start + (-5, -7), (start + tip) / 2 + (-2, -7), tip))
    outline = tube_outline(path, (8.0, 7.5, 7.0, 6.0))
    return irregular_bone("coracoid", outline, radius=6.5, cortex=1.1, depth=0.9)


def _roof(rng: np.random.Generator, roof: float) -> tuple[Bone, Bone]:
    """Return acromion and clavicle."""
    lateral = np.array([-3.0 + rng.normal(0, 3), roof + 3])
    path = np.stack(
        (
            lateral,
            lateral + (13, -3.5),
            np.array([34.0, roof + 8]),
            np.array([52.0, roof + 17]),
        )
    )
    acromion = irregular_bone(
        "acromion",
        tube_outline(path, (4.5, 6.8, 5.0, 3.0)),
        radius=5.0,
        cortex=1.1,
        depth=1.1,
    )
    rise = float(rng.uniform(-4, 26))
    path = np.stack(
        (
            np.array([15.0, roof - 2.0]),
            np.array([28.0, roof - 4.0 - 0.15 * rise]),
            np.array([58.0, roof - 5.0 - 0.45 * rise]),
            np.array([96.0, roof - 1.0 - 0.8 * rise]),
            np.array([150.0, roof + 6.0 - rise]),
            np.array([190.0, roof + 10.0 - rise]),
        )
    )
    clavicle = Bone(
        "clavicle",
        tube_outline(path, (6.4, 6.8, 5.6, 5.6, 6.6, 8.0)),
        path[[0, -1]],
        np.array([0.0, 0.1, 0.3, 0.6, 1.0]),
        np.array([6.5, 6.6, 5.7, 5.7, 8.0]),
        np.array([0.9, 1.0, 2.0, 2.1, 1.2]),
        1.0,
    )
    return acromion, clavicle


def _middle_line(bone: Bone) -> Points:
    """Return the middle line of a bone that was built as a tube."""
    half = len(bone.outline) // 2
    middle: Points = (bone.outline[:half] + bone.outline[half:][::-1]) / 2
    return middle


def _along(path: Points, fraction: float) -> tuple[Points, Points]:
    """Return the point at ``fraction`` of the visible half of a path, and its direction outward."""
    count = len(path)
    index = int(np.clip(fraction * count * 0.55, 3, count - 3))
    outward = path[index - 1] - path[index + 1]
    return path[index], outward / np.hypot(*outward)


def _ribs(rng: np.random.Generator) -> list[Bone]:
    """Return ribs: each comes down from behind, turns at the chest wall, runs back in front."""
    ribs = []
    wall = float(rng.uniform(84, 104))
    first = float(rng.uniform(-26, -12))
    depth = float(rng.uniform(16, 26))
    step = float(rng.uniform(21, 26))
    for number in range(9):
        top = first + number * step * float(rng.uniform(0.95, 1.05))
        edge = wall + (40.0, 20.0, 8.0, 2.0)[min(number, 3)] + rng.normal(0, 1)
        behind = [(235.0, top - 34), (190.0, top - 26), (150.0, top - 13), (edge + 22, top + 4)]
        turn = [(edge + 7, top + 15), (edge + 1, top + 28), (edge + 3, top + 28 + depth)]
        before = [(edge + 18, top + 46 + depth), (edge + 50, top + 66 + depth)]
        path = np.array(behind + turn + before)
        ribs.append(
            irregular_bone(
                f"rib {number + 1}",
                tube_outline(path, (4.0, 4.2, 4.6, 4.8, 4.8, 4.6, 4.6, 4.8, 4.6)),
                radius=4.2,
                cortex=1.0,
                depth=1.0,
            )
        )
    return ribs
