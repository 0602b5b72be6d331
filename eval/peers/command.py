"""`python -m eval peers FOLDER`: what other tools make of the same documents, in the same run.

Readers take turns document by document, each in a process of its own. What they find goes through
the same mapping to the slots of the form, and the same count. Only PDF and images are compared:
the peers read nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from eval.cases import Case, load_cases
from eval.peers.guard import Done, Guard, LoadError, Unread
from eval.peers.readers import PEERS, Peer
from eval.peers.scoring import DocumentScore, PeerScore, score
from eval.peers.tables import aligned, condition_rows, markdown, summary_rows

WRONG_USAGE, NOTHING = 2, 3
SUFFIXES = frozenset((".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp"))
TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Scores of the peers that ran, and why others did not, by title."""

    scores: tuple[PeerScore, ...]
    absent: Mapping[str, str]


def compare_peers(
    cases: Sequence[Case], peers: Sequence[Peer], *, timeout_s: float = TIMEOUT_S
) -> Comparison:
    """Let each peer read each document.

    Args:
        cases: with documents.
        peers: what is not installed or cannot be loaded is left out, with its reason.
        timeout_s: for one document; whoever takes longer has failed on it.
    """
    absent = {peer.title: reason for peer in peers if (reason := peer.needs.missing())}
    running = [peer for peer in peers if peer.title not in absent]
    documents: dict[str, list[DocumentScore]] = {peer.name: [] for peer in running}
    unreadable: dict[str, list[str]] = {peer.name: [] for peer in running}
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with ExitStack() as stack:
        progress = stack.enter_context(Progress(*columns, console=Console(stderr=True)))
        guards = {peer.name: stack.enter_context(Guard(peer.load)) for peer in running}
        task = progress.add_task("documents", total=len(cases))
        for case in cases:
            for peer in list(running):
                try:
                    outcome = _read(guards[peer.name], case, timeout_s)
                except LoadError as error:
                    absent[peer.title] = f"cannot be loaded: {error}"
                    running.remove(peer)
                    continue
                if isinstance(outcome, Unread) and not outcome.is_failure:
                    unreadable[peer.name].append(case.name)
                else:
                    documents[peer.name].append(score(case, outcome))
            progress.advance(task)
    scores = tuple(
        PeerScore(
            peer.name,
            peer.title,
            peer.needs.versions(),
            guards[peer.name].load_s,
            tuple(documents[peer.name]),
            tuple(unreadable[peer.name]),
        )
        for peer in running
    )
    return Comparison(scores, absent)


def _read(guard: Guard, case: Case, timeout_s: float) -> Done | Unread:
    if case.document is None:
        return Unread("there is no document")
    return guard.read(case.document, timeout_s)


def is_readable(case: Case) -> bool:
    """Whether the document is a PDF or an image."""
    return case.document is not None and case.document.suffix.lower() in SUFFIXES


def sample(cases: Sequence[Case], limit: int | None) -> tuple[Case, ...]:
    """An even sample over the conditions; all where there is no limit."""
    ordered = sorted(cases, key=lambda case: (case.condition, case.name))
    count = len(ordered) if limit is None else min(limit, len(ordered))
    return tuple(ordered[i * len(ordered) // count] for i in range(count))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command: 0, 2 for wrong usage, 3 if there is nothing to compare."""
    parser = argparse.ArgumentParser(prog="python -m eval peers", description=__doc__)
    parser.add_argument("folder", type=Path, help="documents with NAME.truth.json beside each")
    parser.add_argument("-o", "--output", type=Path, metavar="OUT", help="peers.json, peers.md")
    parser.add_argument("--limit", type=int, metavar="N", help="an even sample of N documents")
    parser.add_argument("--peers", default=",".join(PEERS), help=f"of {', '.join(PEERS)}")
    parser.add_argument(
        "--timeout", type=float, default=TIMEOUT_S, metavar="S", help="seconds a document"
    )
    options = parser.parse_args(arguments)
    names = options.peers.split(",")
    if unknown := [name for name in names if name not in PEERS]:
        parser.error(f"no peer is called {', '.join(unknown)}; there are {', '.join(PEERS)}")
    if not options.folder.is_dir():
        parser.error(f"{options.folder} is no folder")
    if options.limit is not None and options.limit < 1:
        parser.error("--limit must be at least 1")
    cases, problems = load_cases(options.folder)
    for problem in problems:
        sys.stderr.write(f"left out: {problem.name}: {problem.reason}\n")
    readable = [case for case in cases if is_readable(case)]
    if not readable:
        sys.stderr.write(f"{options.folder}: no PDF or image with a truth that can be used\n")
        return NOTHING
    chosen = sample(readable, options.limit)
    comparison = compare_peers(chosen, [PEERS[n] for n in names], timeout_s=options.timeout)
    others = _others(cases)
    sys.stdout.write(report(comparison, len(chosen), others))
    if not comparison.scores:
        return NOTHING
    if options.output is not None:
        write(comparison, options, len(chosen), others)
    return 0


def _others(cases: Sequence[Case]) -> Mapping[str, int]:
    """How many documents of each type the peers do not read."""
    found = Counter(
        case.document.suffix.lower().removeprefix(".")
        for case in cases
        if case.document is not None and not is_readable(case)
    )
    return dict(sorted(found.items()))


def report(comparison: Comparison, documents: int, others: Mapping[str, int]) -> str:
    """Everything that a person at a terminal wants to see."""
    lines = [f"{documents} documents; {_in_words(others)}\n"]
    if comparison.scores:
        lines += ["\n", aligned(summary_rows(comparison.scores)), "\n"]
        lines += [aligned(condition_rows(comparison.scores)), "\n"]
    for title, reason in comparison.absent.items():
        lines.append(f"not run: {title}: {reason}\n")
    for item in comparison.scores:
        if item.unreadable:
            lines.append(f"not readable: {item.title}: {len(item.unreadable)} documents\n")
        lines += [f"failed: {item.title}: {d.name}: {d.failure}\n" for d in item.failures]
    return "".join(lines)


def _in_words(others: Mapping[str, int]) -> str:
    if not others:
        return "all of the folder"
    kinds = ", ".join(f"{count} {kind}" for kind, count in others.items())
    return f"not readable by the peers and left out: {sum(others.values())} ({kinds})"


def write(
    comparison: Comparison, options: argparse.Namespace, documents: int, others: Mapping[str, int]
) -> None:
    """Write OUT/peers.json and OUT/peers.md."""
    content = {
        "folder": options.folder.name,
        "documents": documents,
        "left_out": dict(others),
        "timeout_s": options.timeout,
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "date": time.strftime("%Y-%m-%d"),
        "peers": [item.to_json() for item in comparison.scores],
        "absent": dict(comparison.absent),
    }
    text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    tables = markdown(summary_rows(comparison.scores)) + "\n"
    tables += markdown(condition_rows(comparison.scores))
    options.output.mkdir(parents=True, exist_ok=True)
    for name, data in (("peers.json", text), ("peers.md", tables)):
        part = options.output / f".{name}.part"
        part.write_text(data, encoding="utf-8")
        part.replace(options.output / name)
