"""Parts of pages that live in the browser; `static/` has one file for each.

They are given values and say what was done; what follows from it is decided in Python.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from extractor.review.visitor import Visitor


class SignOut(Element, component="static/sign_out.js"):
    """A button that ends the session."""

    def __init__(self, visitor: Visitor) -> None:
        super().__init__()
        say = visitor.say
        failed = say("未能退出，请稍后再试。", "You are still signed in; try again.")
        self.props.update(
            words={"signOut": say("退出", "Sign out"), "failed": failed},
            api=visitor.api("session"),
            csrf=visitor.signed.csrf_token,
            next=visitor.page("sign-in"),
        )


class Moment(Element, component="static/moment.js"):
    """A moment, in the time zone of whoever looks."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.props.update(at=at.isoformat())


class Confirm(Element, component="static/confirm.js"):
    """Asks before something is done that is not done lightly, such as what cannot be undone."""

    def __init__(
        self,
        yes: str,
        no: str,
        done: Callable[[str], Awaitable[None]],
        *,
        is_dangerous: bool = True,
    ) -> None:
        """`yes` and `no` are the words for doing it or not, `done` does it to what was asked
        about."""
        super().__init__()
        self.props.update(
            name=f"confirm-{self.id}", words={"yes": yes, "no": no}, isDangerous=is_dangerous
        )

        async def confirmed(event: GenericEventArguments) -> None:
            await done(str(event.args))

        self.on("confirmed", confirmed)

    def ask(self, text: str, about: str) -> None:
        """Open it, about something that has an id."""
        self.run_method("ask", text, about)


Shown = Mapping[str, Any]
Handler = Callable[[GenericEventArguments], Any]


class PageView(Element, component="static/page_view.js"):
    """The pages of a document as images, or the `parts` of a text (see `text_view`), with marks.

    `first` and what `show` is given: the `page` of what is looked at (or None), and `marks` of a
    kind ("current", "related"), by page and box, or by number, start and stop.
    """

    def __init__(
        self, *, pages: list[str], parts: Sequence[Shown], words: Shown, first: Shown
    ) -> None:
        super().__init__()
        self.props.update(pages=pages, parts=list(parts), words=words, first=first)

    def show(self, state: Shown) -> None:
        self.run_method("show", state)

    def magnify(self, key: str) -> None:
        """Zoom as a key says: "+", "-", or "f" for the whole width."""
        if key == "f":
            self.run_method("fit")
        else:
            self.run_method("magnify", 1.25 if key == "+" else 0.8)


class FormTable(Element, component="static/form_table.js"):
    """The tables of the form (see `form_view`).

    `first` and what `show` is given: `cells` and `residuals` of all tables, and slots: `current`,
    `related`, and those `cleared` by the last answer.
    """

    def __init__(
        self, *, forms: Sequence[Shown], words: Shown, first: Shown, on_choose: Handler
    ) -> None:
        super().__init__()
        self.props.update(forms=list(forms), words=words, first=first)
        self.on("choose", on_choose)

    def show(self, state: Shown) -> None:
        self.run_method("show", state)


class QuestionCard(Element, component="static/question_card.js"):
    """What is looked at, and every way to answer it (see `question_view`).

    `first` and what `show` is given: `subject`, `version`, `question`, `number` and `subject` of
    the decision that is `undoable` (or None), `notice` of why nothing is taken at the moment (or
    ""), and the words around it.
    """

    def __init__(
        self,
        *,
        words: Shown,
        may: bool,
        pages: list[str],
        first: Shown,
        on_act: Handler,
        on_move: Handler,
        on_undo: Handler,
        on_zoom: Handler,
        on_choose: Handler,
        on_again: Handler,
    ) -> None:
        super().__init__()
        self.props.update(words=words, may=may, pages=pages, first=first)
        handlers = {
            "act": on_act,
            "move": on_move,
            "undo": on_undo,
            "zoom": on_zoom,
            "choose": on_choose,
            "again": on_again,
        }
        for name, handler in handlers.items():
            self.on(name, handler)

    def show(self, state: Shown, outcome: str = "") -> None:
        """Show a state; `outcome` is "saved", "undone" or "none" where the card has asked."""
        self.run_method("show", state, outcome)

    def move_on(self, drafts_key: str, names: Mapping[str, str]) -> None:
        """Have the page asked for anew, with what was typed under other names; see `Reviewing`."""
        self.run_method("moveOn", drafts_key, dict(names))

    def refuse(self, problem: str) -> None:
        """Say why an answer was not taken; what was typed stays."""
        self.run_method("refuse", problem)
