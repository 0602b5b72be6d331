"""Keys: who has one, a new one, and an end to one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from nicegui import html, ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments
from pydantic import ValidationError

from extractor.review.asking import attempt
from extractor.review.components import Confirm, Moment
from extractor.review.frame import ROLES, table, tell
from extractor.review.visitor import Visitor
from extractor.service.key_models import KeyBody
from extractor.service.problems import INVALID_REQUEST, ProblemError
from extractor.service.sessions import Signed
from extractor.service.tables import Key, Role


class NewKey(Element, component="static/new_key.js"):
    """The form for a new key, and the key once it is made; nothing here keeps it."""

    def __init__(self, visitor: Visitor, make: Callable[[str, str], Awaitable[str | None]]) -> None:
        """`make` makes a key with a name and a role, and returns it; None where it could not."""
        super().__init__()
        self.props.update(words=_words(visitor))

        async def made(event: GenericEventArguments) -> None:
            key = await make(str(event.args["name"]), str(event.args["role"]))
            self.run_method("show", key)

        self.on("make", made)


class KeyList:
    """All keys, with what can be done with them."""

    def __init__(self, visitor: Visitor) -> None:
        """Build it, empty; `refresh` fills it."""
        say = visitor.say
        self._visitor = visitor
        NewKey(visitor, self._make)
        columns = (
            (say("名称", "Name"), ""),
            (say("权限", "Role"), ""),
            (say("编号", "Id"), ""),
            (say("创建时间", "Made"), ""),
            (say("状态", "State"), ""),
        )
        self._body = table(say("密钥", "Keys"), columns, "wide keys")
        self._confirm = Confirm(
            say("停用", "Revoke it"), say("不，保留", "No, keep it"), self._revoke
        )

    async def refresh(self) -> None:
        """Show the keys that there are now."""
        found = await attempt(self._visitor, lambda _: self._visitor.service.store.keys.list())
        if found is not None:
            self._show(found)

    def _show(self, keys: Sequence[Key]) -> None:
        admins = [key for key in keys if key.role == Role.ADMIN and key.disabled_at is None]
        self._body.clear()
        with self._body:
            for key in keys:
                self._row(key, is_last=admins == [key])

    def _row(self, key: Key, *, is_last: bool) -> None:
        say = self._visitor.say
        is_own = key.id == self._visitor.signed.principal.key_id
        with html.tr().classes("quiet" if key.disabled_at else ""):
            with html.th(scope="row"):
                html.span(key.name)
                if is_own:
                    html.span(say("当前登录", "yours")).classes("tag")
            html.td(say(*ROLES[Role(key.role)]))
            with html.td():
                html.code(key.id)
            with html.td():
                Moment(key.created_at)
            with html.td():
                if key.disabled_at is not None:
                    html.span(say("已停用 ", "revoked "))
                    Moment(key.disabled_at)
                elif is_last:
                    text = say("最后一个管理员，不能停用", "the last administrator's stays")
                    html.span(text).classes("quiet")
                else:
                    button = html.button(say("停用此密钥", "Revoke"), type="button")
                    button.classes("plain danger").props["aria-label"] = (
                        f"{say('停用此密钥', 'Revoke')} {key.name}"
                    )
                    button.on("click", lambda: self._ask(key, is_own=is_own))

    def _ask(self, key: Key, *, is_own: bool) -> None:
        say = self._visitor.say
        text = say(
            f"停用“{key.name}”的密钥？使用它的人和程序将立即失去访问权限，不能恢复。",
            f"Revoke the key of {key.name}? Whoever uses it is shut out at once and for good.",
        )
        if is_own:
            text += say(
                "这是您自己的密钥，停用后您将退出。", " It is yours: you will be signed out."
            )
        self._confirm.ask(text, key.id)

    async def _revoke(self, key_id: str) -> None:
        def revoked(signed: Signed) -> bool:
            signed.principal.require()
            self._visitor.service.keys.revoke(key_id, by=signed.principal.key_id)
            return True

        if await attempt(self._visitor, revoked):
            tell(self._visitor.say("密钥已停用。", "The key was revoked."))
        await self.refresh()
        ui.run_javascript("document.getElementById('keys').focus()")

    async def _make(self, name: str, role: str) -> str | None:
        def made(signed: Signed) -> str:
            signed.principal.require()
            try:
                body = KeyBody.model_validate({"name": name, "role": role})
            except ValidationError as error:
                raise ProblemError(INVALID_REQUEST, "the name or role of a key") from error
            by = signed.principal.key_id
            return self._visitor.service.keys.create(body.name, body.role, by=by)

        key = await attempt(self._visitor, made)
        await self.refresh()
        return key


def _words(visitor: Visitor) -> dict[str, Any]:
    say = visitor.say
    may = {
        Role.UPLOADER: say("上传、重试", "uploads, retries"),
        Role.REVIEWER: say("复核", "reviews"),
        Role.ADMIN: say("全部权限", "does all"),
    }
    return {
        "name": say("使用者或用途", "Whose it is"),
        "example": say("李四，办公室", "Li Si, office"),
        "role": say("权限", "Role"),
        "roles": [
            [role.value, say(f"{words[0]}（{may[role]}）", f"{words[1]} ({may[role]})")]
            for role, words in ROLES.items()
        ],
        "make": say("新建密钥", "Make a key"),
        "key": say("新密钥", "The new key"),
        "once": say(
            "请立即保存：此密钥只显示这一次，服务只保存其哈希值，以后无法再查看。",
            "Keep it now: it is shown this once. Only a hash of it is stored.",
        ),
        "copy": say("复制", "Copy"),
        "copied": say("已复制", "Copied"),
        "done": say("我已保存", "I have kept it"),
    }
