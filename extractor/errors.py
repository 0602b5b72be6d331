"""The exception tree.

ExtractorError
├── InputError                the document cannot be used; its user can do something about it
│   ├── UnsupportedInput      not a format that is read here
│   ├── EncryptedInput        protected by a password
│   ├── CorruptInput          truncated or otherwise damaged
│   ├── InputTooLarge         over a limit on bytes, pixels, pages or archive contents
│   └── NotAReport            can be read, but holds neither a table nor the headings of the form
├── OcrError                  the reader failed on a page
├── ModelError                weights or a manifest are missing, changed or do not fit
├── SchemaError               the schema file contradicts itself
├── StoreError                the service's storage could not do what was asked
└── ServiceError              the service cannot start

Wrong use by a programmer raises ValueError and stays outside of the tree. A document that is odd
or wrong is no exception at all: it gives flags, findings and failures in its result. Each class
carries a stable `code` and the exit and HTTP status that the command and the service answer with;
nothing ever matches on the text of a message.
"""

from __future__ import annotations

from typing import ClassVar


class ExtractorError(Exception):
    """Base of all errors with a message for the user: what, where, and what to do."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 3
    http_status: ClassVar[int] = 500


class InputError(ExtractorError):
    code = "unusable_input"
    http_status = 422


class UnsupportedInput(InputError):
    code = "unsupported_input"
    http_status = 415


class EncryptedInput(InputError):
    code = "encrypted_input"


class CorruptInput(InputError):
    code = "corrupt_input"


class InputTooLarge(InputError):
    code = "input_too_large"
    http_status = 413


class OcrError(ExtractorError):
    code = "ocr_failed"


class ModelError(ExtractorError):
    code = "model_unusable"


class SchemaError(ExtractorError):
    code = "schema_invalid"


class StoreError(ExtractorError):
    code = "store_failed"


class NotAReport(InputError):
    code = "not_a_report"


class ServiceError(ExtractorError):
    code = "service_failed"
