"""Bytes in, documents of known kind out: finding files, telling what they are, reading blocks.

`expand` finds the files that a user means, `identify` makes a `Source` of one file's bytes, and
`read_blocks` reads the kinds that have no pages. What a file is follows from its content, never
from its name. Paged kinds are opened by the next stage.
"""

from extractor.ingest.archive import Entry, Found, Refused, Skipped, expand, expand_upload
from extractor.ingest.blocks import read_blocks
from extractor.ingest.sniff import identify

__all__ = [
    "Entry",
    "Found",
    "Refused",
    "Skipped",
    "expand",
    "expand_upload",
    "identify",
    "read_blocks",
]
