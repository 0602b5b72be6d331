"""Scores of the peers as tables: rows of texts, aligned for a terminal or in Markdown."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from eval.peers.scoring import PeerScore, compared

Rows = list[list[str]]
"""The first row is the header, the first column the row's name."""

REFERENCE = "ours"


def summary_rows(scores: Sequence[PeerScore]) -> Rows:
    """One row a peer."""
    reference = compared(scores, REFERENCE)
    rows = [
        [
            "reader",
            "documents",
            "with a table",
            "cells exact",
            "silent",
            "s a page",
            "processor s",
            "failed",
            "this extractor there",
        ]
    ]
    for item in scores:
        rows.append(
            [
                item.title,
                str(len(item.documents)),
                str(item.with_table),
                percent(item.exact()),
                percent(item.silent),
                number(item.seconds_per_page),
                number(item.processor_s_per_page),
                str(len(item.failures)),
                percent(reference.get(item.name)),
            ]
        )
    return rows


def condition_rows(scores: Sequence[PeerScore]) -> Rows:
    """Exact cells, one row a condition, one column a peer; "-" where it reads none of them."""
    shares = [item.by_condition() for item in scores]
    conditions = sorted({condition for share in shares for condition in share})
    counts = {
        condition: max(sum(d.condition == condition for d in item.documents) for item in scores)
        for condition in conditions
    }
    rows = [["condition", "documents", *(item.title for item in scores)]]
    for condition in conditions:
        cells = [percent(share.get(condition)) for share in shares]
        rows.append([condition, str(counts[condition]), *cells])
    return rows


def aligned(rows: Rows) -> str:
    """Columns under each other: the first to the left, the others to the right."""
    widths = [max(_width(row[j]) for row in rows) for j in range(len(rows[0]))]
    lines = []
    for row in rows:
        first, *others = (" " * (w - _width(text)) for text, w in zip(row, widths, strict=True))
        cells = [row[0] + first, *(pad + text for pad, text in zip(others, row[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines) + "\n"


def markdown(rows: Rows) -> str:
    header, *body = rows
    rule = ["---", *("---:" for _ in header[1:])]
    return "".join(f"| {' | '.join(row)} |\n" for row in (header, rule, *body))


def percent(share: float | None) -> str:
    """With two digits, and never 100 or 0 for a share that is not; "-" where there is none."""
    if share is None:
        return "-"
    text = f"{share * 100:.2f}"
    if text == "100.00" and share < 1:
        text = "99.99"
    if text == "0.00" and share > 0:
        text = "0.01"
    return f"{text} %"


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
