"""Many clients at once, while documents are extracted: nothing fails, and calls stay quick."""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import httpx2
import numpy as np

from eval.drill.real import PDF, SCAN, TEXT, Office, documents, office

BAR_MS = 100.0
_LOOK_SECONDS = 0.25
_CALLS = (
    "/documents?limit=50",
    "/documents/{id}",
    "/documents/{id}/extraction",
    "/review/next",
    "/keys",
)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval drill load", description=__doc__)
    parser.add_argument("--uploads", type=int, default=300)
    parser.add_argument("--clients", type=int, default=30)
    parser.add_argument("--workers", type=int, default=2, help="processes that extract")
    options = parser.parse_args(argv)
    with (
        tempfile.TemporaryDirectory() as folder,
        office(Path(folder, "home"), workers=options.workers, threads=1) as found,
    ):
        return drill(found, options)


def drill(found: Office, options: argparse.Namespace) -> int:
    made = documents(cycle([SCAN, PDF, TEXT, PDF, TEXT, TEXT]))
    files = [next(made) for _ in range(options.uploads)]
    lock, ids = threading.Lock(), []
    answers: Counter[int] = Counter()
    uploads: list[float] = []

    def upload() -> None:
        with found.http() as http:
            while True:
                with lock:
                    if not files:
                        return
                    name, data = files.pop()
                start = time.perf_counter()
                answer = http.post("/documents", files={"files": (name, data)})
                uploads.append(time.perf_counter() - start)
                answers[answer.status_code] += 1
                if answer.status_code == 202:
                    ids.append(answer.json()["documents"][0]["id"])

    times: dict[str, list[float]] = defaultdict(list)
    ending = threading.Event()

    def look() -> None:
        with found.http() as http:
            for path in cycle(_CALLS):
                if ending.wait(0.05):
                    return
                if not ids:
                    continue
                start = time.perf_counter()
                answer = http.get(path.format(id=ids[-1 if path.endswith("id}") else 0]))
                times[path].append(time.perf_counter() - start)
                answers[answer.status_code] += 1

    clients = [threading.Thread(target=upload) for _ in range(options.clients)]
    lookers = [threading.Thread(target=look) for _ in range(2)]
    start = time.perf_counter()
    for thread in (*clients, *lookers):
        thread.start()
    for thread in clients:
        thread.join()
    uploaded = time.perf_counter() - start
    left = finish(found)
    took = time.perf_counter() - start
    ending.set()
    for thread in lookers:
        thread.join()
    every = np.concatenate([np.array(one) for one in times.values()]) * 1000
    print(
        f"{len(ids)} of {options.uploads} uploads accepted in {uploaded:.1f} s "
        f"(95 % of them within {np.quantile(uploads, 0.95) * 1000:.0f} ms), all extracted after "
        f"{took:.0f} s; answers {dict(sorted(answers.items()))}"
    )
    print("call                          calls  median ms  95 % ms  most ms")
    for path, one in times.items():
        ms = np.array(one) * 1000
        print(
            f"{path:29} {len(ms):5}  {np.median(ms):9.1f}  {np.quantile(ms, 0.95):7.1f}  "
            f"{ms.max():7.1f}"
        )
    slow = float(np.quantile(every, 0.95))
    print(f"{'all':29} {len(every):5}  {np.median(every):9.1f}  {slow:7.1f}  {every.max():7.1f}")
    failed = sum(n for status, n in answers.items() if status >= 500)
    is_good = not failed and not left and len(ids) == options.uploads and slow <= BAR_MS
    print("good" if is_good else f"NOT GOOD: {failed} answers of 5xx, {left} documents not done")
    return int(not is_good)


def finish(found: Office, every: float = _LOOK_SECONDS) -> int:
    """Look every so many seconds until all is extracted; how many documents are not done then."""
    with found.http() as http:
        while True:
            counts = _counts(http)
            if not counts["queued"] and not counts["running"]:
                return counts["failed"]
            time.sleep(every)


def _counts(http: httpx2.Client) -> Counter[str]:
    lines = http.get(f"{str(http.base_url).removesuffix('/')}/metrics").text.splitlines()
    prefix = 'extractor_documents{state="'
    return Counter(
        {
            line.removeprefix(prefix).split('"')[0]: int(float(line.split()[-1]))
            for line in lines
            if line.startswith(prefix)
        }
    )
