"""The wrist, as another package would add it."""

from fracture_widgets.parts import BodyPart, Drawing


def _draw(pen):
    """Draw the ends of radius and ulna under a row of carpal bones; the hand points up."""
    radius = pen.long_bone(
        "radius",
        (-9, 150),
        (-9, 0),
        "0 7 7, 0.5 6.6 6.6, 0.85 10 10, 0.95 14 13, 1 12 12",
        shaft_cortex=0.32,
    )
    ulna = pen.long_bone("ulna", (14, 150), (14, 3), "0 6 6, 0.8 5.5 5.5, 0.95 8 8, 1 6 7")
    places = pen.points("-14 -10, 0 -9, 12 -12, -15 -26, -2 -26, 11 -27")
    carpals = [
        pen.bone(f"carpal {number}", pen.blob(13, 13) + place, radius=6.5)
        for number, place in enumerate(places)
    ]
    skin = pen.outline("-30 -60, 30 -60, 28 0, 34 150, -34 150, -28 0")
    breaks = "gap step angulation"
    taken = [bone.name for bone in carpals]
    return pen.limb(
        [*carpals, radius, ulna],
        [pen.tissue("skin", skin, 40, 18)],
        [pen.site_on(radius, pen.uniform(0.8, 0.88), breaks, taken), pen.site_on(ulna, 0.8, "gap")],
        pen.points("-30 -45, 30 -45, -30 80, 30 80"),
        upright=(0, 180),
    )


BODY_PART = BodyPart(
    name="wrist",
    plural="wrists",
    site=("8205005", "SCT", "Wrist"),
    folders=("handgelenk",),
    drawing=Drawing(_draw, absorption=2.2),
)
