"""A typed client of the service.

    with Client("http://127.0.0.1:8000", key) as service:
        (document,) = service.upload(["2024.pdf"]).documents
        service.wait(document.id)
        service.export(document.id, Path("2024.xlsx"))

Answers are the models of the service itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx2
from pydantic import BaseModel

from extractor.errors import ExtractorError
from extractor.service import models, review_models
from extractor.service.extraction_models import ExtractionModel
from extractor.types import FIGURES, FINDINGS, REPORT, State, Verdict

ATTEMPTS = 5
"""Of a call that can be repeated: uploads count once however often they arrive."""
_PAUSE_SECONDS = 0.5
_MOST_SECONDS = 60.0
_API = "/api/v1"
_BUSY = {429, 502, 503, 504}
_CHUNK = 1 << 20
_UPLOAD = httpx2.Timeout(60.0, read=3600.0)
"""Large archives are unpacked before they are answered."""
Answer = TypeVar("Answer", bound=BaseModel)


class ApiError(ExtractorError):
    """The service refused, or cannot be reached.

    `reason` is the code of its problem document, "unreachable" where there is no answer; `status`
    is 0 then. `problem` has the whole document.
    """

    code = "service_error"

    def __init__(self, message: str, reason: str, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status
        self.problem = problem


class Client:
    """Calls of one service with one key. Not for several threads at once."""

    def __init__(
        self,
        address: str,
        key: str,
        *,
        timeout_seconds: float = 60.0,
        http: httpx2.Client | None = None,
    ) -> None:
        """`address` is that of the service, as http://host:port; `http` replaces the connection.

        Raises:
            ValueError: the address does not begin with http:// or https://.
        """
        if not address.startswith(("http://", "https://")):
            raise ValueError(f"{address!r} must begin with http:// or https://")
        self._http = http or httpx2.Client(timeout=timeout_seconds)
        self._base = address.rstrip("/").removesuffix(_API) + _API
        self._headers = {"Authorization": f"Bearer {key}"}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    # --- documents -------------------------------------------------------------------------------

    def upload(self, paths: Sequence[Path | str]) -> models.UploadAnswer:
        """Upload reports, or ZIP archives of them; returns once they are safely stored.

        Raises:
            ValueError: no file is given.
            OSError: a file cannot be read.
            ApiError: nothing could be taken; `problem` has `refused` and `skipped`.
        """
        if not paths:
            raise ValueError("no file is given to upload")

        def send() -> httpx2.Response:
            with ExitStack() as stack:
                files = [
                    ("files", (Path(path).name, stack.enter_context(Path(path).open("rb"))))
                    for path in paths
                ]
                return self._http.post(
                    f"{self._base}/documents",
                    files=files,
                    headers=self._headers,
                    timeout=_UPLOAD,
                )

        return self._parsed(self._repeated(send), models.UploadAnswer)

    def documents(
        self,
        *,
        status: models.StatusFilter | str | None = None,
        organization: str | None = None,
        year: int | None = None,
    ) -> Iterator[models.DocumentModel]:
        """All documents, the newest first, page by page as they are asked for."""
        given: dict[str, Any] = {"status": status, "organization": organization, "year": year}
        cursor: str | None = None
        while True:
            answer = self._get("/documents", {**given, "cursor": cursor, "limit": 200})
            page = self._parsed(answer, models.DocumentList)
            yield from page.documents
            cursor = page.next_cursor
            if cursor is None:
                return

    def findings(
        self,
        *,
        verdict: Verdict | str | None = None,
        relation: str | None = None,
        organization: str | None = None,
        year: int | None = None,
    ) -> Iterator[models.FindingItem]:
        """What does not fit together in all reports, the newest first, page by page as asked for;
        `relation` is the beginning of its id."""
        given: dict[str, Any] = {
            "verdict": verdict,
            "relation": relation,
            "organization": organization,
            "year": year,
        }
        cursor: str | None = None
        while True:
            answer = self._get("/findings", {**given, "cursor": cursor, "limit": 200})
            page = self._parsed(answer, models.FindingList)
            yield from page.findings
            cursor = page.next_cursor
            if cursor is None:
                return

    def document(self, document_id: str) -> models.DocumentModel:
        """State, progress and outcome of a document."""
        return self._parsed(self._get(_path(document_id)), models.DocumentModel)

    def wait(
        self, document_id: str, *, seconds: float = 3600.0, pause_seconds: float = 0.5
    ) -> models.DocumentModel:
        """The document once it is done or failed.

        Raises:
            TimeoutError: it is neither after so many seconds.
        """
        end = time.monotonic() + seconds
        while True:
            document = self.document(document_id)
            if document.state.is_final:
                return document
            if time.monotonic() >= end:
                raise TimeoutError(
                    f"{document.name} ({document_id}) is {document.state} after {seconds:.0f} s"
                )
            time.sleep(pause_seconds)

    def remove(self, document_id: str) -> None:
        """Remove a document, its pages and all values; needs an administrator's key."""
        self._call("DELETE", _path(document_id), attempts=1)

    # --- results ---------------------------------------------------------------------------------

    def extraction(self, document_id: str) -> tuple[ExtractionModel, str]:
        """The result with all decisions, and its version for `decide`."""
        return self._result(self._get(f"{_path(document_id)}/extraction"))

    def export(self, document_id: str, path: Path, format: str | None = None) -> None:
        """Write one report as xlsx, csv or json: as its name ends, unless `format` says otherwise.
        The file is whole or not there.

        Raises:
            ValueError: its name ends with none of them, and `format` is not given.
        """
        format = format or _format_of(path, models.ExportFormat)
        self._save(f"{_path(document_id)}/export", {"format": format}, path)

    def page(self, document_id: str, number: int) -> bytes:
        """A page from 1 on, upright, as JPEG."""
        return self._get(f"{_path(document_id)}/pages/{number}").content

    def cell_image(self, document_id: str, slot: str) -> bytes:
        """One cell cut out of its page, as PNG."""
        return self._get(f"{_path(document_id)}/cells/{quote(slot, safe='')}/image").content

    def dataset(self, path: Path, format: str | None = None, **filters: str | int) -> None:
        """Write the dataset as csv, xlsx or parquet: as the file's name ends, unless `format` says
        otherwise; filters are those of `GET /dataset`.

        Raises:
            ValueError: its name ends with none of them, and `format` is not given.
        """
        format = format or _format_of(path, models.DatasetFormat)
        self._save("/dataset", {"format": format, **filters}, path)

    # --- review ----------------------------------------------------------------------------------

    def next_question(self, exclude: Sequence[str] = ()) -> review_models.QuestionModel | None:
        """The cell or figure whose answer settles most; None where nothing is in doubt."""
        answer = self._get("/review/next", {"exclude": list(exclude)})
        return self._parsed(answer, review_models.NextQuestion).question

    def decide(
        self,
        document_id: str,
        subject: str,
        *,
        value: int | float | Decimal | None = None,
        state: State | str | None = None,
        comment: str | None = None,
        version: str | int | None = None,
        **more: Any,
    ) -> tuple[ExtractionModel, str]:
        """Decide about a cell by its slot, about `figures.NUMBER`, about `findings.RELATION`, or
        about `report`.

        Args:
            document_id: of the document.
            subject: as questions name it.
            value: what it says; or `state`; or `confirmed`, `withdrawn`, `absent`, … in `more`.
            state: blank, dash, not_applicable, illegible or missing.
            comment: why.
            version: of the extraction that was looked at, as `extraction` gives it, or the number
                that a document has as `version`; another one is refused then.
            more: `organization` and `year` of a report, `unit` of a figure, `printed` of a cell.

        Returns:
            The result with everything that follows, and its version.
        """
        kind, _, name = subject.partition(".")
        place = f"cells/{quote(subject, safe='')}"
        if subject == REPORT:
            place = REPORT
        elif kind in (FIGURES, FINDINGS):
            place = f"{kind}/{quote(name, safe='')}"
        body = {"value": _plain(value), "state": state, "comment": comment, **more}
        return self._decided(f"{_path(document_id)}/{place}", body, version)

    def decide_alike(
        self,
        document_id: str,
        slots: Sequence[str],
        state: State | str | None = None,
        *,
        comment: str | None = None,
        version: str | int | None = None,
        **more: Any,
    ) -> tuple[ExtractionModel, str]:
        """As `decide`, the same about several cells at once, such as the `cells` of a question:
        their state, or `withdrawn=True`. They are undone together."""
        body = {"slots": list(slots), "state": state, "comment": comment, **more}
        return self._decided(f"{_path(document_id)}/cells", body, version)

    def reviews(self, document_id: str) -> list[review_models.ReviewModel]:
        """Every decision about a document, in order."""
        answer = self._get(f"{_path(document_id)}/reviews")
        return self._parsed(answer, review_models.ReviewList).reviews

    # --- the connection --------------------------------------------------------------------------

    def _decided(
        self, path: str, body: Mapping[str, Any], version: str | int | None
    ) -> tuple[ExtractionModel, str]:
        return self._result(
            self._call(
                "PUT",
                path,
                attempts=1,  # what arrived twice would stand twice in the trail
                json={name: given for name, given in body.items() if given is not None},
                headers={} if version is None else {"If-Match": _etag(version)},
            )
        )

    def _get(self, path: str, parameters: Mapping[str, Any] | None = None) -> httpx2.Response:
        return self._call("GET", path, params=_given(parameters or {}))

    def _call(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        attempts: int = ATTEMPTS,
        **more: Any,
    ) -> httpx2.Response:
        def send() -> httpx2.Response:
            return self._http.request(
                method, self._base + path, headers={**self._headers, **(headers or {})}, **more
            )

        return self._repeated(send, attempts)

    def _save(self, path: str, parameters: Mapping[str, Any], file: Path) -> None:
        part = file.with_name(f".{file.name}.part")

        def send() -> httpx2.Response:
            with self._http.stream(
                "GET", self._base + path, params=_given(parameters), headers=self._headers
            ) as answer:
                if not answer.is_success:
                    answer.read()
                    return answer
                with part.open("wb") as target:
                    for chunk in answer.iter_bytes(_CHUNK):
                        target.write(chunk)
                return answer

        try:
            self._repeated(send)
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)

    def _repeated(
        self, send: Callable[[], httpx2.Response], attempts: int = ATTEMPTS
    ) -> httpx2.Response:
        """The answer of a call, repeated while the service is busy or away."""
        for attempt in range(1, attempts + 1):
            pause = _PAUSE_SECONDS * 2 ** (attempt - 1)
            try:
                answer = send()
            except httpx2.TransportError as error:
                if attempt == attempts:
                    raise _unreachable(self._base, error) from error
            else:
                if answer.is_success:
                    return answer
                if answer.status_code not in _BUSY or attempt == attempts:
                    raise _refused(answer)
                after = answer.headers.get("retry-after", "")
                pause = min(float(after), _MOST_SECONDS) if after.isdecimal() else pause
            time.sleep(pause)
        raise AssertionError("every attempt returns or raises")

    def _result(self, answer: httpx2.Response) -> tuple[ExtractionModel, str]:
        return self._parsed(answer, ExtractionModel), answer.headers.get("etag", "")

    def _parsed(self, answer: httpx2.Response, model: type[Answer]) -> Answer:
        return model.model_validate_json(answer.content)


def _path(document_id: str) -> str:
    return f"/documents/{quote(document_id, safe='')}"


def _etag(version: str | int) -> str:
    """A version as HTTP has it: in quotation marks."""
    text = str(version)
    return f'"{text}"' if text.isdecimal() else text


def _format_of(path: Path, known: Iterable[str]) -> str:
    """The format that a file's name asks for."""
    format = path.suffix.removeprefix(".").lower()
    if format not in list(known):
        endings = ", ".join(f".{one}" for one in known)
        raise ValueError(f"{path.name} ends with none of {endings}; give the format")
    return format


def _given(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if value is not None}


def _plain(value: int | float | Decimal | None) -> int | float | None:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def _unreachable(base: str, error: Exception) -> ApiError:
    return ApiError(f"{base} does not answer ({error}); is it running?", "unreachable", 0, {})


def _refused(answer: httpx2.Response) -> ApiError:
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    reason = str(problem.get("code", "error"))
    detail = problem.get("detail") or problem.get("title") or answer.reason_phrase
    message = f"{answer.status_code} {reason}: {detail}"
    return ApiError(message, reason, answer.status_code, problem)
