"""What every event has. All fields are optional and unknown ones are kept: no payload may lose an event."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Annotated, Any, ClassVar, cast

from nonebot.adapters import Event as BaseEvent
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from typing_extensions import override

from ..log import escape
from ..message import Message


def _to_text(value: object) -> object:
    if isinstance(value, str):
        return value
    return "" if value is None or isinstance(value, (dict, list)) else str(value)


def to_model(value: object) -> object:
    """What cannot become a model becomes an empty one."""
    return cast("object", value) if isinstance(value, (dict, BaseModel)) else {}


Text = Annotated[str, BeforeValidator(_to_text)]
"""A string; null, numbers and anything else are made one."""


class FeishuModel(BaseModel):
    """A tolerant part of a payload."""

    model_config = ConfigDict(extra="allow")


class EventHeader(FeishuModel):
    """The header of an event (事件结构, v2).

    Attributes:
        event_id: the same in every redelivery.
        event_type: such as ``im.message.receive_v1``.
        create_time: milliseconds since the epoch, as text.
        token: the verification token.
        app_id: the app it was delivered to.
        tenant_key: the tenant it happened in.
    """

    event_id: Text = ""
    event_type: Text = ""
    create_time: Text = ""
    token: Text = Field(default="", repr=False)
    app_id: Text = ""
    tenant_key: Text = ""
    resource_id: str | None = None
    user_list: list[dict[str, Any]] | None = None


class Event(BaseEvent):
    """Any event; what no other class fits arrives as this one."""

    model_config = ConfigDict(extra="allow")

    __event__: ClassVar[str] = ""

    schema_: Text = Field(default="", alias="schema")
    header: Annotated[EventHeader, BeforeValidator(to_model)] = Field(default_factory=EventHeader)
    event: Any = None

    @override
    def get_type(self) -> str:
        return self.header.event_type

    @override
    def get_event_name(self) -> str:
        return self.header.event_type

    @override
    def get_event_description(self) -> str:
        return escape(str(self.model_dump(exclude={"header": {"token"}})))

    @override
    def get_log_string(self) -> str:
        return f"[{escape(self.get_event_name())}]: {self.get_event_description()}"

    @override
    def get_message(self) -> Message:
        raise ValueError("Event has no message!")

    @override
    def get_plaintext(self) -> str:
        raise ValueError("Event has no plaintext!")

    @override
    def get_user_id(self) -> str:
        raise ValueError("Event has no user_id!")

    @override
    def get_session_id(self) -> str:
        raise ValueError("Event has no session_id!")

    @override
    def is_tome(self) -> bool:
        return False

    @property
    def time(self) -> datetime:
        """When it happened, aware, in UTC; the epoch when the platform did not say."""
        raw = self.header.create_time
        seconds = int(raw) / 1000 if raw.isdecimal() and len(raw) < 16 else 0.0
        return datetime.fromtimestamp(seconds, timezone.utc)


class NoticeEvent(Event):
    """Something that happened and is no message; ``event`` is Feishu's object."""

    event: dict[str, Any] = Field(default_factory=dict[str, Any])

    @override
    def get_type(self) -> str:
        return "notice"
