"""Entries of the audit trail in words: who did what, to what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from extractor.review.frame import ROLES
from extractor.review.visitor import Visitor
from extractor.service.retention import BY as RETENTION
from extractor.service.tables import AuditEntry, Role

ACTION_WORDS: Mapping[str, tuple[str, str]] = {
    "uploaded": ("上传文件", "uploaded"),
    "reviewed": ("作出复核决定", "decided"),
    "retried": ("重试提取", "retried"),
    "extracted_again": ("重新提取", "extracted again"),
    "cancelled": ("取消提取", "cancelled"),
    "removed": ("移除文件", "removed"),
    "signed_in": ("登录", "signed in"),
    "signed_out": ("退出", "signed out"),
    "key_created": ("新建密钥", "made a key"),
    "key_revoked": ("停用密钥", "revoked a key"),
    "webhook_created": ("添加通知地址", "added a webhook"),
    "webhook_removed": ("删除通知地址", "removed a webhook"),
}
"""By the action of an entry; a test compares them with all actions that there are."""


@dataclass(frozen=True, slots=True)
class Told:
    """One entry: who did what, and to what."""

    who: str
    action: str
    about: str


def told(entry: AuditEntry, names: Mapping[str, str], visitor: Visitor) -> Told:
    """An entry in the language of whoever looks; `names` are those of keys, by id."""
    words = ACTION_WORDS.get(entry.action)
    action = entry.action if words is None else visitor.say(*words)
    return Told(_who(entry.key_id, names, visitor), action, _about(entry, visitor))


def _who(key_id: str | None, names: Mapping[str, str], visitor: Visitor) -> str:
    if key_id is None:
        return visitor.say("命令行或服务本身", "the command line, or the service")
    if key_id == RETENTION:
        return visitor.say("到期自动清理", "retention")
    return names.get(key_id, key_id)


def _about(entry: AuditEntry, visitor: Visitor) -> str:
    """The name of a document; of a key whose it is and its role, of a webhook its host."""
    name = entry.name or ""
    if entry.action.startswith("key_"):
        _, role, holder = name.split(" ", 2)
        words = visitor.say(*ROLES[Role(role)])
        return visitor.say(f"{holder}（{words}）", f"{holder} ({words})")
    return name.partition(" ")[2] if entry.action.startswith("webhook_") else name
