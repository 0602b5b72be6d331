"""What accumulates while one document is read: failures, seconds, and who is told about it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from extractor.errors import ExtractorError, ModelError
from extractor.types import Failure

log = logging.getLogger(__name__)

INTERNAL = "internal_error"
"""The code of a failure that is a defect of ours."""

Progress = Callable[[str, int, int], None]
"""Called with the stage, the page (from 1; 0 where there is none) and the number of pages."""


@dataclass(slots=True)
class Run:
    """What accumulates while one document is read."""

    progress: Progress
    failures: list[Failure] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str, page: int = 0, pages: int = 0) -> Iterator[None]:
        self.progress(name, page, pages)
        start = time.perf_counter()
        try:
            yield
        finally:
            elapsed = time.perf_counter() - start
            self.seconds[name] = self.seconds.get(name, 0.0) + elapsed

    @contextmanager
    def barrier(self, stage: str, page: int | None = None) -> Iterator[None]:
        """Turn whatever goes wrong inside into a failure of this page or of the document."""
        try:
            yield
        except ModelError:
            raise
        except ExtractorError as error:
            self.failures.append(Failure(stage, page, str(error), error.code))
        except Exception as error:
            log.exception("unexpected error in %s, page %s", stage, page)
            reason = f"unexpected {type(error).__name__}: {error}"
            self.failures.append(Failure(stage, page, reason, INTERNAL))

    def add(self, failures: Iterable[Failure], seconds: Mapping[str, float]) -> None:
        """What was found by a part of the reading that ran by itself."""
        self.failures += failures
        for name, elapsed in seconds.items():
            self.seconds[name] = self.seconds.get(name, 0.0) + elapsed
