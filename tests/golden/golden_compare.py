"""What was written down compared with what is answered now, and how far apart they may be.

Words, verdicts, names and the order of things are compared exactly, and so are whole numbers. Of
other numbers it depends on where the test runs:

- where processor and libraries are those that the file was written with (``machine.json`` holds a
  digest of both), they are compared exactly, too: nothing there may round otherwise;
- elsewhere a number may differ by ``TOLERANCE`` (probabilities, maps and figures lie in 0 to 1),
  and one that was rounded when it was written, such as the 87.3 in "87.3 %", by one in its last
  digit. Keras and ONNX Runtime, which compute the same in another order, differ by 0.000003 at
  most.

Pages are compared as thumbnails of 64 x 64 pixels in 8 bits, without the time in their corner.
Each grey may differ by ``GREYS``: a letter of another version's number or of a digest makes that
much, a line of text that is missing makes more.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

DATA = Path(__file__).parent / "data"
TOLERANCE = 1e-4
GREYS = 16
SIDE = 64

_LIBRARIES = ("numpy", "onnxruntime", "pandas", "pillow", "matplotlib", "scikit-learn")
_NUMBER = re.compile(r"(?<![\w.-])-?\d+\.\d+(?:e[+-]?\d+)?(?![\w])")


def read(name: str) -> Any:
    """Return what ``data/<name>`` holds, parsed if it is JSON."""
    text = (DATA / name).read_text("utf-8")
    return json.loads(text) if name.endswith(".json") else text


def write(name: str, content: Any) -> None:
    """Write ``data/<name>`` anew."""
    text = content
    if name.endswith(".json"):
        text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    (DATA / name).write_text(text, "utf-8", newline="")


def machine() -> str:
    """Return a digest of what decides how numbers are rounded: processor and libraries."""
    told = [f"{name} {version(name)}" for name in _LIBRARIES]
    told += [platform.machine(), platform.system(), str(os.cpu_count())]
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = [platform.processor()]
    told += sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))})
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def compare(found: Any, expected: Any, *, exactly: bool | None = None) -> None:
    """Fail, saying where, unless what was found is what was written down.

    Parameters
    ----------
    found, expected
        Whatever JSON can hold.
    exactly
        Whether numbers must be equal to the last bit; by default where the machine is the one
        that wrote them down.
    """
    if exactly is None:
        exactly = machine() == read("machine.json")["digest"]
    # As it would come back from a file, so that a tuple is a list.
    differences = list(_differences(json.loads(json.dumps(found)), expected, "", exactly))
    assert not differences, "\n".join(differences[:20])


def _differences(found: Any, expected: Any, where: str, exactly: bool) -> Any:
    if isinstance(found, dict) and isinstance(expected, dict):
        if list(found) != list(expected):
            yield f"{where}: the names are {list(found)}, not {list(expected)}"
        for name in filter(expected.__contains__, found):
            yield from _differences(found[name], expected[name], f"{where}/{name}", exactly)
    elif isinstance(found, list) and isinstance(expected, list):
        if len(found) != len(expected):
            yield f"{where}: there are {len(found)}, not {len(expected)}"
        for place, pair in enumerate(zip(found, expected, strict=False)):
            yield from _differences(*pair, f"{where}/{place}", exactly)
    elif exactly or type(found) is not type(expected):
        if found != expected or type(found) is not type(expected):
            yield f"{where}: {found!r}, not {expected!r}"
    elif isinstance(found, float):
        if not abs(found - expected) <= TOLERANCE:
            yield f"{where}: {found!r}, not {expected!r}"
    elif isinstance(found, str):
        if not _alike(found, expected):
            yield f"{where}: {found!r}, not {expected!r}"
    elif found != expected:
        yield f"{where}: {found!r}, not {expected!r}"


def _alike(found: str, expected: str) -> bool:
    """Say whether texts have the same words, and numbers that round alike."""
    if _NUMBER.sub("#", found) != _NUMBER.sub("#", expected):
        return False
    pairs = zip(_NUMBER.findall(found), _NUMBER.findall(expected), strict=True)
    return all(abs(float(a) - float(b)) <= max(TOLERANCE, 1.01 * _last(b)) for a, b in pairs)


def _last(number: str) -> float:
    """Return what one in the last digit is worth; of a number in many digits, nothing."""
    digits = len(number.partition(".")[2]) if "e" not in number else 9
    return 10.0**-digits if digits <= 6 else 0.0


def thumbnail(picture: bytes) -> str:
    """Return a page as 64 x 64 greys, in hexadecimal, so that it can be compared and not read."""
    with Image.open(io.BytesIO(picture)) as opened:
        page = opened.convert("L")
    page.paste(255, (page.width // 2, 0, page.width, page.height // 16))
    return page.resize((SIDE, SIDE), Image.Resampling.BOX).tobytes().hex()


def compare_thumbnails(found: str, expected: str) -> None:
    """Fail unless two pages look the same in every place."""
    ours, theirs = (
        np.frombuffer(bytes.fromhex(one), np.uint8).astype(int) for one in (found, expected)
    )
    assert len(ours) == len(theirs) == SIDE * SIDE
    worst = int(np.abs(ours - theirs).argmax())
    apart = abs(ours[worst] - theirs[worst])
    assert apart <= GREYS, f"{apart} greys apart in row {worst // SIDE}, column {worst % SIDE}"
