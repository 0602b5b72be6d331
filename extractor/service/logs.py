"""The log of the service: a line, or one JSON object a line, with the id of the document or of the
request that it is about.

What others sent may be in it (addresses, names of files), so nothing of it can begin a line of its
own or do something to a terminal: what is not printable is escaped.
"""

from __future__ import annotations

import json
import logging
import math
import sys
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

_FIELDS = ("document", "request")
_KIND, _AGAIN_SECONDS = 32, 30.0
"""So many characters at the beginning tell what a message is about, and it is said again after so
long."""


def about(document_id: str) -> dict[str, Any]:
    """`extra=` of a log call about a document."""
    return {"document": document_id}


def configure(format: Literal["text", "json"]) -> None:
    """Let everything from INFO on go to stderr."""
    handler = _Stderr()
    handler.setFormatter(_Json() if format == "json" else _Text())
    handler.addFilter(_is_no_connection)
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # addresses of webhooks may be secrets
    logging.getLogger("alembic").setLevel(logging.WARNING)
    workflows = logging.getLogger("dbos")  # has a handler of its own otherwise
    workflows.handlers[:] = [handler]
    workflows.filters[:] = [_Brief()]
    workflows.propagate = False


def _is_no_connection(record: logging.LogRecord) -> bool:
    """Leave out what the server says of the connections of pages: the addresses name open pages,
    and whoever can name one could act in it."""
    is_about = isinstance(record.msg, str) and record.msg.startswith(
        ('%s - "WebSocket', "connection ")
    )
    return not (record.name == "uvicorn.error" and is_about)


class _Brief(logging.Filter):
    """Says once in a while what would be said ten times a second, with a stack trace, for as long
    as the database is away."""

    def __init__(self) -> None:
        super().__init__()
        self._said_at: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = record.getMessage().partition("\n")[0], None
        kind = str(record.msg)[:_KIND]
        now = record.created
        if now - self._said_at.get(kind, -math.inf) < _AGAIN_SECONDS:
            return False
        self._said_at[kind] = now
        return True


class _Stderr(logging.StreamHandler[TextIO]):
    """To whatever stderr is at the moment: somebody may exchange it, and close the old one."""

    @property
    def stream(self) -> TextIO:
        return sys.stderr

    @stream.setter
    def stream(self, stream: TextIO) -> None:
        pass


class _Text(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        named = [f" [{name} {found}]" for name, found in _named(record).items()]
        return escaped(super().formatMessage(record) + "".join(named))

    def formatException(self, exc_info: Any) -> str:
        """Its lines are indented, so that none looks like one of the log."""
        lines = super().formatException(exc_info).splitlines()
        return "\n".join(f"    {escaped(line)}" for line in lines)


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        content = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_named(record),
        }
        if record.exc_info:
            content["trace"] = self.formatException(record.exc_info)
        return escaped(json.dumps(content, ensure_ascii=False))


def escaped(text: str) -> str:
    """A text in which what is not printable stands as JSON writes it (`\\n`, `\\u001b`)."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else json.dumps(sign)[1:-1] for sign in text)


def _named(record: logging.LogRecord) -> dict[str, str]:
    return {name: str(getattr(record, name)) for name in _FIELDS if hasattr(record, name)}
