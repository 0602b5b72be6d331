"""How often somebody may ask: calls of a key, and keys that are wrong from one address.

Guessing is answered more slowly than it is done, but locks out nobody else: a right key is looked
into whatever others of its address have tried. What costs is a wrong secret of a key that there is,
as much as a right one, on purpose (`auth`); of those, so many of one key are looked into for one
address, or guessing would be a way to keep the service busy. All else is seen at a glance.
"""

from __future__ import annotations

import ipaddress
import math
import time
from dataclasses import dataclass

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter, RateLimiter

from extractor.service.clock import Clock
from extractor.service.problems import TOO_MANY_REQUESTS, ProblemError
from extractor.settings import Settings

_CALLS, _WRONG, _SECRETS = "calls", "wrong keys", "wrong secrets of a key"


class Rates:
    """Counts of this process. Thread-safe.

    Calls are counted in moving windows of a minute. Wrong keys are counted in fixed ones: addresses
    are without number, and those counts are forgotten at the end of the minute. All of them are
    forgotten when the clock is set back: they would hold until it is where it was.
    """

    def __init__(self, settings: Settings) -> None:
        self._storages = (MemoryStorage(), MemoryStorage())
        self._limiter = MovingWindowRateLimiter(self._storages[0])
        self._guesses = FixedWindowRateLimiter(self._storages[1])
        self._clock = Clock()
        self._calls = _item(settings.calls_per_minute)
        self._wrong = _item(settings.wrong_keys_per_minute)

    def count_call(self, key_id: str) -> None:
        """Count a call of a key.

        Raises:
            ProblemError: TOO_MANY_REQUESTS.
        """
        self._look_at_clock()
        if self._calls is not None and not self._limiter.hit(self._calls, _CALLS, key_id):
            raise _refusal(self._limiter, self._calls, _CALLS, key_id)

    def guesses(self, address: str) -> Guesses:
        """The wrong keys of an address."""
        return Guesses(self, _origin(address))

    def allow_guess(self, origin: str, key_id: str) -> None:
        """Refuse to look into a key of which too many wrong secrets came from an origin.

        Raises:
            ProblemError: TOO_MANY_REQUESTS.
        """
        self._look_at_clock()
        one = (_SECRETS, origin, key_id)
        if self._wrong is not None and not self._guesses.test(self._wrong, *one):
            raise _refusal(self._guesses, self._wrong, *one)

    def count_guess(self, origin: str, key_id: str | None) -> None:
        """Count a wrong key; `key_id` is that of a key that there is.

        Raises:
            ProblemError: TOO_MANY_REQUESTS.
        """
        self._look_at_clock()
        if self._wrong is None:
            return
        if key_id is not None:
            self._guesses.hit(self._wrong, _SECRETS, origin, key_id)
        if not self._guesses.hit(self._wrong, _WRONG, origin):
            raise _refusal(self._guesses, self._wrong, _WRONG, origin)

    def _look_at_clock(self) -> None:
        if self._clock.jump_s() < -1.0:
            for storage in self._storages:
                storage.reset()


@dataclass(frozen=True, slots=True)
class Guesses:
    """The wrong keys that come from one origin; see `auth.Guesses`."""

    rates: Rates
    origin: str

    def allow(self, key_id: str) -> None:
        self.rates.allow_guess(self.origin, key_id)

    def count(self, key_id: str | None) -> None:
        self.rates.count_guess(self.origin, key_id)


def _refusal(limiter: RateLimiter, item: RateLimitItem, what: str, *whose: str) -> ProblemError:
    until = limiter.get_window_stats(item, what, *whose).reset_time
    seconds = max(1, math.ceil(until - time.time()))
    return ProblemError(
        TOO_MANY_REQUESTS,
        f"more than {item.amount} {what} in a minute; ask again in {seconds} s",
        headers={"Retry-After": str(seconds)},
    )


def _origin(address: str) -> str:
    """An address, of IPv6 its network: a host has 2**64 of those."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def _item(a_minute: int) -> RateLimitItem | None:
    return RateLimitItemPerMinute(a_minute) if a_minute else None
