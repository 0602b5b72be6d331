"""Processes that crash, hang or lie in wait: one document fails, the others do not notice."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from extractor.batch import Done, Failed, Outcome, Progress, Report, Work, run_batch
from extractor.errors import CorruptInput, ModelError
from extractor.ingest import Found
from extractor.settings import Settings


def prepare_actor(settings: Settings, formats: Sequence[str]) -> Work:
    return Actor(formats)


class Actor:
    """A worker that does what its document's name says."""

    def __init__(self, formats: Sequence[str]) -> None:
        self._formats = formats

    def extract(self, document: Found, folder: Path | None, report: Report) -> Done:
        what = document.name.split("-")[0]
        report("acting", 1, 1)
        if what == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif what == "exit":
            os._exit(7)
        elif what == "hang":
            time.sleep(600)
        elif what == "raise":
            raise RuntimeError("a defect")
        elif what == "refuse":
            raise CorruptInput("it is damaged")
        elif what == "long":
            assert folder is not None
            report("ocr", 1, 9)
            while not list(folder.glob("helped by *")):
                time.sleep(0.01)
        contents = {name: str(os.getpid()).encode() for name in self._formats}
        return Done(document.name, "accepted", 1, 2, 0, 0, (), contents)

    def read_ahead(self, document: Found, folder: Path, report: Report) -> None:
        report("ocr", 9, 9)
        (folder / f"helped by {os.getpid()}").touch()
        if "fatal" in document.name:
            os.kill(os.getpid(), signal.SIGKILL)


def prepare_nothing(settings: Settings, formats: Sequence[str]) -> Work:
    raise ModelError("the weights are missing")


def documents(*names: str) -> list[Found]:
    return [Found(name, Path(name), Settings()) for name in names]


def outcomes(names: Sequence[str], *, workers: int = 1, **changes: float) -> dict[str, Outcome]:
    settings = Settings().model_copy(update=changes)
    events = run_batch(
        documents(*names), settings, formats=["json"], workers=workers, prepare=prepare_actor
    )
    found = [event for event in events if not isinstance(event, Progress)]
    assert len(found) == len(names)
    return {outcome.name: outcome for outcome in found}


@pytest.mark.parametrize("workers", [1, 3])
def test_a_killed_worker_fails_only_its_document(workers: int) -> None:
    names = ["good-1", "kill-2", "good-3", "exit-4", "raise-5", "refuse-6", "good-7"]
    found = outcomes(names, workers=workers)
    for name in names:
        assert isinstance(found[name], Done if name.startswith("good") else Failed), name
    codes = {o.name: o.code for o in found.values() if isinstance(o, Failed)}
    assert codes == {
        "kill-2": "worker_crashed",
        "exit-4": "worker_crashed",
        "raise-5": "internal_error",
        "refuse-6": "corrupt_input",
    }
    killed = found["kill-2"]
    assert isinstance(killed, Failed)
    assert "memory" in killed.reason


def test_a_document_that_takes_too_long_is_stopped() -> None:
    start = time.monotonic()
    found = outcomes(["hang-1", "good-2"], workers=2, max_seconds=0.5)
    hung = found["hang-1"]
    assert isinstance(hung, Failed)
    assert hung.code == "too_slow"
    assert isinstance(found["good-2"], Done)
    assert time.monotonic() - start < 60


def test_one_process_serves_many_documents() -> None:
    found = outcomes(["good-1", "raise-2", "good-3"])
    processes = {o.contents["json"] for o in found.values() if isinstance(o, Done)}
    assert len(processes) == 1
    assert processes != {str(os.getpid()).encode()}


def test_engines_that_cannot_be_loaded_fail_every_document() -> None:
    events = run_batch(
        documents("a", "b"), Settings(), formats=["json"], workers=1, prepare=prepare_nothing
    )
    found = [event for event in events if isinstance(event, Failed)]
    assert [(one.name, one.code) for one in found] == [
        ("a", "model_unusable"),
        ("b", "model_unusable"),
    ]


def test_who_would_be_idle_helps() -> None:
    found = outcomes(["long-1", "good-2"], workers=2)
    assert all(isinstance(one, Done) for one in found.values())


def test_a_process_is_started_to_help_with_a_long_document() -> None:
    assert isinstance(outcomes(["long-1"], workers=2)["long-1"], Done)


def test_a_helper_that_dies_harms_nobody() -> None:
    found = outcomes(["long-fatal-1", "good-2"], workers=2)
    assert all(isinstance(one, Done) for one in found.values())


def test_nothing_to_do() -> None:
    assert outcomes([]) == {}


def test_closing_the_iterator_stops_the_processes() -> None:
    events = run_batch(
        documents("good-1", "hang-2"),
        Settings(),
        formats=["json"],
        workers=1,
        prepare=prepare_actor,
    )
    done = next(event for event in events if isinstance(event, Done))
    pid = int(done.contents["json"])
    events.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
