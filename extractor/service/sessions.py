"""Sessions of browsers: a cookie in place of a key.

The token in the cookie is 256 random bits, of which only a SHA-256 is stored: guessing it is
hopeless, so nothing slow is needed. The CSRF token follows from it, and is what a page of another
site, for which the browser may send the cookie, cannot know. Session and key are looked up each
time, so a session ends at once when its key is revoked.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from extractor.service.auth import Principal
from extractor.service.store import Store
from extractor.service.tables import Role

COOKIE = "extractor_session"
CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD"})
"""Change nothing, and need no CSRF token."""


class Ended(StrEnum):
    """Why a session counts no more."""

    REVOKED = "revoked"
    """Its key was."""
    OVER = "over"
    """It has lasted as long as sessions do, or was signed out elsewhere."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Whoever is signed in. `csrf_token` goes with every call that changes something."""

    principal: Principal
    csrf_token: str
    expires_at: datetime

    @property
    def name(self) -> str:
        """Of the key."""
        return self.principal.name

    def is_sent_by_own_page(self, csrf_token: str | None) -> bool:
        """Whether the CSRF token that came with a call is the right one."""
        return hmac.compare_digest((csrf_token or "").encode(), self.csrf_token.encode())


class Sessions:
    """Begins, finds and ends sessions. Thread-safe."""

    def __init__(self, store: Store, hours: int) -> None:
        """`hours` is how long a session lasts."""
        self._rows = store.sessions
        self._lifetime = timedelta(hours=hours)

    def begin(self, principal: Principal) -> tuple[str, Signed]:
        """Sign in whoever has shown a key; the token for the cookie, which can never be told again,
        and who it stands for."""
        token = secrets.token_urlsafe(32)
        expires_at = datetime.now(UTC) + self._lifetime
        self._rows.add(_digest(token), principal.key_id, expires_at)
        return token, Signed(principal, _csrf_token(token), expires_at)

    def find(self, token: str | None) -> Signed | None:
        """Tell whose session it is; None where there is no such session (any more)."""
        found = None if token is None else self._rows.find(_digest(token))
        if token is None or found is None:
            return None
        row, key = found
        principal = Principal(key.id, Role(key.role), key.name)
        return Signed(principal, _csrf_token(token), row.expires_at)

    def why_ended(self, token: str | None) -> Ended | None:
        """Why a token that `find` knows no session of is none; None where there is no token."""
        if token is None:
            return None
        return Ended.REVOKED if self._rows.has_revoked_key(_digest(token)) else Ended.OVER

    def end(self, token: str | None) -> None:
        """Sign out; nothing happens where there is no such session."""
        if token is not None:
            self._rows.remove(_digest(token))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _csrf_token(token: str) -> str:
    return hmac.new(token.encode(), b"csrf", hashlib.sha256).hexdigest()
