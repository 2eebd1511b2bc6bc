"""The whole table of how fast serving is, from one command, at this commit or an older one.

    python benchmarks/table.py [--rounds 5] [--radiographs 2000]

With 2,000 radiographs it takes about an hour on two cores, with one round of 100 about ten minutes.
Nothing else should run beside it. To compare with an older commit, run this file with PYTHONPATH
naming a checkout of that commit.
"""

from __future__ import annotations

from importlib.util import find_spec

import page_opening
import prediction
import screening
import visitor_memory
from comparing import Comparison, first_module, run


def measure(rounds: int = 5, radiographs: int = 2000) -> list[Comparison]:
    """Measure prediction, engines, opening pages, memory and screening."""
    return [
        *prediction.measure(3 * rounds),
        *_engines(3 * rounds),
        *page_opening.measure(rounds),
        *visitor_memory.measure(rounds),
        *screening.measure(radiographs=radiographs, rounds=rounds),
    ]


def _engines(rounds: int) -> list[Comparison]:
    """Measure the two engines, where both are installed and the commit knows both."""
    known = first_module("models.engines", "models.engine", "cascade.engine")
    if not (find_spec("openvino") and hasattr(known, "ENGINES")):
        return []
    import engines

    return engines.measure(rounds)


if __name__ == "__main__":
    run(measure)
