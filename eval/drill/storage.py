"""Files on S3, a service and a worker with folders of their own; the storage is away for a while.

The server is that of moto, on PostgreSQL of the drill's own. What it needs besides:
pip install -e '.[drill]'
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import cycle
from pathlib import Path
from typing import Any

import fsspec
import httpx2

from eval.drill.postgresql import postgresql
from eval.drill.real import PDF, SCAN, TEXT, Office, documents, upload, wait_until_done
from extractor.service.files import OWNER
from extractor.service.tasks import SOURCE

_BUCKET = "reports"
_SAID = "store_failed"


class _Storage:
    """An S3 server in this process; what it keeps stays while it is stopped."""

    def __init__(self) -> None:
        from moto.server import ThreadedMotoServer

        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line a call
        self._make = ThreadedMotoServer
        self._server = self._make("127.0.0.1", 0, verbose=False)
        self._server.start()
        self._port = self._server.get_host_and_port()[1]
        self.address = f"http://127.0.0.1:{self._port}"

    def stop(self) -> None:
        self._server.stop()

    def start(self) -> None:
        self._server = self._make("127.0.0.1", self._port, verbose=False)
        self._server.start()

    @property
    def environment(self) -> dict[str, str]:
        """For whoever uses it through fsspec."""
        return {
            "AWS_ACCESS_KEY_ID": "drill",
            "AWS_SECRET_ACCESS_KEY": "drill",
            "AWS_DEFAULT_REGION": "us-east-1",
            "FSSPEC_S3": json.dumps({"endpoint_url": self.address}),
        }


@contextmanager
def _storage() -> Iterator[_Storage]:
    found = _Storage()
    try:
        yield found
    finally:
        found.stop()


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m eval drill storage", description=__doc__)
    parser.add_argument("--documents", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=20.0, help="without a storage")
    options = parser.parse_args(argv)
    if missing := [name for name in ("moto", "flask", "s3fs") if find_spec(name) is None]:
        print(f"skipped for want of {', '.join(missing)}: pip install -e '.[drill]'")
        return 2
    with (
        tempfile.TemporaryDirectory() as folder,
        postgresql(Path(folder, "postgresql")) as server,
        _storage() as storage,
    ):
        os.environ.update(storage.environment)  # of the service and the worker, too
        system = fsspec.filesystem("s3", endpoint_url=storage.address)  # seen from outside
        system.mkdir(_BUCKET)
        office = Office(
            Path(folder, "service"),
            database_url=server.make("office"),
            files_url=f"s3://{_BUCKET}/office",
            threads=1,
            workers=0,
        )
        worker = office.process("worker", home=Path(folder, "worker"), workers=1)
        office.service.start()
        try:
            office.wait("/healthz")
            worker.start()
            office.wait()
            faults = _drill(office, storage, options)
            faults += refused(office, Path(folder, "stranger"))
        finally:
            for process in (office.service, worker):
                process.stop()
        faults += _leftovers(Path(folder), system)
    for fault in faults:
        print(f"FAULT: {fault}")
    print("all is as with a folder, and nothing was lost" if not faults else "NOT GOOD")
    return int(bool(faults))


def _drill(office: Office, storage: _Storage, options: argparse.Namespace) -> list[str]:
    """What is not as it should be."""
    made = documents(cycle([SCAN, PDF, TEXT]))
    with office.http() as http:
        start = time.monotonic()
        names = {upload(http, *next(made)): f"document {n}" for n in range(options.documents)}
        faults = wait_until_done(http, names)
        print(f"{len(names)} documents were done after {time.monotonic() - start:.0f} s")
        first = next(iter(names))
        slot = _slot(http, first)
        answers = {
            "decision": _decide(http, first, slot),
            "workbook": http.get(f"/documents/{first}/export?format=xlsx"),
            "page": http.get(f"/documents/{first}/pages/1"),
        }
        faults += [f"{what}: {one.text[:200]}" for what, one in answers.items() if one.is_error]

        names[upload(http, *next(made))] = "a scan that is read meanwhile"
        storage.stop()
        start = time.monotonic()
        answers = {
            "an upload": http.post("/documents", files={"files": ("a.txt", TEXT.read_bytes())}),
            "a decision": _decide(http, first, slot),
        }
        for what, answer in answers.items():
            code = answer.json().get("code")
            print(f"with the storage away {what} is answered {answer.status_code} {code}")
            if code != _SAID:
                faults.append(f"{what}, not {_SAID}: {answer.text[:200]}")
        time.sleep(max(0.0, options.seconds - (time.monotonic() - start)))
        storage.start()
        print(f"it was away for {time.monotonic() - start:.0f} s")
        if len(http.get(f"/documents/{first}/reviews").json()["reviews"]) != 1:
            faults.append("a decision that was refused is in the trail")
        names[upload(http, "a.txt", TEXT.read_bytes())] = "the upload that was refused"
        return faults + wait_until_done(http, names)


def refused(office: Office, home: Path) -> list[str]:
    """What is not as it should be of a worker with an empty database and the same storage: it
    should not start, and say whose files these are."""
    log = home.with_suffix(".txt")
    stranger = office.process("worker", log=log, home=home, database_url="", workers=1)
    stranger.start()
    try:
        status = stranger.wait()
    finally:
        stranger.stop()
    told = log.read_text()
    if status in (None, 0) or "belong to another database" not in told:
        return [f"a worker with another database was not refused ({status}): {told[-500:]}"]
    print("a worker with another database and the same storage is refused")
    return []


def _slot(http: httpx2.Client, document_id: str) -> str:
    """A cell of a document."""
    tables = http.get(f"/documents/{document_id}/extraction").json()["tables"]
    return next(f"{table}.{name}" for table, found in tables.items() for name in found["cells"])


def _decide(http: httpx2.Client, document_id: str, slot: str) -> httpx2.Response:
    body = {"confirmed": True, "comment": "drill"}
    return http.put(f"/documents/{document_id}/cells/{slot}", json=body)


def _leftovers(folder: Path, system: Any) -> list[str]:
    """What lies where nobody needs it, or is not there; all are stopped."""
    there = [str(path).removeprefix(f"{_BUCKET}/office/") for path in system.find(_BUCKET)]
    print(f"{len(there)} files are in the storage")
    faults = [] if OWNER in there else [f"no {OWNER} is in the storage"]
    for path in there:
        name = path.rsplit("/", 1)[-1]
        is_known = name in (SOURCE, "reading.json.gz", OWNER) or name.startswith("result")
        if not is_known or name.endswith(".part"):
            faults.append(f"a file nobody needs: {path}")
    copies = list((folder / "worker" / "files").glob("*/*/*"))
    if copies:
        faults.append(f"{len(copies)} files are left in the folder of the worker")
    return faults
