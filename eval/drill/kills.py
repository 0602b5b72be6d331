"""Kill -9 under load: whatever was acknowledged is done once, and every decision is there."""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from random import Random

import httpx2
from sqlalchemy import text

from eval.drill.real import PDF, SCAN, TEXT, Office, documents
from extractor.service.database import Database
from extractor.service.files import FILES
from extractor.service.tasks import SOURCE

_QUIET_SECONDS = 900.0


class Load:
    """Clients that go on whatever happens, and remember what was acknowledged."""

    def __init__(self, office: Office) -> None:
        """`allowed` is how many documents may have been uploaded by now."""
        self.allowed = 0
        self.documents: dict[str, str] = {}
        self.decisions: list[tuple[str, str, int]] = []
        self.unanswered = 0
        self.answers: Counter[int] = Counter()
        self._office = office
        self._ending = threading.Event()
        kinds = cycle([TEXT, PDF, TEXT, TEXT, PDF, TEXT, SCAN])
        self._documents = documents(kinds)
        self._lock = threading.Lock()
        targets = [self._upload, self._upload, self._upload, self._review]
        self._threads = [threading.Thread(target=target, daemon=True) for target in targets]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def _upload(self) -> None:
        with self._office.http() as http:
            while not self._ending.wait(0.3):
                with self._lock:
                    if len(self.documents) >= self.allowed:
                        continue
                    name, data = next(self._documents)
                try:
                    answer = http.post("/documents", files={"files": (name, data)})
                except httpx2.HTTPError:
                    self.unanswered += 1
                    continue
                self.answers[answer.status_code] += 1
                if answer.status_code == 202:
                    [found] = answer.json()["documents"]
                    self.documents[found["id"]] = name

    def _review(self) -> None:
        passed_over: list[str] = []
        with self._office.http() as http:
            while not self._ending.wait(0.2):
                try:
                    asked = http.get("/review/next", params={"exclude": passed_over[-100:]})
                    question = asked.json().get("question") if asked.is_success else None
                    if not question or question["slot"] == "report":
                        passed_over += [question["document"]["id"]] if question else []
                        continue
                    document_id, slot = question["document"]["id"], question["slot"]
                    body = {"confirmed": True, "comment": "drill"}
                    kind, _, name = slot.partition(".")
                    is_cell = kind not in ("figures", "findings")
                    path = f"cells/{slot}" if is_cell else f"{kind}/{name}"
                    answer = http.put(f"/documents/{document_id}/{path}", json=body)
                except (httpx2.HTTPError, ValueError):
                    self.unanswered += 1
                    continue
                self.answers[answer.status_code] += 1
                if not answer.is_success:
                    passed_over.append(document_id)
                else:
                    version = int(answer.headers["etag"].strip('"'))
                    self.decisions.append((document_id, slot, version))


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval drill kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--documents", type=int, default=400, help="that are uploaded meanwhile")
    parser.add_argument("--database-url", default="", help="of an empty PostgreSQL database")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        office = Office(Path(folder, "home"), database_url=options.database_url, threads=1)
        return drill(office, options)


def drill(office: Office, options: argparse.Namespace) -> int:
    rng = Random(options.seed)
    beside = office.process("worker")
    processes = {"service": office.service, "worker": beside}
    office.service.start()
    office.wait()
    beside.start()
    with office.http() as http:  # nobody listens there: what is announced stays to be counted
        http.post("/webhooks", json={"url": "http://127.0.0.1:9/"}).raise_for_status()
    load = Load(office)
    load.start()
    killed: Counter[str] = Counter()
    for number in range(options.kills):
        load.allowed = options.documents * (number + 1) // options.kills
        time.sleep(rng.uniform(0.1, 6.0))
        which = rng.choice(("service", "service", "worker", "both"))
        for name, process in processes.items():
            if which in (name, "both"):
                process.kill()
                process.start()
                killed[name] += 1
        if "service" in which or which == "both":
            office.wait("/healthz")
        print(f"\r{number + 1} kills, {len(load.documents)} documents", end="", flush=True)
    load.end()
    print()
    office.wait()
    faults = _settle(office, load)
    for process in processes.values():
        process.stop()
    faults += leftovers(office, options.database_url, load.documents)
    if len(load.documents) < options.kills or len(load.decisions) < options.kills / 4:
        faults.append("too little was uploaded, or decided, for this to mean anything")
    print(
        f"{killed['service']} kills of the service, {killed['worker']} of a worker; "
        f"{len(load.documents)} uploads and {len(load.decisions)} decisions acknowledged, "
        f"{load.unanswered} calls without an answer; answers {dict(sorted(load.answers.items()))}"
    )
    for fault in faults:
        print(f"LOST: {fault}")
    print("nothing was lost, nothing done twice" if not faults else f"{len(faults)} faults")
    return int(bool(faults))


def _settle(office: Office, load: Load) -> list[str]:
    """Wait until nothing is queued; what is not as it was acknowledged."""
    deadline = time.monotonic() + _QUIET_SECONDS
    faults = []
    with office.http() as http:
        for state in ("queued", "running"):
            while http.get("/documents", params={"status": state}).json()["documents"]:
                if time.monotonic() > deadline:
                    return [f"documents are still {state} after {_QUIET_SECONDS:.0f} s"]
                time.sleep(0.5)
        for document_id, name in load.documents.items():
            answer = http.get(f"/documents/{document_id}")
            if answer.status_code != 200 or answer.json()["state"] != "done":
                faults.append(f"{name} is {answer.text[:300]}")
            elif http.get(f"/documents/{document_id}/extraction").status_code != 200:
                faults.append(f"{name} has no result")
        for document_id, slot, version in load.decisions:
            trail = http.get(f"/documents/{document_id}/reviews").json()["reviews"]
            if len(trail) < version or trail[version - 1]["slot"] != slot:
                faults.append(f"decision {version} about {slot} of {document_id}")
    return faults


def leftovers(office: Office, url: str, names: Mapping[str, str]) -> list[str]:
    """What was finished twice, of documents by id, or lies about; the service is stopped."""
    database = Database(office.home, url)
    with database.session() as session:
        found = session.execute(text("select sha256, id from documents"))
        rows = {str(sha256): str(document_id) for sha256, document_id in found}
        told = Counter(
            session.scalars(
                text("select document_id from deliveries where event = 'document.done'")
            )
        )
    database.close()
    faults = [
        f"{name} was finished {told[document_id]} times"
        for document_id, name in names.items()
        if told[document_id] != 1
    ]
    for path in sorted((office.home / FILES).glob("*/*/*")):
        is_known = path.name in (SOURCE, "reading.json.gz") or path.name.startswith("result")
        if path.parent.name not in rows or not is_known or path.name.endswith(".part"):
            faults.append(f"a file nobody needs: {path.relative_to(office.home)}")
    for sha256, document_id in rows.items():
        if not (office.home / FILES / sha256[:2] / sha256 / SOURCE).is_file():
            faults.append(f"{document_id} has no file")
    return faults
