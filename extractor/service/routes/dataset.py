"""The dataset: all finished reports as one file."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from itertools import chain, islice
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse, StreamingResponse
from starlette.background import BackgroundTask

from extractor.export.dataset import (
    MAX_SHEET_ROWS,
    TooManyRows,
    to_csv,
    write_parquet,
    write_workbook,
)
from extractor.service import dataset, models
from extractor.service.problems import BUSY, DATASET_TOO_LARGE, ProblemError, invalid
from extractor.service.routes.wiring import (
    Caller,
    OrganizationFilter,
    Wired,
    binary,
    problems_of,
)
from extractor.types import CellStatus, Status

_DATASET_MEDIA_TYPES = {
    models.DatasetFormat.CSV: "text/csv; charset=utf-8",
    models.DatasetFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    models.DatasetFormat.PARQUET: "application/vnd.apache.parquet",
}

MAX_BUILDS = 2
"""Workbooks and Parquet files that are made at the same time; each takes the disk and a core."""
WAIT_SECONDS = 20.0
_building = threading.BoundedSemaphore(MAX_BUILDS)

router = APIRouter(tags=["dataset"])


@router.get(
    "/dataset",
    response_class=Response,
    responses=problems_of(401) | binary(*_DATASET_MEDIA_TYPES.values()),
)
def whole_dataset(
    service: Wired,
    caller: Caller,
    format: models.DatasetFormat = models.DatasetFormat.CSV,
    content: dataset.Content = dataset.Content.CELLS,
    status: Annotated[Status | None, Query(description="Of the report.")] = None,
    organization: OrganizationFilter = None,
    year: Annotated[int | None, Query(ge=0, le=9999)] = None,
    table: Annotated[
        str | None, Query(description="Only cells of this table; for `cells`.")
    ] = None,
    cell_status: Annotated[
        CellStatus | None, Query(description="For `cells` and `figures`.")
    ] = None,
) -> Response:
    """All finished reports in long form, review decisions included: one row a slot, or a key
    figure, or a finding. CSV comes while it is made; the others as whole files.

    What each column means stands in the workbook's second sheet, in the metadata of Parquet's
    fields and in `docs/api.md`.
    """
    schema = service.reviews.schema
    if table is not None and table not in schema.tables:
        raise invalid({"query.table": f"one of {', '.join(schema.tables)}"})
    given = {"table": table, "cell_status": cell_status}
    unfit = [
        name for name, value in given.items() if value and name not in dataset.FILTERS[content]
    ]
    if unfit:
        raise invalid({f"query.{name}": f"not for content={content}" for name in unfit})
    reports = dataset.rows(
        service.store.finished(status=status, organization=organization, year=year),
        service.reviews.result,
        content,
        schema,
        table=table,
        cell_status=cell_status,
    )
    columns = dataset.COLUMNS[content]
    name = f"{content}.{format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    media_type = _DATASET_MEDIA_TYPES[format]
    if format is models.DatasetFormat.CSV:
        lines = to_csv(columns, reports)
        first = list(islice(lines, 2))  # with a report: what goes wrong at once is a problem
        return StreamingResponse(chain(first, lines), media_type=media_type, headers=headers)
    write = write_workbook if format is models.DatasetFormat.XLSX else write_parquet
    with ExitStack() as stack:
        path = stack.enter_context(service.store.files.receive()) / name
        if not _building.acquire(timeout=WAIT_SECONDS):
            raise ProblemError(BUSY, f"{MAX_BUILDS} of these are being made; take csv, or wait")
        try:
            write(columns, reports, path)
        except TooManyRows:
            detail = (
                f"more than {MAX_SHEET_ROWS - 1:,} rows; take csv or parquet, or "
                "less with organization, year, table or cell_status"
            )
            raise ProblemError(DATASET_TOO_LARGE, detail) from None
        finally:
            _building.release()
        done = BackgroundTask(stack.pop_all().close)
    return FileResponse(path, media_type=media_type, headers=headers, background=done)
