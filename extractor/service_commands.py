"""The commands about the service: to run it and its workers, to copy what it keeps, its keys."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError

from extractor.terminal import errors_told, note, refuse, settings_of, shown

if TYPE_CHECKING:
    from extractor.service.store import Store
    from extractor.settings import Settings


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on.", show_default=False)
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port to listen on.", show_default=False)
    ] = None,
) -> None:
    """Start the service; settings come from EXTRACTOR_... variables."""
    settings = settings_of(host=host, port=port)
    # Imported here: the other commands need nothing of the service.
    from extractor.app import serve as serve_forever

    with errors_told():
        serve_forever(settings)


def worker() -> None:
    """Extract what is queued on the database of the service, beside it or on another machine.

    Takes the same EXTRACTOR_... variables as the service; the folder EXTRACTOR_HOME must be the
    same, too, or shared.
    """
    from extractor.app import work as work_forever

    settings = settings_of()
    if not settings.files_url:  # else whose the files are is told by the storage
        _expect_a_service(settings)
    with errors_told():
        work_forever(settings)


def backup(
    target: Annotated[Path, typer.Argument(metavar="DIR", help="Made, or brought up to date.")],
) -> None:
    """Copy all that the service of EXTRACTOR_HOME keeps; it may be running."""
    from extractor.service.backup import back_up

    settings = settings_of()
    if settings.database_url:
        refuse(
            "EXTRACTOR_DATABASE_URL is set, and this copies SQLite: back PostgreSQL up with "
            "'pg_dump --exclude-table-data=sessions', and then the folder or the storage of the "
            "files"
        )
    with errors_told():
        made = back_up(settings.home, target)
    home = settings.home.absolute()
    note(f"{target} has the {made.documents} documents of {home}; {made.copied} files were copied")


keys = typer.Typer(help="Keys to the service of EXTRACTOR_HOME.", no_args_is_help=True)


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="Whose it is, or what uses it.")],
    role: Annotated[
        str, typer.Option(help="uploader, reviewer or admin.", show_default=False)
    ] = "uploader",
) -> None:
    """Make a key and print it; it is never shown again."""
    # Imported here, as below: the other commands need nothing of the service.
    from extractor.service.auth import Keys
    from extractor.service.key_models import KeyBody

    try:
        body = KeyBody.model_validate({"name": name, "role": role})
    except ValidationError as error:
        refuse("; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()))
    with _store() as store:
        typer.echo(Keys(store).create(body.name, body.role))


@keys.command("list")
def list_keys() -> None:
    """One line a key: its id, role, when it was made, and its name."""
    with _store() as store:
        for key in store.keys.list():
            revoked = f", revoked {key.disabled_at:%Y-%m-%d}" if key.disabled_at else ""
            made = f"{key.created_at:%Y-%m-%d}"
            typer.echo(shown(f"{key.id}  {key.role:8}  {made}  {key.name}{revoked}"))


@keys.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")],
) -> None:
    """Make a key useless, at once and for good."""
    with _store() as store:
        if not store.keys.revoke(key_id):
            is_last = store.keys.find(key_id) is not None
            refuse(
                "this is the last administrator's key; make another one first"
                if is_last
                else f"no key that could be used has the id {key_id!r}; extractor keys list"
            )


def _expect_a_service(settings: Settings) -> None:
    """Refuse a folder, of a mistyped name perhaps, in which no service has its data: it would have
    keys that open nothing, and workers that wait for ever."""
    from extractor.service.database import DATABASE

    if not settings.database_url and not (settings.home / DATABASE).is_file():
        refuse(
            f"{settings.home.absolute()} has no data of a service; name its folder with "
            "EXTRACTOR_HOME, or start the service there first"
        )


@contextmanager
def _store() -> Iterator[Store]:
    """The storage of the service, which may be running; there must be one."""
    from extractor.service.store import open_store

    settings = settings_of()
    _expect_a_service(settings)
    with errors_told(), open_store(settings, needs_files=False) as store:
        yield store
