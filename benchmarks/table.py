"""The whole table of how fast serving is, from one command.

    python benchmarks/table.py [--rounds 5] [--radiographs 2000]

With 2,000 radiographs it takes about an hour on two cores. Nothing else should run beside it.
"""

from __future__ import annotations

import argparse

import page_opening
import prediction
import screening
import visitor_memory
from comparing import print_table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="of each comparison, at least 5")
    parser.add_argument("--radiographs", type=int, default=2000, help="in the folder")
    given = parser.parse_args()
    print_table(
        [
            *prediction.measure(3 * given.rounds),
            *page_opening.measure(given.rounds),
            *visitor_memory.measure(given.rounds),
            *screening.measure(radiographs=given.radiographs, rounds=given.rounds),
        ]
    )


if __name__ == "__main__":
    main()
