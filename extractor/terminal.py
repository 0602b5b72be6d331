"""What every command shares: its settings, and how it speaks to a terminal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from tomllib import TOMLDecodeError
from typing import NoReturn

import typer
from pydantic import ValidationError

from extractor.errors import ExtractorError
from extractor.settings import FILE, FILE_VARIABLE, Settings

USAGE = 2


def settings_of(**given: object) -> Settings:
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except (TOMLDecodeError, OSError) as error:
        path = os.environ.get(FILE_VARIABLE) or FILE
        refuse(f"the settings in {path} cannot be read: {error}")
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        refuse("these settings are not valid: " + "; ".join(problems))


def shown(text: str) -> str:
    """Text on one line that does nothing to a terminal, whatever a file is called."""
    return "".join(sign if sign.isprintable() else "�" for sign in text)


@contextmanager
def errors_told() -> Iterator[None]:
    """An error in the block ends the command with its message and its exit code."""
    try:
        yield
    except ExtractorError as error:
        note(f"error: {error}")
        raise typer.Exit(error.exit_code) from None


def note(text: str) -> None:
    typer.echo(shown(text), err=True)


def refuse(message: str) -> NoReturn:
    note(f"error: {message}")
    raise typer.Exit(USAGE)
