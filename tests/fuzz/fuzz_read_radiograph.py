"""Read a great many damaged and hostile files, each under limits of memory and time.

    python tests/fuzz/fuzz_read_radiograph.py --count 200000 --findings fuzz/

Worker processes do the reading, so that a crash or a hang ends a worker, and the input that did it
is saved and named. Where atheris is installed (``pip install atheris``), inputs are chosen by what
they cover of this package, pydicom and Pillow; elsewhere they are mutations by chance alone.
"""

from __future__ import annotations

import argparse
import json
import mmap
import os
import struct
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

HEAD = struct.Struct("<QdQ")
"""Number of the input, when it was begun, and its length; the input follows."""

LONGEST = 15_000
BATCH = 40_000


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=200_000, help="mutated inputs to read")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--memory-mb", type=int, default=2048, help="address space of an input")
    parser.add_argument("--seconds", type=float, default=30, help="longest time of an input")
    parser.add_argument("--findings", type=Path, default=Path("fuzz-findings"))
    parser.add_argument(
        "--blind", type=int, default=0, help="workers without atheris: less clever, and quicker"
    )
    return parser.parse_args()


@dataclass
class Worker:
    """A process that reads inputs, and the input it reads at the moment."""

    process: subprocess.Popen[bytes]
    note: mmap.mmap
    batch: int
    blind: bool

    def reading(self) -> tuple[int, float, bytes]:
        number, begun, length = HEAD.unpack_from(self.note)
        return number, begun, self.note[HEAD.size : HEAD.size + length]


@dataclass
class Campaign:
    """What was read so far by all workers."""

    folder: Path
    options: argparse.Namespace
    inputs: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: int = 0
    slowest: float = 0.0
    memory_mb: float = 0.0
    batches: int = 0

    def start(self, *, blind: bool) -> Worker:
        self.batches += 1
        note = self.folder / f"note-{self.batches}"
        note.write_bytes(bytes(HEAD.size + LONGEST))
        wanted = min(BATCH, max(1, self.options.count - self.inputs))
        command = [
            sys.executable,
            str(Path(__file__).with_name("worker.py")),
            *map(str, (self.folder, note, wanted, self.options.seed + self.batches)),
            str(self.options.memory_mb),
            "blind" if blind else "guided",
        ]
        log = (self.folder / f"log-{self.batches}").open("wb")
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        with note.open("r+b") as file:
            return Worker(process, mmap.mmap(file.fileno(), 0), self.batches, blind)

    def over(self, worker: Worker) -> bool:
        """Tell whether a worker has ended; end it if its input takes too long."""
        number, begun, data = worker.reading()
        if worker.process.poll() is None:
            if not begun or time.time() - begun < self.options.seconds:
                return False
            worker.process.kill()
            worker.process.wait()
            self._found("hang", data)
        elif worker.process.returncode:
            if not number and not data:
                sys.exit(f"A worker could not begin: see log-{worker.batch}.")
            self._found(f"crash{worker.process.returncode}", data)
        self.inputs += self._count(worker, number)
        return True

    def _found(self, kind: str, data: bytes) -> None:
        self.findings += 1
        path = self.folder / f"{kind}-{self.findings}"
        path.write_bytes(data)
        say(f"{kind}: {path}")

    def _count(self, worker: Worker, number: int) -> int:
        path = self.folder / f"stats-{worker.batch}.json"
        if path.exists():
            stats = json.loads(path.read_text())
            self.outcomes.update(stats["outcomes"])
            self.findings += stats["wrong"]
            self.slowest = max(self.slowest, stats["slowest"])
            self.memory_mb = max(self.memory_mb, stats["memory_mb"])
        for name in ("note", "log") if not worker.process.returncode else ("note",):
            (self.folder / f"{name}-{worker.batch}").unlink(missing_ok=True)
        return number


def _put_seeds(corpus: Path) -> None:
    from seeds import seeds

    corpus.mkdir(parents=True, exist_ok=True)
    for name, data in seeds().items():
        (corpus / name).write_bytes(data)


def say(words: str) -> None:
    """Print a line at once."""
    print(f"{time.strftime('%H:%M:%S')} {words}", flush=True)  # noqa: T201 - a command prints


def main() -> int:
    """Read until the count is reached; 1 if anything was found."""
    options = arguments()
    _put_seeds(options.findings / "corpus")
    campaign = Campaign(options.findings, options)
    begun = time.monotonic()
    workers: list[Worker] = []
    said = 0.0
    while campaign.inputs < options.count or workers:
        while len(workers) < options.workers and campaign.inputs < options.count:
            blind = sum(worker.blind for worker in workers) < options.blind
            workers.append(campaign.start(blind=blind))
        time.sleep(0.5)
        workers = [worker for worker in workers if not campaign.over(worker)]
        if time.monotonic() - said > 30:
            said = time.monotonic()
            going = sum(worker.reading()[0] for worker in workers)
            say(f"{campaign.inputs + going:,} inputs, {campaign.findings} findings")
    seconds = time.monotonic() - begun
    for outcome, count in campaign.outcomes.most_common():
        say(f"{count:8,} {outcome}")
    say(
        f"{campaign.inputs:,} inputs in {seconds:,.0f} s, {len(campaign.outcomes):,} outcomes, "
        f"{campaign.findings} findings; at worst {campaign.slowest:.2f} s and "
        f"{campaign.memory_mb:,.0f} MB more than before the first"
    )
    return 1 if campaign.findings else 0


if __name__ == "__main__":
    os.nice(10)
    sys.exit(main())
