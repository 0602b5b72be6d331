"""A text input in, its paragraphs and tables out, in the order of the document."""

from __future__ import annotations

from extractor.errors import CorruptInput
from extractor.ingest import docx, encoding, html, markdown, text
from extractor.types import Block, Kind, Source


def read_blocks(source: Source) -> tuple[Block, ...]:
    """Read a document that has no pages.

    Lines count from 1: source lines of HTML, Markdown and text; in DOCX, which has no lines, the
    running number of the paragraph or table cell. A document without text gives no blocks.

    Raises:
        CorruptInput: the file is damaged, or its bytes are no text.
        EncryptedInput: parts of a DOCX are protected by a password.
        ValueError: the source is of a kind that consists of pages.
    """
    if source.kind.is_paged:
        raise ValueError(f"{source.kind} has pages, not blocks")
    if source.kind is Kind.DOCX:
        return docx.read_docx(source.name, source.data)
    declared = html.declared_encoding(source.data) if source.kind is Kind.HTML else None
    characters = encoding.decode(source.data, declared=declared)
    if characters is None:
        raise CorruptInput(
            f"{source.name}: its characters cannot be decoded as UTF-8, UTF-16, GB18030 or Big5. "
            "Save it again as UTF-8."
        )
    if source.kind is Kind.HTML:
        return html.read_html(characters)
    if source.kind is Kind.MARKDOWN:
        return markdown.read_markdown(characters)
    return text.read_text(characters)
