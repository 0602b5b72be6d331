"""Numbers that were chosen, in one place. Fitted numbers live with their model in `models/`.

Every setting can be given as an environment variable `EXTRACTOR_<NAME>`, or in the TOML file that
`EXTRACTOR_SETTINGS` names (`extractor.toml` where it is not set), variables first; an empty
variable is as none. A name that is unknown, in code or in the file, is an error; of variables,
which may be somebody else's, `strange_variables` tells. `docs/settings.md` lists them all, and a
test compares the two.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

PREFIX = "EXTRACTOR_"
FILE_VARIABLE, FILE = "EXTRACTOR_SETTINGS", "extractor.toml"


class Settings(BaseSettings):
    """Immutable; passed down from the command or the service, never read from a global.

    Raises:
        ValidationError: a value is not valid, or a name unknown.
        tomllib.TOMLDecodeError: the file is no TOML.
        UnicodeDecodeError: it is not UTF-8.
        OSError: it cannot be read, or `EXTRACTOR_SETTINGS` names none.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid"
    )

    max_file_bytes: int = Field(200 * 2**20, gt=0, description="Largest single file that is read.")
    max_pages: int = Field(300, gt=0, description="Most pages of one document.")
    max_image_pixels: int = Field(80_000_000, gt=0, description="Most pixels of one page image.")
    max_archive_files: int = Field(2_000, gt=0, description="Most files in one archive.")
    max_archive_bytes: int = Field(
        1 * 2**30, gt=0, description="Most bytes that one archive may unpack to."
    )
    max_archive_ratio: float = Field(
        200.0, gt=1, description="Largest ratio of unpacked to packed size of one archive member."
    )
    max_seconds: float = Field(
        600.0, gt=0, description="A document that takes longer is stopped and reported as failed."
    )

    dpi: int = Field(200, ge=72, le=600, description="Resolution at which PDF pages are rendered.")
    max_page_side_px: int = Field(
        4000, ge=500, description="Page images are reduced so that no side is longer than this."
    )
    detection_side_px: int = Field(
        1280,
        ge=320,
        description="Longest side of the image in which print is looked for; small print up to "
        "doubles it.",
    )
    threads: int = Field(2, gt=0, description="Threads of the inference engine in one process.")

    inference: Literal["auto", "openvino", "onnxruntime"] = Field(
        "auto", description="Inference engine of the OCR; auto is OpenVINO where it is installed."
    )
    inference_precision: Literal["f32", "bf16"] = Field(
        "bf16", description="Arithmetic of OpenVINO; ONNX Runtime always computes in f32."
    )

    token_classifier: bool = Field(
        True, description="Whether the token classifier tells labels and key figures by meaning."
    )
    ruled_lines: bool = Field(
        True, description="Whether the ruled lines of page images tell the cells of tables."
    )
    second_look: bool = Field(
        True,
        description="Whether doubtful and empty cells of page images are read again, enlarged, and "
        "numbers by a second reader.",
    )

    joint_decoding: bool = Field(
        True,
        description="Whether a table that does not add up is explained as a whole; else its sums "
        "only flag.",
    )

    min_score: float = Field(
        0.90, ge=0, le=1, description="A reading with a lower OCR score is flagged."
    )
    min_anchor: float = Field(
        0.75, ge=0, le=1, description="A value whose row or column anchor is lower is flagged."
    )

    calibration: bool = Field(
        True,
        description="Whether calibrated probabilities decide what is accepted, where models/ has a "
        "calibrator.",
    )
    max_risk: float = Field(
        0.0005,
        gt=0,
        lt=1,
        description="Largest share of wrong values among accepted ones, with 95 % confidence.",
    )
    max_figure_risk: float = Field(
        0.01, gt=0, lt=1, description="The same for the key figures of the text."
    )
    audit_rate: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Share of accepted values that is drawn at random and sent to review all the "
        "same, so that the bound can be checked.",
    )

    home: Path = Field(
        Path(".data"), description="Folder of the service: its database, files and first key."
    )
    database_url: str = Field(
        "",
        description="PostgreSQL database of the service, as postgresql://user:password@host/name; "
        "empty for SQLite in its folder.",
    )
    files_url: str = Field(
        "",
        description="Where files are kept that several machines need, such as s3://bucket/folder; "
        "empty for the folder alone.",
    )
    workers: int = Field(
        1,
        ge=0,
        description="Processes that extract, one document each at a time; 0 leaves it to others "
        "(`extractor worker`).",
    )
    max_memory_bytes: int = Field(
        4 * 2**30,
        ge=2**30,
        description="Most memory that a process of the service may take that extracts.",
    )
    max_upload_bytes: int = Field(
        2 * 2**30, gt=0, description="Most bytes of one upload, all of its files together."
    )
    keep_days: int = Field(
        0,
        ge=0,
        description="Days after which a finished document is removed with all values and "
        "decisions; 0 to keep it for good.",
    )
    webhooks: bool = Field(
        True,
        description="Whether webhooks are told; false for a copy that is tried beside the service.",
    )
    calls_per_minute: int = Field(
        6000, ge=0, description="Calls that one key may make in a minute; 0 for any number."
    )
    wrong_keys_per_minute: int = Field(
        30,
        ge=0,
        description="Wrong keys of one address in a minute that are answered as such, and of one "
        "key that are looked into; 0 for any number. Right ones are answered all the same.",
    )
    session_hours: int = Field(
        12,
        gt=0,
        le=8760,
        description="Hours after which whoever signed in with a browser has to do so again.",
    )
    trusted_proxies: str = Field(
        "",
        description="Addresses or networks, with commas between them, of proxies whose "
        "X-Forwarded-For and X-Forwarded-Proto tell who asks, and how.",
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="Of the service's log; json has one object a line."
    )
    host: str = Field("127.0.0.1", min_length=1, description="Address that the service listens on.")
    port: int = Field(8000, gt=0, lt=65536, description="Port that the service listens on.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        in_file = InitSettingsSource(settings_cls, _in_file())
        return init_settings, env_settings, in_file

    @field_validator("*", mode="before")
    @classmethod
    def _is_no_truth(cls, value: Any, info: ValidationInfo) -> Any:
        """True and false are no numbers, though to Python they are 1 and 0."""
        is_number = cls.model_fields[str(info.field_name)].annotation in (int, float)
        if is_number and isinstance(value, bool):
            raise ValueError("a number is wanted, not true or false")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _are_addresses(cls, value: str) -> str:
        """What is neither an address nor a network would never be met, and nobody would notice."""
        proxies = [part.strip() for part in value.split(",") if part.strip()]
        for proxy in proxies:
            try:
                ipaddress.ip_network(proxy)
            except ValueError as error:
                raise ValueError(
                    f"{error}; give IP addresses, or networks such as 10.0.0.0/8"
                ) from None
        return ",".join(proxies)

    def of_reading(self) -> dict[str, float]:
        """What decides how a document is read and what is held back: probabilities are true only
        with the settings that they were fitted with."""
        return {name: float(getattr(self, name)) for name in _OF_READING}

    def of_results(self) -> dict[str, str | float]:
        """What processes that work for each other must have in common, so that a document comes out
        the same whichever of them takes it."""
        return {name: getattr(self, name) for name in (*_OF_READING, *_OF_RESULTS)}


_OF_READING = (
    *("dpi", "max_page_side_px", "detection_side_px", "min_score", "min_anchor"),
    *("token_classifier", "ruled_lines", "second_look", "joint_decoding"),
)
_OF_RESULTS = (
    *("max_pages", "max_image_pixels", "inference", "inference_precision"),
    *("calibration", "max_risk", "max_figure_risk", "audit_rate"),
)


def strange_variables() -> Mapping[str, str | None]:
    """Environment variables that look like settings and are none, with the one that may have been
    meant."""
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {FILE_VARIABLE}
    found = sorted(name for name in os.environ if name.upper().startswith(PREFIX))
    strange = [name for name in found if name.upper() not in known]
    meant = {name: nearest_setting(name[len(PREFIX) :]) for name in strange}
    return {name: near and PREFIX + near.upper() for name, near in meant.items()}


def nearest_setting(name: str) -> str | None:
    """The setting that may have been meant by a name that none has."""
    return next(iter(get_close_matches(name.lower(), Settings.model_fields, 1)), None)


def _in_file() -> dict[str, Any]:
    """What the file of settings says; nothing where there is none, unless a variable names it."""
    named = os.environ.get(FILE_VARIABLE)
    path = Path(named or FILE)
    if not named and not path.exists():
        return {}
    return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # Windows may begin it with a mark
