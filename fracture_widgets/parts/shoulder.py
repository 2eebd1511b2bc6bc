"""The shoulder from the front, with the chest beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fracture_widgets.base.language import marked
from fracture_widgets.parts import BodyPart, Drawing

if TYPE_CHECKING:
    from fracture_widgets.phantoms.limb import Bone, FractureSite, Limb, Pen, Points, Tissue


def _draw(pen: Pen) -> Limb:
    """Draw a shoulder; the arm hangs on the left, the chest lies on the right."""
    import numpy as np

    lifts = [pen.rng.uniform(-6, 20), pen.rng.uniform(25, 75)]
    lift = float(np.radians(pen.rng.choice(lifts, p=[0.78, 0.22])))
    humerus = _humerus(pen).turned(lift)
    glenoid = np.array([27.0 + pen.rng.normal(0, 1.5), 3.0 + pen.rng.normal(0, 2)])
    blade = (*_scapula(pen, *glenoid), _coracoid(pen, glenoid), _socket(pen, glenoid))
    roof = -36.0 + float(pen.rng.normal(0, 2.5))
    acromion, clavicle = _acromion(pen, roof), _clavicle(pen, roof)
    ribs = _ribs(pen)
    tissues = _tissues(pen, lift, roof)
    sites = _sites(pen, lift, clavicle)
    arm_end = pen.turned(np.array([[-20.0, pen.uniform(66, 125)], [16.0, 66.0]]), lift)
    inward = pen.uniform(66, 140)
    above = np.array([[-32.0, 0.0], [-26.0, -20.0], [10.0, roof - 12], [inward, roof - 14]])
    lung = pen.outline("112 12, 128 -6, 150 -14, 235 -10, 235 230, 98 230, 101 90")
    return pen.limb(
        (*ribs, *blade, humerus, acromion, clavicle),
        tissues,
        sites,
        np.concatenate((arm_end, above)),
        narrowest=0.72,
        air=(pen.tissue("lung", lung, pen.uniform(40, 75), 45.0),),
    )


def _tissues(pen: Pen, lift: float, roof: float) -> tuple[Tissue, ...]:
    import numpy as np

    fat = pen.uniform(0.85, 1.25)
    arm = pen.outline(
        "-37fat 10, -44fat 45, -41fat 110, -36fat 210, 36fat 210, 38fat 60, 30fat 0, 0 -34, "
        "-30 -22",
        fat=fat,
    )
    trunk = pen.outline(
        "-20 -28, -4 top+4, 40 top-4, 90 top-22, 150 top-62, 230 top-90, 230 230, 62 230, 52 140, "
        "46 95, 28 60, -4 40, -26 0",
        top=roof - 18 * fat,
    )
    path = np.array([[34.0, -8.0], [0.0, -4.0], [-4.0 + 12 * np.sin(lift), 34.0]])
    deltoid = pen.tube(path, (36 * fat, 38 * fat, 40 * fat))
    return (
        pen.tissue("arm", pen.turned(arm, lift), 80.0 * fat, 26.0),
        pen.tissue("deltoid", deltoid, 92.0 * fat, 30.0),
        pen.tissue("trunk", trunk, 125.0 * fat, 60.0),
    )


def _sites(pen: Pen, lift: float, clavicle: Bone) -> tuple[FractureSite, ...]:
    neck = pen.turned((-4.0, pen.uniform(28, 44)), lift)
    shaft = pen.turned((-5.0, pen.uniform(62, 92)), lift)
    down = pen.turned((0.0, 1.0), lift)
    tuberosity = pen.turned((-21.0, -1.0 + float(pen.rng.normal(0, 2))), lift)
    outward = pen.turned((-0.92, -0.39), lift)
    on_neck = pen.site("humerus", neck, down, 17.5, "gap step angulation", ("arm",))
    on_clavicle = _site_on_clavicle(pen, clavicle)
    return (
        on_neck,
        on_neck,
        pen.site("humerus", shaft, down, 12.5, "gap step angulation", ("arm",)),
        pen.site("humerus", tuberosity, outward, 17.0, "gap"),
        on_clavicle,
        on_clavicle,
    )


def _humerus(pen: Pen) -> Bone:
    import numpy as np

    head, shaft = pen.uniform(23.0, 26.0), pen.uniform(11.0, 13.0)
    turns = np.radians([42, 20, -5, -30, -55, -80, -105])
    rest = pen.points(
        "-14 -21, -22 -18, -27.5 -8, -27 6, -23.5 22, -19 42, -shaft-4.5 70, -shaft-5 110, "
        "-shaft-5 190, shaft-5 190, shaft-5 110, shaft-4 70, 10.5 44, 13 27",
        shaft=shaft,
    )
    dome = [(head * 1.04 * np.cos(a) + 1.0, head * 1.04 * np.sin(a)) for a in turns]
    outline = pen.outline(np.concatenate((dome, rest)), jitter=0.5)
    return pen.shaped_bone(
        "humerus",
        outline,
        "0 -head, -5 190",
        "0 head 0.8, 0.15 head 0.9, 0.25 21 1.1, 0.36 16 1.8, 0.45 shaft 0.85cortex, "
        "0.6 shaft cortex, 1 shaft cortex",
        depth=0.9,
        head=head,
        shaft=shaft,
        cortex=shaft * pen.uniform(0.24, 0.34),
    )


def _scapula(pen: Pen, x: float, y: float) -> tuple[Bone, Bone, Bone]:
    """Draw the body of the shoulder blade, and the parts that are thicker."""
    body = pen.outline(
        "x-2 y-18, x+1 y-4, x y+10, x+2 y+19, x+9 y+24, x+15 y+42, x+24 y+74, x+33 y+108, "
        "x+41 y+116, x+50 y+104, x+58 y+60, x+62 y+10, x+66 y-26, x+56 y-30, x+34 y-20, x+16 y-20",
        jitter=1.0,
        x=x,
        y=y,
    )
    lateral = pen.points("x+5 y-4, x+8 y+14, x+15 y+38, x+25 y+72, x+36 y+108", x=x, y=y)
    spine = pen.points("x+10 y-17, x+30 y-15, x+48 y-19, x+66 y-27", x=x, y=y)
    shake = pen.rng.normal(0, 0.8, 2)
    lateral = pen.tube(lateral + shake, (12.0, 8.5, 4.6, 3.6, 2.6))
    spine = pen.tube(spine + shake, (3.0, 3.0, 2.4, 1.0))
    return (
        pen.bone("scapula", body, radius=1.4, cortex=0.45),
        pen.bone("neck and lateral border", lateral, radius=5.0, cortex=0.85, depth=0.9),
        pen.bone("scapular spine", spine, radius=3.0, cortex=0.6),
    )


def _coracoid(pen: Pen, glenoid: Points) -> Bone:
    import numpy as np

    start = glenoid + np.array([15.0, -20.0])
    tip = glenoid + np.array([-3.0 + pen.rng.normal(0, 2), -13.0 + pen.rng.normal(0, 2)])
    path = np.stack((start, start + (-5, -7), (start + tip) / 2 + (-2, -7), tip))
    return pen.bone(
        "coracoid", pen.tube(path, (8.0, 7.5, 7.0, 6.0)), radius=6.5, cortex=1.1, depth=0.9
    )


def _socket(pen: Pen, glenoid: Points) -> Bone:
    import numpy as np

    shape = pen.blob(pen.uniform(9, 16), 38.0, square=2.1, rough=0.02)
    outline = pen.turned(shape, np.radians(pen.rng.normal(-6, 4))) + (glenoid + (-3, 0))
    return pen.bone("glenoid", outline, radius=7.0, cortex=1.0, depth=0.9)


def _acromion(pen: Pen, roof: float) -> Bone:
    x = -3.0 + float(pen.rng.normal(0, 3))
    path = pen.points(
        "x lateral, x+13 lateral-3.5, 34 roof+8, 52 roof+17", x=x, lateral=roof + 3, roof=roof
    )
    return pen.bone(
        "acromion", pen.tube(path, (4.5, 6.8, 5.0, 3.0)), radius=5.0, cortex=1.1, depth=1.1
    )


def _clavicle(pen: Pen, roof: float) -> Bone:
    import numpy as np

    rise = pen.uniform(-4, 26)
    heights = (
        roof - 2.0,
        roof - 4.0 - 0.15 * rise,
        roof - 5.0 - 0.45 * rise,
        roof - 1.0 - 0.8 * rise,
        roof + 6.0 - rise,
        roof + 10.0 - rise,
    )
    path = np.stack(((15.0, 28.0, 58.0, 96.0, 150.0, 190.0), heights), 1)
    return pen.shaped_bone(
        "clavicle",
        pen.tube(path, (6.4, 6.8, 5.6, 5.6, 6.6, 8.0)),
        path[[0, -1]],
        "0 6.5 0.9, 0.1 6.6 1, 0.3 5.7 2, 0.6 5.7 2.1, 1 8 1.2",
    )


def _site_on_clavicle(pen: Pen, bone: Bone) -> FractureSite:
    """Mark a place on the middle line, within the half that is in the picture."""
    import numpy as np

    half = len(bone.outline) // 2
    middle = (bone.outline[:half] + bone.outline[half:][::-1]) / 2
    index = int(np.clip(pen.uniform(0.3, 0.7) * half * 0.55, 3, half - 3))
    outward = middle[index - 1] - middle[index + 1]
    return pen.site(bone.name, middle[index], outward / np.hypot(*outward), 6.0, "gap step")


def _ribs(pen: Pen) -> list[Bone]:
    """Draw ribs: each comes down from behind, turns at the chest wall, runs back in front."""
    wall, first = pen.uniform(84, 104), pen.uniform(-26, -12)
    depth, step = pen.uniform(16, 26), pen.uniform(21, 26)
    ribs = []
    for number in range(9):
        top = first + number * step * pen.uniform(0.95, 1.05)
        path = pen.points(
            "235 top-34, 190 top-26, 150 top-13, edge+22 top+4, edge+7 top+15, edge+1 top+28, "
            "edge+3 turn, edge+18 before, edge+50 end",
            top=top,
            edge=wall + (40.0, 20.0, 8.0, 2.0)[min(number, 3)] + float(pen.rng.normal(0, 1)),
            turn=top + 28 + depth,
            before=top + 46 + depth,
            end=top + 66 + depth,
        )
        outline = pen.tube(path, (4.0, 4.2, 4.6, 4.8, 4.8, 4.6, 4.6, 4.8, 4.6))
        ribs.append(pen.bone(f"rib {number + 1}", outline, radius=4.2, cortex=1.0))
    return ribs


BODY_PART = BodyPart(
    name=marked("shoulder"),
    plural="shoulders",
    site=("16982005", "SCT", "Shoulder"),
    place=2,
    drawing=Drawing(_draw, absorption=3.7, samples=(8, 7)),
)
