"""Changes to a file that get past its first checks, beside those of single bytes."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable

__all__ = ["changed_bytes", "changed_structure", "with_its_beginning"]

_PNG = b"\x89PNG\r\n\x1a\n"
_ODD = (0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 63, 64, 127, 128, 255, 256, 4096, 9999, 32767, 32768,
        65535, 1 << 24, (1 << 31) - 1, 1 << 31, (1 << 32) - 1)  # fmt: skip
_WORDS = (
    b"MONOCHROME1", b"MONOCHROME2", b"RGB", b"YBR_FULL", b"YBR_FULL_422", b"PALETTE COLOR",
    b"SIGMOID", b"LINEAR_EXACT", b"INVERSE", b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.1",
    b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.2.2", b"1.2.840.10008.1.2.5",
    b"1.2.840.10008.1.2.4.50", b"1.2.840.10008.1.2.4.51", b"1.2.840.10008.1.2.4.57",
    b"1.2.840.10008.1.2.4.70", b"1.2.840.10008.1.2.4.80", b"1.2.840.10008.1.2.4.90",
    b"1.2.840.10008.1.2.4.201", b"IHDR", b"IDAT", b"PLTE", b"tRNS", b"acTL", b"fcTL", b"fdAT",
    b"eXIf", b"iCCP", b"zTXt", b"iTXt", b"Exif\0\0", b"VP8 ", b"VP8L", b"VP8X", b"ANIM", b"ANMF",
    b"\xff\xd8", b"\xff\xc0", b"\xff\xc2", b"\xff\xc4", b"\xff\xda", b"\xff\xd9", b"\xff\xe1",
    b"\xff\x4f\xff\x51", b"\xff\x52", b"\xff\x90", b"\xff\x93", b"nan", b"inf", b"-1e308", b"1E9",
    b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0", b"\xfe\xff\x0d\xe0",
    b"SQ", b"UN", b"OB", b"OW", b"US",
)  # fmt: skip


def changed_bytes(data: bytes, chance: random.Random, longest: int) -> bytes:
    """Flip, overwrite, insert, cut or repeat a few bytes."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3, 6, 12))):
        if not changed:
            return bytes((chance.randrange(256),))
        # Headers are where damage has the most ways to go wrong.
        end = len(changed) if chance.random() < 0.6 else min(len(changed), 400)
        at = chance.randrange(end)
        match chance.randrange(5):
            case 0:
                changed[at] = chance.randrange(256)
            case 1:
                changed[at] ^= 1 << chance.randrange(8)
            case 2:
                changed[at:at] = chance.randbytes(chance.randint(1, 8))
            case 3:
                del changed[at : at + chance.randint(1, 16)]
            case _:
                piece = changed[at : at + chance.randint(1, 200)]
                where = chance.randrange(len(changed) + 1)
                changed[where:where] = piece
    return bytes(changed[:longest])


def changed_structure(data: bytes, chance: random.Random, longest: int) -> bytes:
    """Put odd numbers and known words where a reader expects some; keep checksums right."""
    changed = data
    for _ in range(chance.choice((1, 1, 2, 4))):
        changed = chance.choice(_CHANGES)(changed, chance)
    if changed.startswith(_PNG) and chance.random() < 0.8:
        changed = _with_right_checksums(changed)
    return changed[:longest]


def with_its_beginning(changed: bytes, original: bytes) -> bytes:
    """Put back what a reader tells the kind of a file by: without it, nothing more is read."""
    start, end = (0, 132) if original[128:132] == b"DICM" else (0, 8)
    return original[start:end] + changed[end:]


def _number(data: bytes, chance: random.Random) -> bytes:
    form = chance.choice(("<H", ">H", "<I", ">I", "B"))
    size = struct.calcsize(form)
    if len(data) < size:
        return data
    at = chance.randrange(min(len(data), chance.choice((64, 400, 1 << 20))) - size + 1)
    value = chance.choice(_ODD) & ((1 << 8 * size) - 1)
    return data[:at] + struct.pack(form, value) + data[at + size :]


def _word(data: bytes, chance: random.Random) -> bytes:
    new = chance.choice(_WORDS)
    known = [word for word in _WORDS if word in data]
    if known and chance.random() < 0.7:
        old = chance.choice(known)
        return data.replace(old, new[: len(old)].ljust(len(old), b"\0"), 1)
    at = chance.randrange(len(data) + 1)
    return data[:at] + new + data[at + (len(new) if chance.random() < 0.8 else 0) :]


def _element(data: bytes, chance: random.Random) -> bytes:
    """Change the length, the kind or the value of a DICOM element."""
    at = data.find(chance.choice(_GROUPS), chance.randrange(max(1, len(data) // 2)))
    if at < 0 or at + 12 > len(data):
        return data
    changed = bytearray(data)
    match chance.randrange(4):
        case 0:
            changed[at + 6 : at + 8] = struct.pack("<H", chance.choice(_ODD) & 0xFFFF)
        case 1:
            changed[at + 4 : at + 6] = chance.choice(_KINDS)
        case 2:
            changed[at + 8 : at + 10] = struct.pack("<H", chance.choice(_ODD) & 0xFFFF)
        case _:
            changed[at + 2 : at + 4] = chance.choice(_ELEMENTS)
    return bytes(changed)


_GROUPS = (
    b"\x28\x00",
    b"\x10\x00",
    b"\x02\x00",
    b"\xe0\x7f",
    b"\x00\x28",
    b"\xfe\xff",
    b"\x00\x52",
)
_KINDS = (b"US", b"SS", b"UL", b"DS", b"IS", b"CS", b"LO", b"SQ", b"UN", b"OB", b"OW", b"FD", b"AT",
          b"UC", b"??")  # fmt: skip
_ELEMENTS = tuple(
    struct.pack("<H", element)
    for element in (2, 4, 6, 8, 0x10, 0x11, 0x30, 0x34, 0x100, 0x101, 0x102, 0x103, 0x120, 0x1050,
                    0x1051, 0x1052, 0x1053, 0x1055, 0x1056, 0x1101, 0x1201, 0x3000, 0x3010)
)  # fmt: skip


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _swap(data: bytes, chance: random.Random) -> bytes:
    """Exchange two pieces, as of chunks, segments or elements."""
    if len(data) < 8:
        return data
    a, b, c = sorted(chance.randrange(len(data)) for _ in range(3))
    return data[:a] + data[b:c] + data[a:b] + data[c:]


_CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _number, _number, _word, _element, _element, _cut, _swap
)  # fmt: skip


def _with_right_checksums(data: bytes) -> bytes:
    whole, at = bytearray(data), len(_PNG)
    while at + 12 <= len(whole):
        (length,) = struct.unpack_from(">I", whole, at)
        end = at + 8 + length
        if end + 4 > len(whole):
            break
        struct.pack_into(">I", whole, end, zlib.crc32(whole[at + 4 : end]))
        at = end + 4
    return bytes(whole)
