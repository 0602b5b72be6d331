"""One report in, canonical tables with known reliability out. Open this file first.

    ingest ─ pages ─ ocr ─ tokens ─ classify ─ assemble ─ reread ─ decode ─ flag ─ export
    bytes    upright lines fragments roles     candidates second  sums,   status  files
             images                            a slot     look    findings

Text inputs (HTML, DOCX, TXT, Markdown) have no pages and join at tokens. Each stage is a function
from values to new values; only this module composes them. A page that fails is a failure in the
result and leaves the others alone; a document that fails is one error for whoever asked (the batch
and the service each go on with the next).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from statistics import median

from extractor import ingest
from extractor.assemble import assemble
from extractor.calibrator import Calibrator
from extractor.cell_images import CellImages
from extractor.characters import canonical
from extractor.classify import classify, known_labels
from extractor.completeness import check_is_report, missing_parts, status_of
from extractor.decode import decode
from extractor.decode.answers import answered, answered_figures
from extractor.engines import Engines
from extractor.errors import ExtractorError, InputTooLarge, ModelError
from extractor.facts import report_facts
from extractor.figure_flags import audited_figures, flag_figures, of_another_year
from extractor.figures import find_figures
from extractor.flag import audited, flag
from extractor.flatten import on_page
from extractor.ocr import recognize_page
from extractor.pages import open_pages
from extractor.prose import join_prose
from extractor.reread import reread
from extractor.ruling import find_ruling
from extractor.schema import Schema, load_schema
from extractor.settings import Settings
from extractor.statements import agreements, check_statements
from extractor.tokens import tokenize_blocks, tokenize_page
from extractor.types import (
    Answers,
    Box,
    Evidence,
    Extraction,
    Failure,
    Figure,
    Finding,
    Fragment,
    Line,
    Page,
    PriorReport,
    ReportFacts,
    ReportReading,
    Sheet,
    SheetKind,
    Source,
    Status,
    Table,
    Warp,
)

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
"""Called with the stage, the page (from 1; 0 where there is none) and the number of pages."""


@dataclass(slots=True)
class _Run:
    """What accumulates while one document is read."""

    progress: Progress
    failures: list[Failure] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str, page: int = 0, pages: int = 0) -> Iterator[None]:
        self.progress(name, page, pages)
        start = time.perf_counter()
        try:
            yield
        finally:
            elapsed = time.perf_counter() - start
            self.seconds[name] = self.seconds.get(name, 0.0) + elapsed

    @contextmanager
    def barrier(self, stage: str, page: int | None = None) -> Iterator[None]:
        """Turn whatever goes wrong inside into a failure of this page or of the document."""
        try:
            yield
        except ModelError:
            raise
        except ExtractorError as error:
            self.failures.append(Failure(stage, page, str(error)))
        except Exception as error:
            log.exception("unexpected error in %s, page %s", stage, page)
            reason = f"unexpected {type(error).__name__}: {error}"
            self.failures.append(Failure(stage, page, reason))


def extract(
    source: Source,
    engines: Engines,
    settings: Settings,
    *,
    schema: Schema | None = None,
    previous: Sequence[PriorReport] = (),
    progress: Progress | None = None,
) -> Extraction:
    """Extract one report.

    Args:
        source: a document whose type is known (see `ingest.identify`).
        engines: loaded once a process.
        settings: limits and thresholds.
        schema: the form; the government-disclosure annual report if None.
        previous: reports that may hold last year's of the same body; others are not looked at.
        progress: told about every stage and page.

    Returns:
        A result for every slot of the form. What could not be read is said in `failures`, and
        `status` is ACCEPTED only if nothing failed and nothing is doubtful.

    Raises:
        InputError: the document cannot be opened at all, or is no report of this form.
        ModelError: the models cannot be loaded.
    """
    schema = schema or load_schema()
    calibrator = engines.calibrator_for(schema, settings) if settings.calibration else None
    run = _Run(progress or (lambda stage, page, pages: None))
    if source.kind.is_paged:
        sheets, rotations, scanned, warps = _read_pages(source, engines, settings, run)
    else:
        sheets, rotations = _read_text(source, run), ()
        scanned, warps = frozenset[int](), dict[int, Warp]()
    with run.stage("classify"):
        sheets = classify(
            sheets, schema, engines.token_classifier if settings.token_classifier else None
        )
    with run.stage("assemble"):
        assembly = assemble(sheets, schema, known_labels(schema))
    check_is_report(assembly, source, failed=bool(run.failures))
    cells = CellImages(source, rotations, warps, scanned, sheets, engines, settings)
    readings = assembly.tables
    if settings.second_look:
        with run.barrier("reread"), run.stage("reread"):
            readings = reread(assembly.tables, cells, schema.kinds, settings)
    facts = ReportFacts(assembly.edition, None, None)
    with run.barrier("facts"), run.stage("facts"):
        facts = report_facts(_texts(assembly.sheets), assembly.edition)
    figures: tuple[Figure, ...] = ()
    with run.barrier("figures"), run.stage("figures"):
        prose = join_prose(_prose(assembly.sheets))
        figures = find_figures(prose, schema.figures, year=facts.year)
    reading = _on_upright_pages(
        ReportReading(tuple(readings), figures, _last_year(facts, previous)), warps
    )
    failures = (*run.failures, *missing_parts(assembly))
    read = Extraction(
        name=source.name,
        sha256=source.sha256,
        media_type=source.media_type,
        pages=len(rotations),
        schema=schema.id,
        facts=facts,
        status=Status.FAILED,
        tables=(),
        figures=(),
        findings=(),
        failures=failures,
        models=engines.models,
        seconds=run.seconds,
        rotations=rotations,
        reading=reading,
    )
    with run.stage("decode"):
        return decided(read, schema, settings, calibrator)


def decided(
    extraction: Extraction,
    schema: Schema,
    settings: Settings,
    calibrator: Calibrator | None = None,
    answers: Answers | None = None,
) -> Extraction:
    """An extraction with what follows from its reading and from a person's answers: tables,
    figures, findings, which report it is, and status.

    Raises:
        KeyError: an answer is about no table of the form, or no figure of the text.
    """
    told = answers or Answers()
    facts = replace(
        extraction.facts,
        organization=told.organization or extraction.facts.organization,
        year=told.year or extraction.facts.year,
    )
    found = decide(extraction.reading, schema, settings, calibrator, answers)
    tables = audited(found.tables, extraction.sha256, settings.audit_rate)
    figures = audited_figures(found.figures, extraction.sha256, settings.audit_rate)
    if facts.year != extraction.facts.year:
        figures = of_another_year(figures)
    return replace(
        extraction,
        facts=facts,
        tables=tables,
        figures=figures,
        findings=found.findings,
        status=status_of(facts, tables, figures, extraction.failures),
    )


@dataclass(frozen=True, slots=True)
class Decision:
    """What is reported of what was read."""

    tables: tuple[Table, ...]
    figures: tuple[Figure, ...]
    findings: tuple[Finding, ...]


def decide(
    reading: ReportReading,
    schema: Schema,
    settings: Settings,
    calibrator: Calibrator | None = None,
    answers: Answers | None = None,
) -> Decision:
    """Decode what was read and say how far it can be relied on; again after every answer.

    Args:
        reading: as the readers left it.
        schema: the form.
        settings: thresholds.
        calibrator: without one nothing has a probability.
        answers: what a person has decided.

    Raises:
        KeyError: an answer is about no table of the form, or no figure of the text.
    """
    told = answers or Answers()
    given = answered(reading.tables, told.cells)
    figures = answered_figures(reading.figures, told.figures)
    decoded = decode(given, schema, reading.last_year, is_joint=settings.joint_decoding)
    tables = flag(decoded, schema, settings, calibrator)
    said = check_statements(figures, tables, schema)
    agreed = agreements(figures, tables, schema)
    return Decision(
        tables,
        flag_figures(figures, agreed, settings, calibrator),
        (*(finding for table in decoded for finding in table.findings), *said),
    )


def _last_year(facts: ReportFacts, previous: Sequence[PriorReport]) -> Mapping[str, Decimal]:
    """What the same body stated the year before; empty if that is not among the given reports, or
    if two of them say so."""
    if facts.organization is None or facts.year is None:
        return {}
    name = canonical(facts.organization)
    found = [
        report.values
        for report in previous
        if report.year == facts.year - 1 and canonical(report.organization or "") == name
    ]
    return found[0] if len(found) == 1 else {}


def _on_upright_pages(reading: ReportReading, warps: Mapping[int, Warp]) -> ReportReading:
    """Say where everything is on the pages before they were made flat, which is what people see."""
    if not warps:
        return reading

    def there(evidence: Evidence) -> Evidence:
        warp = None if evidence.page is None else warps.get(evidence.page)
        if evidence.box is None or warp is None:
            return evidence
        return replace(evidence, box=on_page(evidence.box, warp))

    tables = [
        replace(
            table,
            candidates={
                slot: tuple(replace(c, evidence=there(c.evidence)) for c in candidates)
                for slot, candidates in table.candidates.items()
            },
            regions={slot: there(evidence) for slot, evidence in table.regions.items()},
        )
        for table in reading.tables
    ]
    figures = [replace(f, evidence=there(f.evidence)) for f in reading.figures]
    return replace(reading, tables=tuple(tables), figures=tuple(figures))


def _read_text(source: Source, run: _Run) -> tuple[Sheet, ...]:
    with run.stage("ingest"):
        return tokenize_blocks(ingest.read_blocks(source))


def _read_pages(
    source: Source, engines: Engines, settings: Settings, run: _Run
) -> tuple[tuple[Sheet, ...], tuple[float, ...], frozenset[int], Mapping[int, Warp]]:
    """Every page as a sheet, how each was turned, which were read from pixels, and how those that
    were bent have been made flat.

    A page that fails leaves a failure and no sheet; the others are not touched by it.
    """
    sheets: list[Sheet] = []
    rotations: list[float] = []
    scanned: set[int] = set()
    warps: dict[int, Warp] = {}
    deadline = time.monotonic() + settings.max_seconds
    with open_pages(source, settings) as pages:
        count = pages.count
        for number in range(1, count + 1):
            rotation = 0.0
            with run.barrier("ocr", number):
                if time.monotonic() > deadline:
                    raise InputTooLarge(
                        f"not read: the document took longer than {settings.max_seconds:.0f} s; "
                        "split it or raise EXTRACTOR_MAX_SECONDS"
                    )
                with run.stage("pages", number, count):
                    page = pages.read(number)
                lines = page.lines
                cells: tuple[Box, ...] = ()
                if lines is None:
                    scanned.add(number)
                    with run.stage("ocr", number, count):
                        page, lines = recognize_page(page, engines.ocr, settings)
                        if settings.ruled_lines:
                            cells = _ruled_cells(page, lines)
                    if page.warp is not None:
                        warps[number] = page.warp
                sheets += tokenize_page(page, lines, cells)
                rotation = page.rotation_deg
            rotations.append(rotation)
    return tuple(sheets), tuple(rotations), frozenset(scanned), warps


def _ruled_cells(page: Page, lines: Sequence[Line]) -> tuple[Box, ...]:
    """The cells between the ruled lines of a page that was read from pixels."""
    if page.image is None or not lines:
        return ()
    print_height = median(min(line.box.width, line.box.height) for line in lines)
    return find_ruling(page.image, print_height, [line.box for line in lines]).cells


def _prose(sheets: Sequence[Sheet]) -> list[Fragment]:
    """Everything outside of grids, in order: what is no prose bounds the paragraphs."""
    return [f for sheet in sheets if sheet.kind is not SheetKind.GRID for f in sheet.fragments]


def _texts(sheets: Sequence[Sheet]) -> list[str]:
    return [f.text for sheet in sheets for f in sheet.fragments if f.text]
