"""Names and shapes of the existing NoneBot Feishu adapter, by introspection."""

import inspect

import nonebot.adapters.feishu as existing
import pytest
from nonebot.adapters.feishu.message import MessageSegment as Existing

import nonebot_adapter_feishu_ws as ours
from nonebot_adapter_feishu_ws import Bot, MessageSegment
from nonebot_adapter_feishu_ws.message import message as ours_segments

FACTORIES = [name for name, value in vars(Existing).items() if isinstance(value, staticmethod)]


@pytest.mark.parametrize("name", FACTORIES)
def test_every_factory_takes_what_the_existing_one_takes(name):
    theirs = inspect.signature(getattr(Existing, name))
    mine = inspect.signature(getattr(MessageSegment, name))
    assert list(mine.parameters)[: len(theirs.parameters)] == list(theirs.parameters)
    values = dict.fromkeys(theirs.parameters, "x")
    ours_made, theirs_made = getattr(MessageSegment, name)(**values), getattr(Existing, name)(**values)
    assert ours_made.type == theirs_made.type
    assert set(theirs_made.data) - {"i18n_elements"} <= set(ours_made.data) | {"elements"}


def test_the_segment_classes_are_there():
    theirs = {n for n, v in vars(inspect.getmodule(Existing)).items() if inspect.isclass(v) and issubclass(v, Existing)}
    assert theirs <= set(vars(ours_segments))


METHODS = [
    "send_msg",
    "reply_msg",
    "edit_msg",
    "delete_msg",
    "get_msg",
    "get_msgs",
    "get_msg_resource",
    "get_msg_read_users",
    "forward_msg",
    "merge_forward_msg",
    "post_file",
    "get_file",
    "send",
    "call_api",
    "handle_event",
]


@pytest.mark.parametrize("name", METHODS)
def test_the_bot_methods_take_what_the_existing_ones_take(name):
    theirs = inspect.signature(getattr(existing.Bot, name)).parameters
    mine = inspect.signature(getattr(Bot, name)).parameters
    assert list(mine)[: len(theirs)] == list(theirs)


@pytest.mark.parametrize("name", ["json_to_event", "get_event_model", "add_custom_model", "custom_send", "get_name"])
def test_the_class_methods_of_the_adapter_are_there(name):
    theirs = inspect.signature(getattr(existing.Adapter, name)).parameters
    assert list(inspect.signature(getattr(ours.Adapter, name)).parameters) == list(theirs)


def test_names_and_platform():
    assert ours.Adapter.get_name() == existing.Adapter.get_name() == "Feishu"
    assert Bot.platform == "feishu"
    for name in ("Message", "MessageSegment", "ActionFailed", "NetworkError", "ApiNotAvailable", "PostText", "log"):
        assert hasattr(existing, name)
        assert hasattr(ours, name)
