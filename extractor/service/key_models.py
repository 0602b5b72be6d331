"""What is asked and answered about keys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from extractor.service.models import Model
from extractor.service.tables import Key, Role

Name = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$"
    ),
]


class KeyBody(Model):
    name: Name = Field(description="Whose it is, or what uses it.", examples=["李四，办公室"])
    role: Role


class KeyModel(Model):
    id: str = Field(description="The part between `ex_` and the secret; no secret itself.")
    name: str
    role: Role
    created_at: datetime
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: Key) -> KeyModel:
        return cls(
            id=key.id,
            name=key.name,
            role=Role(key.role),
            created_at=key.created_at,
            revoked_at=key.disabled_at,
        )


class NewKey(KeyModel):
    key: str = Field(description="To be sent as `Authorization: Bearer <key>`; never shown again.")


class KeyList(Model):
    keys: list[KeyModel]
