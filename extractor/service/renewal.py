"""Results that an earlier version of the program wrote, in the form of today's.

The first results did not say what to ask a person, nor which findings are confirmed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from extractor.types import FIGURES, CellStatus


def is_of_today(content: bytes) -> bool:
    """Whether a result, as JSON, has all that a result has today."""
    return b'"questions":' in content  # no text in it can look so: its quotes have backslashes


def filled(content: bytes) -> bytes:
    """A result as it is, with what can be said without deciding it again: what is flagged is asked
    in the order of the form, and no finding is confirmed."""
    result = json.loads(content)
    asked = [{"slot": slot, "settles": 0.0, "frees": [], "cells": []} for slot in _flagged(result)]
    findings = [{**one, "confirmed": False} for one in result.get("findings", ())]
    whole = {**result, "findings": findings, "questions": asked}
    return (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


def _flagged(result: Mapping[str, Any]) -> Iterator[str]:
    for table, content in result.get("tables", {}).items():
        for name, cell in content["cells"].items():
            if cell.get("status") == CellStatus.FLAGGED:
                yield f"{table}.{name}"
    for place, figure in enumerate(result.get("figures", ())):
        if figure.get("status") == CellStatus.FLAGGED:
            yield f"{FIGURES}.{figure.get('id', place)}"
