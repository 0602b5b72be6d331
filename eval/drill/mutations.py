"""Damaged and hostile files: each has an answer with its reason, the service goes on."""

from __future__ import annotations

import argparse
import io
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from random import Random

import psutil

from eval.drill.real import FIXTURES, TEXT, Office, office
from extractor.service.workflow import GRACE
from extractor.settings import Settings

_SUFFIXES = (".pdf", ".docx", ".html", ".txt", ".tif", ".jpeg", ".png", ".webp", ".bmp", ".md")
MAX_SECONDS = 60.0


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval drill mutations", description=__doc__)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    with (
        tempfile.TemporaryDirectory() as folder,
        office(Path(folder, "home"), max_seconds=MAX_SECONDS, workers=2, threads=1) as found,
    ):
        return drill(found, options)


def mutated(rng: Random) -> tuple[str, bytes]:
    """A fixture with something wrong with it, or an archive with one in it."""
    paths = [path for path in sorted(FIXTURES.iterdir()) if path.suffix in _SUFFIXES]
    path = rng.choice(paths)
    data = bytearray(path.read_bytes())
    way = rng.choice(("flip", "cut", "zeros", "twice", "splice", "swap", "numbers"))
    at, length = rng.randrange(len(data)), rng.randrange(1, max(2, len(data) // 4))
    match way:
        case "flip":
            for _ in range(rng.choice((1, 10, 300))):
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        case "cut":
            del data[at:]
        case "zeros":
            data[at : at + length] = bytes(len(data[at : at + length]))
        case "twice":
            data[at:at] = data[at : at + length]
        case "splice":
            other = rng.choice(paths).read_bytes()
            data[at:] = other[len(other) // 2 :]
        case "swap":
            other = rng.choice(paths).read_bytes()
            data[:16] = other[:16]
        case "numbers":  # sizes and counts of headers become huge
            for _ in range(5):
                place = rng.randrange(len(data))
                data[place : place + 4] = b"\xff\xff\xff\x7f"
    name = f"{way}{rng.randrange(10**9)}{path.suffix}"
    if rng.random() > 0.15:
        return name, bytes(data)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(rng.choice((name, f"../../{name}", f"/etc/{name}")), bytes(data))
    whole = bytearray(packed.getvalue())
    if rng.random() < 0.5:
        whole[rng.randrange(len(whole))] ^= 0xFF
    return f"{name}.zip", bytes(whole)


def drill(found: Office, options: argparse.Namespace) -> int:
    rng = Random(options.seed)
    ids: dict[str, str] = {}
    codes: Counter[str] = Counter()
    faults: list[str] = []
    peak, longest = 0, 0.0
    with found.http() as http:
        for _ in range(options.files):
            name, data = mutated(rng)
            answer = http.post("/documents", files={"files": (name, data)})
            body = answer.json()
            if answer.status_code == 202:
                ids |= {one["id"]: one["name"] for one in body["documents"]}
                codes.update(one["code"] for one in body["refused"])
                codes["skipped"] += len(body["skipped"])
            else:
                codes[f"refused: {body['code']}"] += 1
                if answer.status_code >= 500 or not body.get("detail"):
                    faults.append(f"{name}: {answer.text[:200]}")
        waiting = dict(ids)
        deadline = time.monotonic() + MAX_SECONDS * max(10, options.files)
        while waiting:
            if time.monotonic() > deadline:
                faults += [f"{name} is not finished" for name in waiting.values()]
                break
            peak = max(peak, _peak())
            for document_id, name in list(waiting.items()):
                document = http.get(f"/documents/{document_id}").json()
                if document["finished_at"] is not None:
                    longest = max(longest, _seconds(document))
                if document["state"] == "done":
                    codes[document["status"]] += 1
                elif document["state"] == "failed":
                    problem = document["problem"]
                    codes[problem["code"]] += 1
                    if not problem["detail"] or problem["code"] == "internal_error":
                        faults.append(f"{name}: {problem}")
                else:
                    continue
                del waiting[document_id]
            time.sleep(0.5)
        start = time.perf_counter()
        answer = http.post("/documents", files={"files": ("sound.txt", TEXT.read_bytes())})
        sound = answer.json()["documents"][0]["id"]
        while http.get(f"/documents/{sound}").json()["state"] not in ("done", "failed"):
            time.sleep(0.1)
        is_sound = http.get(f"/documents/{sound}").json()["state"] == "done"
    print(f"{options.files} files, {len(ids)} documents; what became of them:")
    for code, number in codes.most_common():
        print(f"{number:5}  {code}")
    if peak > Settings().max_memory_bytes or longest > GRACE * MAX_SECONDS + 5:
        faults.append("a process was larger, or a document took longer, than it may")
    print(f"the longest took {longest:.1f} s, {GRACE * MAX_SECONDS:.0f} s are allowed")
    print(
        f"the largest process took {peak / 2**20:.0f} MiB; a sound document afterwards: "
        f"{'done' if is_sound else 'FAILED'} after {time.perf_counter() - start:.1f} s"
    )
    for fault in faults:
        print(f"FAULT: {fault}")
    is_good = is_sound and not faults and found.service.is_alive
    print("good" if is_good else "NOT GOOD")
    return int(not is_good)


def _seconds(document: Mapping[str, str]) -> float:
    start, end = (datetime.fromisoformat(document[name]) for name in ("started_at", "finished_at"))
    return (end - start).total_seconds()


def _peak() -> int:
    """Bytes of the largest process that this one has started, itself left out."""
    sizes = [0]
    for process in psutil.Process().children(recursive=True):
        try:
            sizes.append(process.memory_info().rss)
        except psutil.NoSuchProcess:
            continue
    return max(sizes)
