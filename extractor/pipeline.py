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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from extractor import ingest
from extractor.assemble import assemble
from extractor.calibrator import Calibrator
from extractor.cell_images import CellImages
from extractor.classify import classify, known_labels
from extractor.completeness import check_is_report, missing_parts, settled, status_of
from extractor.decode import decode
from extractor.decode.answers import (
    answered,
    answered_figures,
    confirmed,
    contested,
    reviewed,
    with_first_readings,
)
from extractor.engines import Engines
from extractor.facts import report_facts
from extractor.figure_flags import audited_figures, flag_figures, of_another_year
from extractor.figures import find_figures
from extractor.flag import audited, flag
from extractor.flatten import on_page
from extractor.page_readings import PageReading, read_pages
from extractor.previous import last_year
from extractor.prose import join_prose
from extractor.questions import questions
from extractor.reread import reread
from extractor.run import Progress, Run
from extractor.schema import Schema, load_schema
from extractor.settings import Settings
from extractor.statements import agreements, check_statements
from extractor.tokens import tokenize_blocks
from extractor.types import (
    Answers,
    Evidence,
    Extraction,
    Figure,
    Finding,
    Fragment,
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


def extract(
    source: Source,
    engines: Engines,
    settings: Settings,
    *,
    schema: Schema | None = None,
    previous: Sequence[PriorReport] = (),
    progress: Progress | None = None,
    pages: Sequence[PageReading] | None = None,
) -> Extraction:
    """Extract one report.

    Args:
        source: a document whose type is known (see `ingest.identify`).
        engines: loaded once a process.
        settings: limits and thresholds.
        schema: the form; the government-disclosure annual report if None.
        previous: reports that may hold last year's of the same body; others are not looked at.
        progress: told about every stage and page.
        pages: all pages of the document, where they have been read before.

    Returns:
        A result for every slot of the form. What could not be read is said in `failures`, and
        `status` is ACCEPTED only if nothing failed and nothing is doubtful.

    Raises:
        InputError: the document cannot be opened at all, or is no report of this form.
        ModelError: the models cannot be loaded.
    """
    schema = schema or load_schema()
    calibrator = engines.calibrator_for(schema, settings) if settings.calibration else None
    run = Run(progress or (lambda stage, page, pages: None))
    if source.kind.is_paged:
        if pages is None:
            pages = read_pages(source, engines, settings, run.progress)
        for page in pages:
            run.add(page.failures, page.seconds)
        sheets = tuple(sheet for page in pages for sheet in page.sheets)
    else:
        pages, sheets = (), _read_text(source, run)
    with run.stage("classify"):
        sheets = classify(
            sheets, schema, engines.token_classifier if settings.token_classifier else None
        )
    with run.stage("assemble"):
        assembly = assemble(sheets, schema, known_labels(schema))
    check_is_report(assembly, source, failed=bool(run.failures))
    cells = CellImages(source, pages, sheets, engines, settings)
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
        ReportReading(tuple(readings), figures, last_year(facts, previous), assembly.left_out),
        {page.number: page.warp for page in pages if page.warp is not None},
    )
    failures = (*run.failures, *missing_parts(assembly))
    read = Extraction(
        name=source.name,
        sha256=source.sha256,
        media_type=source.media_type,
        pages=len(pages),
        schema=schema.id,
        facts=facts,
        status=Status.FAILED,
        tables=(),
        figures=(),
        findings=(),
        failures=failures,
        models=engines.models,
        seconds=run.seconds,
        rotations=tuple(page.rotation_deg for page in pages),
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
    figures, findings, which report it is, status, and what to ask.

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
    failures = settled(extraction.failures, tables)
    return replace(
        extraction,
        facts=facts,
        tables=tables,
        figures=figures,
        findings=found.findings,
        status=status_of(facts, tables, figures, failures),
        failures=failures,
        questions=questions(tables, found.findings, figures, facts),
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
    decoded = [
        contested(one, schema.layout(one.reading.table, one.reading.layout), read, told.cells)
        for one, read in zip(
            decode(given, schema, reading.last_year, is_joint=settings.joint_decoding),
            reading.tables,
            strict=True,
        )
    ]
    flagged = flag(decoded, schema, settings, calibrator)
    shown = {cell.slot: cell.reading for table in flagged for cell in table.cells}
    sums = [one for table in decoded for one in table.findings]
    broken = confirmed(sums, told.confirmed, shown)
    tables = with_first_readings(reviewed(flagged, broken), reading.tables, told.cells)
    said = confirmed(check_statements(figures, tables, schema), told.confirmed, shown)
    agreed = agreements(figures, tables, schema)
    return Decision(tables, flag_figures(figures, agreed, settings, calibrator), (*broken, *said))


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
    left_out = tuple(replace(row, evidence=there(row.evidence)) for row in reading.left_out)
    return replace(reading, tables=tuple(tables), figures=tuple(figures), left_out=left_out)


def _read_text(source: Source, run: Run) -> tuple[Sheet, ...]:
    with run.stage("ingest"):
        return tokenize_blocks(ingest.read_blocks(source))


def _prose(sheets: Sequence[Sheet]) -> list[Fragment]:
    """Everything outside of grids, in order: what is no prose bounds the paragraphs."""
    return [f for sheet in sheets if sheet.kind is not SheetKind.GRID for f in sheet.fragments]


def _texts(sheets: Sequence[Sheet]) -> list[str]:
    return [f.text for sheet in sheets for f in sheet.fragments if f.text]
