"""What the database did not keep of results when they were written, because an earlier version of
the program wrote them, taken from the results themselves."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, sessionmaker

from extractor.service.catalog import HAS_RESULT
from extractor.service.database import UNAVAILABLE, reason_of
from extractor.service.logs import about
from extractor.service.open_questions import queue
from extractor.service.renewal import filled, is_of_today
from extractor.service.tables import Document
from extractor.service.tasks import result_name
from extractor.service.value_tables import CellRow, keep_values

log = logging.getLogger(__name__)


def fill(session_of: sessionmaker[Session], folder_of: Callable[[Document], Path]) -> int:
    """Take values into the tables, and count what is to be answered, of documents for which that
    has not been done; returns how many these were.

    A result that is damaged is left as it is, and looked at again at the next start; so is the rest
    if the database does not answer any more.
    """
    is_filled = Document.id.in_(select(CellRow.document_id))
    query = select(Document, is_filled)
    query = query.where(HAS_RESULT, or_(~is_filled, Document.to_answer.is_(None)))
    with session_of() as session:
        found = session.execute(query).all()
    n_filled = 0
    for document, has_values in found:
        try:
            _fill(session_of, folder_of(document), document, has_values=has_values)
        except UNAVAILABLE as error:
            why = reason_of(error)
            log.warning("%d results wait for the next start: %s", len(found) - n_filled, why)
            break
        except Exception as error:  # whatever is in the file, the others are taken
            why = f"{type(error).__name__}: {reason_of(error)}"
            told = "its result is damaged, and not in the tables; extract it again: %s"
            log.warning(told, why, extra=about(document.id))
        else:
            n_filled += 1
    return n_filled


def _fill(
    session_of: sessionmaker[Session], folder: Path, document: Document, *, has_values: bool
) -> None:
    name = result_name("json", document.version, document.generation)
    content = (folder / name).read_bytes()
    today = content if is_of_today(content) else filled(content)
    result = json.loads(today, parse_float=Decimal)
    if "tables" not in result:  # else nothing would be left to answer
        raise ValueError("it has no tables")
    same = update(Document).where(Document.id == document.id, Document.version == document.version)
    with session_of.begin() as session:  # all of it, or nothing
        if not has_values:
            keep_values(session, document.id, result)
        line = queue(result)
        first = {} if document.question else _first(result, line)
        session.execute(same.values(to_answer=len(line), **first))


def _first(result: Mapping[str, Any], line: Sequence[str]) -> dict[str, Any]:
    """What is asked first, as the database keeps it (see `outcomes`)."""
    asked = result["questions"]
    if asked:
        return {"question": asked[0]["slot"], "settles": asked[0]["settles"]}
    return {"question": next(iter(line), None), "settles": 0.0}
