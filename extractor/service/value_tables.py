"""Tables of what the reports say as it is now, decisions included: pages, cells, figures, findings.

The result of a document is a file; these rows are its content, so that all reports can be asked
at once. They are written in the transaction that finishes the document, or takes a decision.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import JSON, Float, Index, String, delete, false, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from extractor.service.tables import Base

Result = Mapping[str, Any]
"""The public format of `docs/results.md`."""


class PageRow(Base):
    """A page of a document, counting from 1, and how it was turned to be upright."""

    __tablename__ = "pages"

    document_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    rotation_deg: Mapped[float] = mapped_column(Float)


class CellRow(Base):
    """A slot of the form; `value` as the digits of an exact number, None where there is none."""

    __tablename__ = "cells"

    document_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    slot: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str | None]
    state: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    probability: Mapped[float | None] = mapped_column(Float)
    page: Mapped[int | None]

    __table_args__ = (Index("ix_cells_slot", "slot"),)


class FigureRow(Base):
    """A key figure of the text; `number` is its id in the result."""

    __tablename__ = "figures"

    document_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(index=True)
    value: Mapped[str | None]
    unit: Mapped[str | None]
    exactness: Mapped[str] = mapped_column(String(16))
    scope: Mapped[str | None]
    status: Mapped[str] = mapped_column(String(16))
    probability: Mapped[float | None] = mapped_column(Float)
    page: Mapped[int | None]


class FindingRow(Base):
    """Something in a report that does not fit together."""

    __tablename__ = "findings"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    document_id: Mapped[str] = mapped_column(String(36), index=True)
    relation: Mapped[str] = mapped_column(index=True)
    verdict: Mapped[str] = mapped_column(String(16), index=True)
    message: Mapped[str]
    expected: Mapped[str | None]
    found: Mapped[str | None]
    is_confirmed: Mapped[bool] = mapped_column(default=False, server_default=false())
    comment: Mapped[str | None]
    cells: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    """Its slots; None of a version that did not keep them."""


_TABLES = (PageRow, CellRow, FigureRow, FindingRow)


def forget_values(session: Session, document_id: str) -> None:
    """Remove the rows of a document."""
    for table in _TABLES:
        session.execute(delete(table).where(table.document_id == document_id))


def keep_values(session: Session, document_id: str, result: Result) -> None:
    """Put the content of a result in place of whatever there was of its document."""
    forget_values(session, document_id)
    rows = {
        PageRow: _pages(result),
        CellRow: _cells(result),
        FigureRow: _figures(result),
        FindingRow: _findings(result),
    }
    for table, found in rows.items():
        values = [{"document_id": document_id, **row} for row in found]
        if values:
            session.execute(insert(table), values)


def _pages(result: Result) -> Iterator[dict[str, Any]]:
    for number, rotation in enumerate(result.get("document", {}).get("rotations", ()), start=1):
        yield {"number": number, "rotation_deg": float(rotation)}


def _cells(result: Result) -> Iterator[dict[str, Any]]:
    for table, content in result.get("tables", {}).items():
        for name, cell in content.get("cells", {}).items():
            yield {
                "slot": f"{table}.{name}",
                "value": _digits(cell.get("value")),
                "state": cell.get("state", "missing"),
                "status": cell.get("status", "flagged"),
                "probability": _float(cell.get("probability")),
                "page": (cell.get("evidence") or {}).get("page"),
            }


def _figures(result: Result) -> Iterator[dict[str, Any]]:
    for i, figure in enumerate(result.get("figures", ())):
        yield {
            "number": figure.get("id", i),  # early results have none
            "key": figure["key"],
            "value": _digits(figure["value"]),
            "unit": figure.get("unit"),
            "exactness": figure.get("exactness", "exact"),
            "scope": figure.get("scope"),
            "status": figure.get("status", "flagged"),
            "probability": _float(figure.get("probability")),
            "page": (figure.get("evidence") or {}).get("page"),
        }


def _findings(result: Result) -> Iterator[dict[str, Any]]:
    for finding in result.get("findings", ()):
        yield {
            "relation": finding["relation"],
            "verdict": finding["verdict"],
            "message": finding["message"],
            "expected": _digits(finding["expected"]),
            "found": _digits(finding["found"]),
            "is_confirmed": finding.get("confirmed", False),
            "comment": finding.get("comment"),
            "cells": finding.get("cells"),
        }


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _digits(value: Any) -> str | None:
    return None if value is None else str(value)
