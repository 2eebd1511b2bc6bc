"""Reads inputs in a process of its own; see fuzz_read_radiograph.py, which starts it."""

from __future__ import annotations

import json
import mmap
import os
import random
import resource
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from hashlib import sha256
from pathlib import Path

from fuzz_read_radiograph import HEAD, LONGEST

try:
    import atheris
except ImportError:
    atheris = None

_INSTRUMENTED = ("pydicom", "PIL", "fracture_widgets.imaging", "openjpeg", "libjpeg", "zipfile")


class Reader:
    """Reads inputs one by one, and keeps a record of them."""

    def __init__(self, folder: Path, note: Path, wanted: int, memory_mb: int, name: str) -> None:
        self._folder, self._wanted, self._name = folder, wanted, name
        with note.open("r+b") as file:
            self._note = mmap.mmap(file.fileno(), 0)
        self._outcomes: Counter[str] = Counter()
        self._read = self._wrong = 0
        self._slowest = 0.0
        self._known: set[str] = set()
        self.mutating = False
        for kind in ("outcomes", "wrong", "corpus"):
            (folder / kind).mkdir(exist_ok=True)
        self._memory_before = _peak_mb()
        _limit_address_space(memory_mb)

    def read(self, data: bytes) -> None:
        """Read an input as a visitor's file is."""
        from reading import Wrong, outcome

        data = data[:LONGEST]
        self._note[HEAD.size : HEAD.size + len(data)] = data
        begun, peak = time.time(), _peak_mb()
        HEAD.pack_into(self._note, 0, self._read, begun, len(data))
        try:
            came_of_it = outcome(data)
        except Wrong as error:
            came_of_it = f"WRONG {error}"[:300]
        except BaseException as error:  # noqa: BLE001 - none but ours may come out, of any type
            came_of_it = f"WRONG {type(error).__name__}: {error}"[:300]
            traceback.print_exc()
        self._record(data, came_of_it, time.time() - begun, _peak_mb() - peak)

    def _record(self, data: bytes, came_of_it: str, seconds: float, more_mb: float) -> None:
        wrong = came_of_it.startswith("WRONG")
        if came_of_it not in self._known:
            self._known.add(came_of_it)
            self._keep("wrong" if wrong else "outcomes", came_of_it, data)
        if seconds > max(1.0, self._slowest):
            self._keep("outcomes", f"slow {seconds:.1f} s", data)
        if more_mb > 64:
            self._keep("outcomes", f"large {more_mb:.0f} MB more", data)
        self._slowest = max(self._slowest, seconds)
        if not self.mutating:
            return
        self._wrong += wrong
        self._outcomes[came_of_it] += 1
        self._read += 1
        done = self._read >= self._wanted
        HEAD.pack_into(self._note, 0, self._read, 0.0, 0)
        if done or self._read % 250 == 0:
            self._write()
        if done:
            os._exit(0)

    def _keep(self, kind: str, came_of_it: str, data: bytes) -> None:
        path = self._folder / kind / sha256(came_of_it.encode()).hexdigest()[:12]
        smaller = not path.exists() or path.stat().st_size > len(data)
        if smaller:
            path.write_bytes(data)
            path.with_suffix(".txt").write_text(came_of_it + "\n")

    def _write(self) -> None:
        stats = {
            "outcomes": self._outcomes,
            "wrong": self._wrong,
            "slowest": self._slowest,
            "memory_mb": _peak_mb() - self._memory_before,
        }
        path = self._folder / f"stats-{self._name}.json"
        path.with_suffix(".new").write_text(json.dumps(stats))
        path.with_suffix(".new").replace(path)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _limit_address_space(memory_mb: int) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + (memory_mb << 20)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _mutator(reader: Reader, *, guided: bool) -> Callable[[bytes, int, int], bytes]:
    from mutations import changed_bytes, changed_structure, with_its_beginning

    def mutated(data: bytes, longest: int, seed: int) -> bytes:
        reader.mutating = True
        chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
        longest = min(longest, LONGEST)
        if chance.random() < 0.5:
            changed = changed_structure(data, chance, longest)
        elif not guided or chance.random() < 0.3:
            changed = changed_bytes(data, chance, longest)
        else:
            changed = bytes(atheris.Mutate(data, longest))
        return with_its_beginning(changed, data) if chance.random() < 0.9 else changed

    return mutated


def _guided(reader: Reader, folder: Path, seed: int) -> None:
    options = [
        f"-seed={seed}",
        f"-max_len={LONGEST}",
        "-runs=-1",
        "-timeout=100000",
        "-rss_limit_mb=0",
        "-detect_leaks=0",
        "-len_control=0",
        "-print_final_stats=0",
        "-handle_segv=0",
        "-handle_abrt=0",
        "-handle_bus=0",
        "-handle_fpe=0",
        "-handle_ill=0",
        f"-artifact_prefix={folder}/libfuzzer-",
    ]
    atheris.Setup(
        [sys.argv[0], *options, str(folder / "corpus")],
        reader.read,
        custom_mutator=_mutator(reader, guided=True),
    )
    atheris.Fuzz()


def _by_chance(reader: Reader, folder: Path, seed: int) -> None:
    mutated = _mutator(reader, guided=False)
    chance = random.Random(seed)  # noqa: S311
    corpus = [path.read_bytes() for path in sorted((folder / "corpus").iterdir())]
    while True:
        reader.read(mutated(chance.choice(corpus), LONGEST, chance.randrange(1 << 32)))


def main() -> None:
    """Read as many inputs as are wanted."""
    folder, note = Path(sys.argv[1]), Path(sys.argv[2])
    wanted, seed, memory_mb = map(int, sys.argv[3:6])
    guided = sys.argv[6] == "guided" and atheris is not None
    instrumented = (
        atheris.instrument_imports(include=list(_INSTRUMENTED)) if guided else nullcontext()
    )
    with instrumented:  # much is imported no sooner than a file wants it
        from reading import outcome

        from fracture_widgets.imaging.decoders import DECODERS
        from fracture_widgets.imaging.worker import be_quiet, decode

        DECODERS.decode = decode  # here, where what it covers can be seen
        be_quiet()
        for path in sorted((folder / "corpus").glob("*.*")):  # the seeds
            outcome(path.read_bytes())
    reader = Reader(folder, note, wanted, memory_mb, note.name.removeprefix("note-"))
    (_guided if guided else _by_chance)(reader, folder, seed)


if __name__ == "__main__":
    main()
