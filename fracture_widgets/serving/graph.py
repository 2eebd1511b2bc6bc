"""The network's graph, on disk before there is a kernel that wants it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from fracture_widgets.errors import FractureWidgetsError, ModelError

_SECONDS_WITHOUT_A_WORD = 5.0
_WORD = "Making the networks ready ..."


@contextmanager
def graph_made_meanwhile() -> Iterator[None]:
    """Have the shipped network's graph in its cache at the end of a block."""
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "fracture_widgets.serving.graph"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as maker:
        try:
            yield
            try:
                _, errors = maker.communicate(timeout=_SECONDS_WITHOUT_A_WORD)
            except subprocess.TimeoutExpired:
                print(_WORD, file=sys.stderr, flush=True)
                _, errors = maker.communicate()
        except BaseException:
            maker.kill()
            raise
    if maker.returncode:
        sentence = errors.strip().rpartition("\n")[2]
        raise ModelError(sentence or "The networks could not be made ready to answer.")


def _make() -> str | None:
    from fracture_widgets.models.cascade import Cascade

    try:
        Cascade.load()
    except FractureWidgetsError as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(_make())
