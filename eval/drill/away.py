"""The database is away while documents are read: calls say so, and all is done once it is back."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import repeat
from pathlib import Path

import httpx2

from eval.drill.kills import leftovers
from eval.drill.postgresql import Postgresql, postgresql
from eval.drill.real import SCAN, TEXT, Office, documents, upload, wait_until_done

_SAID = "503 database_unavailable"


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval drill away", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="without a database")
    parser.add_argument("--documents", type=int, default=6, help="scans of two pages; 3 or more")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder, postgresql(Path(folder, "postgresql")) as server:
        url = server.make("office")
        office = Office(Path(folder, "home"), database_url=url, threads=1)
        processes = (office.service, office.process("worker"))
        office.service.start()
        try:
            office.wait()
            processes[1].start()
            names, faults = _drill(office, server, options)
            for process in processes:
                if not process.is_alive:
                    told = office.log.read_text()[-2000:]
                    faults.append(f"the {process.kind} process has ended; the log: {told}")
        finally:
            for process in processes:
                process.stop()
        faults += leftovers(office, url, names)
    for fault in faults:
        print(f"FAULT: {fault}")
    print("all is done, and was done once" if not faults else f"{len(faults)} faults")
    return int(bool(faults))


def _drill(
    office: Office, server: Postgresql, options: argparse.Namespace
) -> tuple[dict[str, str], list[str]]:
    """Names of what was uploaded, by id, and what is not as it should be."""
    made = documents(repeat(SCAN))
    with office.http() as http:
        http.post("/webhooks", json={"url": "http://127.0.0.1:9/"}).raise_for_status()
        names = {upload(http, *next(made)): f"scan {n}" for n in range(options.documents)}
        while len(http.get("/documents", params={"status": "running"}).json()["documents"]) < 2:
            time.sleep(0.1)  # until both processes are at work
        server.stop()
        start = time.monotonic()
        answers: Counter[str] = Counter()
        slowest = 0.0
        while time.monotonic() - start < options.seconds:
            asked = time.monotonic()
            answers[_said(http.get(f"/documents/{next(iter(names))}"))] += 1
            file = ("away.txt", TEXT.read_bytes())
            answers[_said(http.post("/documents", files={"files": file}))] += 1
            slowest = max(slowest, time.monotonic() - asked)
            time.sleep(1.0)
        server.start()
        away = time.monotonic() - start
        first = _first_done(http, names) - start - away
        faults = wait_until_done(http, names)
        took = time.monotonic() - start - away
    print(
        f"the database was away for {away:.0f} s; {answers.total()} calls meanwhile: "
        f"{dict(answers)}, two of them in {slowest:.1f} s at most"
    )
    print(f"the first scan was done {first:.1f} s after it was back, all {len(names)} {took:.0f} s")
    if set(answers) != {_SAID}:
        faults.append(f"not every call was answered with {_SAID}")
    return names, faults


def _first_done(http: httpx2.Client, names: Iterable[str], seconds: float = 300.0) -> float:
    """When the first of these documents was done, by the clock of `time.monotonic`; the present, if
    none is within so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for document_id in names:
            answer = http.get(f"/documents/{document_id}")
            if answer.is_success and answer.json()["state"] == "done":
                return time.monotonic()
        time.sleep(0.1)
    return time.monotonic()


def _said(answer: httpx2.Response) -> str:
    code = "" if answer.is_success else answer.json()["code"]
    return f"{answer.status_code} {code}".strip()
