"""Decisions and what was done to documents, in words: for people who ask who did what, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from extractor.export.csv import plain
from extractor.export.json import finding_of
from extractor.export.telling import named
from extractor.review.audit_words import ACTION_WORDS
from extractor.review.slot_words import SlotWords, slot_words, table_titles, value_text
from extractor.review.words import (
    Say,
    cell_status_words,
    chance_text,
    finding_words,
    verdict_words,
)
from extractor.schema import TEXT, Schema
from extractor.service.answers import SEEN_WITH
from extractor.service.tables import Review
from extractor.types import FIGURES, FINDINGS, REPORT, CellStatus, Verdict

Json = Mapping[str, Any]

ACTIONS = {
    "value": ("更正数值", "value corrected"),
    "state": ("更正内容", "state corrected"),
    "confirmed": ("确认无误", "confirmed"),
    "reviewed": ("随勾稽问题核定", "reviewed with a finding"),
    "absent": ("确认正文无此数据", "said to be absent"),
    "report": ("更正机关或年度", "organisation or year"),
    "withdrawn": ("撤回决定", "withdrawn"),
    "undone": ("撤销上一决定", "undone"),
}
_RETENTION = "retention"
"""In place of a key where a document was removed because its time was up."""


@dataclass(frozen=True, slots=True)
class Told:
    """What something was, and what is to be said about that."""

    text: str
    note: str = ""


class TrailWords:
    """The words for one visitor."""

    def __init__(self, schema: Schema, keys: Mapping[str, str], say: Say) -> None:
        """`keys` are the names of keys by their ids."""
        self._schema = schema
        self._titles = table_titles(schema)
        self._slots: Mapping[str, SlotWords] = slot_words(schema)
        self._figures = {key.key: key.label for key in schema.figures}
        self._keys = keys
        self._say = say

    def who(self, key_id: str | None) -> Told:
        say = self._say
        if key_id is None:
            return Told(say("本机命令", "a command on the machine"))
        if key_id == _RETENTION:
            return Told(say("到期自动删除", "the time was up"))
        name = self._keys.get(key_id)
        return Told(key_id) if name is None else Told(name, key_id)

    def subject(self, subject: str, content: Json | None = None) -> Told:
        """What a decision is about; `content` is what was shown of it, if that is known."""
        say, content = self._say, content or {}
        group, _, name = subject.partition(".")
        if subject == REPORT:
            return Told(say("机关与年度", "organisation and year"))
        if group == FIGURES:
            label = self._figures.get(content.get("key", ""), "")
            return Told(label or say("正文数据", "key figure"), f"#{name}")
        if group == FINDINGS:
            return Told(say("勾稽问题", "finding"), self._finding(name, content))
        words = self._slots.get(subject)
        return Told(subject) if words is None else Told(words.both, self._titles[words.table])

    def about(self, act: Sequence[Review]) -> Told:
        """What decisions that were taken at once are about: the first one's cell, and how many."""
        first = self.subject(act[0].slot, act[0].before)
        more = len(act) - 1
        if not more:
            return first
        if act[0].slot.startswith(f"{FINDINGS}."):
            return self._with_cells(first, [one.slot for one in act[1:]])
        text = self._say(f"{first.text} 等 {more + 1} 格", f"{first.text} and {more} more cells")
        return Told(text, first.note)

    def _with_cells(self, finding: Told, slots: Sequence[str]) -> Told:
        """A finding with the cells whose review goes with it, by what tells them apart."""
        say, count = self._say, len(slots)
        known = [self._slots[slot] for slot in slots if slot in self._slots]
        is_row = len({words.row for words in known}) == 1
        names = say("、", ", ").join(words.column if is_row else words.row for words in known)
        return Told(
            say(f"{finding.text}，及其 {count} 格", f"{finding.text}, and {count} of its cells"),
            say(f"{finding.note}；其中：{names}", f"{finding.note}; these: {names}"),
        )

    def _finding(self, relation: str, content: Json) -> str:
        """What did not add up, as far as it was kept."""
        message = content.get("message", relation)
        kept = {"verdict": Verdict.UNDECIDED, "expected": None, "found": None, **content}
        told = {"relation": relation, "message": message, "cells": content.get("cells") or ()}
        finding = finding_of(kept | told)
        return finding_words(finding, self._schema, self._say)

    def action(self, review: Review) -> str:
        before, after = review.before or {}, review.after or {}
        is_same = review.action == "state" and before.get("state") == after.get("state")
        return self._of(ACTIONS, "confirmed" if is_same else review.action)

    def event(self, action: str) -> str:
        return self._of(ACTION_WORDS, action)

    def _of(self, words: Mapping[str, tuple[str, str]], code: str) -> str:
        """Codes of later versions stand for themselves."""
        return self._say(*words.get(code, (code, code)))

    def before(self, review: Review) -> Told:
        """What was shown, and how sure anybody was of it."""
        return self._told(review.slot, review.before)

    def after(self, review: Review) -> Told:
        """What is so by the decision."""
        if review.after is None:
            return Told(self._say("恢复为识别结果", "what was read counts again"))
        return self._told(review.slot, review.after)

    def cell(self, cell: Json | None) -> Told:
        """A cell of a result, as one side of a difference."""
        if cell is None:
            return Told(self._say("（无此单元格）", "(no such cell)"))
        return Told(value_text(_exact(cell), cell["state"], self._say), self._standing(cell))

    def _told(self, subject: str, content: Json) -> Told:
        if subject == REPORT:
            unknown = self._say("（未识别）", "(unknown)")
            parts = (content.get("organization"), content.get("year"))
            return Told(self._say("，", ", ").join(str(part or unknown) for part in parts))
        if SEEN_WITH in content:
            text = value_text(_exact(content), content["state"], self._say)
            relation = content[SEEN_WITH].removeprefix(f"{FINDINGS}.")
            chinese, english = (named(relation, self._schema, one) for one in ("zh", "en"))
            note = self._say(f"核实{chinese}时核定", f"reviewed by confirming {english}")
            return Told(text, note)
        if subject.partition(".")[0] == FINDINGS:
            if content.get("confirmed") and subject.startswith(f"{FINDINGS}.{TEXT}."):
                return Told(self._say("原文如此，已核实", "so it is written, confirmed"))
            if content.get("confirmed"):
                return Told(self._say("报告自身差错，已核实", "the report's own error, confirmed"))
            return Told(verdict_words(Verdict(content["verdict"]), self._say))
        if content.get("is_stated") is False:
            return Told(self._say("正文无此数据", "not in the text"))
        value, state = _exact(content), content.get("state")
        if state is not None:
            text = value_text(value, state, self._say)
        else:
            text = "—" if value is None else plain(Decimal(value))
        return Told(f"{text} {content.get('unit') or ''}".strip(), self._standing(content))

    def _standing(self, content: Json) -> str:
        """How sure anybody is of something that a result says; "" for what was decided."""
        status, probability = content.get("status"), content.get("probability")
        parts = []
        if status is not None:
            parts.append(cell_status_words(CellStatus(status), self._say))
        if probability is not None:
            share = chance_text(float(probability), 2)
            parts.append(self._say(f"可信度 {share}", f"probability {share}"))
        return self._say("，", ", ").join(parts)


def _exact(content: Json) -> str | None:
    value = content.get("value")
    return None if value is None else str(value)
