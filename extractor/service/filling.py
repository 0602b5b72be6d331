"""What the database did not keep of results when they were written, because an earlier version of
the program wrote them, taken from the results themselves."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, sessionmaker

from extractor.service.catalog import HAS_RESULT
from extractor.service.open_questions import queue
from extractor.service.renewal import filled, is_of_today
from extractor.service.tables import Document
from extractor.service.tasks import result_name
from extractor.service.value_tables import CellRow, keep_values

log = logging.getLogger(__name__)


def fill(session_of: sessionmaker[Session], folder_of: Callable[[Document], Path]) -> int:
    """Take values into the tables, and count what is to be answered, of documents for which that
    has not been done; returns how many these were."""
    is_filled = Document.id.in_(select(CellRow.document_id))
    query = select(Document).where(HAS_RESULT, or_(~is_filled, Document.to_answer.is_(None)))
    with session_of() as session:
        found = session.scalars(query).all()
    n_filled = 0
    for document in found:
        name = result_name("json", document.version, document.generation)
        try:
            content = (folder_of(document) / name).read_bytes()
            today = content if is_of_today(content) else filled(content)
            result = json.loads(today, parse_float=Decimal)
        except (OSError, ValueError) as error:
            log.warning("%s cannot be taken into the tables: %s", document.id, error)
            continue
        same = update(Document).where(
            Document.id == document.id, Document.version == document.version
        )
        with session_of.begin() as session:
            keep_values(session, document.id, result)
            session.execute(same.values(to_answer=len(queue(result))))
        n_filled += 1
    return n_filled
