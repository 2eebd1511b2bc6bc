"""Every file that comes with pydicom itself, and what reading it gives.

Also from the command line: ``python tests/support/pydicom_files.py`` prints the table.
"""

from __future__ import annotations

import collections
from pathlib import Path

import pydicom
import pydicom.data

from fracture_widgets.errors import UnreadableRadiograph
from fracture_widgets.imaging.radiograph import read_radiograph

FOLDER = Path(pydicom.data.__file__).parent
"""The few files that are installed; pydicom's others would have to be downloaded."""


def pydicom_files() -> list[Path]:
    """Every installed file that is neither code nor a table of addresses."""
    return sorted(
        path
        for path in FOLDER.rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc", ".pyi", ".json"}
    )


def main() -> None:
    """Print what is said of each file, then how many gave a picture."""
    outcomes: collections.Counter[str] = collections.Counter()
    for path in pydicom_files():
        try:
            radiograph = read_radiograph(path)
        except UnreadableRadiograph as error:
            outcomes[str(error).removeprefix(f"{path.name} ").partition(":")[0]] += 1
            said = str(error)
        else:
            outcomes["read"] += 1
            more = (*radiograph.windows[1:], *radiograph.warnings)
            said = f"{radiograph.width} x {radiograph.height}" + "".join(f"; {one}" for one in more)
        print(f"{path.relative_to(FOLDER)!s:60} {said}")  # noqa: T201 - a command prints
    for outcome, count in outcomes.most_common():
        print(f"{count:5,} {outcome}")  # noqa: T201


if __name__ == "__main__":
    main()
