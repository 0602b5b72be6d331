"""The commands. Each one checks its arguments, calls one function and prints; no logic of its own.

stdout carries one line a document and nothing else; progress, skipped files and the summary go to
stderr. Exit codes: 0 every document was extracted, 3 some failed, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import io
import signal
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from extractor import __version__, batch, ingest, service_commands
from extractor.errors import ExtractorError
from extractor.export.earlier import remove_stale
from extractor.export.files import result_stems, write_files
from extractor.previous import read_previous
from extractor.settings import Settings
from extractor.terminal import note, refuse, settings_of, shown
from extractor.types import PriorReport

SOME_FAILED = 3
INTERRUPTED = 130

NOT_WRITTEN = "not_written"

app = typer.Typer(
    help="Reads China's government-disclosure annual reports into tables of known reliability.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """The `extractor` command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    signal.signal(signal.SIGTERM, _terminate)
    app()


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    """End as after Ctrl-C: what is half done is stopped, what is written is whole."""
    raise KeyboardInterrupt


def _show_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"extractor {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass


@app.command()
def extract(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH",
            exists=True,
            show_default=False,
            help="Files, folders and ZIP archives with reports.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Folder for the results.")
    ] = Path("extracted"),
    formats: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="LIST",
            help="What to write beside JSON, with commas between: json, csv, xlsx.",
        ),
    ] = "json",
    workers: Annotated[
        int,
        typer.Option(
            min=1, help="Documents to read at the same time; each takes up to about 1 GB of memory."
        ),
    ] = 1,
    previous: Annotated[
        Path | None,
        typer.Option(
            "--previous",
            metavar="DIR",
            exists=True,
            show_default=False,
            help="Results of last year's reports (JSON, also in folders below): each report is "
            "compared with the one of the same body.",
        ),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Log warnings and unexpected errors to stderr.")
    ] = False,
) -> None:
    """Extract reports: one NAME.json (and the other formats) a document.

    Prints one line a document: status, pages, cells, flagged, findings, seconds; or FAILED with
    the reason. Results of documents with the same name keep its suffix (a.pdf.json, a.txt.json).
    Results that are there already are replaced; those of a document that was changed and fails
    now are removed.

    Exit code 0: every document was extracted. 3: some failed, the others are written. 2: wrong
    usage.
    """
    settings = settings_of()
    suffixes = _formats(formats)
    prior = _previous(previous)
    _check_writable(output)
    console = Console(stderr=True)
    entries = list(ingest.expand(paths, settings))
    documents = [entry for entry in entries if isinstance(entry, ingest.Found)]
    refused = [entry for entry in entries if isinstance(entry, ingest.Refused)]
    skipped = [entry for entry in entries if isinstance(entry, ingest.Skipped)]
    for skip in skipped:
        note(f"skipped {skip.name}: {skip.reason}")
    if not documents and not refused:
        refuse("no document was found in " + ", ".join(map(str, paths)))
    for refusal in refused:
        failed = batch.Failed(refusal.name, refusal.error.code, str(refusal.error))
        typer.echo(_line(failed))
        _remove_stale(refusal.name, None, output, ())
    try:
        n_failed = _run(documents, output, suffixes, settings, workers, prior, console, verbose)
    except KeyboardInterrupt:
        note("interrupted; the results of finished documents are written")
        raise typer.Exit(INTERRUPTED) from None
    n_failed += len(refused)
    n_all = len(documents) + len(refused)
    note(
        f"{n_all - n_failed} of {n_all} documents extracted, {n_failed} failed, "
        f"{len(skipped)} files skipped; results are in {output}"
    )
    if n_failed:
        raise typer.Exit(SOME_FAILED)


for command in (service_commands.serve, service_commands.worker, service_commands.backup):
    app.command()(command)
app.add_typer(service_commands.keys, name="keys")


def _run(
    documents: Sequence[ingest.Found],
    output: Path,
    suffixes: Sequence[str],
    settings: Settings,
    workers: int,
    prior: Sequence[PriorReport],
    console: Console,
    verbose: bool,
) -> int:
    """Extract and write, a line a document; returns how many failed."""
    stems = result_stems(document.name for document in documents)
    by_name = {document.name: document for document in documents}
    n_failed = 0
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}", markup=False),
    )
    # Where both are seen on one terminal, the bar must make room for the lines.
    is_shared = sys.stdout.isatty() and console.is_terminal
    events = batch.run_batch(
        documents,
        settings,
        formats=suffixes,
        workers=workers,
        prepare=partial(batch.prepare_extraction, previous=prior),
        verbose=verbose,
    )
    try:
        with Progress(*columns, console=console, redirect_stdout=False) as bar:
            task = bar.add_task("", total=len(documents))
            for event in events:
                if isinstance(event, batch.Progress):
                    place = f" {event.page}/{event.pages}" if event.pages else ""
                    bar.update(task, description=f"{shown(event.name)}: {event.stage}{place}")
                    continue
                outcome = _written(event, output, stems[event.name], by_name[event.name])
                n_failed += isinstance(outcome, batch.Failed) or outcome.status == "failed"
                if is_shared:
                    console.out(_line(outcome), highlight=False)
                else:
                    typer.echo(_line(outcome))
                bar.update(task, advance=1, description="")
    finally:
        events.close()
    return n_failed


def _written(
    outcome: batch.Outcome, output: Path, stem: str, document: ingest.Found
) -> batch.Outcome:
    """The outcome once its files are written, and those that it makes stale are gone."""
    if isinstance(outcome, batch.Failed):
        _remove_stale(outcome.name, document.sha256(), output, ())
        return outcome
    try:
        paths = write_files(outcome.contents, output, stem)
    except OSError as error:
        reason = f"the result cannot be written: {error.strerror}: {error.filename}"
        _remove_stale(outcome.name, outcome.sha256, output, ())
        return batch.Failed(outcome.name, NOT_WRITTEN, reason)
    _remove_stale(outcome.name, outcome.sha256, output, paths)
    return outcome


def _remove_stale(name: str, sha256: str | None, output: Path, written: Sequence[Path]) -> None:
    """Remove what an earlier run has left of a document and is not of it any more, and say so."""
    try:
        for path in remove_stale(name, output, sha256=sha256, written=written):
            note(f"removed {path}: an earlier run's result of {name}, which it is no more")
    except OSError as error:
        note(f"{error.filename} is an earlier run's result of {name}: {error.strerror}; remove it")


def _line(outcome: batch.Outcome) -> str:
    if isinstance(outcome, batch.Failed):
        return shown(f"{outcome.name}: FAILED {outcome.code}: {outcome.reason}")
    figures = outcome.flagged_figures
    of_these = f" ({outcome.flagged - figures} cells, {figures} figures)" if outcome.flagged else ""
    numbers = (
        f"{outcome.pages} pages, {outcome.cells} cells, {outcome.flagged} flagged{of_these}, "
        f"{outcome.findings} findings, {outcome.seconds:.1f} s"
    )
    if outcome.status == "failed":
        return shown(f"{outcome.name}: FAILED {'; '.join(outcome.reasons)}; {numbers}")
    return shown(f"{outcome.name}: {outcome.status}, {numbers}")


def _previous(path: Path | None) -> tuple[PriorReport, ...]:
    try:
        return read_previous(path) if path else ()
    except ExtractorError as error:
        refuse(str(error))


def _formats(text: str) -> tuple[str, ...]:
    """The formats asked for, JSON always among them."""
    # Imported here: it brings the workbook library, which `--help` can do without.
    from extractor.export import FORMATS

    asked = [name.strip().lower() for name in text.split(",")]
    unknown = [name for name in asked if name not in FORMATS]
    if unknown:
        refuse(f"unknown format {unknown[0]!r}; known are {', '.join(FORMATS)}")
    return tuple(name for name in FORMATS if name == "json" or name in asked)


def _check_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        refuse(f"the output folder {folder} cannot be written to: {error.strerror}")
