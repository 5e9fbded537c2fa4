"""Delivered contents -> segments."""

import copy
import json
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_adapter_feishu_ws import Message, MessageSegment
from nonebot_adapter_feishu_ws.message import parse


def people(count: int):
    return [SimpleNamespace(key=f"@_user_{n}", open_id=f"ou_{n}", name=f"N{n}") for n in range(1, count + 1)]


def text(content: str, mentions=None) -> Message:
    return parse("text", json.dumps({"text": content}), mentions)


def test_mentions_become_at_segments():
    message = text("@_user_1 hi @_all!", people(1))
    assert [segment.type for segment in message] == ["at", "text", "at", "text"]
    assert message[0].data == {"user_id": "ou_1", "user_name": "N1"}
    assert message[2].data == {"user_id": "all"}
    assert message.extract_plain_text() == " hi !"


def test_B3_fifteen_mentions_are_told_apart():
    """The existing adapter reads ``@_user_11`` as ``@_user_1`` and the text "1"."""
    message = text(" ".join(f"@_user_{n}" for n in range(1, 16)), people(15))
    assert [s.data["user_id"] for s in message if s.type == "at"] == [f"ou_{n}" for n in range(1, 16)]


def test_a_digit_behind_a_mention_stays_text():
    message = text("@_user_12 apples", people(1))
    assert [str(segment) for segment in message] == ["@N1", "2 apples"]


def test_a_placeholder_that_nobody_has_is_text():
    assert text("@_user_9 hi").extract_plain_text() == "@_user_9 hi"


def test_ten_thousand_mentions_are_each_looked_at_a_bounded_number_of_times():
    looks = 0

    class Person:
        name = ""

        def __init__(self, number: int) -> None:
            self._number = number

        @property
        def key(self) -> str:
            nonlocal looks
            looks += 1
            return f"@_user_{self._number}"

        @property
        def open_id(self) -> str:
            nonlocal looks
            looks += 1
            return f"ou_{self._number}"

    mentions = [Person(number) for number in range(1, 10_001)]
    message = text("".join(f"@_user_{number} x" for number in range(1, 10_001)), mentions)
    assert [segment.data["user_id"] for segment in message["at"]] == [f"ou_{number}" for number in range(1, 10_001)]
    assert looks <= 4 * 10_000


def test_B2_rich_text_becomes_segments_with_resolved_mentions():
    content = {
        "title": "Title",
        "content": [
            [{"tag": "at", "user_id": "@_user_1", "user_name": "Bot"}, {"tag": "text", "text": " /help"}],
            [{"tag": "a", "text": "link", "href": "https://a"}, {"tag": "img", "image_key": "img_1"}],
            [{"tag": "emotion", "emoji_type": "SMILE"}, {"tag": "code_block", "language": "PYTHON", "text": "x"}],
            [{"tag": "media", "file_key": "f", "image_key": "i"}, {"tag": "new_tag", "value": 1}],
        ],
    }
    message = parse("post", json.dumps(content), people(1))
    assert [segment.type for segment in message] == [
        *("text", "at", "text", "link", "image", "text", "emotion", "code_block", "text", "media", "new_tag")
    ]
    assert message[1].data["user_id"] == "ou_1"
    assert message.extract_plain_text() == "Title\n /help\nlink\nx\n"


def test_a_post_with_a_locale_level_is_read_too():
    content = json.dumps({"zh_cn": {"title": "", "content": [[{"tag": "text", "text": "hi"}]]}})
    assert parse("post", content).extract_plain_text() == "hi"


TYPES = [
    "image",
    "file",
    "folder",
    "audio",
    "media",
    "sticker",
    "interactive",
    "share_chat",
    "share_user",
    "system",
    "location",
    "video_chat",
    "todo",
    "vote",
    "hongbao",
    "calendar",
    "share_calendar_event",
    "general_calendar",
]


@pytest.mark.parametrize("message_type", TYPES)
def test_B4_unknown_fields_lose_nothing(message_type):
    """The existing adapter raises a TypeError for a field that it does not know."""
    [segment] = parse(message_type, '{"brand_new": {"x": 1}}')
    assert segment.type == message_type
    assert segment.data == {"brand_new": {"x": 1}}
    assert str(segment)


def test_B5_a_merged_forward_is_no_json():
    [segment] = parse("merge_forward", "Merged and Forwarded Message")
    assert (segment.type, segment.data) == ("merge_forward", {"text": "Merged and Forwarded Message"})


@pytest.mark.parametrize(
    "content", ["", "null", "[]", "5", '"x"', "{}", '{"text": null}', '{"text": 5}', "{", "\ud800"]
)
@pytest.mark.parametrize("message_type", ["text", "post", "image", "interactive", "never_seen", ""])
def test_no_content_raises_and_none_gives_an_empty_message(message_type, content):
    assert len(parse(message_type, content)) >= 1


def test_a_nesting_of_a_thousand_levels():
    deep = '{"content":' + "[" * 1000 + "]" * 1000 + "}"
    assert len(parse("post", deep)) >= 1
    assert len(parse("interactive", '{"a":' * 100_000)) == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
elements = st.fixed_dictionaries(
    {
        "tag": st.sampled_from(["text", "a", "at", "img", "media", "md", "hr", "code_block", "emotion", "?"])
        | json_values
    },
    optional=dict.fromkeys(("text", "href", "user_id", "user_name", "image_key", "file_key"), json_values),
)


@given(json_values, st.sampled_from(["text", "post", "image", "system"]))
def test_fuzz_any_json(value, message_type):
    message = parse(message_type, json.dumps(value))
    assert len(message) >= 1
    assert isinstance(str(message) + message.extract_plain_text(), str)


@given(st.lists(st.lists(elements | json_values, max_size=4) | json_values, max_size=4), st.integers(0, 3))
def test_fuzz_rich_text(lines, count):
    message = parse("post", json.dumps({"title": 1, "content": lines}), people(count))
    assert isinstance(str(message), str)


def test_text_is_never_markup():
    markup = '<at user_id="all"></at> [image:x] &amp;'
    assert Message(markup) == Message(MessageSegment.text(markup))
    assert text(markup) == Message(markup)


CONTENTS = {
    "a thousand levels": '{"text": ' + "[" * 1000 + "]" * 1000 + "}",
    "within the bound": '{"text": ' + "[" * 190 + "]" * 190 + "}",
    "a hundred thousand objects": '{"a":' * 100_000,
    "a huge number": '{"text": ' + "9" * 10_000 + "}",
    "an infinite number": '{"text": 1e999, "duration": 1e999, "elements": [[1e999]]}',
    "NaN": '{"text": NaN}',
    "a million values": "[" + "0," * 1_000_000 + "0]",
    "a card in a card": json.dumps({"json_card": json.dumps({"user_dsl": json.dumps({"json_card": "[" * 5000})})}),
}


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("message_type", ["text", "post", "interactive", "audio", "todo", "unknown"])
def test_a_bomb_in_a_content_becomes_a_message_that_can_be_used(message_type, content):
    message = parse(message_type, content)
    assert len(message) == 1
    assert isinstance(str(message), str)
    assert isinstance(repr(message), str)
    assert isinstance(message.extract_plain_text(), str)
    assert copy.deepcopy(message) == message


@pytest.mark.parametrize("key", ["file:///etc/passwd", "https://example.com/x.png"])
def test_a_delivered_key_is_never_a_path_or_a_url(key):
    """A bot that sends back what it received must not upload its own files."""
    elements = [{"tag": "img", "image_key": key}, {"tag": "media", "file_key": key, "image_key": key}]
    content = {"content": [elements], "files": [{"file_key": key}, {"file_key": key, "is_folder": True}]}
    message = parse("post", json.dumps(content))
    assert [segment.type for segment in message] == ["image", "media", "file", "folder"]
    for segment in message:
        assert key in segment.data.values()
        assert not {"source", "cover"} & segment.data.keys()
