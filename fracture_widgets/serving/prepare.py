"""What is ready before the server is imported: its own folders for Jupyter, the network's graph."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fracture_widgets.base.files import (
    DATA_FOLDER_VARIABLE,
    cache_folder,
    data_folder,
    scratch_folder,
)
from fracture_widgets.errors import FractureWidgetsError, ModelError

_OURS = (
    *("JUPYTER_CONFIG_DIR", "JUPYTER_CONFIG_PATH", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"),
    "IPYTHONDIR",
)
_KERNEL = "profile_default/ipython_kernel_config.json"
_QUIET = '{"IPKernelApp": {"log_level": 50}, "HistoryManager": {"enabled": false}}'
"""Visitors write nothing on the console, and of what a kernel is asked no record is kept."""
_SPEC = "kernels/python3/kernel.json"
_LAUNCH = """\
import runpy, sys
sys.modules['debugpy'] = None
runpy.run_module('ipykernel_launcher', run_name='__main__')
"""
"""Starts a kernel without the debugger, which no page of ours asks for: a tenth of its start."""
_NOWHERE_ELSE = {
    "JUPYTER_PREFER_ENV_PATH": "0",  # nor another kernel than ours
    "PYTHONSAFEPATH": "1",  # no module is imported from where a program of ours is started
}
_ENDINGS = ("SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGXCPU", "SIGBREAK")
_SECONDS_WITHOUT_A_WORD = 5.0
_WORD = "Making the networks ready ..."


@contextmanager
def folders_of_our_own() -> Iterator[Path]:
    """Give this program and its kernels folders of their own for Jupyter's and IPython's settings.

    Who has no home is given one too, until the server ends: Jupyter does not start without. The
    history stays where it would have been. To be entered before Voilà is imported. Yields the
    folder in which all of them are; it goes also when the program is told to end.
    """
    _end_in_order()
    with scratch_folder() as folder:
        told = {name: str(folder / name.lower()) for name in _OURS} | _NOWHERE_ELSE
        try:
            Path.home()
        except RuntimeError:
            told |= {"HOME": str(folder), DATA_FOLDER_VARIABLE: str(data_folder())}
        try:
            cache_folder()
        except OSError:
            told.setdefault("MPLCONFIGDIR", str(folder))
        spec = {
            "argv": [sys.executable, "-c", _LAUNCH, "-f", "{connection_file}"],
            "display_name": "Python 3",
            "language": "python",
        }
        _write(Path(told["IPYTHONDIR"], _KERNEL), _QUIET)
        _write(Path(told["JUPYTER_DATA_DIR"], _SPEC), json.dumps(spec))
        before = {name: os.environ.get(name) for name in told}
        os.environ.update(told)
        try:
            yield folder
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(text, "utf-8")


def _end_in_order() -> None:
    """Take every signal that would end this program at once for Ctrl+C."""
    for name in _ENDINGS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)


@contextmanager
def graph_made_meanwhile() -> Iterator[None]:
    """Have the shipped network's graph in its cache at the end of a block."""
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "fracture_widgets.serving.prepare"],
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
