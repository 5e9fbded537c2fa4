"""The methods of :class:`Bot` for conversations that go on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

from typing_extensions import override

from ..event import Event, MessageEvent, NoticeEvent, Reply
from ..exception import ActionFailed, NetworkError
from ..message.describe import BuiltCard
from ..message.expand import lacks_words, with_words
from ..net.bounded_json import as_list, as_object, is_object
from ..sending.legacy_methods import LegacyMethods
from ..sending.route import Route
from ..sending.send import guess_id_type
from .answer import MARK, Answer, AnswerScope, Choice
from .state import Dialogs

if TYPE_CHECKING:
    from ..event.session import SessionScope
    from .live import LiveCard, LiveContent
    from .sessions import SessionLock, WhenBusy


class DialogMethods(LegacyMethods):
    """Base of :class:`Bot`: what assistants need beyond an answer."""

    dialogs: Dialogs
    """What this adapter's bots know of their conversations."""

    @override
    async def call_api(self, api: str, **data: Any) -> Any:
        answer = await super().call_api(api, **data)
        await self.dialogs.topics.note(self.self_id, answer)
        return answer

    async def is_in_my_topic(self, event: MessageEvent) -> bool:
        """Whether a message is in a topic that this bot opened or answered in, or that began with its message.

        That is remembered in the store for 30 days after the bot's last message there. Of a topic that is not known,
        the first message is fetched (获取指定消息的内容); if that fails, it is not the bot's.

        Args:
            event: the message.
        """
        return await self.dialogs.topics.has_part(self, event)

    def session_lock(
        self,
        event: MessageEvent | NoticeEvent | str,
        *,
        when_busy: WhenBusy = "queue",
        scope: SessionScope = "topic_user",
    ) -> SessionLock:
        """Let one run of a session go on at a time: ``async with bot.session_lock(event) as run: ...``.

        It holds within this process: replicas do not see each other's runs.

        Args:
            event: the event whose session it is; or a key of your own.
            when_busy: what happens while another run of the session is under way. ``"queue"`` waits for it, first come
                first served. ``"interrupt"`` cancels the block of the other run, and of all that wait, and begins when
                they have cleaned up; in them, the code behind their block goes on, where ``run.interrupted`` is true.
                ``"refuse"`` raises.
            scope: who shares the session; see :meth:`.MessageEvent.session`.

        Raises:
            SessionBusy: by ``async with`` with ``when_busy="refuse"``.
            RuntimeError: by ``async with`` when this handler holds the session already.
            ValueError: ``when_busy`` or the scope is unknown, or the event names no chat or person.
        """
        key = event if isinstance(event, str) else event.session(scope)
        return self.dialogs.sessions.lock(self.self_id, key, when_busy)

    async def send_live(
        self,
        target: MessageEvent | NoticeEvent | str,
        card: LiveContent,
        *,
        reply_message: bool = False,
        reply_in_thread: bool = False,
    ) -> LiveCard:
        """Send a card that any task may change: ``live = await bot.send_live(event, card); await live.update(…)``.

        A handler that is replayed after a crash sends a new one. Scope ``cardkit:card:write``.

        Args:
            target: the event to answer, or a chat_id, open_id, union_id, user_id or e-mail address.
            card: a card of JSON 2.0 whose components have an ``element_id`` where they will change.
            reply_message: quote the message that is answered.
            reply_in_thread: open a topic under it.

        Raises:
            ValueError: the card breaks Feishu's limits, or the target is no chat and no person.
            ActionFailed: Feishu refused.
            NetworkError: no usable answer came.
        """
        from .live import send_live  # only a plugin with live cards loads it

        return await send_live(self, _route(target, reply_message, reply_in_thread), card)

    async def confirm(
        self,
        event: MessageEvent | NoticeEvent,
        question: str | BuiltCard | Mapping[str, Any],
        *,
        buttons: Mapping[str, str | Choice],
        only: Collection[str] | Literal["anyone"] | None = None,
        timeout: float = 300.0,
        about: str = "",
        scope: AnswerScope = "once",
        reply_message: bool = False,
        reply_in_thread: bool = False,
    ) -> Answer:
        """Ask people by a card with buttons, and wait for their answer.

        The answer is shown on the card, and the buttons are gone. Others who press one are told that it is not for
        them. The question survives a restart: when the process dies, the event is handled again, and the same call
        finds the card that was sent and the answer that came meanwhile. The same call is the one with the same content
        at the same place of the handler. With ``memory://`` as the store there is no replay.

        Args:
            event: the event that is handled; the question stands in its chat or topic.
            question: Markdown, or a card of JSON 2.0 to which the buttons are added.
            buttons: the choices by key, from left to right, such as ``{"yes": "同意", "no": "拒绝"}``; a
                :class:`Choice` has its own scope and look.
            only: the ids of those who may answer (open_id, user_id or union_id), or ``"anyone"``; whom the event comes
                from when not given.
            timeout: seconds to wait, from when the question was first asked; at most 14 days.
            about: what is asked for, in a word that stays, such as ``deploy``: answers are remembered under it.
            scope: how long the choice of a button without a scope of its own is remembered: ``"once"`` not at all,
                ``"session"`` for 12 hours for this person in this topic or chat, ``"always"`` for this person for good.
            reply_message: quote the message that is answered.
            reply_in_thread: open a topic under it.

        Returns:
            The answer: ``answer.choice`` is the key of the button, None if nobody answered in time.

        Raises:
            ValueError: there are no buttons, nobody could answer, or something is to be remembered without ``about``.
            ActionFailed: Feishu refused the card.
            NetworkError: no usable answer came.
        """
        from .question import LONGEST, Question, card_of, choices_of, people_of

        if not 0 < timeout <= LONGEST:
            raise ValueError(f"timeout must be above 0 and at most {LONGEST:g} s (14 days), not {timeout!r}")
        questions = self.dialogs.questions
        asked = Question(
            card_of(question),
            choices_of(buttons, scope, about),
            questions.clock() + timeout,
            people_of(only, _who(event)),
            _remembered_under(event, about),
        )
        if (known := await questions.recall(self.self_id, asked)) is not None:
            return known
        return await questions.ask(self, _route(event, reply_message, reply_in_thread), asked)

    async def text_of(self, message: Reply | str | None) -> str:
        """The text of a message, such as the quoted one: ``await bot.text_of(event.reply)``.

        What this bot has streamed in the last seven days is known as it was written, in Markdown: the whole answer,
        also where it is shown by several messages. Of any other message it is what Feishu tells
        (获取指定消息的内容), of a card its words.

        Args:
            message: the quoted message, or a message's id; of None the text is empty.

        Raises:
            ActionFailed: Feishu refused; only for an id.
            NetworkError: no usable answer came; only for an id.
        """
        if message is None:
            return ""
        message_id = message if isinstance(message, str) else message.message_id
        if (text := await self.dialogs.texts.find(self.self_id, message_id)) is not None:
            return text
        if isinstance(message, str):
            items = await self.get_items(message_id)
            message = Reply.model_validate(items[0] if items else {})
        return str(message.message)

    @override
    async def keep_text(self, message_ids: Sequence[str], text: str) -> None:
        await self.dialogs.texts.keep(self.self_id, message_ids, text)

    async def get_items(self, message_id: str) -> Sequence[Mapping[str, Any]]:
        """A message and what it holds (获取指定消息的内容), with the words of its cards."""

        async def get(form: str) -> list[dict[str, Any]]:
            params = {"card_msg_content_type": form}
            answer = await self.call_api(f"im/v1/messages/{message_id}", method="GET", params=params)
            return list(map(as_object, as_list(as_object(as_object(answer).get("data")).get("items"))))

        items: Sequence[Mapping[str, Any]] = await get("user_card_content")
        if any(map(lacks_words, items)):
            # A template, for one, has them in the client's tree alone: a form that the document does not name.
            with suppress(ActionFailed, NetworkError):
                items = with_words(items, await get("raw_card_content"))
        return items

    async def forget_answer(self, event: MessageEvent | NoticeEvent, about: str) -> None:
        """Forget what :meth:`confirm` remembers for the person of an event, in this topic or chat and for good.

        Args:
            event: an event of that person.
            about: what was asked for.
        """
        await self.dialogs.questions.forget(self.self_id, _remembered_under(event, about))

    async def take_press(self, event: Event) -> bool:
        """Take a click on a button of :meth:`confirm`; False for any other event. The adapter does."""
        value = getattr(event, "action_value", None)
        if not isinstance(event, NoticeEvent) or not is_object(value) or MARK not in value:
            return False
        await self.dialogs.questions.press(self, event)
        return True


def _route(target: MessageEvent | NoticeEvent | str, quote: bool, open_topic: bool) -> Route:
    if isinstance(target, str):
        return Route(guess_id_type(target), target)
    return Route.of(target, quote=quote, open_topic=open_topic)


def _who(event: MessageEvent | NoticeEvent) -> str:
    if isinstance(event, MessageEvent):
        return event.get_user_id()
    return event.operator.any if event.operator else ""


def _remembered_under(event: MessageEvent | NoticeEvent, about: str) -> dict[str, str]:
    if not about:
        return {}
    places = {"session": event.session("topic_user"), "always": event.session("user")}
    return {scope: f"remembered:{about}:{place}" for scope, place in places.items()}
