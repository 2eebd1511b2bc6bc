"""Files whose shutters and millimetres are told in the ways of the field."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from field_files import Variant, dataset, item, stored
from picture_files import saved
from pydicom.sequence import Sequence

EDGE = 12


def framed(fill: int = 4095) -> np.ndarray:
    """The radiograph within a bright frame, which a shutter is to hide."""
    return np.pad(stored(), EDGE, constant_values=fill)


def shutters() -> Iterator[Variant]:
    height, width = stored().shape
    rectangle = {
        "ShutterLeftVerticalEdge": EDGE,
        "ShutterRightVerticalEdge": EDGE + width + 1,
        "ShutterUpperHorizontalEdge": EDGE,
        "ShutterLowerHorizontalEdge": EDGE + height + 1,
    }
    top, left, bottom, right = EDGE + 1, EDGE + 1, EDGE + height, EDGE + width
    polygon = {
        "VerticesOfThePolygonalShutter": [top, left, top, right, bottom, right, bottom, left]
    }
    radius = min(height, width) // 2 - 3
    circle = {
        "CenterOfCircularShutter": [EDGE + height // 2, EDGE + width // 2],
        "RadiusOfCircularShutter": radius,
    }
    note = ("shutter hides part of the picture",)
    for shape, edges in (("RECTANGULAR", rectangle), ("POLYGONAL", polygon), ("CIRCULAR", circle)):
        for fill, photometric in ((4095, "MONOCHROME2"), (0, "MONOCHROME1")):
            yield Variant(
                f"{shape.lower()} shutter",
                photometric,
                lambda shape=shape, edges=edges, fill=fill, photometric=photometric: saved(
                    dataset(
                        framed() if fill else 4095 - framed(),
                        ShutterShape=shape,
                        PhotometricInterpretation=photometric,
                        **edges,
                    )
                ),
                same=0.05 if shape == "CIRCULAR" else 1e-3,
                notes=note,
                shape=(2 * radius + 1,) * 2 if shape == "CIRCULAR" else (height, width),
                corner=(height // 2 - 1 - radius, width // 2 - 1 - radius)
                if shape == "CIRCULAR"
                else (0, 0),
            )
    yield Variant(
        "two shutters",
        "rectangle and polygon",
        lambda: saved(
            dataset(framed(), ShutterShape=["RECTANGULAR", "POLYGONAL"], **rectangle, **polygon)
        ),
        notes=note,
        shape=(height, width),
    )
    yield Variant("bitmap shutter", "overlay", _bitmap, notes=note, shape=(height, width))
    yield Variant(
        "shutter of a frame",
        "functional groups",
        lambda: saved(
            dataset(
                framed(),
                SharedFunctionalGroupsSequence=[
                    item(
                        FrameDisplayShutterSequence=Sequence(
                            [item(ShutterShape="RECTANGULAR", **rectangle)]
                        )
                    )
                ],
            )
        ),
        notes=note,
        shape=(height, width),
    )
    whole = dict(zip(rectangle, (1, width, 1, height), strict=True))
    yield Variant(
        "shutter as large as the picture",
        "no word",
        lambda: saved(dataset(ShutterShape="RECTANGULAR", **whole)),
    )
    nothing = dict(zip(rectangle, (90, 80, 90, 80), strict=True))
    yield Variant(
        "shutter that leaves nothing",
        "rectangle",
        lambda: saved(dataset(ShutterShape="RECTANGULAR", **nothing)),
        notes=("leaves next to nothing",),
    )


def _bitmap() -> bytes:
    made = dataset(framed(), ShutterShape="BITMAP", ShutterOverlayGroup=0x6002)
    rows, columns = framed().shape
    shut = np.ones((rows, columns), np.uint8)
    shut[EDGE:-EDGE, EDGE:-EDGE] = 0
    made.add_new(0x60020010, "US", rows)
    made.add_new(0x60020011, "US", columns)
    made.add_new(0x60020050, "SS", [1, 1])
    made.add_new(0x60020100, "US", 1)
    bits = np.packbits(shut.ravel(), bitorder="little").tobytes()
    made.add_new(0x60023000, "OW", bits + b"\0" * (len(bits) % 2))
    return saved(made)


def millimetres() -> Iterator[Variant]:
    square = {"ImagerPixelSpacing": [0.15, 0.15]}
    known = {"EstimatedRadiographicMagnificationFactor": 1.5}
    both = square | {"PixelSpacing": [0.15, 0.15]}
    for name, attributes, mm, at_detector in (
        ("at the detector", square, 0.15, True),
        ("magnified", square | known, 0.1, False),
        ("magnified by less than nothing", square | {next(iter(known)): 0}, 0.15, True),
        ("calibrated", square | {"PixelSpacing": [0.11, 0.11]}, 0.11, False),
        ("the same twice", both, 0.15, True),
        ("the same twice, magnified", both | known, 0.1, False),
        (
            "the same twice, calibrated",
            both | known | {"PixelSpacingCalibrationType": "FIDUCIAL"},
            0.15,
            False,
        ),
        ("one without the other", {"PixelSpacing": [0.2, 0.2]}, 0.2, False),
        ("of the scanned film", {"NominalScannedPixelSpacing": [0.1, 0.1]}, 0.1, True),
    ):
        yield Variant(
            "millimetres",
            name,
            lambda attributes=attributes: saved(dataset(**attributes)),
            mm=(mm, mm),
            at_detector=at_detector,
        )
    yield Variant(
        "millimetres",
        "of a frame",
        lambda: saved(
            dataset(
                SharedFunctionalGroupsSequence=[
                    item(
                        FramePixelDataPropertiesSequence=Sequence([item(**square)]),
                        XRayGeometrySequence=Sequence([item(**known)]),
                    )
                ]
            )
        ),
        mm=(0.1, 0.1),
    )
    height, width = stored().shape
    note = ("not square",)
    for keyword, value, shape, mm in (
        ("PixelSpacing", [0.2, 0.1], (2 * height, width), (0.1, 0.1)),
        ("PixelSpacing", [0.1, 0.2], (height, 2 * width), (0.1, 0.1)),
        ("ImagerPixelSpacing", [0.2, 0.1], (2 * height, width), (0.1, 0.1)),
        ("PixelAspectRatio", [2, 1], (2 * height, width), None),
        ("PixelAspectRatio", [1, 2], (height, 2 * width), None),
    ):
        yield Variant(
            "pixels not square",
            f"{keyword} {value}",
            lambda keyword=keyword, value=value: saved(dataset(**{keyword: value})),
            same=None,
            notes=note,
            mm=mm,
            at_detector=keyword == "ImagerPixelSpacing",
            shape=shape,
        )
    yield Variant(
        "pixels not square",
        "by a slip of the pen",
        lambda: saved(dataset(PixelAspectRatio=[1, 1000])),
    )
