"""Where the messages of one answer go: to the message that is answered, and elsewhere once that one is gone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal, Self

from nonebot.adapters import Event as BaseEvent

from ..api.types import ReceiveIdType
from ..event import MessageEvent, NoticeEvent
from ..event.message import AboutMessage
from ..exception import ActionFailed
from ..logs import log
from ..net.bounded_json import as_object, as_text
from .legacy_methods import LegacyMethods

GONE: Final = frozenset({230011, 230019, 230030, 230050, 230110, 230111, 231003, 99992354})
"""A message cannot be answered any more: recalled, deleted or about to be, hidden, unknown, its topic gone."""
IfRecalled = Literal["send", "drop"]
"""What becomes of an answer whose question is gone: sent to the topic or chat, or not at all."""


@dataclass(slots=True)
class Route:
    """Where the messages of one answer go, in order. Several messages quote the question once.

    Attributes:
        receive_id_type: what ``receive_id`` is.
        receive_id: the chat or user; empty when only the message is known that is answered.
        replies_to: the messages to answer: the question, then, for when it is gone, the root of its topic and the first
            message of the answer there.
        in_topic: every message is a reply, so that all of them stay in the topic; otherwise only the first one is.
        if_recalled: what becomes of the answer when the question is gone.
        dropped: whether the rest of the answer is not sent.
    """

    receive_id_type: ReceiveIdType
    receive_id: str
    replies_to: list[str] = field(default_factory=list[str])
    in_topic: bool = False
    if_recalled: IfRecalled = "send"
    dropped: bool = False
    _begun: bool = field(default=False, init=False)

    @classmethod
    def of(
        cls, event: BaseEvent, *, quote: bool = False, open_topic: bool = False, if_recalled: IfRecalled = "send"
    ) -> Self:
        """The route of the answer to an event.

        Args:
            event: the event.
            quote: quote the message that is answered.
            open_topic: open a topic under the message that is answered.
            if_recalled: what becomes of the answer when that message is gone.

        Raises:
            ValueError: the event names no chat and no user, or ``if_recalled`` is unknown.
        """
        if if_recalled not in ("send", "drop"):
            raise ValueError(f'if_recalled must be "send" or "drop", not {if_recalled!r}')
        route = cls(*find_target(event), if_recalled=if_recalled)
        if not isinstance(event, (MessageEvent, NoticeEvent)):
            return route
        message = event.event.message if isinstance(event, AboutMessage) else None
        in_topic = message is not None and (message.chat_type == "topic_group" or bool(message.thread_id))
        if event.message_id and (quote or open_topic or in_topic):
            root_id = message.root_id if in_topic and message is not None else None
            route.replies_to = list(dict.fromkeys(filter(None, (event.message_id, root_id))))
            route.in_topic = in_topic or open_topic
        return route

    async def send(self, bot: LegacyMethods, content: str, msg_type: str, uuid: str | None = None) -> Any:
        """Send the next message.

        Args:
            bot: the bot that sends.
            content: the message's JSON as a string.
            msg_type: Feishu's type.
            uuid: its idempotency key; made from the event when None.

        Returns:
            Feishu's answer; None when it was dropped.
        """
        # Feishu takes no divider as a reply.
        while self.replies_to and msg_type != "system" and not self.dropped:
            message_id = self.replies_to[0]
            # The same key wherever it goes: if an earlier try was delivered after all, it is not delivered twice.
            uuid = uuid or bot.idempotency_keys.next(message_id)
            try:
                answer = await bot.reply_msg(message_id, content, msg_type, uuid, reply_in_thread=self.in_topic)
            except ActionFailed as error:
                if not _is_gone(error) or not (self.receive_id or self.replies_to[1:]):
                    raise
                self._leave(bot, error)
            else:
                return self._sent(answer)
        if self.dropped:
            return None
        answer = await bot.send_msg(self.receive_id_type, self.receive_id, content, msg_type, uuid=uuid)
        return answer if msg_type == "system" else self._sent(answer)

    def _sent(self, answer: Any) -> Any:
        """Note where the rest of the answer goes: quoted once, or in the topic, whatever becomes of the question."""
        message = as_object(as_object(answer).get("data"))
        self.receive_id = self.receive_id or as_text(message.get("chat_id"))
        if not self.in_topic:
            self.replies_to.clear()
        elif not self._begun:
            # In a group of topics what is sent to the chat begins a topic.
            if as_text(message.get("thread_id")) and (message_id := as_text(message.get("message_id"))):
                self.replies_to.append(message_id)
            self._begun = True
        return answer

    def _leave(self, bot: LegacyMethods, error: ActionFailed) -> None:
        message_id = self.replies_to.pop(0)
        self.dropped = self.if_recalled == "drop"
        rest = "is dropped" if self.dropped else f"goes to {next(iter(self.replies_to), self.receive_id)} instead"
        template = "Bot {bot}: {} can no longer be answered [code {}], so the answer {}"
        log("WARNING", template, message_id, error.code, rest, bot=bot.self_id, log_id=error.log_id)


def _is_gone(error: ActionFailed) -> bool:
    return error.code in GONE or (error.code == 230001 and "message_id" in error.msg)


def find_target(event: BaseEvent) -> tuple[ReceiveIdType, str]:
    """The destination of an answer to an event: its chat, or else its operator.

    Raises:
        ValueError: the event names neither.
    """
    if isinstance(event, (MessageEvent, NoticeEvent)):
        if event.chat_id:
            return "chat_id", event.chat_id
        person = event.get_all_user_id() if isinstance(event, MessageEvent) else event.operator
        for kind in ("open_id", "user_id", "union_id"):
            if user_id := getattr(person, kind, ""):
                return kind, user_id
    raise ValueError(
        f"{event.get_event_name()} names no chat and no user to answer to: "
        "use bot.send_to(chat_id or open_id, ...) with a target of your own"
    )
