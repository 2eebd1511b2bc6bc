"""Files whose greys are told in the ways of the field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from field_files import NATIVE, Variant, dataset, item, plain, ramp_table, stored, written
from picture_files import look_up_table, saved
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DigitalXRayImageStorageForProcessing,
    ImplicitVRLittleEndian,
)


def tables() -> Iterator[Variant]:
    for syntax in NATIVE:
        for sign in ("SS", "US"):
            yield Variant(
                "table below zero after rescaling",
                f"{syntax.name}, {sign}",
                lambda syntax=syntax, sign=sign: written(
                    dataset(
                        RescaleIntercept=-1024,
                        RescaleSlope=1,
                        VOILUTSequence=[ramp_table(-1024, sign=sign)],
                    ),
                    syntax,
                ),
            )
    signed = lambda: stored().astype(np.int16) - np.int16(2048)  # noqa: E731
    for sign in ("SS", "US"):
        yield Variant(
            "table below zero of signed values",
            sign,
            lambda sign=sign: written(
                dataset(signed(), VOILUTSequence=[ramp_table(-2048, sign=sign)]),
                ImplicitVRLittleEndian,
            ),
        )
        yield Variant(
            "modality table of signed values",
            sign,
            lambda sign=sign: written(
                dataset(signed(), ModalityLUTSequence=[ramp_table(-2048, sign=sign)])
            ),
        )
    empty = "look-up table is empty; the full range"
    yield Variant("empty table", "nothing in it", lambda: saved(_empty_table({})), notes=(empty,))
    for keyword, value in (("LUTDescriptor", None), ("LUTData", None)):
        yield Variant(
            "empty table",
            f"{keyword} empty",
            lambda keyword=keyword, value=value: saved(_empty_table({keyword: value})),
            notes=(empty,),
        )
    yield Variant(
        "empty table",
        "and a good one",
        lambda: saved(dataset(VOILUTSequence=[item(LUTExplanation=""), ramp_table(0)])),
    )
    yield Variant(
        "table of a frame",
        "functional groups",
        lambda: saved(
            dataset(
                4095 - stored(),
                SharedFunctionalGroupsSequence=[
                    item(
                        FrameVOILUTSequence=Sequence(
                            [item(VOILUTSequence=Sequence([_falling_table()]))]
                        )
                    )
                ],
            )
        ),
    )
    yield Variant(
        "table states another count",
        "more than there are",
        lambda: saved(dataset(VOILUTSequence=[_recounted(5000)])),
    )
    yield Variant(
        "table states another count", "none", lambda: saved(dataset(VOILUTSequence=[_recounted(0)]))
    )
    shows = "look-up table shows nothing; "
    for first in (40000, 5000, -9000):
        yield Variant(
            "table off the data",
            str(first),
            lambda first=first: saved(dataset(VOILUTSequence=[ramp_table(first)])),
            notes=(f"{shows}the full range",),
        )
    yield Variant(
        "table off the data",
        "and the next is not",
        lambda: saved(dataset(VOILUTSequence=[ramp_table(40000), ramp_table(0)])),
        notes=(f"{shows}the file's next look-up table",),
    )
    yield Variant(
        "table off the data",
        "and a window",
        lambda: saved(
            dataset(VOILUTSequence=[ramp_table(40000)], WindowCenter=2048, WindowWidth=4096)
        ),
        notes=(f"{shows}the file's display window",),
    )
    yield Variant(
        "modality table off the data",
        "40000",
        lambda: saved(dataset(ModalityLUTSequence=[ramp_table(40000)])),
        notes=("modality table makes all greys one",),
    )
    for count, bits in ((4096, 8), (256, 8)):
        yield Variant(
            "table of bytes, packed",
            f"{count} entries, {bits} bits",
            lambda count=count, bits=bits: saved(
                dataset(None if count > 256 else stored(8), bits=12 if count > 256 else 8,
                        VOILUTSequence=[_packed(count, bits)])
            ),
            same=0.006,
        )  # fmt: skip


def _empty_table(values: dict[str, Any]) -> FileDataset:
    table = ramp_table(0) if values else Dataset()
    for keyword, value in values.items():
        table[keyword].VR = "US"
        table[keyword].value = value
    return dataset(VOILUTSequence=[table])


def _falling_table() -> Dataset:
    table = ramp_table(0)
    table.LUTData = list(reversed(table.LUTData))
    return table


def _recounted(count: int) -> Dataset:
    table = ramp_table(0)
    table.LUTDescriptor = [count, 0, 16]
    return table


def _packed(count: int, bits: int) -> Dataset:
    table = look_up_table([0] * count, bits=bits)
    table.LUTData, table["LUTData"].VR = None, "OW"
    table.LUTData = (np.arange(count) * 255 // (count - 1)).astype(np.uint8).tobytes()
    return table


def windows() -> Iterator[Variant]:
    for centre, width in ((128, 256), (127, 255), (127.5, 255), (128, 255)):
        for bits in (12, 16):
            yield Variant(
                "window of 8 bits",
                f"{centre}, {width} on {bits} bits",
                lambda centre=centre, width=width, bits=bits: saved(
                    dataset(bits=bits, WindowCenter=centre, WindowWidth=width)
                ),
                notes=("is for 8 bits",),
            )
    yield Variant(
        "window of 8 bits",
        "on values below zero too",
        lambda: saved(
            dataset(
                stored().astype(np.int16) - np.int16(1024),
                bits=16,
                WindowCenter=128,
                WindowWidth=256,
            )
        ),
        notes=("is for 8 bits",),
    )
    yield Variant(
        "window of 8 bits",
        "and a good one",
        lambda: saved(dataset(WindowCenter=[128, 2048], WindowWidth=[256, 4096])),
        notes=("is for 8 bits and its pixels have more; the file's next display window",),
    )
    yield Variant(
        "window of 8 bits", "on 8 bits", lambda: saved(dataset(bits=8, WindowCenter=128,
                                                             WindowWidth=256)), same=0.005
    )  # fmt: skip
    for centre, width in ((60000, 100), (-500, 10), (2048, 0), ("", "")):
        yield Variant(
            "window that shows nothing",
            f"{centre}, {width}",
            lambda centre=centre, width=width: saved(
                dataset(WindowCenter=centre, WindowWidth=width)
            ),
            notes=("display window shows nothing; the full range",),
        )
    yield Variant(
        "window that is mostly white",
        "centre 600, width 1000",
        lambda: saved(dataset(WindowCenter=600, WindowWidth=1000)),
        same=None,
        notes=("plain white",),
    )
    yield Variant(
        "numbers with a comma",
        "window and rescaling",
        lambda: _with_commas(
            dataset(WindowCenter="2047.50", WindowWidth="4096.0", RescaleSlope="1.0",
                    RescaleIntercept="0.0")
        ),
    )  # fmt: skip
    yield Variant(
        "rescaling by zero",
        "slope 0",
        lambda: saved(dataset(RescaleSlope=0, RescaleIntercept=5)),
        notes=("rescaling makes all greys one",),
    )


def _with_commas(made: FileDataset) -> bytes:
    data = saved(made)
    for text in (b"2047.50", b"4096.0", b"1.0 ", b"0.0 "):
        data = data.replace(text, text.replace(b".", b","))
    return data


def polarity() -> Iterator[Variant]:
    turned = {"exchanged": 4095 - stored(), "as stored": stored()}
    for photometric, shape in (("MONOCHROME2", "INVERSE"), ("MONOCHROME1", "IDENTITY")):
        for way, values in turned.items():
            yield Variant(
                "two words about black",
                f"{photometric}, {shape}, {way}",
                lambda values=values, photometric=photometric, shape=shape: saved(
                    dataset(
                        values, PhotometricInterpretation=photometric, PresentationLUTShape=shape
                    )
                ),
                notes=(f"greys are shown {way}",),
            )
    for photometric, shape in (("MONOCHROME2", "IDENTITY"), ("MONOCHROME1", "INVERSE")):
        yield Variant(
            "one word about black",
            photometric,
            lambda photometric=photometric, shape=shape: saved(
                dataset(
                    4095 - stored() if photometric == "MONOCHROME1" else stored(),
                    PhotometricInterpretation=photometric,
                    PresentationLUTShape=shape,
                )
            ),
        )
    raw = "raw data of the detector"
    for sign, way in ((1, "exchanged"), (-1, "as stored")):
        yield Variant(
            "for processing",
            f"sign {sign}",
            lambda sign=sign, way=way: saved(
                dataset(
                    turned[way],
                    PresentationIntentType="FOR PROCESSING",
                    PixelIntensityRelationship="LOG",
                    PixelIntensityRelationshipSign=sign,
                )
            ),
            notes=(raw,),
        )
    yield Variant("for processing", "by its class alone", _raw_by_class, notes=(raw,))
    yield Variant("for processing", "linear", _raw_linear, same=0.02, notes=(raw,))


def _raw_by_class() -> bytes:
    made = dataset()
    made.SOPClassUID = DigitalXRayImageStorageForProcessing
    made.file_meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForProcessing
    return saved(made)


def _raw_linear() -> bytes:
    beam = np.rint(np.exp(np.log(60000) - 5 * plain())).astype(np.uint16)
    return saved(
        dataset(
            beam,
            bits=16,
            PresentationIntentType="FOR PROCESSING",
            PixelIntensityRelationship="LIN",
            PixelIntensityRelationshipSign=1,
        )
    )
