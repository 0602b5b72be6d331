"""The commands. Each one checks its arguments, calls one function and prints; no logic of its own.

stdout carries one line a document and nothing else; progress, skipped files and the summary go to
stderr. Exit codes: 0 every document was extracted, 3 some failed, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tomllib import TOMLDecodeError
from types import FrameType
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from extractor import __version__, batch, ingest
from extractor.errors import ExtractorError
from extractor.export.files import result_stems, write_files
from extractor.previous import read_previous
from extractor.settings import FILE, FILE_VARIABLE, Settings
from extractor.types import PriorReport

if TYPE_CHECKING:
    from extractor.service.store import Store

USAGE = 2
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
            help="Results of last year's reports (JSON): each report is compared with the one of "
            "the same body.",
        ),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Log warnings and unexpected errors to stderr.")
    ] = False,
) -> None:
    """Extract reports: one NAME.json (and the other formats) a document.

    Prints one line a document: status, pages, cells, flagged, findings, seconds; or FAILED with
    the reason. Results of documents with the same name keep its suffix (a.pdf.json, a.txt.json).
    Results that are there already are replaced.

    Exit code 0: every document was extracted. 3: some failed, the others are written. 2: wrong
    usage.
    """
    settings = _settings()
    suffixes = _formats(formats)
    prior = _previous(previous)
    _check_writable(output)
    console = Console(stderr=True)
    entries = list(ingest.expand(paths, settings))
    documents = [entry for entry in entries if isinstance(entry, ingest.Found)]
    refused = [entry for entry in entries if isinstance(entry, ingest.Refused)]
    skipped = [entry for entry in entries if isinstance(entry, ingest.Skipped)]
    for skip in skipped:
        _note(f"skipped {skip.name}: {skip.reason}")
    if not documents and not refused:
        _refuse("no document was found in " + ", ".join(map(str, paths)))
    for refusal in refused:
        failed = batch.Failed(refusal.name, refusal.error.code, str(refusal.error))
        typer.echo(_line(failed))
    try:
        n_failed = _run(documents, output, suffixes, settings, workers, prior, console, verbose)
    except KeyboardInterrupt:
        _note("interrupted; the results of finished documents are written")
        raise typer.Exit(INTERRUPTED) from None
    n_failed += len(refused)
    n_all = len(documents) + len(refused)
    _note(
        f"{n_all - n_failed} of {n_all} documents extracted, {n_failed} failed, "
        f"{len(skipped)} files skipped; results are in {output}"
    )
    if n_failed:
        raise typer.Exit(SOME_FAILED)


@app.command()
def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on.", show_default=False)
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port to listen on.", show_default=False)
    ] = None,
) -> None:
    """Start the service; settings come from EXTRACTOR_... variables."""
    settings = _settings(host=host, port=port)
    # Imported here: the other commands need nothing of the service.
    from extractor.app import serve as serve_forever

    try:
        serve_forever(settings)
    except ExtractorError as error:
        _note(f"error: {error}")
        raise typer.Exit(error.exit_code) from None


@app.command()
def worker() -> None:
    """Extract what is queued on the database of the service, beside it or on another machine.

    Takes the same EXTRACTOR_... variables as the service; the folder EXTRACTOR_HOME must be the
    same, too, or shared.
    """
    from extractor.app import work as work_forever

    try:
        work_forever(_settings())
    except ExtractorError as error:
        _note(f"error: {error}")
        raise typer.Exit(error.exit_code) from None


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(metavar="DIR", help="Made, or brought up to date.")],
) -> None:
    """Copy all that the service of EXTRACTOR_HOME keeps; it may be running."""
    from extractor.service.backup import back_up

    try:
        made = back_up(_settings().home, target)
    except ExtractorError as error:
        _note(f"error: {error}")
        raise typer.Exit(error.exit_code) from None
    home = _settings().home.absolute()
    _note(f"{target} has the {made.documents} documents of {home}; {made.copied} files were copied")


keys = typer.Typer(help="Keys to the service of EXTRACTOR_HOME.", no_args_is_help=True)
app.add_typer(keys, name="keys")


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="Whose it is, or what uses it.")],
    role: Annotated[
        str, typer.Option(help="uploader, reviewer or admin.", show_default=False)
    ] = "uploader",
) -> None:
    """Make a key and print it; it is never shown again."""
    # Imported here, as below: the other commands need nothing of the service.
    from extractor.service.auth import Keys
    from extractor.service.key_models import KeyBody

    try:
        body = KeyBody.model_validate({"name": name, "role": role})
    except ValidationError as error:
        _refuse("; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()))
    with _store() as store:
        typer.echo(Keys(store).create(body.name, body.role))


@keys.command("list")
def list_keys() -> None:
    """One line a key: its id, role, when it was made, and its name."""
    with _store() as store:
        for key in store.keys.list():
            revoked = f", revoked {key.disabled_at:%Y-%m-%d}" if key.disabled_at else ""
            made = f"{key.created_at:%Y-%m-%d}"
            typer.echo(_shown(f"{key.id}  {key.role:8}  {made}  {key.name}{revoked}"))


@keys.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")],
) -> None:
    """Make a key useless, at once and for good."""
    with _store() as store:
        if not store.keys.revoke(key_id):
            is_last = store.keys.find(key_id) is not None
            _refuse(
                "this is the last administrator's key; make another one first"
                if is_last
                else f"no key that could be used has the id {key_id!r}; extractor keys list"
            )


@contextmanager
def _store() -> Iterator[Store]:
    """The storage of the service, which may be running; there must be one.

    A mistyped folder would have keys that open nothing.
    """
    from extractor.service.database import DATABASE
    from extractor.service.store import open_store

    settings = _settings()
    if not settings.database_url and not (settings.home / DATABASE).is_file():
        _refuse(
            f"{settings.home.absolute()} has no data of a service; name its folder with "
            "EXTRACTOR_HOME, or start the service there first"
        )
    try:
        with open_store(settings) as store:
            yield store
    except ExtractorError as error:
        _note(f"error: {error}")
        raise typer.Exit(error.exit_code) from None


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
                    bar.update(task, description=f"{_shown(event.name)}: {event.stage}{place}")
                    continue
                outcome = _written(event, output, stems[event.name])
                n_failed += isinstance(outcome, batch.Failed) or outcome.status == "failed"
                if is_shared:
                    console.out(_line(outcome), highlight=False)
                else:
                    typer.echo(_line(outcome))
                bar.update(task, advance=1, description="")
    finally:
        events.close()
    return n_failed


def _written(outcome: batch.Outcome, output: Path, stem: str) -> batch.Outcome:
    """The outcome once its files are written."""
    if isinstance(outcome, batch.Failed):
        return outcome
    try:
        write_files(outcome.contents, output, stem)
    except OSError as error:
        reason = f"the result cannot be written: {error.strerror}: {error.filename}"
        return batch.Failed(outcome.name, NOT_WRITTEN, reason)
    return outcome


def _line(outcome: batch.Outcome) -> str:
    if isinstance(outcome, batch.Failed):
        return _shown(f"{outcome.name}: FAILED {outcome.code}: {outcome.reason}")
    figures = outcome.flagged_figures
    of_these = f" ({outcome.flagged - figures} cells, {figures} figures)" if outcome.flagged else ""
    numbers = (
        f"{outcome.pages} pages, {outcome.cells} cells, {outcome.flagged} flagged{of_these}, "
        f"{outcome.findings} findings, {outcome.seconds:.1f} s"
    )
    if outcome.status == "failed":
        return _shown(f"{outcome.name}: FAILED {'; '.join(outcome.reasons)}; {numbers}")
    return _shown(f"{outcome.name}: {outcome.status}, {numbers}")


def _shown(text: str) -> str:
    """Text on one line that does nothing to a terminal, whatever a file is called."""
    return "".join(sign if sign.isprintable() else "�" for sign in text)


def _previous(path: Path | None) -> tuple[PriorReport, ...]:
    try:
        return read_previous(path) if path else ()
    except ExtractorError as error:
        _refuse(str(error))


def _settings(**given: object) -> Settings:
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except (TOMLDecodeError, OSError) as error:
        path = os.environ.get(FILE_VARIABLE) or FILE
        _refuse(f"the settings in {path} cannot be read: {error}")
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        _refuse("these settings are not valid: " + "; ".join(problems))


def _formats(text: str) -> tuple[str, ...]:
    """The formats asked for, JSON always among them."""
    # Imported here: it brings the workbook library, which `--help` can do without.
    from extractor.export import FORMATS

    asked = [name.strip().lower() for name in text.split(",")]
    unknown = [name for name in asked if name not in FORMATS]
    if unknown:
        _refuse(f"unknown format {unknown[0]!r}; known are {', '.join(FORMATS)}")
    return tuple(name for name in FORMATS if name == "json" or name in asked)


def _check_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        _refuse(f"the output folder {folder} cannot be written to: {error.strerror}")


def _note(text: str) -> None:
    typer.echo(_shown(text), err=True)


def _refuse(message: str) -> NoReturn:
    _note(f"error: {message}")
    raise typer.Exit(USAGE)
