"""Processes of the real service, and documents for it that nobody has uploaded before."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import httpx2

from extractor.client import Client

FIXTURES = Path(__file__).parents[1] / "fixtures"
TEXT = FIXTURES / "titles-2021__flat_lines.txt"
PDF = FIXTURES / "plain-2021__pdf_unruled.pdf"
SCAN = FIXTURES / "straight-2021__paper_flatbed_150.pdf"
_START_SECONDS = 120.0


class Process:
    """One `extractor serve` or `extractor worker`, which may be killed and started again."""

    def __init__(self, command: str, environment: Mapping[str, str], log: Path) -> None:
        self.kind = command
        self._command = [str(Path(sys.executable).with_name("extractor")), command]
        self._environment = {**os.environ, **environment}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """As a power cut would; what it has started notices by itself."""
        process = self._process
        if process is not None:
            process.kill()
            process.wait()

    def stop(self, seconds: float = 20.0) -> None:
        """As an administrator would; killed if that takes too long."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        self.kill()

    def wait(self, seconds: float = _START_SECONDS) -> int | None:
        """Its exit status once it has ended by itself; None if it does not in time."""
        process = self._process
        with suppress(subprocess.TimeoutExpired):
            return None if process is None else process.wait(seconds)
        return None

    @property
    def pid(self) -> int:
        """Of the process that was started last.

        Raises:
            RuntimeError: none was.
        """
        if self._process is None:
            raise RuntimeError(f"extractor {self.kind} was not started")
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None


class Office:
    """A service on a free port, with its folder and its key."""

    def __init__(self, home: Path, **settings: object) -> None:
        """`settings` are those of `extractor.settings`, of every process."""
        self.home = home
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        given = {"home": home, "port": port, "calls_per_minute": 0, **settings}
        self._environment = _environment(given)
        self.log = home.parent / "log.txt"
        self.service = self.process("serve")

    def process(self, command: str, *, log: Path | None = None, **settings: object) -> Process:
        """One more, with settings of its own besides, and a log of its own if it is named."""
        own = _environment(settings)
        return Process(command, {**self._environment, **own}, log or self.log)

    @property
    def key(self) -> str:
        return (self.home / "admin-key.txt").read_text().strip()

    def client(self) -> Client:
        return Client(self.address, self.key)

    def http(self) -> httpx2.Client:
        """Calls as they are, without a second try."""
        return httpx2.Client(
            base_url=f"{self.address}/api/v1",
            headers={"Authorization": f"Bearer {self.key}"},
            timeout=60.0,
        )

    def wait(self, path: str = "/readyz", seconds: float = _START_SECONDS) -> None:
        """Return when the service answers there.

        Raises:
            TimeoutError: it does not.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with suppress(httpx2.HTTPError):
                if httpx2.get(f"{self.address}{path}", timeout=5.0).status_code == 200:
                    return
            time.sleep(0.05)
        raise TimeoutError(f"the service does not answer; its log is {self.log}")


def _environment(settings: Mapping[str, object]) -> dict[str, str]:
    return {f"EXTRACTOR_{name.upper()}": str(value) for name, value in settings.items()}


@contextmanager
def office(home: Path, **settings: object) -> Iterator[Office]:
    """A service that runs, and is stopped at last."""
    made = Office(home, **settings)
    made.service.start()
    try:
        made.wait()
        yield made
    finally:
        made.service.stop()


def upload(http: httpx2.Client, name: str, data: bytes) -> str:
    """The id of a document that was taken.

    Raises:
        httpx2.HTTPStatusError: it was not.
    """
    answer = http.post("/documents", files={"files": (name, data)})
    answer.raise_for_status()
    return str(answer.json()["documents"][0]["id"])


def wait_until_done(
    http: httpx2.Client, names: Mapping[str, str], seconds: float = 600.0
) -> list[str]:
    """Wait until documents are finished, whatever a call is answered meanwhile.

    Returns:
        Which of them are not done, or have no result then, and why.
    """
    deadline = time.monotonic() + seconds
    states = dict.fromkeys(names, "unknown")
    while not set(states.values()) <= {"done", "failed"} and time.monotonic() < deadline:
        for document_id in names:
            answer = http.get(f"/documents/{document_id}")
            states[document_id] = answer.json()["state"] if answer.is_success else answer.text
        time.sleep(0.5)
    faults = [f"{names[id]} is {state}" for id, state in states.items() if state != "done"]
    for document_id, name in names.items():
        if not http.get(f"/documents/{document_id}/extraction").is_success:
            faults.append(f"{name} has no result")
    return faults


def documents(kinds: Iterator[Path]) -> Iterator[tuple[str, bytes]]:
    """Names and bytes without end: fixtures, each with a mark that makes it another one."""
    for number, path in zip(count(), kinds, strict=False):
        mark = f"%{number}\n" if path.suffix == ".pdf" else f"\n附注：编号{number}。\n"
        yield f"{number:05}{path.suffix}", path.read_bytes() + mark.encode()
