"""Query parameters: one that a call does not have is refused, as unknown fields of a body are. A
misspelt filter would otherwise answer with everything."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from extractor.service.problems import invalid
from extractor.service.routes.wiring import Caller


async def known(request: Request) -> None:
    """Refuse a call with a query parameter that it does not have.

    Raises:
        ProblemError: INVALID_REQUEST, which names it, and those that there are.
    """
    route = request.scope["route"]
    if not isinstance(route, APIRoute):
        raise TypeError(f"{route} is no call of the API")
    names = list(dict.fromkeys(_names(route.dependant)))
    there_are = f"there are {', '.join(names)}" if names else "it has none"
    unknown = [name for name in dict.fromkeys(request.query_params) if name not in names]
    if unknown:
        raise invalid(
            {f"query.{name}": f"no parameter of this call; {there_are}" for name in unknown}
        )


async def known_to_callers(request: Request, caller: Caller) -> None:
    """As `known`, said only to who has a key."""
    await known(request)


def _names(dependant: Dependant) -> Iterator[str]:
    for field in dependant.query_params:
        yield field.alias
    for part in dependant.dependencies:
        yield from _names(part)
