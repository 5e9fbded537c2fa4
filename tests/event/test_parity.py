"""Names and payload shapes of the existing NoneBot Feishu adapter's events, by introspection."""

import types
import typing

import nonebot.adapters.feishu as existing
import nonebot.adapters.feishu.event as existing_event
import pytest
from pydantic import BaseModel

import nonebot_adapter_feishu_ws as ours
from nonebot_adapter_feishu_ws import event as our_event

NAMES = sorted(
    name
    for name, value in vars(existing_event).items()
    if isinstance(value, type) and issubclass(value, BaseModel) and value.__module__.startswith(existing.__name__)
)
EVENTS = [name for name in NAMES if issubclass(getattr(existing_event, name), existing_event.Event)]
DIFFERENT = {
    "GroupConfigUpdatedEvent.moderator_list.added_member_list": "a list in the SDK and in the document",
    "GroupConfigUpdatedEvent.moderator_list.removed_member_list": "a list in the SDK and in the document",
    "CalendarAclCreatedEvent.scope.user_id": "an object in the SDK; a text becomes one",
    "CalendarAclDeletedEvent.scope.user_id": "an object in the SDK; a text becomes one",
}


def test_there_is_something_to_compare():
    assert len(EVENTS) >= 45
    assert "GroupMemberBotAddedEventDetail" in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_there(name):
    assert hasattr(existing, name)
    assert getattr(our_event, name) is getattr(ours, name)


@pytest.mark.parametrize("name", [name for name in EVENTS if getattr(existing_event, name).__event__])
def test_every_class_has_its_type_and_its_bases(name):
    theirs, mine = getattr(existing_event, name), getattr(ours, name)
    assert mine.__event__ == theirs.__event__
    for base in ("Event", "NoticeEvent", "MessageEvent"):
        assert issubclass(mine, getattr(ours, base)) is issubclass(theirs, getattr(existing_event, base))
    assert ours.Adapter.get_event_model(theirs.__event__)[0] is mine


def plain(annotation):
    """``X`` of ``Optional[X]`` and ``Literal``'s kind."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        annotation = next(kind for kind in typing.get_args(annotation) if kind is not type(None))
    if typing.get_origin(annotation) is typing.Literal:
        return type(typing.get_args(annotation)[0])
    return annotation


def differences(path, theirs, mine):
    theirs, mine = plain(theirs), plain(mine)
    if theirs is mine or typing.Any in (theirs, mine):
        return
    if typing.get_origin(theirs) is list and typing.get_origin(mine) is list:
        yield from differences(path, typing.get_args(theirs)[0], typing.get_args(mine)[0])
    elif typing.get_origin(theirs) or typing.get_origin(mine):
        yield path
    elif issubclass(theirs, BaseModel) and issubclass(mine, BaseModel):
        for name, field in theirs.model_fields.items():
            if name in mine.model_fields:
                yield from differences(f"{path}.{name}", field.annotation, mine.model_fields[name].annotation)
            else:
                yield f"{path}.{name}"
    elif not (theirs is dict and issubclass(mine, BaseModel)):  # models can be read like dicts
        yield path


@pytest.mark.parametrize("name", EVENTS)
def test_every_payload_path_is_there_with_the_same_kind_of_value(name):
    theirs, mine = (getattr(module, name).model_fields["event"].annotation for module in (existing_event, ours))
    assert [path for path in differences(name, theirs, mine) if path not in DIFFERENT] == []


def test_the_comparison_sees_a_difference():
    class Inner(BaseModel):
        id: str

    class Theirs(BaseModel):
        inner: Inner
        gone: int | None = None

    class Other(BaseModel):
        id: int = 0

    class Mine(BaseModel):
        inner: Other

    assert list(differences("it", Theirs, Mine)) == ["it.inner.id", "it.gone"]


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(ours, "NoSuchEvent")
    assert not hasattr(our_event, "NoSuchEventDetail")
    with pytest.raises(ImportError):
        from nonebot_adapter_feishu_ws import NoSuchEvent  # noqa: F401


def test_what_came_can_be_read_like_a_dict():
    """The existing adapter gives a dict for types without a class; a plugin moved over from it reads it as one."""
    event = ours.Adapter.json_to_event(
        {"header": {"event_type": "calendar.calendar.changed_v4"}, "event": {"user_id_list": [{"open_id": "ou_1"}]}}
    )
    assert event.event["user_id_list"][0]["open_id"] == "ou_1"
    assert "calendar_id" not in event.event
    assert event.event.get("calendar_id", "none") == "none"
    with pytest.raises(KeyError):
        event.event["calendar_id"]
