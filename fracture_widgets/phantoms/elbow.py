"""An elbow, from the front or from the side."""

from __future__ import annotations

import numpy as np

from fracture_widgets.phantoms.shapes import (
    Bone,
    FractureSite,
    Limb,
    Points,
    Tissue,
    irregular_bone,
    long_bone,
    place,
    rounded,
    tube_outline,
)

__all__ = ["draw_elbow"]

_LENGTH = 190.0
_ZERO = np.zeros(2)


def draw_elbow(rng: np.random.Generator) -> Limb:
    """Return an elbow; the upper arm comes from above."""
    return _from_the_side(rng) if rng.random() < 0.5 else _from_the_front(rng)


def _jitter(rng: np.random.Generator, corners: list[tuple[float, float]], mm: float) -> Points:
    points = np.asarray(corners, np.float64)
    return points + rng.normal(0, mm, points.shape)


def _tubular(bone: Bone, stations: list[tuple[float, float, float]], axis: Points) -> Bone:
    """Give an irregular outline the radius and cortex of a tube along ``axis``."""
    table = np.asarray(stations)
    return Bone(bone.name, bone.outline, axis, table[:, 0], table[:, 1], table[:, 2], bone.depth)


def _humerus_front(rng: np.random.Generator) -> Bone:
    shaft = float(rng.uniform(9.5, 11.5))
    corners = [
        (-shaft, -_LENGTH),
        (-shaft, -100),
        (-shaft - 0.5, -62),
        (-shaft - 5, -42),
        (-21, -29),
        (-31, -20),
        (-33, -14),
        (-28, -8),
        (-22, -7),
        (-21, 2),
        (-13, 2.5),
        (-7, -1.5),
        (-1, -1.5),
        (3, -2),
        (8, 1.5),
        (17, 2),
        (22, -4),
        (24, -12),
        (27, -17),
        (24, -25),
        (17, -38),
        (shaft + 2, -58),
        (shaft, -100),
        (shaft, -_LENGTH),
    ]
    bone = irregular_bone("humerus", rounded(_jitter(rng, corners, 0.5)), radius=12, depth=0.72)
    cortex = shaft * float(rng.uniform(0.26, 0.36))
    return _tubular(
        bone,
        [
            (0.0, shaft, cortex),
            (0.55, shaft, cortex),
            (0.7, shaft + 1, cortex * 0.7),
            (0.8, 15, 1.3),
            (0.9, 17, 0.9),
            (1.0, 14, 0.8),
        ],
        np.array([[0.0, -_LENGTH], [0.0, 0.0]]),
    )


def _from_the_front(rng: np.random.Generator) -> Limb:
    humerus = _humerus_front(rng)
    carrying = np.radians(rng.uniform(4, 16))
    ulna = long_bone(
        "ulna",
        (-9.0, 4.2),
        (-6.0, _LENGTH),
        (
            (0.0, 10.0, 12.0),
            (0.012, 11.6, 14.2),
            (0.05, 9.8, 12.6),
            (0.09, 8.6, 10.0),
            (0.14, 8.0, 8.4),
            (0.32, 7.4, 7.4),
            (0.6, 6.6, 6.6),
            (1.0, 6.0, 6.0),
        ),
        rng=rng,
        shaft_cortex=0.34,
        end_cortex=0.7,
        bow=-2.0,
        depth=0.78,
    )
    radius = long_bone(
        "radius",
        (13.2, 4.4),
        (14.0, _LENGTH),
        (
            (0.0, 9.5, 9.5),
            (0.012, 11.6, 11.4),
            (0.05, 11.0, 11.0),
            (0.075, 7.6, 7.6),
            (0.12, 6.8, 6.8),
            (0.17, 7.4, 9.4),
            (0.23, 6.9, 7.4),
            (0.5, 6.6, 6.6),
            (1.0, 7.4, 7.4),
        ),
        rng=rng,
        shaft_cortex=0.32,
        end_cortex=0.7,
        bow=-4.0,
    )
    ulna, radius = ulna.turned(_ZERO, -carrying), radius.turned(_ZERO, -carrying)
    # The olecranon stands behind the humerus and is only just seen through it.
    tip = rounded([(-19, 6), (-18, -12), (-13, -21), (-4, -22), (2, -14), (3, 6)])
    olecranon = irregular_bone("olecranon", tip, radius=8.0, cortex=0.9, depth=0.4)
    fossa = rounded([(-14, -24), (-4, -29), (8, -24), (9, -15), (-3, -12), (-13, -15)])
    fat = float(rng.uniform(0.9, 1.35))
    upper = rounded(
        [
            (-44 * fat, -200),
            (44 * fat, -200),
            (40 * fat, -90),
            (38 * fat, -30),
            (37 * fat, 20),
            (-40 * fat, 20),
            (-40 * fat, -25),
            (-38 * fat, -90),
        ]
    )
    lower = rounded(
        [
            (-40 * fat, -25),
            (37 * fat, -25),
            (41 * fat, 30),
            (40 * fat, 90),
            (34 * fat, 200),
            (-26 * fat, 200),
            (-36 * fat, 90),
            (-41 * fat, 25),
        ]
    )
    tissues = (
        Tissue("upper arm", upper, 70.0 * fat, 22.0),
        Tissue("forearm", place(lower, _ZERO, -carrying), 64.0 * fat, 21.0),
    )
    moving = ("ulna", "olecranon", "radius", "forearm")
    down = np.array([0.0, 1.0])
    height = float(rng.uniform(-44, -30))
    width = float(np.interp(height, [-62, -42, -29], [12, 16, 21]))
    shaft_site = float(rng.uniform(-88, -58))
    sites = (
        FractureSite("humerus", np.array([0.0, height]), down, width, ("gap", "step"), moving),
        FractureSite(
            "humerus",
            np.array([0.0, shaft_site]),
            down,
            11.0,
            ("gap", "step", "angulation"),
            moving,
        ),
        _on(radius, 0.09 + rng.uniform(-0.015, 0.02), -1, ("gap", "step", "angulation")),
        _on(radius, 0.085 + rng.uniform(-0.02, 0.02), -1, ("gap", "step")),
        _on(radius, rng.uniform(0.26, 0.36), 1, ("gap", "step", "angulation"), ()),
        _on(ulna, rng.uniform(0.26, 0.4), 1, ("gap", "step"), ()),
        FractureSite(
            "humerus",
            np.array([21.5, -13.0]),
            np.array([0.8, 0.6]),
            11.0,
            ("gap",),
        ),
    )
    reach_up, reach_down = rng.uniform(52, 115), rng.uniform(48, 105)
    side = np.array([[-36.0, 0.0], [34.0, 0.0]]) * fat
    ends = np.array([[0.0, -reach_up], [-np.sin(-carrying) * 40, reach_down]])
    return Limb(
        (humerus, olecranon, ulna, radius),
        tissues,
        sites,
        np.concatenate((side, ends, side + (0, -20))),
        (0.0, 0.0, 0.0, -25.0, 25.0),
        0.58,
        hollows=((fossa, float(rng.uniform(0.35, 0.6))),),
    )


def _on(
    bone: Bone,
    fraction: float,
    sign: int,
    kinds: tuple[str, ...],
    followers: tuple[str, ...] = (),
) -> FractureSite:
    """Return a site on the axis of a long bone; ``sign`` tells which end gives way."""
    along = bone.axis[1] - bone.axis[0]
    return FractureSite(
        bone.name,
        bone.axis[0] + fraction * along,
        sign * along / np.hypot(*along),
        float(np.interp(fraction, bone.stations, bone.radius)),
        kinds,
        followers,
    )


def _from_the_side(rng: np.random.Generator) -> Limb:
    shaft = float(rng.uniform(9.0, 10.5))
    condyle = float(rng.uniform(11.5, 13.5))
    round_end = [
        (condyle * np.cos(a) * 1.08, condyle * np.sin(a) * 1.08)
        for a in np.radians([-40, -5, 30, 65, 100, 135, 170, 205])
    ]
    corners = [
        (-6 - shaft, -_LENGTH),
        (-5 - shaft, -100),
        (-5 - shaft, -60),
        (-4 - shaft, -36),
        (-shaft - 1.5, -22),
        *round_end[::-1],
        (7, -20),
        (4, -36),
        (shaft - 5, -60),
        (shaft - 5, -100),
        (shaft - 6, -_LENGTH),
    ]
    cortex = shaft * float(rng.uniform(0.28, 0.38))
    humerus = _tubular(
        irregular_bone("humerus", rounded(_jitter(rng, corners, 0.4)), radius=10),
        [
            (0.0, shaft, cortex),
            (0.6, shaft, cortex),
            (0.78, shaft, cortex * 0.7),
            (0.88, 9, 1.4),
            (0.95, condyle, 0.9),
            (1.0, condyle, 0.9),
        ],
        np.array([[-5.0, -_LENGTH], [-2.0, condyle]]),
    )
    gap = condyle + 1.6
    notch = [(gap * np.cos(a), gap * np.sin(a)) for a in np.radians([200, 182, 155, 120, 85, 55])]
    corners = [
        (-15.5, -12.5),
        *notch,
        (gap + 3.5, 7.5),
        (gap + 9, 14),
        (40, 12.5),
        (70, 11),
        (120, 8),
        (_LENGTH, 6),
        (_LENGTH, 18),
        (120, 21),
        (70, 25),
        (30, 27),
        (5, 28),
        (-15, 29),
        (-27, 19),
        (-29.5, 3),
        (-28, -8),
        (-22.5, -13.5),
    ]
    # The axis starts at the tip of the olecranon, along the bend of the elbow.
    ulna = _tubular(
        irregular_bone("ulna", rounded(_jitter(rng, corners, 0.4)), radius=7),
        [
            (0.0, 10.5, 1.4),
            (0.15, 10.0, 1.6),
            (0.3, 7.5, 2.1),
            (0.5, 7.0, 2.4),
            (1.0, 6.0, 2.2),
        ],
        np.array([[-22.0, 18.0], [_LENGTH, 12.0]]),
    )
    radius = long_bone(
        "radius",
        (condyle + 1.8, -1.0),
        (_LENGTH, -3.0),
        (
            (0.0, 8.6, 8.6),
            (0.01, 10.8, 10.8),
            (0.05, 10.2, 10.2),
            (0.085, 7.2, 7.2),
            (0.13, 6.4, 6.4),
            (0.19, 6.8, 8.2),
            (0.26, 6.6, 7.0),
            (0.6, 6.6, 6.6),
            (1.0, 7.2, 7.2),
        ),
        rng=rng,
        shaft_cortex=0.32,
        bow=-3.0,
    )
    # 0 is a right angle; more straightens the arm.
    stretch = np.radians(rng.choice([rng.uniform(-18, 18), rng.uniform(15, 55)], p=[0.7, 0.3]))
    ulna, radius = ulna.turned(_ZERO, stretch), radius.turned(_ZERO, stretch)
    # The second condyle is seen through the first, a little off.
    shadow = irregular_bone(
        "trochlea",
        rounded([(x * 0.72 + 0.8, y * 0.72 + 0.6) for x, y in _circle(condyle * 1.04)]),
        radius=condyle * 0.7,
        cortex=0.9,
        depth=0.35,
    )
    # The walls of the two fossae, seen edge on, draw an hourglass above the condyles.
    front = np.array([(5.0, -44.0), (3.0, -32.0), (-2.0, -23.0), (-7.0, -15.0), (-8.0, -6.0)])
    back = np.array([(-12.0, -44.0), (-9.0, -33.0), (-3.5, -23.0), (2.0, -15.0), (4.5, -6.0)])
    walls = tuple(
        irregular_bone(name, tube_outline(path, (0.7, 1.3, 1.6, 1.3, 0.7)), radius=1.5, cortex=1.2)
        for name, path in (("anterior wall", front), ("posterior wall", back))
    )
    fat = float(rng.uniform(0.9, 1.4))
    upper = rounded(
        [
            (-40 * fat, -200),
            (48 * fat, -200),
            (46 * fat, -100),
            (34 * fat, -50),
            (32 * fat, 0),
            (26, 30),
            (-12, 38),
            (-30, 32),
            (-36, 10),
            (-35 * fat, -40),
            (-40 * fat, -100),
        ]
    )
    lower = rounded(
        [
            (-34, -12),
            (-20, -30),
            (30, -36 * fat),
            (70, -42 * fat),
            (200, -32 * fat),
            (200, 36 * fat),
            (80, 40 * fat),
            (20, 39),
            (-14, 39),
            (-32, 30),
            (-36, 10),
        ]
    )
    tissues = (
        Tissue("upper arm", upper, 72.0 * fat, 21.0),
        Tissue("forearm", place(lower, _ZERO, float(stretch)), 66.0 * fat, 20.0),
        Tissue("bend", tube_outline(_bend(float(stretch)), (33, 33, 33)), 68.0 * fat, 22.0),
    )
    moving = ("ulna", "radius", "forearm", "bend", "trochlea", "anterior wall", "posterior wall")
    down = np.array([0.04, 1.0])
    olecranon = place(np.array([[-18.5, 4.0 + rng.uniform(-5, 5)]]), _ZERO, float(stretch))[0]
    towards_tip = place(np.array([[0.0, -1.0]]), _ZERO, float(stretch))[0]
    shaft_site = float(rng.uniform(-84, -52))
    sites = (
        FractureSite(
            "humerus", np.array([-3.5, rng.uniform(-34, -22)]), down, 9.0, ("gap", "step"), moving
        ),
        FractureSite(
            "humerus",
            np.array([-5.0, shaft_site]),
            down,
            shaft,
            ("gap", "step", "angulation"),
            moving,
        ),
        FractureSite("ulna", olecranon, towards_tip, 6.5, ("gap",)),
        FractureSite("ulna", olecranon, towards_tip, 6.5, ("gap", "step")),
        _on(radius, 0.095 + rng.uniform(-0.02, 0.02), -1, ("gap", "step", "angulation")),
        _on(radius, rng.uniform(0.26, 0.36), 1, ("gap", "step")),
        _on_ulna_shaft(rng, float(stretch)),
    )
    up, out = rng.uniform(50, 105), rng.uniform(50, 100)
    arm = place(np.array([[out, 28.0], [out, -16.0]]), _ZERO, float(stretch))
    focus = np.concatenate((np.array([[-34, 30], [-30, -up], [22, -up], [-36, 0]]), arm))
    return Limb(
        (humerus, shadow, *walls, ulna, radius),
        tissues,
        sites,
        focus,
        (0.0, 0.0, 90.0, -90.0, 30.0),
        0.62,
    )


def _circle(radius: float) -> list[tuple[float, float]]:
    return [
        (radius * float(np.cos(a)), radius * float(np.sin(a)))
        for a in np.linspace(0, 2 * np.pi, 12, endpoint=False)
    ]


def _bend(stretch: float) -> Points:
    ends = place(np.array([[28.0, 2.0]]), _ZERO, stretch)
    return np.stack((np.array([-1.0, -28.0]), np.array([0.0, 3.0]), ends[0]))


def _on_ulna_shaft(rng: np.random.Generator, stretch: float) -> FractureSite:
    x = float(rng.uniform(38, 62))
    point = place(np.array([[x, 19.0]]), _ZERO, stretch)[0]
    along = place(np.array([[1.0, -0.05]]), _ZERO, stretch)[0]
    return FractureSite("ulna", point, along / np.hypot(*along), 7.5, ("gap", "step"))
