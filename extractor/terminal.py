"""What every command shares: its settings, and how it speaks to a terminal."""

from __future__ import annotations

import os
from collections.abc import Container, Iterator
from contextlib import contextmanager
from tomllib import TOMLDecodeError
from typing import NoReturn

import typer
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from extractor.errors import ExtractorError
from extractor.settings import (
    FILE,
    FILE_VARIABLE,
    PREFIX,
    Settings,
    nearest_setting,
    strange_variables,
)

USAGE = 2
_SHOWN = 60
"""Characters of a wrong value that are repeated."""


def settings_of(**given: object) -> Settings:
    """The settings of the process; an option that is not None goes before. What is wrong with them
    ends the command, and what only looks like one is said."""
    options = {name: value for name, value in given.items() if value is not None}
    try:
        settings = Settings(**options)  # type: ignore[arg-type]
    except ValidationError as error:
        problems = (_told(one, options) for one in error.errors())
        refuse("these settings are not valid: " + "; ".join(problems))
    except UnicodeDecodeError:
        refuse(f"the settings in {_path()} cannot be read: save the file as UTF-8")
    except TOMLDecodeError as error:
        refuse(f"the settings in {_path()} cannot be read: {error}")
    except OSError as error:
        refuse(f"the settings in {_path()} cannot be read: {error.strerror}")
    for name, nearest in strange_variables().items():
        meant = f"; did you mean {nearest}?" if nearest else ""
        note(f"warning: no setting is called {name}, so that it does nothing{meant}")
    return settings


def _told(error: ErrorDetails, options: Container[str]) -> str:
    """What is wrong with a setting, and where it was given; its value only where that cannot be a
    secret."""
    name = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        nearest = nearest_setting(name)
        meant = f"; did you mean {nearest}?" if nearest else ""
        return f"{name} in {_path()}: there is no such setting{meant}"
    message = error["msg"].removeprefix("Value error, ")
    value = "" if name.endswith("_url") else f" = {str(error['input'])[:_SHOWN]!r}"
    if name in options:
        return f"--{name}{value}: {message}"
    variables = {one.upper(): one for one in os.environ if os.environ[one]}
    if variable := variables.get(f"{PREFIX}{name.upper()}"):
        return f"{variable}{value}: {message}"
    return f"{name}{value} in {_path()}: {message}"


def _path() -> str:
    return os.environ.get(FILE_VARIABLE) or FILE


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
