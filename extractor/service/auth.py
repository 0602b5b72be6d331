"""Bearer keys: who asks, and what they may do.

A key is `ex_<id>_<secret>`. The id finds the row; the secret is 256 random bits, of which only an
Argon2 hash is stored. Verifying that hash is slow and takes memory on purpose, so one is verified
at a time, and a key that was verified is recognised by a digest from then on. The row is looked up
each time, so a disabled key stops working at once, and an id that there is not costs nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from extractor.service.problems import (
    FORBIDDEN,
    KEY_UNKNOWN,
    LAST_ADMIN,
    UNAUTHORIZED,
    ProblemError,
)
from extractor.service.store import Store
from extractor.service.tables import Key, Role

ADMIN_KEY_FILE = "admin-key.txt"

_PREFIX = "ex"


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever holds a valid key."""

    key_id: str
    role: Role
    name: str

    def require(self, *roles: Role) -> None:
        """Refuse what needs one of these roles; an admin has them all.

        Raises:
            ProblemError: FORBIDDEN.
        """
        if self.role is not Role.ADMIN and self.role not in roles:
            needed = " or ".join((*roles, Role.ADMIN))
            raise ProblemError(
                FORBIDDEN, f"this needs a key with the role {needed}; yours has {self.role}"
            )


class Guesses(Protocol):
    """Limits wrong keys of somebody."""

    def allow(self, key_id: str) -> None:
        """May refuse to have a key looked into."""
        ...

    def count(self, key_id: str | None) -> None:
        """Is told of a wrong key: with a wrong secret, or (None) one that there is not."""
        ...


class Keys:
    """Makes and checks keys. Thread-safe."""

    def __init__(self, store: Store) -> None:
        self._rows = store.keys
        self._home = store.home
        self._hasher = PasswordHasher()
        self._slow = threading.Lock()
        self._verified: dict[str, bytes] = {}

    def create(self, name: str, role: Role, *, by: str | None = None) -> str:
        """Make a key and return it; it can never be shown again."""
        return self.create_row(name, role, by=by)[1]

    def create_row(self, name: str, role: Role, *, by: str | None = None) -> tuple[Key, str]:
        """Make a key and return its row, and the key itself; see `create`."""
        key_id, secret = _random_key()
        row = self._rows.add(key_id, name, role, self._hasher.hash(secret), by=by)
        return row, _join(key_id, secret)

    def revoke(self, key_id: str, *, by: str) -> None:
        """Make a key useless, at once and for good.

        Raises:
            ProblemError: LAST_ADMIN, or KEY_UNKNOWN where there is none that could be used.
        """
        if self._rows.revoke(key_id, by=by):
            return
        if self._rows.find(key_id) is not None:
            raise ProblemError(
                LAST_ADMIN, "make another key with the role admin first; without one nobody could"
            )
        raise ProblemError(KEY_UNKNOWN, f"no key that could be used has the id {key_id!r}")

    def ensure_admin(self) -> None:
        """Make an administrator's key, if there is none, and leave it in a file for the owner
        only."""
        if self._rows.has_admin():
            return
        path = self._home / ADMIN_KEY_FILE
        path.unlink(missing_ok=True)
        key_id, secret = _random_key()
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(_join(key_id, secret) + "\n")
        secret_hash = self._hasher.hash(secret)
        self._rows.add(key_id, "first administrator", Role.ADMIN, secret_hash)

    def check(self, key: str | None, guesses: Guesses | None = None) -> Principal:
        """Tell whose key it is.

        Args:
            key: as it was sent.
            guesses: of whoever sent it. A key that was right before is never refused for them.

        Raises:
            ProblemError: UNAUTHORIZED, or what `guesses` raises.
        """
        key = key or ""
        parts = key.split("_", 2)
        if len(parts) != 3 or parts[0] != _PREFIX or not (key.isascii() and key.isprintable()):
            raise _wrong(guesses)
        _, key_id, secret = parts
        row = self._rows.find(key_id)
        if row is None:
            raise _wrong(guesses)
        if not self._is_known(key_id, secret, row.secret_hash):
            if guesses is not None:
                guesses.allow(key_id)
            if not self._is_right(key_id, secret, row.secret_hash):
                raise _wrong(guesses, key_id)
        return Principal(key_id, Role(row.role), row.name)

    def _is_right(self, key_id: str, secret: str, secret_hash: str) -> bool:
        with self._slow:
            try:
                self._hasher.verify(secret_hash, secret)
            except VerificationError:
                return False
        self._verified[key_id] = _digest(secret, secret_hash)
        return True

    def _is_known(self, key_id: str, secret: str, secret_hash: str) -> bool:
        known = self._verified.get(key_id, b"")
        return hmac.compare_digest(_digest(secret, secret_hash), known)


def _wrong(guesses: Guesses | None, key_id: str | None = None) -> ProblemError:
    """What a wrong key is answered with, once it is counted."""
    if guesses is not None:
        guesses.count(key_id)
    return unauthorized()


def _digest(secret: str, secret_hash: str) -> bytes:
    return hashlib.sha256(f"{secret_hash} {secret}".encode()).digest()


def admin_key_path(home: Path) -> Path:
    return home / ADMIN_KEY_FILE


def _random_key() -> tuple[str, str]:
    return secrets.token_hex(6), secrets.token_urlsafe(32)


def _join(key_id: str, secret: str) -> str:
    return f"{_PREFIX}_{key_id}_{secret}"


def unauthorized(
    detail: str = "send a valid key in the header 'Authorization: Bearer <key>'",
) -> ProblemError:
    return ProblemError(UNAUTHORIZED, detail, headers={"WWW-Authenticate": "Bearer"})
