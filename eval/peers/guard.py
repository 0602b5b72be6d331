"""One peer in a process of its own: whatever happens in it, the run goes on.

A document that takes too long, raises or ends the process is a failure of that peer on that
document, with its reason. The next document gets a fresh process where the last one is gone. The
clock runs in the process, from the file to what was found; loading the peer is timed apart.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from eval.peers.readers import NotReadable, Read, Reading

LOAD_S = 300.0
"""A peer that has not been loaded by then is given up."""
_END_S = 5.0


@dataclass(frozen=True, slots=True)
class Done:
    """What was found, in how many seconds of the clock and of all processors."""

    reading: Reading
    seconds: float
    processor_s: float


@dataclass(frozen=True, slots=True)
class Unread:
    """No reading. `is_failure` is False where the peer does not read documents of this kind."""

    reason: str
    is_failure: bool = True


class LoadError(Exception):
    """The peer cannot be loaded; the message says why."""


class Guard:
    """A peer's process; closed by leaving the `with` block."""

    def __init__(self, load: Callable[[], Read]) -> None:
        self._load = load
        self._process: _Process | None = None
        self.load_s = 0.0  # of the first time

    def __enter__(self) -> Guard:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def read(self, path: Path, timeout_s: float) -> Done | Unread:
        """Read one document.

        Raises:
            LoadError: the peer cannot be loaded at all.
        """
        process = self._started()
        try:
            process.pipe.send(path)
            if process.pipe.poll(timeout_s):
                answer: Done | Unread = process.pipe.recv()
                return answer
        except (EOFError, OSError):
            return Unread(f"its process ended ({self._stop()})")
        self._stop()
        return Unread(f"stopped after {timeout_s:g} s")

    def _started(self) -> _Process:
        if self._process is not None and self._process.is_alive():
            return self._process
        self._stop()
        process = self._process = _Process(self._load)
        start = time.perf_counter()
        try:
            if not process.pipe.poll(LOAD_S):
                raise LoadError(f"not loaded after {LOAD_S:g} s")
            reason: str = process.pipe.recv()
        except (EOFError, OSError):
            raise LoadError(f"its process ended while loading ({self._stop()})") from None
        if reason:
            raise LoadError(reason)
        self.load_s = self.load_s or time.perf_counter() - start
        return process

    def _stop(self) -> str:
        """End the process; how it ended, in words."""
        process, self._process = self._process, None
        return process.stop() if process is not None else ""


class _Process:
    def __init__(self, load: Callable[[], Read]) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, remote = context.Pipe()
        self._process = context.Process(target=_serve, args=(remote, load), daemon=True)
        self._process.start()
        remote.close()

    def is_alive(self) -> bool:
        return self._process.is_alive()

    def stop(self) -> str:
        """End it with all that it has started, such as Tesseract."""
        self.pipe.close()
        self._process.join(0.1)
        code = self._process.exitcode
        if self._process.pid is not None:
            with suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.join(_END_S)
        if code is None:
            return "stopped"
        return f"signal {-code}" if code < 0 else f"exit code {code}"


# --- in the process ----------------------------------------------------------------------------


def _serve(pipe: Connection, load: Callable[[], Read]) -> None:
    """Paths in, outcomes out, until the pipe closes; what libraries print goes nowhere."""
    os.setsid()
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere.fileno(), stream.fileno())
    with suppress(EOFError, OSError):
        try:
            read = load()
        except Exception as error:
            pipe.send(_reason(error))
            return
        pipe.send("")
        while True:
            pipe.send(_outcome(read, pipe.recv()))


def _outcome(read: Read, path: Path) -> Done | Unread:
    start, processor_start = time.perf_counter(), _processor_s()
    try:
        reading = read(path)
    except NotReadable as error:
        return Unread(str(error), is_failure=False)
    except Exception as error:
        return Unread(_reason(error))
    return Done(reading, time.perf_counter() - start, _processor_s() - processor_start)


def _processor_s() -> float:
    """Of this process and of those that it has started and that have ended."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
