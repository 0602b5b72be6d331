"""Keys: who may do what. Only administrators see or change them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from extractor.service import key_models
from extractor.service.auth import Principal
from extractor.service.routes.bounded import Bounded
from extractor.service.routes.wiring import Wired, admin, problems_of

router = APIRouter(tags=["keys"], responses=problems_of(403, 413), route_class=Bounded)
Administrator = Annotated[Principal, Depends(admin)]


@router.get("/keys")
def list_keys(service: Wired, caller: Administrator) -> key_models.KeyList:
    """All keys, the oldest first, those that were revoked among them; never their secrets."""
    return key_models.KeyList(
        keys=[key_models.KeyModel.of(key) for key in service.store.keys.list()]
    )


@router.post("/keys", status_code=201)
def create_key(
    service: Wired, caller: Administrator, body: key_models.KeyBody
) -> key_models.NewKey:
    """Make a key. The answer is the only time that it is shown."""
    row, key = service.keys.create_row(body.name, body.role, by=caller.key_id)
    return key_models.NewKey(**key_models.KeyModel.of(row).model_dump(), key=key)


@router.delete("/keys/{id}", status_code=204, responses=problems_of(404, 409))
def revoke_key(id: str, service: Wired, caller: Administrator) -> None:
    """Make a key useless, at once and for good. The last administrator's stays."""
    service.keys.revoke(id, by=caller.key_id)
