"""An extraction in, files out: the result as JSON, a workbook like the form, rows as CSV.

None of them computes anything: they say what was read, and where a person must look.
"""

from collections.abc import Callable

from extractor.export.csv import to_csv
from extractor.export.files import result_stems, write_files
from extractor.export.json import to_dict, to_json
from extractor.export.workbook import to_workbook
from extractor.schema import Schema
from extractor.types import Extraction

FORMATS: dict[str, Callable[[Extraction, Schema], bytes]] = {
    "json": lambda extraction, schema: to_json(extraction),
    "csv": lambda extraction, schema: to_csv(extraction, schema).encode("utf-8-sig", "replace"),
    "xlsx": to_workbook,
}
"""What writes each format; the name of a format is the suffix of its files."""

__all__ = [
    "FORMATS",
    "result_stems",
    "to_csv",
    "to_dict",
    "to_json",
    "to_workbook",
    "write_files",
]
