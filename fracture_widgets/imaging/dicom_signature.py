"""What a DICOM file looks like from outside, told without the library that reads them."""

from __future__ import annotations

import struct

__all__ = ["looks_like_dicom"]

_PREAMBLE = 128
_PREFIX = b"DICM"

# DICOM PS3.5, table 6.2-1.
_REPRESENTATIONS = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR "
    b"US UT UV".split()
)


def looks_like_dicom(data: bytes) -> bool:
    """Tell by the first bytes whether this could be a DICOM file."""
    if data[_PREAMBLE : _PREAMBLE + 4] == _PREFIX:
        return True
    if len(data) < _PREAMBLE:
        return False
    group, element, representation = struct.unpack_from("<HH2s", data)
    if group in {0x0200, 0x0800}:  # big endian
        return representation in _REPRESENTATIONS
    if group not in {0x0002, 0x0008} or element > 0x2000:
        return False
    implicit_length = struct.unpack_from("<I", data, 4)[0]
    return representation in _REPRESENTATIONS or implicit_length < min(len(data), 1 << 16)
