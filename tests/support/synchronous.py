"""An executor without threads: what it is given has run when ``submit`` returns."""

from __future__ import annotations

from concurrent.futures import Executor, Future


class SynchronousExecutor(Executor):
    """Runs what it is given before ``submit`` returns."""

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - as in the threads of other executors
            future.set_exception(error)
        return future
