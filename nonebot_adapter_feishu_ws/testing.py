"""Synthetic events for the tests of plugins; nothing is sent or received.

With nonebug::

    from nonebot_adapter_feishu_ws import Adapter, Bot
    from nonebot_adapter_feishu_ws.testing import bot_options, make_group_message

    async def test_ping(app: App):
        async with app.test_matcher(ping) as ctx:
            bot = ctx.create_bot(base=Bot, adapter=ctx.create_adapter(base=Adapter), **bot_options())
            event = make_group_message("/ping", at_me=True)
            ctx.receive_event(bot, event)
            ctx.should_call_send(event, "pong")
"""

import json
import types
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar, Union, cast, get_args, get_origin, overload
from uuid import uuid4

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from .api import BotInfo
from .config import BotConfig
from .event import (
    CardActionEvent,
    Event,
    EventRegistry,
    GroupMessageEvent,
    MessageEvent,
    PrivateMessageEvent,
    TopicMessageEvent,
    check_at_me,
)

E = TypeVar("E", bound=Event)

APP_ID: Final = "cli_a0b1c2d3e4f56789"
"""The bot of these events."""
BOT_OPEN_ID: Final = "ou_bot"
"""Its own open_id."""
USER_OPEN_ID: Final = "ou_user"
"""The acting user, by default."""
CHAT_ID: Final = "oc_chat"
"""The chat of these events, by default."""
TIME: Final = "1700000000000"
"""The time of these events: milliseconds since the epoch, 2023-11-14T22:13:20Z."""

_TEXTS: Final = {
    "chat_id": CHAT_ID,
    "open_chat_id": CHAT_ID,
    "open_id": USER_OPEN_ID,
    "union_id": "on_user",
    "user_id": "user",
    "tenant_key": "tenant",
    "operator_tenant_key": "tenant",
    "app_id": APP_ID,
    "chat_type": "group",
    "message_type": "text",
    "content": '{"text": "hi"}',
    "sender_type": "user",
    "operator_type": "user",
    "emoji_type": "SMILE",
    "url": "https://example.com/",
}
_DEPTH: Final = 8


def bot_options(app_id: str = APP_ID) -> dict[str, Any]:
    """The arguments of nonebug's ``create_bot(base=Bot, ...)``: ``self_id``, ``bot_config`` and ``bot_info``."""
    return {
        "self_id": app_id,
        "bot_config": BotConfig(app_id=app_id, app_secret="secret-of-a-test"),  # pyright: ignore[reportArgumentType]
        "bot_info": BotInfo(open_id=BOT_OPEN_ID, app_name="Bot"),
    }


@overload
def make_event(
    kind: str, /, *, header: Mapping[str, Any] | None = None, registry: EventRegistry | None = None, **body: Any
) -> Event: ...
@overload
def make_event(
    kind: type[E], /, *, header: Mapping[str, Any] | None = None, registry: EventRegistry | None = None, **body: Any
) -> E: ...
def make_event(
    kind: str | type[Event],
    /,
    *,
    header: Mapping[str, Any] | None = None,
    registry: EventRegistry | None = None,
    **body: Any,
) -> Event:
    """Create an event of any kind, with every field filled.

    Args:
        kind: the event type, such as ``im.chat.member.bot.added_v1``, or the class.
        header: overrides fields of the header, such as ``{"create_time": "1700000000000"}``.
        registry: ``Adapter.event_models``, for your own classes that were added there.
        body: overrides fields of ``event``; objects are merged: ``operator_id={"open_id": "ou_..."}``.

    Returns:
        The event as the adapter parses it from a delivery.

    Raises:
        TypeError: another class is registered for the event type.
    """
    registry = registry or EventRegistry()
    event_type = kind if isinstance(kind, str) else kind.__event__
    event = registry.parse(make_payload(event_type, header=header, registry=registry, **body))
    if not isinstance(kind, str) and not isinstance(event, kind):
        raise TypeError(
            f"{event_type!r} becomes {type(event).__name__}, not {kind.__name__}: "
            "give registry=Adapter.event_models if the class was added there, or the event type as text"
        )
    return event


def make_payload(
    event_type: str,
    /,
    *,
    header: Mapping[str, Any] | None = None,
    registry: EventRegistry | None = None,
    **body: Any,
) -> dict[str, Any]:
    """The JSON object that Feishu would deliver for :func:`make_event` with the same arguments."""
    models = (registry or EventRegistry()).get(event_type)
    field = models[0].model_fields["event"] if models else None
    sample: object = _sample("event", field.annotation) if field else {}
    return {
        "schema": "2.0",
        "header": {
            "event_id": uuid4().hex,
            "event_type": event_type,
            "create_time": TIME,
            "token": "",
            "app_id": APP_ID,
            "tenant_key": "tenant",
            **(header or {}),
        },
        "event": _merged(cast("dict[str, Any]", sample) if isinstance(sample, dict) else {}, body),
    }


def make_private_message(
    content: str | Mapping[str, Any] = "hi", *, msg_type: str = "text", open_id: str = USER_OPEN_ID, **message: Any
) -> PrivateMessageEvent:
    """Create a message in a private chat, as handlers receive it (``to_me`` is set).

    Args:
        content: the text, or the content's object.
        msg_type: ``text``, ``post``, ``image``, ...
        open_id: the sender.
        message: overrides fields of ``event.message``, such as ``message_id`` or ``chat_id``.
    """
    return _message(PrivateMessageEvent, "p2p", content, msg_type, open_id, message)


def make_group_message(
    content: str | Mapping[str, Any] = "hi",
    *,
    at_me: bool = False,
    at: Sequence[str] = (),
    msg_type: str = "text",
    open_id: str = USER_OPEN_ID,
    **message: Any,
) -> GroupMessageEvent:
    """Create a message in a group, as handlers receive it.

    Args:
        content: the text, or the content's object.
        at_me: begin the text with a mention of the bot; ``to_me`` is set and the mention removed, as by the adapter.
        at: open_ids of further mentions.
        msg_type: ``text``, ``post``, ``image``, ...
        open_id: the sender.
        message: overrides fields of ``event.message``, such as ``message_id``, ``chat_id`` or ``thread_id``.
    """
    return _message(GroupMessageEvent, "group", content, msg_type, open_id, message, at_me, at)


def make_topic_message(
    content: str | Mapping[str, Any] = "hi",
    *,
    at_me: bool = False,
    at: Sequence[str] = (),
    msg_type: str = "text",
    open_id: str = USER_OPEN_ID,
    **message: Any,
) -> TopicMessageEvent:
    """Create a message in a topic group, as handlers receive it. See :func:`make_group_message`."""
    message = {"thread_id": "omt_topic", **message}
    return _message(TopicMessageEvent, "topic_group", content, msg_type, open_id, message, at_me, at)


def make_card_action(
    value: Any = None, *, tag: str = "button", open_id: str = USER_OPEN_ID, chat_id: str = CHAT_ID, **action: Any
) -> CardActionEvent:
    """Create the callback of a click on a card.

    Args:
        value: the ``value`` of the element.
        tag: the element: ``button``, ``select_static``, ``input``, ...
        open_id: the user.
        chat_id: the chat of the card.
        action: further fields of ``event.action``: ``name``, ``option``, ``input_value``, ``form_value``, ...
    """
    payload = make_payload("card.action.trigger", operator={"open_id": open_id}, context={"open_chat_id": chat_id})
    payload["event"]["action"] = {"value": {} if value is None else value, "tag": tag, **action}
    return cast("CardActionEvent", EventRegistry().parse(payload))


M = TypeVar("M", bound=MessageEvent)


def _message(
    kind: type[M],
    chat_type: str,
    content: str | Mapping[str, Any],
    msg_type: str,
    open_id: str,
    message: Mapping[str, Any],
    at_me: bool = False,
    at: Sequence[str] = (),
) -> M:
    mentioned = [BOT_OPEN_ID, *at] if at_me else at
    people = {f"@_user_{number}": who for number, who in enumerate(mentioned, 1)}
    mentions = [{"key": key, "id": {"open_id": who}, "name": who, "tenant_key": "t"} for key, who in people.items()]
    if isinstance(content, str):
        content = {"text": " ".join([*people, content])}
    body = {
        "sender": {"sender_id": {"open_id": open_id}, "sender_type": "user", "tenant_key": "tenant"},
        "message": {
            "message_id": f"om_{uuid4().hex}",
            "chat_id": CHAT_ID,
            "chat_type": chat_type,
            "create_time": TIME,
            "message_type": msg_type,
            "content": json.dumps(content, ensure_ascii=False),
            **({"mentions": mentions} if mentions else {}),
            **message,
        },
    }
    payload = {**make_payload("im.message.receive_v1"), "event": body}
    event = kind.model_validate(payload)
    check_at_me(event, BOT_OPEN_ID)
    return event


def _merged(sample: dict[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(sample)
    for key, value in body.items():
        old = merged.get(key)
        if isinstance(old, dict) and isinstance(value, Mapping):
            value = _merged(cast("dict[str, Any]", old), cast("Mapping[str, Any]", value))
        merged[key] = value
    return merged


def _sample(name: str, annotation: Any, depth: int = 0) -> Any:
    """A plausible value of a field."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return _sample(name, next(kind for kind in arguments if kind is not type(None)), depth)
    if origin is list:
        return [_sample(name, arguments[0], depth)] if depth < _DEPTH else []
    if origin is dict:
        return {"key": _sample(name, arguments[1], depth)}
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if depth >= _DEPTH:
            return {}
        fields = annotation.model_fields.items()
        return {key: _sample(key, field.annotation, depth + 1) for key, field in fields if not _is_absent(field)}
    if annotation is bool:
        return True
    if annotation in (int, float):
        return annotation(1)
    return _sample_text(name) if annotation is str else {"key": "value"}


def _is_absent(field: FieldInfo) -> bool:
    """Whether a field is left out: optional texts and lists, such as ``parent_id``, occur in special messages only."""
    arguments = get_args(field.annotation)
    return type(None) in arguments and not {int, float, bool}.intersection(arguments)


def _sample_text(name: str) -> str:
    if name.endswith("message_id"):
        return f"om_{uuid4().hex}"
    if name.endswith(("_time", "timestamp")):
        return TIME
    return _TEXTS.get(name, name)
