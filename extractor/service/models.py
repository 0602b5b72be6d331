"""What the service answers, as it stands in its OpenAPI document. Only shapes; no behaviour."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from extractor.export.json import number
from extractor.service.problems import ProblemType, problem_of
from extractor.service.tables import Document, DocumentState
from extractor.service.value_tables import FindingRow
from extractor.types import Status, Verdict

_ID = "1f0c9a52-6f0d-4a5e-9a4c-0d6f5e2f7b11"
_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


Number = int | float


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StatusFilter(StrEnum):
    """The state of a document that is not finished, else the status of its extraction."""

    QUEUED = "queued"
    RUNNING = "running"
    ACCEPTED = "accepted"
    NEEDS_REVIEW = "needs_review"
    PARTIAL = "partial"
    FAILED = "failed"


class ExportFormat(StrEnum):
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


class DatasetFormat(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"


# --- errors and health -------------------------------------------------------------------------


class ProblemModel(BaseModel):
    """RFC 9457. Decide on `code`; `detail` says what, where and what to do."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {
                "type": "urn:extractor:problem:document_unknown",
                "title": "There is no such document",
                "status": 404,
                "detail": f"no document has the id {_ID!r}; it may have been removed",
                "code": "document_unknown",
                "instance": f"/api/v1/documents/{_ID}",
                "request_id": "5e0f2f6f9d7c4a0e",
            }
        },
    )

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str
    request_id: str | None = None


class Health(Model):
    status: Literal["ok"] = "ok"


class Readiness(Health):
    differing: Sequence[str] = Field(
        description="Settings and models that the processes at work do not all have alike, by name;"
        " results then depend on which of them takes a document."
    )


# --- documents ---------------------------------------------------------------------------------


class FailureModel(Model):
    """Why a document has no extraction."""

    code: str
    title: str
    detail: str


class UploadedDocument(Model):
    id: str
    name: str
    sha256: str
    state: DocumentState
    is_new: bool = Field(description="False: the same bytes were uploaded before; no second run.")
    problem: FailureModel | None = Field(
        None, description="Why that run failed; `POST …/retry` tries it again."
    )

    @classmethod
    def of(cls, document: Document, *, is_new: bool) -> UploadedDocument:
        return cls(
            id=document.id,
            name=document.name,
            sha256=document.sha256,
            state=DocumentState(document.state),
            is_new=is_new,
            problem=_failure(document),
        )


class RefusedFile(Model):
    name: str
    code: str
    detail: str


class SkippedFile(Model):
    name: str
    reason: str


class UploadAnswer(Model):
    """Every file of the upload, and of the archives in it, stands in exactly one list."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "documents": [
                    {
                        "id": _ID,
                        "name": "reports.zip/2024.pdf",
                        "sha256": _SHA256,
                        "state": "queued",
                        "is_new": True,
                        "problem": None,
                    }
                ],
                "refused": [
                    {
                        "name": "reports.zip/empty.pdf",
                        "code": "corrupt_input",
                        "detail": "reports.zip/empty.pdf: the file is empty (0 bytes); …",
                    }
                ],
                "skipped": [{"name": "reports.zip/notes.csv", "reason": "data or source code"}],
            }
        }
    )

    documents: list[UploadedDocument]
    refused: list[RefusedFile]
    skipped: list[SkippedFile]


class ProgressModel(Model):
    stage: str
    page: int = Field(description="From 1; 0 where the stage has no pages.")
    pages: int


class DocumentModel(Model):
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": _ID,
                "name": "2024.pdf",
                "sha256": _SHA256,
                "size": 183042,
                "media_type": "application/pdf",
                "state": "done",
                "progress": None,
                "problem": None,
                "created_at": "2025-01-20T08:00:00Z",
                "started_at": "2025-01-20T08:00:01Z",
                "finished_at": "2025-01-20T08:00:09Z",
                "status": "needs_review",
                "organization": "某某市人民政府",
                "year": 2024,
                "edition": "2021",
                "pages": 5,
                "cells": 200,
                "flagged": 2,
                "findings": 1,
                "version": 0,
                "generation": 0,
            }
        }
    )

    id: str
    name: str
    sha256: str
    size: int = Field(description="Bytes of the file.")
    media_type: str | None = Field(description="By its content; null until it was extracted.")
    state: DocumentState
    progress: ProgressModel | None = Field(description="Only while it is running.")
    problem: FailureModel | None = Field(description="Only if it failed.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    status: Status | None = Field(description="Of the extraction; null until finished.")
    organization: str | None
    year: int | None
    edition: str | None
    pages: int | None = Field(description="0 for text inputs; null until done.")
    cells: int | None
    flagged: int | None = Field(description="Cells and figures that a person must look at.")
    findings: int | None
    version: int = Field(description="Counts decisions and generations; the extraction's ETag.")
    generation: int = Field(description="How often it was extracted again.")

    @classmethod
    def of(cls, document: Document) -> DocumentModel:
        state = DocumentState(document.state)
        return cls(
            id=document.id,
            name=document.name,
            sha256=document.sha256,
            size=document.size,
            media_type=document.media_type,
            state=state,
            progress=_progress(document),
            problem=_failure(document),
            created_at=document.created_at,
            started_at=document.started_at,
            finished_at=document.finished_at,
            status=Status(document.status) if document.status else None,
            organization=document.organization,
            year=document.year,
            edition=document.edition,
            pages=len(document.rotations or ()) if document.has_result else None,
            cells=document.cells,
            flagged=document.flagged,
            findings=document.findings,
            version=document.version,
            generation=document.generation,
        )


class DocumentList(Model):
    documents: list[DocumentModel]
    next_cursor: str | None = Field(description="`cursor` of the next page; null on the last one.")


def _number(digits: str | None) -> int | float | None:
    return number(None if digits is None else Decimal(digits))


class FindingItem(Model):
    """A finding, and whose report it is in; `/documents/{id}/extraction` has its cells."""

    document_id: str
    document: str
    organization: str | None
    year: int | None
    relation: str
    verdict: Verdict
    message: str
    expected: int | float | None
    found: int | float | None
    confirmed: bool = Field(description="A person says that the document states it so.")
    comment: str | None = Field(None, description="What that person has noted.")
    cells: list[str] | None = Field(None, description="Null where that was not kept.")

    @classmethod
    def of(cls, finding: FindingRow, document: Document) -> FindingItem:
        return cls(
            document_id=document.id,
            document=document.name,
            organization=document.organization,
            year=document.year,
            relation=finding.relation,
            verdict=Verdict(finding.verdict),
            message=finding.message,
            expected=_number(finding.expected),
            found=_number(finding.found),
            confirmed=finding.is_confirmed,
            comment=finding.comment,
            cells=finding.cells,
        )


class FindingList(Model):
    findings: list[FindingItem]
    next_cursor: str | None


def _progress(document: Document) -> ProgressModel | None:
    if document.state != DocumentState.RUNNING:
        return None
    return ProgressModel(stage=document.stage or "start", page=document.page, pages=document.pages)


def _failure(document: Document) -> FailureModel | None:
    if document.problem_code is None:
        return None
    problem: ProblemType = problem_of(document.problem_code)
    return FailureModel(
        code=problem.code, title=problem.title, detail=document.problem_detail or problem.title
    )
