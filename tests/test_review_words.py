"""Words of the pages, and the rows that are made of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

import extractor
from extractor.export.words import FLAG
from extractor.ingest import sniff
from extractor.review.audit_words import ACTION_WORDS, told
from extractor.review.document_list import Filter
from extractor.review.document_rows import STAGES, row_of, share_of, stage_words
from extractor.review.help_words import FLAG_GROUPS
from extractor.review.problem_words import PROBLEM_WORDS, SKIPPED_WORDS, problem_words
from extractor.review.settings_words import (
    GROUPS,
    SETTINGS_WORDS,
    exact_share_text,
    meaning_of,
    name_of,
    size_text,
    value_of,
)
from extractor.review.visitor import Visitor
from extractor.review.words import chance_text, flag_words, share_text
from extractor.service.auth import Keys
from extractor.service.models import StatusFilter
from extractor.service.problems import PROBLEMS
from extractor.service.tables import AuditEntry, Document, DocumentState, Role
from extractor.service.tasks import Order, ReadAhead, ReadPage
from extractor.settings import Settings
from tests.test_service import NoJobs, running, store_of

ROOT = Path(extractor.__file__).parent
HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """An administrator who reads Chinese."""
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    with running(settings, NoJobs) as client:
        service = client.app.state.service  # type: ignore[attr-defined]
        yield of_role(service, Keys(store_of(client)).create("张三", Role.ADMIN))


def of_role(service: Any, key: str) -> Visitor:
    token, signed = service.sessions.begin(service.keys.check(key))
    return Visitor(service, token, signed, is_english=False, root="/review", base="")


def texts(pattern: str, *paths: str) -> set[str]:
    """What a pattern finds in the code of the product."""
    sources = (file for path in paths for file in ROOT.glob(path))
    return {text for file in sources for text in re.findall(pattern, file.read_text())}


# --- tables of words ----------------------------------------------------------------------------


def test_every_problem_has_words(visitor: Visitor) -> None:
    assert set(PROBLEMS) - set(PROBLEM_WORDS) == set()
    assert all(HAN.search(words) for words in PROBLEM_WORDS.values())
    assert problem_words("of_a_later_version", visitor.say) == PROBLEM_WORDS["internal_error"]
    assert problem_words("busy", replace(visitor, is_english=True).say).isascii()


def test_every_reason_for_passing_a_file_over_has_words() -> None:
    reasons = texts(r'(?:return|else|refusal=) ?"([^"]+)"', "ingest/archive.py")
    reasons |= {noun for _, noun in sniff._FOREIGN}
    reasons |= {sniff._WEB_ARCHIVE, *texts(r'_refused\("([^"]+)"\)', "ingest/sniff.py")}
    assert set(SKIPPED_WORDS) == reasons


def test_every_stage_has_words() -> None:
    told = set(get_args(Order)) - {ReadPage, ReadAhead}  # a page is said as what it takes
    orders = {one.__name__.lower() for one in told}
    reported = texts(r'(?:stage|report)\("(\w+)"', "*.py", "service/extracting.py")
    assert {"ocr", "decode"} <= reported
    assert {"start", *orders, *reported} <= set(STAGES)


def test_every_action_of_the_trail_has_words() -> None:
    written = texts(r'(?:action=|AuditEntry\.about\()"(\w+)"', "service/*.py")
    queued = texts(r'_queue_again\(\s*document_id,\s*DocumentState\.\w+,\s*"(\w+)"', "service/*.py")
    assert set(ACTION_WORDS) == written | queued


def test_every_flag_is_explained() -> None:
    codes = [code for _, group in FLAG_GROUPS.values() for code in group]
    assert sorted(codes) == sorted(FLAG)
    for code in codes:
        assert HAN.search(flag_words(code, lambda chinese, _: chinese))
        assert flag_words(code, lambda _, english: english)
    assert flag_words("of_later", lambda _, english: english) == "of later"


# --- settings -----------------------------------------------------------------------------------


def test_settings_are_named_and_told(visitor: Visitor) -> None:
    names = [name for group in GROUPS.values() for name in group]
    assert sorted(names) == sorted(SETTINGS_WORDS)
    english = replace(visitor, is_english=True)
    for name in names:
        assert HAN.search(name_of(name, visitor) + meaning_of(name, visitor))
        assert meaning_of(name, english) == Settings.model_fields[name].description
        assert value_of(name, Settings(), visitor)
    assert value_of("max_risk", Settings(max_risk=0.00025), visitor) == "0.025 %"
    assert value_of("calibration", Settings(), english) == "yes"
    assert value_of("max_seconds", Settings(), visitor) == "600 秒"


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1536, "1.5 KiB"),
        (200 * 2**20, "200 MiB"),
        (2**50, "1024 TiB"),
    ],
)
def test_sizes(n_bytes: int, text: str) -> None:
    assert size_text(n_bytes) == text


@pytest.mark.parametrize(("share", "text"), [(0, "0 %"), (0.95, "95 %"), (9.614e-5, "0.0096 %")])
def test_shares(share: float, text: str) -> None:
    assert exact_share_text(share) == text


def test_shares_are_not_rounded_to_all_or_nothing() -> None:
    shares = (None, 0, 0.0001, 0.5, 0.9996, 0.99999, 1)
    assert [share_text(one) for one in shares] == [
        *("—", "0%", "<0.1%", "50.0%", ">99.9%", ">99.9%", "100%")
    ]
    assert share_text(0.99987, 2) == "99.99%"


def test_a_probability_is_never_nothing_and_never_all() -> None:
    told = [chance_text(one) for one in (None, 0.0, 0.5, 0.9999, 1.0)]
    assert told == ["—", "<0.1%", "50.0%", ">99.9%", ">99.9%"]
    assert chance_text(1.0, 2) == ">99.99%"


# --- the trail ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (
            AuditEntry(key_id="k1", action="uploaded", document_id="d", name="a b.pdf"),
            ("李四", "上传文件", "a b.pdf"),
        ),
        (
            AuditEntry(key_id=None, action="key_created", name="k2 uploader 赵 六"),
            ("命令行或服务本身", "新建密钥", "赵 六（上传员）"),
        ),
        (
            AuditEntry(key_id="retention", action="removed", document_id="d", name="a.pdf"),
            ("到期自动清理", "移除文件", "a.pdf"),
        ),
        (
            AuditEntry(key_id="k9", action="webhook_created", name="w1 office.example"),
            ("k9", "添加通知地址", "office.example"),
        ),
    ],
)
def test_entries_of_the_trail(
    visitor: Visitor, entry: AuditEntry, words: tuple[str, str, str]
) -> None:
    found = told(entry, {"k1": "李四"}, visitor)
    assert (found.who, found.action, found.about) == words


# --- rows ---------------------------------------------------------------------------------------


def document(state: DocumentState, **values: Any) -> Document:
    now = datetime.now(UTC)
    given = {
        "number": 1,
        "id": "d1",
        "name": "年报.pdf",
        "state": state,
        "page": 0,
        "pages": 0,
        "created_at": now,
        "started_at": now,
        "finished_at": now + timedelta(seconds=9),
    }
    return Document(**given | values)


def done(state: DocumentState = DocumentState.DONE, **values: Any) -> Document:
    """With a result of five pages."""
    given = {"media_type": "application/pdf", "status": "needs_review", "rotations": [0.0] * 5}
    return document(state, **given | {"to_answer": 2, "findings": 0} | values)


def actions(row: dict[str, Any]) -> list[str]:
    return [action["name"] for action in row["actions"]]


def test_a_row_of_a_finished_document(visitor: Visitor) -> None:
    row = row_of(done(organization="东湾市民政局", year=2024), visitor)
    assert (row["state"], row["look"], row["note"]) == ("需人工复核", "doubt", "5 页，用时 9 秒")
    assert (row["toAnswer"], row["findings"], row["year"]) == (2, 0, 2024)
    assert row["href"] == "/review/documents/d1"
    assert [link["href"] for link in row["links"]] == [
        "/review/documents/d1",
        "/review/documents/d1/trail",
        *(f"/api/v1/documents/d1/export?format={name}" for name in ("xlsx", "csv", "json")),
    ]
    assert actions(row) == ["extract", "remove"]
    english = row_of(done(rotations=[]), replace(visitor, is_english=True))
    assert (english["state"], english["note"]) == ("needs review", "text, 9 s")


def test_a_row_of_a_failed_document(visitor: Visitor) -> None:
    told = {"problem_code": "encrypted_input", "problem_detail": "年报.pdf: needs a password"}
    row = row_of(document(DocumentState.FAILED, status="failed", **told), visitor)
    assert (row["state"], row["look"], row["isBad"]) == ("提取失败", "bad", True)
    assert "密码" in row["note"]
    assert row["detail"] == told["problem_detail"]
    assert row["links"] == []
    assert row["href"] is None
    assert actions(row) == ["retry", "remove"]


def test_a_row_of_a_document_that_could_not_be_extracted_again(visitor: Visitor) -> None:
    row = row_of(done(problem_code="timed_out", problem_detail="after 750 s"), visitor)
    assert row["state"] == "需人工复核"
    assert row["note"].startswith("重新提取未成功，保留原结果：")
    assert row["links"]


def test_a_row_of_a_document_that_is_extracted_again_keeps_its_links(visitor: Visitor) -> None:
    row = row_of(done(DocumentState.RUNNING, stage="finish"), visitor)
    assert (row["state"], row["note"], row["look"]) == ("处理中", "整理文字", "")
    assert row["links"]
    assert actions(row) == ["cancel", "remove"]


def test_a_row_of_a_document_that_waits(visitor: Visitor) -> None:
    row = row_of(document(DocumentState.QUEUED, started_at=None, finished_at=None), visitor)
    assert (row["state"], row["share"]) == ("排队中", None)
    assert actions(row) == ["cancel", "remove"]


def test_what_others_may_do(visitor: Visitor) -> None:
    keys = visitor.service.keys
    found = {
        role: of_role(visitor.service, keys.create("某人", role))
        for role in (Role.UPLOADER, Role.REVIEWER)
    }
    rows = {role: row_of(done(), other) for role, other in found.items()}
    assert actions(rows[Role.UPLOADER]) == ["extract"]
    assert actions(rows[Role.REVIEWER]) == []
    assert rows[Role.UPLOADER]["links"][0]["text"] == "查看"
    assert rows[Role.REVIEWER]["links"][0]["text"] == "复核"


def test_progress_in_words_and_as_a_share(visitor: Visitor) -> None:
    running = DocumentState.RUNNING
    at = [
        document(running, stage=None),
        document(running, stage="open"),
        document(running, stage="ocr", page=1, pages=6),
        document(running, stage="pages", page=3, pages=6),
        document(running, stage="ocr", page=6, pages=6),
        document(running, stage="finish"),
        document(running, stage="decode"),
        document(running, stage="carry"),
    ]
    assert stage_words(at[3], visitor) == "读取页面（第 3/6 页）"
    assert stage_words(at[2], replace(visitor, is_english=True)) == (
        "Reading the print (page 1 of 6)"
    )
    shares = [share_of(one) for one in at]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] < 1
    assert stage_words(document(running, stage="of_a_later_version"), visitor) == "处理中"


# --- filters ------------------------------------------------------------------------------------


def test_filters_as_they_stand_in_an_address() -> None:
    assert not Filter.of("", " ", "")
    assert Filter.of("splendid", "", "now") == Filter()
    assert Filter.of("", "", "²⁰²⁴") == Filter()
    found = Filter.of("needs_review", " 民政 ", " 2024 ")
    assert found == Filter(StatusFilter.NEEDS_REVIEW, "民政", 2024)
    assert found.query == {
        "state": None,
        "status": "needs_review",
        "organization": "民政",
        "year": 2024,
    }
    assert Filter.of("queued", "", "").query["state"] is DocumentState.QUEUED
