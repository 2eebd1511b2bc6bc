"""The elbow: from the front, or from the side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fracture_widgets.base.language import marked
from fracture_widgets.parts import BodyPart, Drawing

if TYPE_CHECKING:
    from fracture_widgets.phantoms.limb import Bone, Limb, Pen


def _draw(pen: Pen) -> Limb:
    """Draw an elbow; the upper arm comes from above."""
    return _from_the_side(pen) if pen.rng.random() < 0.5 else _from_the_front(pen)


def _from_the_front(pen: Pen) -> Limb:
    import numpy as np

    humerus = _humerus_from_the_front(pen)
    carrying = np.radians(pen.uniform(4, 16))
    ulna = pen.long_bone(
        "ulna",
        (-9.0, 4.2),
        (-6.0, 190.0),
        "0 10 12, 0.012 11.6 14.2, 0.05 9.8 12.6, 0.09 8.6 10, 0.14 8 8.4, 0.32 7.4 7.4, "
        "0.6 6.6 6.6, 1 6 6",
        shaft_cortex=0.34,
        bow=-2.0,
        depth=0.78,
    )
    radius = pen.long_bone(
        "radius",
        (13.2, 4.4),
        (14.0, 190.0),
        "0 9.5 9.5, 0.012 11.6 11.4, 0.05 11 11, 0.075 7.6 7.6, 0.12 6.8 6.8, 0.17 7.4 9.4, "
        "0.23 6.9 7.4, 0.5 6.6 6.6, 1 7.4 7.4",
        shaft_cortex=0.32,
        bow=-4.0,
    )
    ulna, radius = ulna.turned(-carrying), radius.turned(-carrying)
    # The olecranon stands behind the humerus and is only just seen through it.
    tip = pen.outline("-19 6, -18 -12, -13 -21, -4 -22, 2 -14, 3 6")
    olecranon = pen.bone("olecranon", tip, radius=8.0, cortex=0.9, depth=0.4)
    fossa = pen.outline("-14 -24, -4 -29, 8 -24, 9 -15, -3 -12, -13 -15")
    fat = pen.uniform(0.9, 1.35)
    upper = pen.outline(
        "-44fat -200, 44fat -200, 40fat -90, 38fat -30, 37fat 20, -40fat 20, -40fat -25, "
        "-38fat -90",
        fat=fat,
    )
    lower = pen.outline(
        "-40fat -25, 37fat -25, 41fat 30, 40fat 90, 34fat 200, -26fat 200, -36fat 90, -41fat 25",
        fat=fat,
    )
    tissues = (
        pen.tissue("upper arm", upper, 70.0 * fat, 22.0),
        pen.tissue("forearm", pen.turned(lower, -carrying), 64.0 * fat, 21.0),
    )
    moving = ("ulna", "olecranon", "radius", "forearm")
    height = pen.uniform(-44, -30)
    width = float(np.interp(height, [-62, -42, -29], [12, 16, 21]))
    shaft = pen.uniform(-88, -58)
    sites = (
        pen.site("humerus", (0.0, height), (0.0, 1.0), width, "gap step", moving),
        pen.site("humerus", (0.0, shaft), (0.0, 1.0), 11.0, "gap step angulation", moving),
        pen.site_on(radius, 0.09 + pen.uniform(-0.015, 0.02), "gap step angulation", sign=-1),
        pen.site_on(radius, 0.085 + pen.uniform(-0.02, 0.02), "gap step", sign=-1),
        pen.site_on(radius, pen.uniform(0.26, 0.36), "gap step angulation"),
        pen.site_on(ulna, pen.uniform(0.26, 0.4), "gap step"),
        pen.site("humerus", (21.5, -13.0), (0.8, 0.6), 11.0, "gap"),
    )
    reach_up, reach_down = pen.uniform(52, 115), pen.uniform(48, 105)
    side = np.array([[-36.0, 0.0], [34.0, 0.0]]) * fat
    ends = np.array([[0.0, -reach_up], [-np.sin(-carrying) * 40, reach_down]])
    return pen.limb(
        (humerus, olecranon, ulna, radius),
        tissues,
        sites,
        np.concatenate((side, ends, side + (0, -20))),
        upright=(0.0, 0.0, 0.0, -25.0, 25.0),
        narrowest=0.58,
        hollows=((fossa, pen.uniform(0.35, 0.6)),),
    )


def _humerus_from_the_front(pen: Pen) -> Bone:
    shaft = pen.uniform(9.5, 11.5)
    outline = pen.outline(
        "-shaft -190, -shaft -100, -shaft-0.5 -62, -shaft-5 -42, -21 -29, -31 -20, -33 -14, "
        "-28 -8, -22 -7, -21 2, -13 2.5, -7 -1.5, -1 -1.5, 3 -2, 8 1.5, 17 2, 22 -4, 24 -12, "
        "27 -17, 24 -25, 17 -38, shaft+2 -58, shaft -100, shaft -190",
        jitter=0.5,
        shaft=shaft,
    )
    cortex = shaft * pen.uniform(0.26, 0.36)
    stations = "0 shaft cortex, 0.55 shaft cortex, 0.7 shaft+1 0.7cortex, 0.8 15 1.3, 0.9 17 0.9, "
    stations += "1 14 0.8"
    return pen.shaped_bone(
        "humerus", outline, "0 -190, 0 0", stations, depth=0.72, shaft=shaft, cortex=cortex
    )


def _from_the_side(pen: Pen) -> Limb:
    import numpy as np

    shaft, condyle = pen.uniform(9.0, 10.5), pen.uniform(11.5, 13.5)
    humerus = _humerus_from_the_side(pen, shaft, condyle)
    ulna = _ulna_from_the_side(pen, condyle + 1.6)
    radius = pen.long_bone(
        "radius",
        (condyle + 1.8, -1.0),
        (190.0, -3.0),
        "0 8.6 8.6, 0.01 10.8 10.8, 0.05 10.2 10.2, 0.085 7.2 7.2, 0.13 6.4 6.4, 0.19 6.8 8.2, "
        "0.26 6.6 7, 0.6 6.6 6.6, 1 7.2 7.2",
        shaft_cortex=0.32,
        bow=-3.0,
    )
    # 0 is a right angle; more straightens the arm.
    bends = [pen.rng.uniform(-18, 18), pen.rng.uniform(15, 55)]
    stretch = float(np.radians(pen.rng.choice(bends, p=[0.7, 0.3])))
    ulna, radius = ulna.turned(stretch), radius.turned(stretch)
    # The second condyle is seen through the first, a little off.
    circle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    wide = condyle * 1.04
    behind = [(wide * np.cos(a) * 0.72 + 0.8, wide * np.sin(a) * 0.72 + 0.6) for a in circle]
    shadow = pen.bone(
        "trochlea", pen.outline(np.array(behind)), radius=condyle * 0.7, cortex=0.9, depth=0.35
    )
    # The walls of the two fossae, seen edge on, draw an hourglass above the condyles.
    walls = [
        pen.bone(name, pen.tube(path, (0.7, 1.3, 1.6, 1.3, 0.7)), radius=1.5, cortex=1.2)
        for name, path in (
            ("anterior wall", "5 -44, 3 -32, -2 -23, -7 -15, -8 -6"),
            ("posterior wall", "-12 -44, -9 -33, -3.5 -23, 2 -15, 4.5 -6"),
        )
    ]
    fat = pen.uniform(0.9, 1.4)
    upper = pen.outline(
        "-40fat -200, 48fat -200, 46fat -100, 34fat -50, 32fat 0, 26 30, -12 38, -30 32, -36 10, "
        "-35fat -40, -40fat -100",
        fat=fat,
    )
    lower = pen.outline(
        "-34 -12, -20 -30, 30 -36fat, 70 -42fat, 200 -32fat, 200 36fat, 80 40fat, 20 39, -14 39, "
        "-32 30, -36 10",
        fat=fat,
    )
    bend = np.stack((np.array([-1.0, -28.0]), np.array([0.0, 3.0]), pen.turned((28, 2), stretch)))
    tissues = (
        pen.tissue("upper arm", upper, 72.0 * fat, 21.0),
        pen.tissue("forearm", pen.turned(lower, stretch), 66.0 * fat, 20.0),
        pen.tissue("bend", pen.tube(bend, (33, 33, 33)), 68.0 * fat, 22.0),
    )
    moving = ("ulna", "radius", "forearm", "bend", "trochlea", "anterior wall", "posterior wall")
    olecranon = pen.turned((-18.5, 4.0 + pen.uniform(-5, 5)), stretch)
    down, towards_tip = (0.04, 1.0), pen.turned((0.0, -1.0), stretch)
    on_shaft, along = pen.uniform(-84, -52), pen.turned((1.0, -0.05), stretch)
    sites = (
        pen.site("humerus", (-3.5, pen.uniform(-34, -22)), down, 9.0, "gap step", moving),
        pen.site("humerus", (-5.0, on_shaft), down, shaft, "gap step angulation", moving),
        pen.site("ulna", olecranon, towards_tip, 6.5, "gap"),
        pen.site("ulna", olecranon, towards_tip, 6.5, "gap step"),
        pen.site_on(radius, 0.095 + pen.uniform(-0.02, 0.02), "gap step angulation", sign=-1),
        pen.site_on(radius, pen.uniform(0.26, 0.36), "gap step"),
        pen.site(
            "ulna",
            pen.turned((pen.uniform(38, 62), 19.0), stretch),
            along / np.hypot(*along),
            7.5,
            "gap step",
        ),
    )
    up, out = pen.uniform(50, 105), pen.uniform(50, 100)
    arm = pen.turned(np.array([[out, 28.0], [out, -16.0]]), stretch)
    return pen.limb(
        (humerus, shadow, *walls, ulna, radius),
        tissues,
        sites,
        np.concatenate((np.array([[-34, 30], [-30, -up], [22, -up], [-36, 0]]), arm)),
        upright=(0.0, 0.0, 90.0, -90.0, 30.0),
        narrowest=0.62,
    )


def _humerus_from_the_side(pen: Pen, shaft: float, condyle: float) -> Bone:
    import numpy as np

    turns = np.radians([205, 170, 135, 100, 65, 30, -5, -40])
    above = "-shaft-6 -190, -shaft-5 -100, -shaft-5 -60, -shaft-4 -36, -shaft-1.5 -22"
    outline = np.concatenate(
        (
            pen.points(above, shaft=shaft),
            [(condyle * np.cos(a) * 1.08, condyle * np.sin(a) * 1.08) for a in turns],
            pen.points("7 -20, 4 -36, shaft-5 -60, shaft-5 -100, shaft-6 -190", shaft=shaft),
        )
    )
    cortex = shaft * pen.uniform(0.28, 0.38)
    return pen.shaped_bone(
        "humerus",
        pen.outline(outline, jitter=0.4),
        "-5 -190, -2 condyle",
        "0 shaft cortex, 0.6 shaft cortex, 0.78 shaft 0.7cortex, 0.88 9 1.4, 0.95 condyle 0.9, "
        "1 condyle 0.9",
        shaft=shaft,
        cortex=cortex,
        condyle=condyle,
    )


def _ulna_from_the_side(pen: Pen, gap: float) -> Bone:
    import numpy as np

    notch = np.radians([200, 182, 155, 120, 85, 55])
    rest = pen.points(
        "gap+3.5 7.5, gap+9 14, 40 12.5, 70 11, 120 8, 190 6, 190 18, 120 21, 70 25, 30 27, 5 28, "
        "-15 29, -27 19, -29.5 3, -28 -8, -22.5 -13.5",
        gap=gap,
    )
    around = [(gap * np.cos(a), gap * np.sin(a)) for a in notch]
    # The axis starts at the tip of the olecranon, along the bend of the elbow.
    return pen.shaped_bone(
        "ulna",
        pen.outline(np.concatenate(([(-15.5, -12.5)], around, rest)), jitter=0.4),
        "-22 18, 190 12",
        "0 10.5 1.4, 0.15 10 1.6, 0.3 7.5 2.1, 0.5 7 2.4, 1 6 2.2",
    )


BODY_PART = BodyPart(
    name=marked("elbow"),
    plural="elbows",
    site=("16953009", "SCT", "Elbow joint"),
    place=0,
    drawing=Drawing(_draw, absorption=2.9, samples=(62, 4)),
)
