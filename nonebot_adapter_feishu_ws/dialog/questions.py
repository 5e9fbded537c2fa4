"""Questions to people that wait for their answer, and survive a restart of the process.

The question and its answer stand in the store under an id that a replayed handler makes again. So it finds the card
that was sent, and an answer that came while nobody waited.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from ..card import Toast
from ..event import NoticeEvent
from ..exception import ActionFailed, NetworkError
from ..logs import log
from ..net.bounded_json import as_object, read_object
from ..net.waiting import Sleep, wait_for_event
from ..sending.legacy_methods import LegacyMethods
from ..sending.respond import make_response, respond
from ..sending.route import Route
from ..store import Kept
from .answer import Answer
from .question import ANSWERED, EXPIRED, NOT_YOURS, TAKEN, Question, pressed

KEEP_AFTER: Final = 86_400.0
"""Seconds for which a question is known after its end: a replay comes late, and old cards are pressed."""
SESSION_TTL: Final = 12 * 3600.0
"""Seconds for which an answer is remembered for a session."""
LOOK_EVERY: Final = 1.0
"""Seconds between two looks into a store that other processes write to."""


class Questions:
    """The questions of all bots of one adapter. Lives on NoneBot's loop."""

    def __init__(
        self,
        kept: Kept,
        is_ending: Callable[[], bool] = lambda: False,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Use what the store keeps.

        Args:
            kept: what the store keeps.
            is_ending: whether the process ends, so that questions stay open for the next one.
            clock: seconds since the epoch.
            sleep: as :func:`asyncio.sleep`.
        """
        self.clock: Callable[[], float] = clock
        self.sleep: Sleep = sleep
        self._kept = kept
        self._is_ending = is_ending
        self._woken: dict[str, asyncio.Event] = {}
        self._endings: set[asyncio.Task[None]] = set()

    async def recall(self, bot_id: str, question: Question) -> Answer | None:
        """An earlier answer that counts for this question, too: its choice still exists, by one who may answer."""
        for key in reversed(question.keys.values()):
            given = _read(await self._kept.get(f"{bot_id}:{key}"))
            choice = given.get("choice")
            if choice in question.choices and question.may_answer(given.get("ids", ())):
                return Answer(choice, by=given["by"], at=given["at"], remembered=True)
        return None

    async def forget(self, bot_id: str, keys: Mapping[str, str]) -> None:
        """Forget what was remembered."""
        for key in keys.values():
            await self._kept.set(f"{bot_id}:{key}", None, None)

    async def ask(self, bot: LegacyMethods, route: Route, question: Question) -> Answer:
        """Send a question, unless that was done before, and wait for its answer."""
        question_id = question.digest(bot.idempotency_keys.next("confirm"))
        key = _key(bot.self_id, question_id)
        ttl = max(0.0, question.until - self.clock()) + KEEP_AFTER
        question = Question.from_text(await self._kept.add(key, question.to_text(), ttl))
        woken = self._woken.setdefault(question_id, asyncio.Event())
        try:
            if not question.message_id:
                question = await self._send(bot, route, question, question_id)
                await self._kept.set(key, question.to_text(), ttl)
            return await self._wait(bot, question, question_id, woken)
        except asyncio.CancelledError:
            if not self._is_ending():
                self._end_later(bot, question, question_id)
            raise
        finally:
            self._woken.pop(question_id, None)

    async def _send(self, bot: LegacyMethods, route: Route, question: Question, question_id: str) -> Question:
        content = json.dumps(question.shown(question_id), ensure_ascii=False)
        try:
            answer: Any = await route.send(bot, content, "interactive", question_id)
        except ActionFailed:
            await self._kept.set(_key(bot.self_id, question_id), None, None)  # a further try must send it
            raise
        return replace(question, message_id=str(as_object(answer).get("message_id") or ""))

    async def _wait(self, bot: LegacyMethods, question: Question, question_id: str, woken: asyncio.Event) -> Answer:
        while True:
            woken.clear()
            given = _read(await self._kept.get(_answer_key(bot.self_id, question_id)))
            if given:
                return _answer(given, question)
            left = question.until - self.clock()
            if left <= 0:
                return await self._end(bot, question, question_id, "timeout")
            await wait_for_event(woken, min(left, LOOK_EVERY) if self._kept.is_shared else left, self.sleep)

    async def press(self, bot: LegacyMethods, event: NoticeEvent) -> None:
        """Take a click on a button of a question."""
        note, answer, question = await self._judge(bot.self_id, event)
        card = None if question is None or answer is None else question.ended(answer)
        await respond(bot, event, make_response(None, note, card))

    async def _judge(self, bot_id: str, event: NoticeEvent) -> tuple[Toast, Answer | None, Question | None]:
        """What a click brings about: a note to who pressed; the answer and its question once there is one."""
        question_id, choice = pressed(getattr(event, "action_value", None))
        text = await self._kept.get(_key(bot_id, question_id))
        if text is None:
            return EXPIRED, None, None
        question, now = Question.from_text(text), self.clock()
        question = replace(question, message_id=question.message_id or event.message_id)
        if given := _read(await self._kept.get(_answer_key(bot_id, question_id))):
            return ANSWERED, _answer(given, question), question
        who = event.operator
        ids = [] if who is None else [each for each in (who.open_id, who.user_id, who.union_id) if each]
        if not ids or not question.may_answer(ids) or choice not in question.choices:
            return NOT_YOURS, None, None
        mine: dict[str, Any] = {"choice": choice, "by": ids[0], "ids": ids, "at": now, "ending": "answered"}
        if now >= question.until:
            mine |= {"choice": None, "ending": "timeout"}
        given = await self._give(bot_id, question, question_id, mine)
        answer = _answer(given, question)
        if given != mine:
            return ANSWERED, answer, question
        if answer.choice is None:
            return EXPIRED, answer, question
        await self._remember(bot_id, question, given)
        return TAKEN, answer, question

    async def _give(self, bot_id: str, question: Question, question_id: str, mine: dict[str, Any]) -> dict[str, Any]:
        """Write an answer, unless there is one; returns the one that counts, and wakes who waits for it."""
        ttl = max(0.0, question.until - self.clock()) + KEEP_AFTER
        given = _read(await self._kept.add(_answer_key(bot_id, question_id), json.dumps(mine), ttl))
        if (woken := self._woken.get(question_id)) is not None:
            woken.set()
        return given

    async def _remember(self, bot_id: str, question: Question, given: Mapping[str, Any]) -> None:
        scope = question.choices[given["choice"]].scope
        if key := question.keys.get(scope):
            await self._kept.set(f"{bot_id}:{key}", json.dumps(given), None if scope == "always" else SESSION_TTL)

    async def _end(self, bot: LegacyMethods, question: Question, question_id: str, ending: str) -> Answer:
        """Stop waiting for an answer: there is one at the last moment, or the card says that there is none."""
        mine = {"choice": None, "by": "", "at": self.clock(), "ending": ending}
        given = await self._give(bot.self_id, question, question_id, mine)
        answer = _answer(given, question)
        if given == mine and question.message_id:
            content = json.dumps(question.ended(answer), ensure_ascii=False)
            try:
                await bot.call_api(f"im/v1/messages/{question.message_id}", method="PATCH", json={"content": content})
            except (ActionFailed, NetworkError) as error:
                template = "Bot {bot}: the card {} keeps its buttons, which do nothing any more: {}"
                log("WARNING", template, question.message_id, error, bot=bot.self_id)
        return answer

    def _end_later(self, bot: LegacyMethods, question: Question, question_id: str) -> None:
        async def end() -> None:
            await self._end(bot, question, question_id, "cancelled")

        # Whoever cancels the handler is not kept waiting.
        task = asyncio.create_task(end(), name="feishu-question-cancelled")
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)


def _read(text: str | None) -> dict[str, Any]:
    return {} if text is None else as_object(read_object(text.encode()))


def _answer(given: Mapping[str, Any], question: Question) -> Answer:
    return Answer(given["choice"], given["by"], given["at"], given["ending"], message_id=question.message_id)


def _key(bot_id: str, question_id: str) -> str:
    return f"{bot_id}:question:{question_id}"


def _answer_key(bot_id: str, question_id: str) -> str:
    return f"{bot_id}:answer:{question_id}"
