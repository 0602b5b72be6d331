"""A report that is open on one page: what is asked of the service about it, and what came of it.

Others may work on the same report. A decision goes with the version that was seen: where somebody
else was faster, and what they changed is something else, it is taken on top of that; else it is
not, and whoever asked is told so by an exception.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from extractor.review import desk as desks
from extractor.review.asking import ask
from extractor.review.desk import Json
from extractor.review.loaded import Loaded, load
from extractor.review.trail_words import TrailWords
from extractor.review.visitor import Visitor
from extractor.service.answers import Body
from extractor.service.decisions import undoable
from extractor.service.problems import VERSION_OUTDATED, ProblemError
from extractor.service.sessions import Signed
from extractor.service.tables import Document, DocumentState, Review, Role
from extractor.types import FIGURES

TRIES = 5
"""Of a decision, where others decide about other things at the same time."""


class Removed(Exception):
    """The document has been removed."""


class ExtractedAgain(Exception):
    """The document was extracted again: its pages and places are other ones. `names` has what could
    be looked at before, by its name now, as far as it is still there."""

    def __init__(self, document: Document, names: Mapping[str, str]) -> None:
        super().__init__(document.name)
        self.document, self.names = document, names


class NotDone(Exception):
    """What was asked for was not done, or what follows from it cannot be seen; the texts say so,
    in Chinese and in English."""

    def __init__(self, chinese: str, english: str) -> None:
        super().__init__(english)
        self.texts = chinese, english


class Reviewing:
    """A document with a result, on the desk of one visitor; `at` is what to look at first.

    Its methods raise `Removed`, `ExtractedAgain`, `NotDone`, `SessionEnded` and `ProblemError`;
    `desk` and `loaded` are then what was last seen. `is_extracted_again`: it is at the moment, and
    nothing can be decided until then.
    """

    def __init__(self, visitor: Visitor, loaded: Loaded, at: str) -> None:
        assert loaded.result is not None
        document = loaded.document
        self._visitor = visitor
        self.loaded = loaded
        self.is_extracted_again = not DocumentState(document.state).is_final
        self.desk = desks.opened(loaded.result, document.version, document.generation, at)

    def undoable(self) -> Sequence[Review]:
        """The decision that would be undone, with those that were taken at once with it, in order;
        empty where there is none."""
        return undoable(self.loaded.trail, self._visitor.signed.principal.key_id)

    def look_at(self, subject: str) -> None:
        """Look at something else."""
        self.desk = desks.chosen(self.desk, subject)

    def move(self, by: int) -> None:
        """Look at the next open one, or at the one before."""
        self.desk = desks.moved(self.desk, by)

    async def decide(self, subject: str, body: Body) -> list[Json]:
        """Have a decision taken; returns the sums that it breaks, which held before."""
        seen = self.desk.result
        subjects = desks.slots_of(seen, subject) or (subject,)
        reviews = self._visitor.service.reviews

        def decide(key_id: str) -> Document:
            document, version = self.loaded.document, self.desk.version
            return reviews.decide_alike(document, subjects, body, key_id=key_id, version=version)

        def is_same() -> bool:
            return desks.is_same(seen, self.desk.result, subject)

        await self._change(decide, is_same)
        self.desk = desks.answered(self.desk, *await self._after())
        return desks.contradictions(seen, self.desk.result, subject)

    async def undo(self, act: Sequence[Review]) -> None:
        """Take back what was decided at once, if it is still the last decision of this visitor that
        counts, also before the document was extracted again, and look at what it was about."""
        last = act[-1]
        if last.generation != self.desk.generation:
            raise NotDone(*self._not_carried(act[0]))
        reviews = self._visitor.service.reviews

        def undo(key_id: str) -> Document:
            document, version = self.loaded.document, self.desk.version
            return reviews.undo(document, key_id=key_id, version=version, number=last.number)

        def is_same() -> bool:
            now = self.undoable()
            return bool(now) and now[-1].number == last.number

        await self._change(undo, is_same)
        self.desk = desks.answered(self.desk, *await self._after())
        is_one = len(act) == 1
        self.look_at(last.slot if is_one else desks.asked_with(self.desk.result, act[0].slot))

    async def _extracted_again(self, loaded: Loaded) -> ExtractedAgain:
        document, now = loaded.document, loaded.result or {}
        before = desks.everything(self.desk.result)
        figures = [one for one in before if one.startswith(f"{FIGURES}.")]
        reviews, generation = self._visitor.service.reviews, self.desk.generation
        known = await ask(
            self._visitor, lambda _: reviews.names_since(document, generation, figures)
        )
        names = {one: one for one in before if one not in figures} | dict(known)
        there = {one: name for one, name in names.items() if desks.is_there(now, name)}
        return ExtractedAgain(document, there)

    def _not_carried(self, review: Review) -> tuple[str, str]:
        schema, texts = self._visitor.service.reviews.schema, []
        for say in (lambda chinese, _: chinese, lambda _, english: english):
            told = TrailWords(schema, {}, say).subject(review.slot, review.before)
            texts.append(f"{told.text} {told.note}".strip())
        return (
            f"您的上一决定（{texts[0]}）没有随重新提取带入现在的结果，没有撤销任何内容。",
            f"Your last decision ({texts[1]}) was not carried over when the document was extracted "
            "again; nothing was undone.",
        )

    async def follow(self) -> bool:
        """See what others have done, also that they have the document extracted again; False where
        that is nothing."""
        store, document_id = self._visitor.service.store, self.loaded.document.id
        now = await ask(self._visitor, lambda _: store.find(document_id))
        if now is None:
            raise Removed
        was, self.is_extracted_again = (
            self.is_extracted_again,
            not DocumentState(now.state).is_final,
        )
        if now.version == self.desk.version:
            return was != self.is_extracted_again
        await self._take_over()
        return True

    async def _change(self, change: Callable[[str], Document], is_same: Callable[[], bool]) -> None:
        """Have something done for the key of the visitor; on top of what others have done, as long
        as what it is about is the same."""

        def changed(signed: Signed) -> Document:
            signed.principal.require(Role.REVIEWER)
            return change(signed.principal.key_id)

        for _ in range(TRIES):
            try:
                await ask(self._visitor, changed)
                return
            except ProblemError as problem:
                if problem.type is not VERSION_OUTDATED:
                    raise
            await self._take_over()
            if not is_same():
                raise NotDone(
                    "另一位复核人刚刚更改了此处，您的操作没有保存；请按现在的内容再核对。",
                    "Somebody else has just changed this; nothing of yours was saved. Look again.",
                )
        raise ProblemError(VERSION_OUTDATED, "others change the document all the time")

    async def _take_over(self) -> None:
        self.desk = desks.renewed(self.desk, *await self._now())

    async def _after(self) -> tuple[Json, int]:
        """What follows from something that was done."""
        try:
            return await self._now()
        except ProblemError as problem:
            raise NotDone(
                "已保存，但暂时读不到最新结果；请稍候刷新此页。",
                "It is saved, and what follows cannot be read at the moment; reload the page.",
            ) from problem

    async def _now(self) -> tuple[Json, int]:
        """Result and version of the document as it is by now."""
        document_id, generation = self.loaded.document.id, self.desk.generation
        loaded = await ask(self._visitor, lambda _: load(self._visitor, document_id))
        if loaded is None or loaded.result is None:
            raise Removed
        if loaded.document.generation != generation:
            raise await self._extracted_again(loaded)
        self.loaded = loaded
        return loaded.result, loaded.document.version
