"""What a page asks of the service: in a thread, and as whoever is signed in by now."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio.to_thread
from nicegui import ui

from extractor.review.frame import tell
from extractor.review.problem_words import problem_words
from extractor.review.visitor import Visitor
from extractor.service.problems import ProblemError, problem_from
from extractor.service.sessions import Signed

Result = TypeVar("Result")


class SessionEnded(Exception):
    """Whoever looks is not signed in any more."""


async def ask(visitor: Visitor, function: Callable[[Signed], Result]) -> Result:
    """What a function of the service answers.

    Raises:
        SessionEnded: the session has ended, or the key was revoked.
        ProblemError: it cannot be answered, for instance because the database is away.
    """

    def asked() -> Result:
        try:
            signed = visitor.now()
            if signed is None:
                raise SessionEnded
            return function(signed)
        except Exception as error:
            problem = problem_from(error)
            if problem is None or problem is error:
                raise
            raise problem from error

    return await anyio.to_thread.run_sync(asked)


async def attempt(visitor: Visitor, function: Callable[[Signed], Result]) -> Result | None:
    """What came of something that somebody asked for; None where nothing did: then they are told
    why, or have to sign in again."""
    try:
        return await ask(visitor, function)
    except SessionEnded:
        open_anew()
    except ProblemError as error:
        tell(problem_words(error.type.code, visitor.say), is_bad=True)
    return None


def open_anew() -> None:
    """Have the page asked for again, which leads to the page to sign in, and back."""
    ui.run_javascript("location.reload()")
