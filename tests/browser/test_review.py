"""The review of a report in the browser: with the keyboard, in order, and nothing lost."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlparse

import pytest

from eval.drill.real import FIXTURES, Office, office
from extractor.client import ApiError
from tests.browser.conftest import DOCUMENTS, DONE, Visit

if TYPE_CHECKING:
    from playwright.sync_api import Page, WebSocketRoute

TABLES = ("disclosure", "requests", "disputes")
BROKEN = "disputes.lawsuit_after_reconsideration.row_sum"


def subject(page: Page) -> str | None:
    """What is looked at."""
    found: str | None = page.locator(".question h2").first.get_attribute("data-subject")
    return found


def look(page: Page) -> None:
    """Wait until an answer is taken: nobody answers sooner what they have looked at."""
    page.locator(".question[data-ready=true]").wait_for()


def press(page: Page, key: str) -> None:
    """Press a key and wait until something else is looked at."""
    look(page)
    before = subject(page)
    page.keyboard.press(key)
    page.wait_for_function(
        "before => document.querySelector('.question h2').dataset.subject !== before", arg=before
    )


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The service as it is served, with all of its models."""
    with office(tmp_path_factory.mktemp("review") / "home") as found:
        yield found


@pytest.fixture(scope="module")
def planted_once(service: Office) -> str:
    """A scanned report: three numbers are damaged so that they are misread, and a total is printed
    that its parts do not add up to."""
    with service.client() as client:
        (one,) = client.upload([DOCUMENTS / "planted.pdf"]).documents
        return client.wait(one.id).id


@pytest.fixture
def planted(service: Office, planted_once: str) -> Iterator[str]:
    """The same without decisions, however it was left."""
    yield planted_once
    with service.client() as client:
        for slot in {one.slot for one in client.reviews(planted_once)}:
            with contextlib.suppress(ApiError):  # it is not decided (any more)
                client.decide(planted_once, slot, withdrawn=True)


@pytest.fixture
def removable(service: Office, tmp_path: Path) -> str:
    """A text that may be removed."""
    path = tmp_path / "年报.md"
    path.write_text(f"{DONE.read_text('utf-8')}\n（可删除）", "utf-8")
    with service.client() as client:
        (one,) = client.upload([path]).documents
        return client.wait(one.id).id


def test_a_report_is_reviewed_with_the_keyboard_alone(
    service: Office, visit: Visit, tmp_path: Path
) -> None:
    page = visit("")
    scan = tmp_path / "年报.pdf"
    # Other bytes are another document; what follows the end of a PDF means nothing.
    scan.write_bytes((DOCUMENTS / "planted.pdf").read_bytes() + b"\n%")
    page.locator("input[type=file]").first.set_input_files(scan)
    page.locator("tbody a.button", has_text="复核").press("Enter", timeout=180_000)
    page.locator(".question h2[data-subject]").wait_for()
    document_id = urlparse(page.url).path.split("/")[-1]
    truth = json.loads((DOCUMENTS / "planted.truth.json").read_text())["slots"]

    # Three were misread: one is as the sums had it repaired, two are what sums imply. One total is
    # printed so.
    while asked := subject(page):
        options = page.locator(".question .alternatives strong").all_inner_texts()
        if asked == f"findings.{BROKEN}":
            page.keyboard.press("c")
            page.keyboard.type("原件如此")
            page.keyboard.press("Enter")
            press(page, "Enter")
        elif asked.startswith(
            "findings."
        ):  # it is not the report that is wrong: look at the number
            press(page, str(1 + options.index("74")))
        else:
            right, read = str(truth[asked]), page.locator(".question .read .value").inner_text()
            press(page, "Enter" if read == right else str(1 + options.index(right)))
    page.get_by_text("本报告已全部核对").wait_for()

    with page.expect_download() as download:
        page.get_by_role("link", name="JSON").press("Enter")
    exported = tmp_path / "exported.json"
    download.value.save_as(exported)
    result = json.loads(exported.read_text())
    cells = {
        f"{table}.{name}": cell
        for table in TABLES
        for name, cell in result["tables"][table]["cells"].items()
    }
    assert {slot: cell["value"] for slot, cell in cells.items()} == truth
    assert result["status"] == "accepted"
    (finding,) = result["findings"]
    assert (finding["relation"], finding["verdict"]) == (BROKEN, "reported")
    assert finding["confirmed"]
    with service.client() as client:
        trail = client.reviews(document_id)
    assert len({one.at for one in trail}) == 4  # the cells of the sum were reviewed with it
    assert [one.action for one in trail].count("reviewed") == 5
    assert {one.slot: one.comment for one in trail}[f"findings.{BROKEN}"] == "原件如此"


def test_what_is_looked_at_is_marked_on_the_page(planted: str, visit: Visit) -> None:
    page = visit(f"documents/{planted}")
    page.locator(".page-view .mark.current").first.wait_for()
    widths = page.locator(".page-view img").evaluate_all("all => all.map(one => one.naturalWidth)")
    assert widths
    assert min(widths) > 500


def test_linked_doubts_clear_before_the_eyes(planted: str, visit: Visit) -> None:
    page = visit(f"documents/{planted}?at=findings.{BROKEN}")
    flagged = page.locator("td.flagged")
    before = flagged.count()
    page.evaluate("window.isSamePage = true")
    press(page, "Enter")
    page.get_by_text(re.compile(r"（共 \d+ 格）|\d+ 格随之不再存疑")).wait_for()
    assert flagged.count() == before - 5
    assert page.evaluate("window.isSamePage")


def test_an_answer_can_always_be_undone(service: Office, planted: str, visit: Visit) -> None:
    page = visit(f"documents/{planted}")
    first = subject(page)
    with service.client() as client:
        before = client.extraction(planted)[0]
    press(page, "1")
    page.reload()  # also after the page was opened anew
    page.locator(".question h2[data-subject]").wait_for()
    press(page, "u")
    assert subject(page) == first
    with service.client() as client:
        after = client.extraction(planted)[0]
        actions = [one.action for one in client.reviews(planted)]
    assert after.tables == before.tables
    assert actions[-2:] == ["value", "undone"]


def test_what_is_typed_is_a_number_or_nothing(planted: str, visit: Visit) -> None:
    page = visit(f"documents/{planted}")
    first = subject(page)
    look(page)
    page.keyboard.press("=")
    page.keyboard.type("12a")
    page.keyboard.press("Enter")
    page.get_by_text("“12a”不是数字，未保存").wait_for()
    assert subject(page) == first
    assert page.locator("#typed").input_value() == "12a"
    page.keyboard.press("Escape")
    page.keyboard.press("=")
    page.keyboard.type("１４")
    press(page, "Enter")
    assert page.locator(f"[data-slot='{first}']").inner_text() == "14"


def test_two_reviewers_do_not_overwrite_each_other(
    service: Office, planted: str, visit: Visit
) -> None:
    mine = visit(f"documents/{planted}")
    slot = subject(mine)
    assert slot is not None
    with service.client() as client:
        client.decide(planted, slot, value=7)
    look(mine)
    mine.keyboard.press("1")
    mine.get_by_text("您的操作没有保存").or_(mine.get_by_text("他人已更新此报告")).first.wait_for()
    assert mine.locator(f"[data-slot='{slot}']").inner_text() == "7"
    with service.client() as client:
        assert client.reviews(planted)[-1].after.value == 7


def test_somebody_elses_answer_about_another_cell_hinders_nobody(
    service: Office, planted: str, visit: Visit
) -> None:
    page = visit(f"documents/{planted}")
    with service.client() as client:
        decisions = len(client.reviews(planted))
        other = next(slot for slot in _open(client, planted) if slot != subject(page))
        client.decide(planted, other, state="illegible")
    press(page, "1")
    with service.client() as client:
        assert len(client.reviews(planted)) == decisions + 2


def _open(client: Any, document_id: str) -> list[str]:
    return [one.slot for one in client.extraction(document_id)[0].questions]


def test_a_document_that_is_removed_is_said_to_be(
    service: Office, removable: str, visit: Visit
) -> None:
    page = visit(f"documents/{removable}")
    with service.client() as client:
        client.remove(removable)
    page.get_by_text("此文件已被删除").first.wait_for()
    page.reload()
    page.get_by_text("没有这份文件").wait_for()


def test_nothing_is_saved_while_the_connection_is_lost(
    service: Office, planted: str, visit: Visit
) -> None:
    page = visit(f"documents/{planted}")
    with service.client() as client:
        decisions = len(client.reviews(planted))
    look(page)
    page.evaluate("window.socket.disconnect()")
    page.keyboard.press("1")
    page.get_by_text("答案没有保存").wait_for()
    page.evaluate("window.socket.connect()")
    page.wait_for_function("window.socket.connected")
    press(page, "1")
    with service.client() as client:
        assert len(client.reviews(planted)) == decisions + 1


@pytest.mark.parametrize("width", [1280, 390])
def test_everybody_can_use_the_page(
    planted: str, visit: Visit, serious: Callable[[Page], list[str]], width: int
) -> None:
    page = visit(f"documents/{planted}", viewport={"width": width, "height": 900})
    page.locator("table.form").first.wait_for()
    assert serious(page) == []
    overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0


def test_english_is_a_switch(planted: str, visit: Visit) -> None:
    page = visit(f"documents/{planted}", english=True)
    page.get_by_text("Read as").wait_for()
    assert page.evaluate("document.documentElement.lang") == "en"


def test_another_language_keeps_the_question_and_what_was_typed(
    service: Office, planted: str, visit: Visit
) -> None:
    page = visit(f"documents/{planted}")
    first = subject(page)
    press(page, "j")
    asked = subject(page)
    look(page)
    page.keyboard.press("c")
    page.keyboard.type("1和7")
    page.keyboard.press("Enter")
    page.keyboard.press("=")
    page.keyboard.type("1234")
    page.get_by_role("button", name="English").click()
    page.get_by_text("Read as").wait_for()
    assert subject(page) == asked != first
    assert parse_qs(urlparse(page.url).query) == {"at": [asked]}
    assert page.locator("#typed").input_value() == "1234"
    assert page.locator("#comment").input_value() == "1和7"

    page.locator("#typed").fill("")
    page.locator("#comment").fill("")
    page.reload()
    page.get_by_text("Read as").wait_for()
    assert (subject(page), page.locator("#comment").input_value()) == (asked, "")


def test_who_may_not_review_may_look(service: Office, planted: str, visit: Visit) -> None:
    with service.http() as http:
        key = http.post("/keys", json={"name": "上传", "role": "uploader"}).json()["key"]
        before = len(http.get(f"/documents/{planted}/reviews").json()["reviews"])
    page = visit(f"documents/{planted}", key=key)
    page.get_by_text("您的密钥只能查看").wait_for()
    page.keyboard.press("1")
    assert page.locator(".question .actions button.main").is_disabled()
    assert page.get_by_role("link", name="下一份报告").count() == 0
    with service.http() as http:
        assert len(http.get(f"/documents/{planted}/reviews").json()["reviews"]) == before


def decisions(service: Office, document_id: str) -> int:
    with service.client() as client:
        return len(client.reviews(document_id))


def test_no_page_gives_a_key_more_than_its_role(
    service: Office, planted: str, visit: Visit
) -> None:
    """Whatever a browser sends: buttons that are off are no protection."""
    with service.http() as http:
        key = http.post("/keys", json={"name": "上传", "role": "uploader"}).json()["key"]
    before = decisions(service, planted)
    page = visit(f"documents/{planted}", key=key)
    page.evaluate(
        """() => {
            const card = getElement(document.querySelector(".question").id.slice(1));
            const seen = { subject: card.subject, version: card.version };
            card.$emit("act", { do: "alternative", number: 1, ...seen });
        }"""
    )
    page.get_by_text("您的密钥没有这项权限").wait_for()
    assert decisions(service, planted) == before


def test_what_is_being_typed_survives_what_others_do(
    service: Office, planted: str, visit: Visit
) -> None:
    page = visit(f"documents/{planted}")
    mine = subject(page)
    look(page)
    page.keyboard.press("=")
    page.keyboard.type("1")
    with service.client() as client:
        other = next(slot for slot in _open(client, planted) if slot != mine)
        client.decide(planted, other, state="illegible")
    page.get_by_text("他人已更新此报告").wait_for()
    page.keyboard.type("4")
    assert page.locator("#typed").input_value() == "14"
    press(page, "Enter")
    assert page.locator(f"[data-slot='{mine}']").inner_text() == "14"


def test_keys_in_quick_succession_answer_one_question(
    service: Office, planted: str, visit: Visit
) -> None:
    page = visit(f"documents/{planted}")
    before, first = decisions(service, planted), subject(page)
    look(page)
    for _ in range(4):
        page.keyboard.press("x")
    page.wait_for_function(
        "before => document.querySelector('.question h2').dataset.subject !== before", arg=first
    )
    page.keyboard.press("x")
    look(page)
    assert decisions(service, planted) == before + 1


def typed(page: Page) -> str:
    """What stands in the entry, once the keys go there."""
    page.wait_for_function("document.activeElement.id === 'typed'")
    return page.locator("#typed").input_value()


def trail_of(service: Office, document_id: str) -> list[tuple[str, str, str | None]]:
    """What was done to what, and what was so afterwards, in order."""
    with service.client() as client:
        return [
            (one.slot, one.action, str(getattr(one.after, "value", None)))
            for one in client.reviews(document_id)
        ]


@pytest.mark.parametrize(("number", "delay"), [("12", 60), ("12", 120), ("305", 90), ("1.5", 110)])
def test_what_is_typed_quickly_is_one_number(
    service: Office, planted: str, visit: Visit, number: str, delay: int
) -> None:
    """Also where its first digit is the key of an alternative: that answer is taken back, if it was
    taken at all (that a number is below zero is asked back)."""
    page = visit(f"documents/{planted}")
    slot, before = subject(page), trail_of(service, planted)
    options = page.locator(".question .alternatives strong").all_inner_texts()
    look(page)
    page.keyboard.type(number, delay=delay)
    page.wait_for_function(
        "number => document.querySelector('#typed')?.value === number", arg=number
    )
    assert (typed(page), subject(page)) == (number, slot)
    taken = options[int(number[0]) - 1]
    begun = [] if taken.startswith("-") else [(slot, "value", taken), (slot, "undone", "None")]
    assert trail_of(service, planted)[len(before) :] == begun
    if "." in number:
        page.keyboard.press("Enter")
        page.get_by_text("此处很少是 1.5 这样的数，没有保存").wait_for()
        return
    press(page, "Enter")
    assert trail_of(service, planted)[len(before) :] == [*begun, (slot, "value", number)]
    assert page.locator(f"[data-slot='{slot}']").inner_text() == number


def test_a_number_may_be_typed_with_its_enter_at_once(
    service: Office, planted: str, visit: Visit
) -> None:
    page = visit(f"documents/{planted}")
    slot, before = subject(page), decisions(service, planted)
    look(page)
    for key in ("1", "2", "Enter"):
        page.keyboard.press(key)
    page.wait_for_function(
        "slot => document.querySelector('.question h2').dataset.subject !== slot"
        " && document.querySelector(`[data-slot='${slot}']`).textContent === '12'",
        arg=slot,
    )
    look(page)
    assert page.locator(".question form.answer input").input_value() == ""
    made = trail_of(service, planted)[before:]
    assert [one[1] for one in made] == ["value", "undone", "value"]
    assert made[-1] == (slot, "value", "12")


@dataclass
class Held:
    """What the service sends to a page, kept back while `is_on`."""

    is_on: bool = False
    kept: list[Callable[[], None]] = field(default_factory=list)

    def __call__(self, page_side: WebSocketRoute) -> None:
        service_side = page_side.connect_to_server()
        page_side.on_message(service_side.send)
        service_side.on_message(lambda message: self._pass(page_side, message))

    def _pass(self, page_side: WebSocketRoute, message: str | bytes) -> None:
        if self.is_on:
            self.kept.append(lambda: page_side.send(message))
        else:
            page_side.send(message)

    def release(self) -> None:
        self.is_on = False
        while self.kept:
            self.kept.pop(0)()


@pytest.fixture
def held(planted: str, visit: Visit) -> tuple[Page, Held]:
    """The planted report on a page whose service may be made slow."""
    page, held = visit(f"documents/{planted}"), Held()
    page.route_web_socket(re.compile("_nicegui_ws"), held)
    page.reload()
    look(page)
    return page, held


def test_a_number_goes_on_while_the_first_answer_is_on_its_way(
    service: Office, planted: str, held: tuple[Page, Held]
) -> None:
    page, back = held
    slot, before = subject(page), decisions(service, planted)
    back.is_on = True
    page.keyboard.press("1")
    while decisions(service, planted) == before:
        page.evaluate("0")
    for key in ("2", "3", "4", "Backspace", "Enter", "5", "1", "Enter"):
        page.keyboard.press(key)  # after Enter it is another number, and comes too soon
    assert (subject(page), decisions(service, planted)) == (slot, before + 1)
    back.release()
    page.wait_for_function(
        "slot => document.querySelector(`[data-slot='${slot}']`).textContent === '123'", arg=slot
    )
    look(page)
    made = trail_of(service, planted)[before:]
    assert [(one[0], one[1]) for one in made] == [
        *((slot, "value"), (slot, "undone"), (slot, "value"))
    ]


def test_a_number_whose_first_answer_was_refused_stays_in_its_entry(
    service: Office, planted: str, held: tuple[Page, Held]
) -> None:
    page, back = held
    slot = subject(page)
    assert slot is not None
    back.is_on = True
    with service.client() as client:
        client.decide(planted, slot, value=7)
    before = decisions(service, planted)
    for key in ("1", "2", "Enter"):
        page.keyboard.press(key)
    back.release()
    page.wait_for_function("document.querySelector('#typed').value === '12'")
    page.get_by_text("他人已更新此报告").or_(page.get_by_text("没有保存")).first.wait_for()
    look(page)
    assert (typed(page), subject(page)) == ("12", slot)  # nobody has entered it for this value
    assert decisions(service, planted) == before


def test_a_digit_of_no_alternative_begins_a_number(
    service: Office, planted: str, visit: Visit
) -> None:
    page = visit(f"documents/{planted}")
    before, slot = decisions(service, planted), subject(page)
    look(page)
    page.keyboard.press("0")
    assert typed(page) == "0"
    page.keyboard.press("Escape")
    page.keyboard.press("9")
    assert typed(page) == "9"
    assert (decisions(service, planted), subject(page)) == (before, slot)


def test_digits_of_a_number_answer_no_other_question(
    service: Office, planted: str, visit: Visit
) -> None:
    """What is typed before a question was looked at is not taken, nor what follows at once."""
    page = visit(f"documents/{planted}")
    press(page, "j")
    before, slot = decisions(service, planted), subject(page)
    page.keyboard.type("1111111", delay=120)  # longer than a question is protected by itself
    look(page)
    assert (decisions(service, planted), subject(page)) == (before, slot)
    page.get_by_text("所按数字未采用").wait_for()


def test_a_number_that_cannot_be_taken_back_is_said_to_be(
    service: Office, planted: str, visit: Visit
) -> None:
    page = visit(f"documents/{planted}")
    slot, before = subject(page), decisions(service, planted)
    press(page, "1")
    page.evaluate("window.socket.disconnect()")
    page.keyboard.press("2")
    page.get_by_text("您输入的是“12”").wait_for()
    assert subject(page) != slot
    assert decisions(service, planted) == before + 1


def settle_but_one(service: Office, document_id: str) -> None:
    """Answer all questions but the first."""
    with service.client() as client:
        while len(left := _open(client, document_id)) > 1:
            client.decide(document_id, left[1], state="illegible")
        findings = [one for one in client.extraction(document_id)[0].findings if not one.confirmed]
        for one in findings:
            with contextlib.suppress(ApiError):  # its cells are settled first
                client.decide(document_id, f"findings.{one.relation}", confirmed=True)


def test_the_last_answer_may_have_been_a_number_too(
    service: Office, planted: str, visit: Visit
) -> None:
    settle_but_one(service, planted)
    page = visit(f"documents/{planted}")
    slot = subject(page)
    look(page)
    page.keyboard.type("12", delay=100)
    page.wait_for_function("document.querySelector('#typed')?.value === '12'")
    assert subject(page) == slot


def test_one_key_leads_to_the_next_report_that_has_questions(
    service: Office, planted: str, visit: Visit
) -> None:
    with service.client() as client:
        (other,) = client.upload([FIXTURES / "wrong-sums-2021__html_clean.html"]).documents
        client.wait(other.id)
    settle_but_one(service, planted)
    page = visit(f"documents/{planted}")
    look(page)
    page.keyboard.press("n")  # not before all is settled
    page.keyboard.press("x")
    page.get_by_text("本报告已全部核对").wait_for()
    look(page)
    page.keyboard.press("Enter")  # nor by one more of these
    page.get_by_role("link", name="下一份报告 N").wait_for()
    page.keyboard.press("n")
    page.wait_for_url(lambda address: planted not in address)
    page.locator(".question h2[data-subject]").wait_for()


@pytest.mark.parametrize("delay", [700, 1000])
@pytest.mark.parametrize("keys", ["14", "19", "1.5", "142"])
def test_what_is_typed_slowly_answers_no_other_question(
    service: Office, planted: str, visit: Visit, keys: str, delay: int
) -> None:
    """It is the same number, or nothing; whatever the second question has as its alternatives."""
    page = visit(f"documents/{planted}")
    slot, before = subject(page), trail_of(service, planted)
    options = page.locator(".question .alternatives strong").all_inner_texts()
    look(page)
    page.keyboard.type(keys, delay=delay)
    ignored = page.get_by_text("此键未采用").first
    ignored.or_(page.locator("#typed:focus")).first.wait_for()
    made = trail_of(service, planted)[len(before) :]
    assert {one[0] for one in made} <= {slot}
    if page.locator("#typed:focus").count():  # the page was slow: it is typed on
        assert (typed(page)[0], subject(page)) == ("1", slot)
        return
    assert made == [(slot, "value", options[0])]
    assert page.locator("#typed").input_value() == ""
    page.keyboard.press("Enter")
    look(page)
    assert len(trail_of(service, planted)) == len(before) + 1
    press(page, "u")
    assert subject(page) == slot


def test_what_is_typed_slowly_is_told_after_the_last_question_too(
    service: Office, planted: str, visit: Visit
) -> None:
    settle_but_one(service, planted)
    page = visit(f"documents/{planted}")
    look(page)
    page.keyboard.press("1")
    page.get_by_text("本报告已全部核对").wait_for()
    page.wait_for_function("getElement(document.querySelector('.question').id.slice(1)).isReady")
    page.keyboard.press("4")
    page.get_by_text("此键未采用").wait_for()


def test_a_number_that_breaks_a_sum_can_be_undone_by_its_key(
    service: Office, planted: str, visit: Visit
) -> None:
    """It stays in view, and the keys are those of the question again."""
    slot = "requests.granted.natural_person"
    page = visit(f"documents/{planted}?at={slot}")
    before = decisions(service, planted)
    look(page)
    page.keyboard.press("=")
    page.keyboard.type("987")
    page.keyboard.press("Enter")
    page.get_by_text("但与合计不符").wait_for()
    assert subject(page) == slot
    look(page)
    page.keyboard.press("u")
    page.get_by_text("已撤销").wait_for()
    assert page.locator("#typed").input_value() == ""
    assert trail_of(service, planted)[before:] == [
        *((slot, "value", "987"), (slot, "undone", "None"))
    ]


def test_a_click_leaves_no_answer_under_the_key(
    service: Office, planted: str, visit: Visit
) -> None:
    """Enter after a click means what it says on the question, not the button once more."""
    page = visit(f"documents/{planted}")
    look(page)
    page.get_by_role("button", name="无法辨认").click()
    page.get_by_text("已保存").first.wait_for()
    focused = page.evaluate("document.activeElement.dataset.subject ?? null")
    assert focused == subject(page)


def test_where_one_scrolls_keys_answer_nothing(service: Office, planted: str, visit: Visit) -> None:
    page = visit(f"documents/{planted}")
    before, first = decisions(service, planted), subject(page)
    look(page)
    for place in (".pane", ".tables", "td.value button[tabindex='0']"):
        page.locator(place).first.focus()
        keys = ("ArrowDown", "b", "1", "u") if place.startswith("td") else ("Space", "b", "1", "u")
        for key in keys:
            page.keyboard.press(key)
    assert (decisions(service, planted), subject(page)) == (before, first)


def test_a_page_of_an_ended_session_shows_nothing_new(
    service: Office, planted: str, visit: Visit
) -> None:
    with service.http() as http:
        made = http.post("/keys", json={"name": "借出", "role": "reviewer"}).json()
    page = visit(f"documents/{planted}", key=made["key"])
    with service.http() as http:
        http.delete(f"/keys/{made['id']}")
    page.get_by_label("访问密钥").wait_for()
    assert page.url.startswith(f"{service.address}/review/sign-in?next=/review/documents/")
    page.get_by_role("status").filter(has_text="密钥已被停用").wait_for()
    page.get_by_role("button", name="English").click()
    page.get_by_text("The key that you signed in with was revoked").wait_for()


def test_a_figure_that_was_said_to_be_absent_comes_back(service: Office, visit: Visit) -> None:
    with service.client() as client:
        (one,) = client.upload([DONE]).documents
        client.wait(one.id)
        result, _ = client.extraction(one.id)
        figure = result.figures[0]
        client.decide(one.id, f"figures.{figure.id}", absent=True)
    page = visit(f"documents/{one.id}")
    page.locator(".absent").get_by_role("button", name="撤回").click()
    page.locator(".absent").wait_for(state="detached")
    with service.client() as client:
        again, _ = client.extraction(one.id)
    assert [item.id for item in again.figures] == [item.id for item in result.figures]


def test_of_a_figure_it_is_said_what_is_confirmed_and_a_slip_asked_back(
    service: Office, visit: Visit
) -> None:
    with service.client() as client:
        (one,) = client.upload([DONE]).documents
        client.wait(one.id)
        figure = client.extraction(one.id)[0].figures[0]
    before = decisions(service, one.id)
    page = visit(f"documents/{one.id}?at=figures.{figure.id}")
    title = page.locator(".question h2").inner_text()
    page.get_by_role("button", name=f"是“{title}”，数字无误 Enter").wait_for()
    look(page)
    page.keyboard.press("=")
    page.keyboard.type("98765")
    page.keyboard.press("Enter")
    page.get_by_text("所在句子中没有 98765 这个数，没有保存").wait_for()
    assert decisions(service, one.id) == before


IN_VIEW = """(part) => {
    const [at, pane] = [part, part.closest(".tables")].map((e) => e.getBoundingClientRect());
    return pane.top <= at.top && at.bottom <= pane.bottom;
}"""


def test_a_figure_is_looked_at_beside_the_cells_that_state_the_same(
    service: Office, visit: Visit
) -> None:
    with service.client() as client:
        (one,) = client.upload([FIXTURES / "wrong-sums-2021__html_clean.html"]).documents
        client.wait(one.id)
        figures = {one.key: one.id for one in client.extraction(one.id)[0].figures}
    page = visit(f"documents/{one.id}?at=figures.{figures['reconsideration_cases']}")
    related = page.locator("table.form td.related")
    assert related.locator("button").get_attribute("data-slot") == "disputes.reconsideration.total"
    assert related.evaluate(IN_VIEW)
    # The tables say nothing of it: its sentence is in view.
    page.locator(".report-figures button").first.click()
    own = page.locator(".report-figures li.current", has_text="主动公开政府信息条数")
    own.wait_for()
    page.wait_for_function(f"part => ({IN_VIEW})(part)", arg=own.element_handle())
    assert related.count() == 0


def test_a_sum_names_the_cells_that_confirming_it_reviews(
    service: Office, planted: str, visit: Visit
) -> None:
    page = visit(f"documents/{planted}?at=findings.{BROKEN}")
    page.get_by_role("button", name="确认为报告自身差错，并核定 5 格").wait_for()
    page.get_by_text("共 5 格；确认即把其中带 ✓ 的 5 格记为已复核").wait_for()
    named = page.locator(".question .alternatives button, .question .others button")
    assert len(named.all()) == page.locator(".question .tick").count() == 5
    press(page, "Enter")
    with service.client() as client:
        cells = client.extraction(planted)[0].tables["disputes"].cells
    assert [one.status for one in cells.values()].count("reviewed") == 5


CROWDED = """() => {
    const card = getElement(document.querySelector(".question").id.slice(1));
    const why = "所在勾稽关系不平衡：新收政府信息公开申请数量的总计应为 157，实为 158，尚不能判定";
    card.question = {
        ...card.question,
        reasons: [1, 2, 3, 4, 5].map((n) => `${n} ${why}`),
        alternatives: [1, 2, 3, 4, 5, 6].map((n) => ({ text: `${n}`, source: "", chance: "" })),
    };
}"""
UNCUT = """(part) => {
    const [at, card] = [part, part.closest(".question")].map((e) => e.getBoundingClientRect());
    return card.top <= at.top && at.bottom <= Math.min(card.bottom, window.innerHeight);
}"""


def test_however_many_reasons_there_are_the_answers_are_in_view(
    planted: str, visit: Visit, serious: Callable[[Page], list[str]]
) -> None:
    page = visit(f"documents/{planted}", viewport={"width": 1366, "height": 768})
    look(page)
    page.evaluate(CROWDED)
    page.locator(".choices kbd", has_text="6").wait_for()
    answers = page.locator(".question .choices button, .question .actions button").all()
    assert len(answers) == 6 + 1 + 6
    assert all(answer.evaluate(UNCUT) for answer in answers)
    page.keyboard.press("=")
    page.locator("#typed:focus").wait_for()
    assert page.locator("#typed").evaluate(UNCUT)
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    page.locator("#comment:focus").wait_for()
    foot = page.locator(".question .foot").bounding_box()
    note = page.locator("#comment").bounding_box()
    assert foot is not None
    assert note is not None
    assert note["y"] + note["height"] <= foot["y"]
    assert serious(page) == []


def test_on_a_narrow_screen_the_question_stays_in_view(planted: str, visit: Visit) -> None:
    page = visit(f"documents/{planted}", viewport={"width": 390, "height": 800})
    look(page)
    assert page.evaluate("window.scrollY") == 0


def test_a_text_is_shown_with_its_tables_and_the_cell_marked(
    service: Office, visit: Visit, serious: Callable[[Page], list[str]]
) -> None:
    with service.client() as client:
        (one,) = client.upload([FIXTURES / "one-column-off-2021__docx_form.docx"]).documents
        client.wait(one.id)
        result, _ = client.extraction(one.id)
    at = "requests.new_received.total"
    path = f"documents/{one.id}?at={at}"
    page = visit(path, viewport={"width": 390, "height": 800})
    marked = page.locator(".original td.current")
    assert marked.inner_text() == result.tables["requests"].cells[at.partition(".")[2]].printed
    inside = marked.evaluate(
        """(cell) => {
            const [at, pane] = [cell, cell.closest(".pane")].map((e) => e.getBoundingClientRect());
            return pane.top <= at.top && at.bottom <= pane.bottom
                && pane.left <= at.left && at.right <= pane.right;
        }"""
    )
    assert inside
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert serious(page) == []
    figure = result.figures[0]
    page = visit(f"documents/{one.id}?at=figures.{figure.id}")
    assert page.locator(".lines mark.current").inner_text() == figure.printed


def test_rows_that_are_not_there_are_answered_and_undone_as_one(
    service: Office, visit: Visit, tmp_path: Path, serious: Callable[[Page], list[str]]
) -> None:
    text = (FIXTURES / "blanks-2021__md_tables.md").read_text("utf-8")
    kept = [line for line in text.splitlines() if not re.search("本机关不掌握|没有现成", line)]
    path = tmp_path / "缺行.md"
    path.write_text("\n".join(kept), "utf-8")
    with service.client() as client:
        (one,) = client.upload([path]).documents
        client.wait(one.id)
        result, _ = client.extraction(one.id)
    (cells,) = (question.cells for question in result.questions if question.cells)
    rows = list(dict.fromkeys(slot.rpartition(".")[0] for slot in cells))
    assert (len(cells), len(rows)) == (14, 2)
    gap = f"gaps.{cells[0]}"
    page = visit(f"documents/{one.id}?at={gap}")
    look(page)
    assert subject(page) == gap
    assert page.locator(".tables td.related").count() == len(cells)
    assert serious(page) == []
    page.keyboard.press("Enter")  # nothing was read that could be confirmed
    press(page, "m")
    with service.client() as client:
        trail = client.reviews(one.id)
    assert [review.slot for review in trail] == list(cells)
    press(page, "u")
    assert subject(page) == gap
    # It is there after all: its first row is filled in, cell by cell, and the rest asked again.
    press(page, "=")
    for slot in cells[:7]:
        assert subject(page) == slot
        look(page)
        page.keyboard.press("b" if slot != cells[0] else "=")
        if slot == cells[0]:
            page.keyboard.type("3")
            page.keyboard.press("Enter")
        page.wait_for_function(
            "slot => document.querySelector('.question h2').dataset.subject !== slot", arg=slot
        )
    assert subject(page) == f"gaps.{cells[7]}"
    assert page.locator(".tables td.related").count() == 7


def test_an_extraction_anew_is_said_at_once_and_what_was_typed_goes_on(
    service: Office, visit: Visit, tmp_path: Path, serious: Callable[[Page], list[str]]
) -> None:
    scan = tmp_path / "再提取.pdf"
    scan.write_bytes((DOCUMENTS / "planted.pdf").read_bytes() + b"\n% again")
    truth = json.loads((DOCUMENTS / "planted.truth.json").read_text())["slots"]
    with service.http() as http, service.client() as client:
        (one,) = client.upload([scan]).documents
        client.wait(one.id)
        page = visit(f"documents/{one.id}")
        first = subject(page)
        assert first in truth
        page.keyboard.press("=")
        page.keyboard.type(str(truth[first]))
        look(page)
        press(page, "Enter")
        second = subject(page)
        assert second in truth
        page.keyboard.press("=")
        page.keyboard.type("74")

        assert http.post(f"/documents/{one.id}/extract").status_code == 202
        page.locator(".question .notice", has_text="正在重新提取").wait_for(timeout=5_000)
        page.keyboard.press("Enter")
        page.locator(".question .problem", has_text="完成前不能保存答案").wait_for()
        assert serious(page) == []
        page.get_by_text("此文件已重新提取，现在显示新的结果").wait_for(timeout=180_000)
        assert subject(page) == second
        assert page.locator("#typed").input_value() == "74"
        assert page.locator(".question .notice").count() == 0
        look(page)
        press(page, "u")  # what was decided before
        assert subject(page) == first
        assert [review.action for review in client.reviews(one.id)] == ["value", "undone"]
        assert client.document(one.id).generation == 1
