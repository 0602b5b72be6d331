"""What is asked and answered about keys, and about sessions that were begun with them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints

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


class SessionBody(Model):
    key: SecretStr = Field(max_length=200, examples=["ex_3fa1c09b77de_secret"])


class SessionModel(Model):
    """Who asks."""

    role: Role
    name: str = Field(description="Of the key.")
    csrf_token: str | None = Field(
        description="To be sent as `X-CSRF-Token` with every call of this session that changes "
        "something; null for a key, which needs none."
    )
    expires_at: datetime | None = Field(description="When the session ends; null for a key.")
