"""Long tables and lists, and the ways through them: pages, tabs, filters in the address."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from nicegui import html
from nicegui.element import Element

from extractor.review.visitor import Visitor

LONGEST = 200
"""Of what is looked for in a text; as in the calls."""

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a listing: `number`, its values stand on the right; `head`, they say what a row
    is. Values with many `words` are broken into lines, at the earliest after so many characters;
    others never are. `title` is said of its header besides."""

    text: str
    number: bool = False
    head: bool = False
    words: int = 0
    title: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a place: `href` makes a link of it, `tag` a tag that looks so; `note` stands
    below, and `look` is that of the whole place. `time` is a moment (ISO 8601), shown in the time
    zone of the visitor after the text."""

    text: str
    href: str = ""
    tag: str = ""
    note: str = ""
    look: str = ""
    time: str = ""


class Listing(Element, component="static/listing.js"):
    """A table of values; `label` is its name for those who listen."""

    def __init__(
        self, label: str, columns: Sequence[Column], rows: Sequence[Sequence[Cell | str]]
    ) -> None:
        super().__init__()
        self.props.update(
            label=label,
            columns=[asdict(column) for column in columns],
            rows=[[_shown(cell) for cell in row] for row in rows],
        )


def _shown(cell: Cell | str) -> dict[str, str]:
    """What is empty is left out: a listing has thousands of places."""
    if isinstance(cell, str):
        return {"text": cell}
    return {"text": cell.text} | {name: value for name, value in asdict(cell).items() if value}


class _Filters(Element, component="static/filters.js"):
    def __init__(self, label: str) -> None:
        super().__init__()
        self.props.update(label=label)


@contextmanager
def filters(visitor: Visitor, kept: Mapping[str, str], *, clear: str) -> Iterator[None]:
    """The form around filters; `kept` goes into the address besides, and `clear` leads to where
    nothing is filtered."""
    say = visitor.say
    with _Filters(say("筛选", "Filters")):
        for name, value in kept.items():
            html.input_(type="hidden", name=name, value=value)
        yield
        with html.div(), html.div().classes("actions"):
            html.button(say("筛选", "Apply"), type="submit").classes("main")
            html.a(say("清除", "Clear"), href=clear).classes("button")


def text_filter(name: str, label: str, value: str | None) -> None:
    """A filter by a part of a text."""
    with html.div():
        html.label(label, **{"for": f"filter-{name}"})
        html.input_(id=f"filter-{name}", name=name, type="search", value=value or "")


def choice_filter(
    name: str,
    label: str,
    choices: Mapping[str, str],
    chosen: str | None,
    any_words: str,
    *,
    groups: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """A filter by one of some choices; with `groups`, in those, and nothing that is in none."""
    with html.div():
        html.label(label, **{"for": f"filter-{name}"})
        with html.select(id=f"filter-{name}", name=name):
            html.option(any_words, value="")
            if groups is None:
                _options(choices, list(choices), chosen)
            else:
                for title, members in groups.items():
                    with html.optgroup(label=title):
                        _options(choices, members, chosen)


def _options(choices: Mapping[str, str], members: Sequence[str], chosen: str | None) -> None:
    for value in members:
        option = html.option(choices[value], value=value)
        if value == chosen:
            option.props["selected"] = True


def tabs(label: str, links: Sequence[tuple[str, str, bool]]) -> None:
    """Parts of a page as links: words, address, and whether it is the one that is shown."""
    with html.nav(**{"aria-label": label}).classes("tabs"):
        for words, address, is_current in links:
            link = html.a(words, href=address)
            if is_current:
                link.props["aria-current"] = "page"


def pager(visitor: Visitor, page: int, total: int, size: int, at: Callable[[int], str]) -> None:
    """The way through the pages of a list; nothing where there is one only. `at` is the address of
    a page."""
    say, last = visitor.say, max(1, -(-total // size))
    if last == 1 and page == 1:
        return
    with html.nav(**{"aria-label": say("分页", "Pages")}).classes("pager actions"):
        if page > 1:
            html.a(say("上一页", "Previous"), href=at(min(page - 1, last)), rel="prev").classes(
                "button"
            )
        html.span(say(f"第 {page} 页，共 {last} 页", f"Page {page} of {last}"))
        if page < last:
            html.a(say("下一页", "Next"), href=at(page + 1), rel="next").classes("button")


def with_query(address: str, **asked: object) -> str:
    """An address with what is asked for; what is None or empty is left out."""
    query = urlencode({name: value for name, value in asked.items() if value not in (None, "")})
    return f"{address}?{query}" if query else address


def words_of(text: str) -> str | None:
    """What an address asks for in a text; None where it asks for nothing. What is too long to be
    meant is cut."""
    return text.replace("\0", "")[:LONGEST].strip() or None


def number_of(text: str, default: int | None = None) -> int | None:
    """A number of an address, such as a year or a page; the default where it is none, or is too
    large to be meant."""
    is_number = text.isascii() and text.isdecimal() and len(text) < 7
    return int(text) if is_number else default


def page_of(text: str) -> int:
    """Which page of a list an address means; the first one where it does not say."""
    return number_of(text) or 1


def choice_of(kind: type[Choice], text: str) -> Choice | None:
    """One of some choices; None where an address names none, or another one."""
    return next((one for one in kind if one.value == text), None)
