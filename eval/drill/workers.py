"""More workers on PostgreSQL: how much more they do of a step that waits instead of computing."""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from eval.drill.paged import document
from eval.drill.postgresql import postgresql
from extractor.service.store import Store
from extractor.service.tables import DocumentState

BAR = 0.9
PAGES, SECONDS = 4, 0.5


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval drill workers", description=__doc__)
    parser.add_argument("--each", type=int, default=8, help="documents for each worker")
    options = parser.parse_args(argv)
    rates = {}
    with tempfile.TemporaryDirectory() as folder, postgresql(Path(folder, "postgresql")) as server:
        for number in (1, 2, 4):
            url = server.make(f"d{number}")
            rates[number] = _rate(Path(folder, str(number)), url, number, options.each)
    print(f"documents of {PAGES} pages that take {SECONDS} s each")
    print("workers  documents a second  of linear")
    shares = {number: rate / number / rates[1] for number, rate in rates.items()}
    for number, rate in rates.items():
        print(f"{number:7}  {rate:18.3f}  {shares[number]:9.2f}")
    alone = 1 / (PAGES * SECONDS)
    print(f"one worker takes {rates[1] / alone:.2f} of what its pages alone would allow")
    is_good = min(shares.values()) >= BAR
    print("good" if is_good else f"NOT GOOD: below {BAR} of linear")
    return int(not is_good)


def _rate(home: Path, url: str, workers: int, each: int) -> float:
    """Documents a second, from the first page that is read to the last document that is done."""
    with Store(home, url) as store:
        ids = [_queue(store, f"{i}") for i in range(workers * each)]
        command = [sys.executable, "-m", "eval.drill.paged", str(home), url]
        processes = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(workers)]
        try:
            # All have their models, or what stands for them, before the clock starts.
            while len(_started(home)) < workers:
                time.sleep(0.01)
            begun = sum(store.count_by_state()[state] for state in (DocumentState.DONE,))
            start = time.monotonic()
            while store.count_by_state()[DocumentState.DONE] < len(ids):
                time.sleep(0.02)
            return (len(ids) - begun) / (time.monotonic() - start)
        finally:
            for process in processes:
                process.kill()
                process.wait()


def _started(home: Path) -> set[str]:
    log = home / "log"
    lines = log.read_text().splitlines() if log.exists() else []
    return {line for line in lines if line.endswith(" open")}


def _queue(store: Store, name: str) -> str:
    data = document(PAGES, SECONDS, name)
    with store.files.receive() as folder:
        path = folder / "file"
        path.write_bytes(data)
        return store.add(name, hashlib.sha256(data).hexdigest(), path, key_id="")[0].id
