"""How often somebody may ask: calls of a key, and keys that are wrong from one address.

Checking a wrong key costs as much as a right one, on purpose (`auth`); without a limit, guessing
would be a way to keep the service busy.
"""

from __future__ import annotations

import ipaddress
import math
import time

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter, MovingWindowRateLimiter, RateLimiter

from extractor.service.clock import Clock
from extractor.service.problems import TOO_MANY_REQUESTS, ProblemError
from extractor.settings import Settings

_CALLS, _WRONG = "calls", "wrong keys"


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

    def allow_key(self, address: str) -> None:
        """Refuse to check a key at all for an address from where too many wrong ones came.

        Raises:
            ProblemError: TOO_MANY_REQUESTS.
        """
        self._look_at_clock()
        origin = _origin(address)
        if self._wrong is not None and not self._guesses.test(self._wrong, _WRONG, origin):
            raise _refusal(self._guesses, self._wrong, _WRONG, origin)

    def count_wrong_key(self, address: str) -> None:
        if self._wrong is not None:
            self._guesses.hit(self._wrong, _WRONG, _origin(address))

    def _look_at_clock(self) -> None:
        if self._clock.jump_s() < -1.0:
            for storage in self._storages:
                storage.reset()


def _refusal(limiter: RateLimiter, item: RateLimitItem, what: str, whose: str) -> ProblemError:
    until = limiter.get_window_stats(item, what, whose).reset_time
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
