"""The service against the command: the same files, as many processes; it should be no slower.

Rounds alternate. The service is asked for nothing meanwhile but whether all is done, once in five
seconds; when the last document was done, it says itself. So that loading models does not count, a
quarter of the documents comes first, and only the rest is timed: of the command, that is what all
documents take more than this quarter. Processor seconds are of all processes; other work on the
machine disturbs them less.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

import httpx2
import psutil

from eval.drill.load import finish
from eval.drill.real import PDF, SCAN, TEXT, documents, office

Files = Sequence[tuple[str, bytes]]
FORMATS = "json,csv,xlsx"
"""What the service writes of every document."""
_LOOK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Pace:
    seconds: float
    processor_s: float


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval drill pace", description=__doc__)
    parser.add_argument("--documents", type=int, default=60)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--workers", type=int, default=2, help="processes that extract")
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args(argv)
    made = documents(cycle([SCAN, PDF, TEXT, PDF, TEXT, TEXT]))
    files = list(islice(made, options.documents))
    found: dict[str, list[Pace]] = {"service": [], "command": []}
    warm = options.documents // 4
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            found["service"].append(by_service(files, warm, home, options))
            first = by_command(files[:warm], home / "first", workers=options.workers)
            whole = by_command(files, home / "whole", workers=options.workers)
            found["command"].append(
                Pace(whole.seconds - first.seconds, whole.processor_s - first.processor_s)
            )
    print(f"{options.documents - warm} documents, {options.workers} processes, medians")
    for name, paces in found.items():
        seconds = statistics.median(pace.seconds for pace in paces)
        processor_s = statistics.median(pace.processor_s for pace in paces)
        print(f"{name:8} {seconds:6.1f} s, {processor_s:6.1f} processor seconds")
    ratio = statistics.median(
        ours.seconds / theirs.seconds
        for ours, theirs in zip(found["service"], found["command"], strict=True)
    )
    print(f"the service takes {ratio:.2f} of the command's time (wanted: 1.00)")
    return 0


def by_service(files: Files, warm: int, home: Path, options: argparse.Namespace) -> Pace:
    """From the first upload to the last result, after the first `warm` files."""
    with (
        office(home / "home", workers=options.workers, threads=1) as found,
        found.http() as http,
        ThreadPoolExecutor(options.clients) as clients,
    ):

        def upload(file: tuple[str, bytes]) -> httpx2.Response:
            return http.post("/documents", files={"files": file})

        def extracted(some: Files) -> None:
            for answer in clients.map(upload, some):
                answer.raise_for_status()
            if failed := finish(found, _LOOK_SECONDS):
                raise RuntimeError(f"{failed} documents were not extracted")

        extracted(files[:warm])
        before, start = _processor_s(found.service.pid), datetime.now(UTC)
        extracted(files[warm:])
        processor_s = _processor_s(found.service.pid) - before
        done = [one.finished_at for one in found.client().documents() if one.finished_at]
        return Pace((max(done) - start).total_seconds(), processor_s)


def _processor_s(pid: int) -> float:
    """Of a process and all that it has started."""
    process = psutil.Process(pid)
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return float(sum(one.user + one.system for one in times))


def by_command(files: Files, folder: Path, *, workers: int) -> Pace:
    """From its start to its end."""
    folder.mkdir(parents=True)
    for name, data in files:
        (folder / name).write_bytes(data)
    command = [
        *(str(Path(sys.executable).with_name("extractor")), "extract", str(folder)),
        *("-o", str(folder / "results"), "--format", FORMATS, "--workers", str(workers)),
    ]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(
        command, env={**os.environ, "EXTRACTOR_THREADS": "1"}, capture_output=True, check=True
    )
    took = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Pace(took, spent)
