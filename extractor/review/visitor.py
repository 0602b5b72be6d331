"""Who looks at a page, and in which language."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from fastapi import Request

from extractor.review.words import Say
from extractor.service.routes.wiring import Service
from extractor.service.sessions import COOKIE, Signed
from extractor.service.tables import Role

LANGUAGE, THEME = "extractor_language", "extractor_theme"
"""Cookies that a page sets by itself; they hold no secret."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in, at the moment in which a page was asked for.

    `root` is the path below which the pages are, `base` the one below which the service is; neither
    ends with a slash.
    """

    service: Service
    token: str
    signed: Signed
    is_english: bool
    root: str
    base: str

    def say(self, chinese: str, english: str) -> str:
        """One of two texts that mean the same."""
        return english if self.is_english else chinese

    def now(self) -> Signed | None:
        """Who they are by now; None where the session has ended or the key was revoked."""
        return self.service.sessions.find(self.token)

    def may(self, role: Role) -> bool:
        return self.signed.principal.role in (role, Role.ADMIN)

    def page(self, *parts: str) -> str:
        """The address of a page."""
        return "/".join((self.root, *(quote(part, safe="") for part in parts)))

    def api(self, *parts: str) -> str:
        """The address of a call of the service."""
        return "/".join((f"{self.base}/api/v1", *(quote(part, safe="") for part in parts)))


def visitor_of(request: Request, service: Service) -> Visitor | None:
    """Whoever sent a request; None where nobody is signed in. Asks the database."""
    token = request.cookies.get(COOKIE)
    signed = service.sessions.find(token)
    if token is None or signed is None:
        return None
    root, base = roots_of(request)
    return Visitor(service, token, signed, is_english(request), root, base)


def roots_of(request: Request) -> tuple[str, str]:
    """See `Visitor`; a proxy may have put the service below a path of its own."""
    root = str(request.scope.get("root_path", "")).rstrip("/")
    return root, root.rpartition("/")[0]


def is_english(request: Request) -> bool:
    return request.cookies.get(LANGUAGE) == "en"


def say_to(request: Request) -> Say:
    """As `Visitor.say`, for whoever sent a request."""
    number = int(is_english(request))
    return lambda chinese, english: (chinese, english)[number]
