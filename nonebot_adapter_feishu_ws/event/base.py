"""What every event has. All fields are optional and unknown ones are kept: no payload may lose an event."""

from base64 import b32encode
from datetime import datetime
from hashlib import blake2b
from typing import Annotated, Any, ClassVar, Self

from nonebot.adapters import Event as BaseEvent
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationError, model_validator
from pydantic.functional_validators import ModelWrapValidatorHandler
from typing_extensions import override

from ..message import Message
from ..message.times import to_time
from ..net.bounded_json import JsonError, is_list, is_object, read_json
from .callback import Callback
from .log_text import escape
from .places import find_text
from .session import SessionScope, session_key


def _to_text(value: object) -> object:
    if isinstance(value, str):
        return value
    return "" if value is None or isinstance(value, (dict, list)) else str(value)


def _to_text_or_none(value: object) -> object:
    return value if value is None else _to_text(value) or None


def to_dicts(value: object) -> list[object] | None:
    """The objects of a list; None for anything else."""
    return [item for item in value if is_object(item) or isinstance(item, FeishuModel)] if is_list(value) else None


def to_model(value: object) -> object:
    """What cannot become a model becomes an empty one."""
    return value if is_object(value) or isinstance(value, BaseModel) else {}


def _from_json(value: object) -> object:
    """The object that a JSON text holds, also one that was made a text twice; anything else stays."""
    found = value
    for _ in range(2):
        if not isinstance(found, str) or not found.strip().startswith(("{", '"')):
            break
        try:
            found = read_json(found)
        except JsonError:
            break
    return found if is_object(found) else value


def to_ids(value: object) -> object:
    """The same for a user's ids, of which one may come alone as a text."""
    return value if isinstance(value, str) else to_model(value)


Text = Annotated[str, BeforeValidator(_to_text)]
"""A string; null, numbers and anything else are made one."""
MaybeText = Annotated[str | None, BeforeValidator(_to_text_or_none)]
"""The same for one that may be missing; what is neither text nor number is, too."""
Flag = Annotated[bool, BeforeValidator(lambda value: value is True or value == "true")]
"""A flag; anything else is none."""
ActionValue = Annotated[Any, BeforeValidator(_from_json)]
"""What a card's author gave to an element: an object, also where it comes as JSON text, or a text of their own."""
FormValue = Annotated[dict[str, Any], BeforeValidator(_from_json)]
"""The entries of a card's form by name, also where they come as JSON text."""


class FeishuModel(BaseModel):
    """A tolerant part of a payload. What came can also be read as from a dict: ``part["chat_id"]``."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow", defer_build=True)

    def __getitem__(self, key: str) -> Any:
        if key not in self:
            raise KeyError(key)
        return getattr(self, key)

    def __contains__(self, key: object) -> bool:
        return key in self.model_fields_set

    def get(self, key: str, default: Any = None) -> Any:
        """What came under a key, or the default."""
        return getattr(self, key) if key in self else default


class Detail(FeishuModel):
    """A part of an event's body. What does not fit its field goes to ``misfits``, whatever else there is stays.

    A text, an object or a list that did not come is empty, a number or flag is None; ``model_fields_set`` names what
    came.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(coerce_numbers_to_str=True)

    _misfits: dict[str, Any] = PrivateAttr(default_factory=dict[str, Any])

    @property
    def misfits(self) -> dict[str, Any]:
        """What came with a type that nobody expected, by field; empty but for surprises."""
        return self._misfits

    @model_validator(mode="wrap")
    @classmethod
    def _leave_out(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not is_object(value):
            return handler(value)
        fields = {key: item for key, item in value.items() if item is not None}
        try:
            return handler(fields)
        except ValidationError as error:
            places = [problem["loc"] for problem in error.errors(include_url=False, include_input=False)]
            detail = handler(_without(fields, places))
            detail._misfits.update({str(loc[0]): fields[str(loc[0])] for loc in places})
            return detail


def _without(fields: dict[str, Any], places: list[tuple[int | str, ...]]) -> dict[str, Any]:
    """The fields without those at the given places; of a list only the items that do not fit are left out."""
    items = {(loc[0], loc[1]) for loc in places if len(loc) > 1 and isinstance(fields.get(str(loc[0])), list)}
    whole = {loc[0] for loc in places} - {name for name, _ in items}
    kept = {name: value for name, value in fields.items() if name not in whole}
    for name in {str(name) for name, _ in items}:
        kept[name] = [item for number, item in enumerate(fields[name]) if (name, number) not in items]
    return kept


class UserId(FeishuModel):
    """A user's ids; ``user_id`` and ``union_id`` are empty without their scopes."""

    open_id: Text = ""
    user_id: Text = ""
    union_id: Text = ""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        """Some events have one id as a text where others have the object."""
        if not isinstance(value, str):
            return value
        return {"open_id" if value.startswith("ou_") else "union_id" if value.startswith("on_") else "user_id": value}

    @property
    def any(self) -> str:
        """The first id that is there, open_id before user_id before union_id; empty without any."""
        return self.open_id or self.user_id or self.union_id


class EventHeader(FeishuModel):
    """The header of an event (事件结构, v2).

    Attributes:
        event_id: the same in every redelivery.
        event_type: such as ``im.message.receive_v1``.
        create_time: milliseconds since the epoch, as text; of some callbacks microseconds. ``event.time`` is right.
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
    resource_id: MaybeText = None
    user_list: Annotated[list[dict[str, Any]] | None, BeforeValidator(to_dicts)] = None


class Event(BaseEvent):
    """Any event; what no other class fits arrives as this one."""

    # An error that shows its input would put the verification token, or what a user wrote, into the log.
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow", hide_input_in_errors=True, defer_build=True)

    __event__: ClassVar[str] = ""

    _callback: Callback | None = PrivateAttr(default=None)
    _store_key: str | None = PrivateAttr(default=None)
    _attempt: int = PrivateAttr(default=1)

    schema_: Text = Field(default="", alias="schema")
    header: Annotated[EventHeader, BeforeValidator(to_model)] = Field(default_factory=EventHeader)
    event: Any = None

    @property
    def callback(self) -> Callback | None:
        """What waits for an answer to this event; None for an event that is only told."""
        return self._callback

    @property
    def store_key(self) -> str | None:
        """The event's name in the store, in which it stays until it is handled; None when it is not there."""
        return self._store_key

    @property
    def attempt(self) -> int:
        """Which handling of this event this is: 1, or more when an earlier process had taken it up and ended.

        The handlers of an earlier attempt may have come to any point, or not have begun. Without a store on disk or in
        Redis an event has one attempt.
        """
        return self._attempt

    def stable_id(self, *names: str | int) -> str:
        """An id made from this event and the given names: the same in every attempt, and another for other names.

        It begins with a letter and has 19 letters and digits, so that it may be a card's ``element_id`` (at most 20,
        更新组件) as well as a part of a button's value, a key in a database, or a ``uuid``.

        Args:
            names: what tells the ids of one event apart, such as ``"approve", 1``.

        Raises:
            ValueError: the event has no id that would be the same in the next attempt.
        """
        identity = f"{self.header.app_id}:{self.header.event_id}" if self.header.event_id else self._store_key
        if not identity:
            raise ValueError("this event has no event_id, so nothing stable can be made from it: make a random id")
        digest = blake2b("\0".join([identity, *map(str, names)]).encode("utf-8", "surrogatepass"), digest_size=11)
        return "e" + b32encode(digest.digest()).decode().rstrip("=").lower()

    def set_callback(self, callback: Callback | None, store_key: str | None = None, attempt: int = 1) -> None:
        """Say what waits for an answer to this event, its name in the store, and its attempt; the adapter does."""
        self._callback, self._store_key, self._attempt = callback, store_key, attempt

    @override
    def __repr__(self) -> str:
        # NoneBot formats it for each matcher, for a line that is hardly ever logged. ``str`` has all of it.
        return f"{type(self).__name__}({self.header.event_type!r}, {self.header.event_id!r})"

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
        return to_time(self.header.create_time or self.header.get("event_create_time"))


def _to_body(value: object) -> object:
    if not is_object(value) and not isinstance(value, BaseModel):
        raise ValueError("the body of a notice is an object")
    return value


class NoticeEvent(Event):
    """Something that happened and is no message.

    ``event`` is Feishu's object: a dict here, a model in the classes of single event types.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(defer_build=True)

    __operator__: ClassVar[str] = ""
    """Where the body has who brought it about, such as ``notice_meta.from_user_id``, if in no usual place."""
    __person__: ClassVar[str] = ""
    """Where it has whom it is about."""

    event: Annotated[Any, BeforeValidator(_to_body)] = Field(default_factory=dict[str, Any])

    @model_validator(mode="before")
    @classmethod
    def _without_null(cls, value: Any) -> Any:
        if not is_object(value):
            return value
        return {key: part for key, part in value.items() if key != "event" or part is not None}

    @override
    def get_type(self) -> str:
        return "notice"

    @override
    def get_event_description(self) -> str:
        return escape(str(self.model_dump(exclude={"header": {"token"}}, exclude_unset=True)))

    @override
    def get_user_id(self) -> str:
        """Who brought it about, or else whom it is about.

        Raises:
            ValueError: the event names neither.
        """
        if who := self.operator or self.person:
            return who.any
        raise ValueError("Event has no user_id!")

    @override
    def get_session_id(self) -> str:
        user_id = self.get_user_id()
        return f"{self.chat_id}_{user_id}" if self.chat_id else user_id

    def session(self, scope: SessionScope = "topic_user") -> str:
        """A key for what a plugin keeps of a conversation; see :meth:`MessageEvent.session`.

        A notice names no topic, so its chat stands for it: also that of a click on a card in a topic.

        Raises:
            ValueError: it names no chat or no person, which the scope needs.
        """
        user_id = (self.operator or self.person or UserId()).any
        return session_key(scope, chat_id=self.chat_id, user_id=user_id)

    @property
    def chat_id(self) -> str:
        """``oc_...``; empty when the event names no chat."""
        return find_text(self.event, ("chat_id",), ("context", "open_chat_id"), ("open_chat_id",))

    @property
    def message_id(self) -> str:
        """``om_...``; empty when the event names no message."""
        return find_text(self.event, ("message_id",), ("context", "open_message_id"), ("open_message_id",))

    @property
    def operator(self) -> UserId | None:
        """Who brought it about; None when the event does not say."""
        if found := _person_at(self.event, self.__operator__):
            return found
        for path in _OPERATORS:
            ids = {name: find_text(self.event, (*path, name)) for name in UserId.model_fields}
            if any(ids.values()):
                return UserId.model_validate(ids)
            # One id alone. An operator may be named by an id of CoreHR or the app engine, too, which is nobody here.
            alone = find_text(self.event, path)
            if alone.startswith(("ou_", "on_")) or (alone and path[-1] == "operator_id"):
                return UserId.model_validate(alone)
        open_id = find_text(self.event, ("operator_open_id",), ("open_id",))
        ids = UserId(open_id=open_id, **{name: find_text(self.event, (name,)) for name in ("user_id", "union_id")})
        return ids if ids.any else None

    @property
    def person(self) -> UserId | None:
        """Whom it is about, such as the employee who has joined; None when that is nobody, or several people."""
        return _person_at(self.event, self.__person__)


_OPERATORS = (("operator_id",), ("operator", "operator_id"), ("operator", "id"), ("operator",), ("user_id",), ("user",))
"""Where the events of the various domains have the one who acted."""


def _person_at(body: object, place: str) -> UserId | None:
    """The ids at a place such as ``object.guest.id`` or ``operator_ids.0``: an object of them, or one as a text."""
    if not place:
        return None
    path = tuple(place.split("."))
    if alone := find_text(body, path):
        return UserId.model_validate(alone)
    ids = {name: find_text(body, (*path, name)) for name in UserId.model_fields}
    return UserId.model_validate(ids) if any(ids.values()) else None
