"""The scrubber: same shape, same thing for the same thing, and nothing of the original outside the allowlist."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_adapter_feishu_ws.record.fields import ENUMS, known_names, known_segments
from nonebot_adapter_feishu_ws.record.scrub import BASE_MS, Scrubber, move_times
from nonebot_adapter_feishu_ws.record.shape import PREFIX, shape

OPEN_ID, CHAT, MESSAGE = (
    "ou_84aad35d084aa403a838cf73ee18467",
    "oc_5ad11d72b830411d72b836c20",
    "om_5ce6d572455d361153b7cb5",
)
NAMES = sorted(known_names() - ENUMS)
TEXTS = st.text(max_size=30) | st.from_regex(r"[A-Za-z]{4,12}[ -][a-z0-9]{4,9}", fullmatch=True)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | TEXTS, inner, max_size=4),
)


def scrubber(**options: Any) -> Scrubber:
    return Scrubber(names=known_names(), segments=known_segments(), **options)


def message(text: str, **more: Any) -> dict[str, Any]:
    body = {"message_id": MESSAGE, "chat_id": CHAT, "message_type": "text", "create_time": "1609073151345"}
    return {
        "schema": "2.0",
        "header": {"event_type": "im.message.receive_v1", "token": "verify-me-123", "create_time": "1609073151000"},
        "event": {"sender": {"sender_id": {"open_id": OPEN_ID}}, "message": {**body, "content": text, **more}},
    }


def said(text: str, **options: Any) -> str:
    made = scrubber(**options).value(message(json.dumps({"text": text})))
    return json.loads(made["event"]["message"]["content"])["text"]


def leaves(value: Any) -> list[tuple[str, Any]]:
    """Every name and value, in order."""
    if isinstance(value, dict):
        return [pair for key, each in value.items() for pair in [("", key), *leaves(each)]]
    return [pair for each in value for pair in leaves(each)] if isinstance(value, list) else [("", value)]


@given(JSON)
def test_nothing_of_the_original_survives_and_the_shape_does(value: Any):
    made = scrubber().value(value)
    known, originals = known_names(), leaves(value)
    results = leaves(made)
    assert len(results) == len(originals)
    for (_, before), (_, after) in zip(originals, results, strict=True):
        assert type(before) is type(after)
        if not isinstance(before, str) or before in known:
            continue
        kept = PREFIX.sub("", after.replace("@_all", "").replace("@_user_", ""))
        for run in re.findall(r"[^\W\d_]{4,}", before):
            if not re.fullmatch("[x字]+", run):
                assert not any(run[start : start + 4] in kept for start in range(len(run) - 3)), (before, after)
        json.dumps(after).encode()


@given(st.text())
def test_a_shape_has_the_length_and_the_spaces_of_its_text(text: str):
    made = shape(text)
    assert len(made) == len(text)
    assert [each.isspace() for each in made] == [each.isspace() for each in text]
    assert shape(made) == made
    made.encode()


def test_an_id_is_the_same_fake_one_everywhere_with_its_prefix_and_length():
    scrub = scrubber()
    made = scrub.value(message(json.dumps({"text": f"see {MESSAGE} of {OPEN_ID}"})))
    body, sender = made["event"]["message"], made["event"]["sender"]["sender_id"]["open_id"]
    assert sender.startswith("ou_")
    assert len(sender) == len(OPEN_ID)
    assert json.loads(body["content"])["text"] == f"xxx {body['message_id']} xx {sender}"
    assert scrub.path(f"/open-apis/im/v1/messages/{MESSAGE}/reply") == f"im/v1/messages/{body['message_id']}/reply"


def test_enums_stay_and_times_keep_their_distance():
    made = scrubber().value(message("{}", mentions=[{"key": "@_user_1", "name": "Alice 张", "mentioned_type": "bot"}]))
    assert made["header"]["event_type"] == "im.message.receive_v1"
    assert made["header"]["create_time"] == str(BASE_MS)
    assert made["event"]["message"]["create_time"] == str(BASE_MS + 345)
    assert made["event"]["message"]["mentions"] == [{"key": "@_user_1", "name": "xxxxx 字", "mentioned_type": "bot"}]
    assert move_times(made, 5)["header"]["create_time"] == str(BASE_MS + 5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/weather 上海 tomorrow!", "/weather 字字 xxxxxxxx!"),
        ("@_user_1 /weather 上海", "@_user_1 /weather 字字"),
        ("/hunter secret", "/xxxxxx xxxxxx"),
        ("weather 12 ＡＢ①", "weather 00 xx0"),
        ("@_all Привет, 東京タワー 👍🏽", "@_all xxxxxx, 字字字字字 👍🏽"),
    ],
)
def test_a_text_keeps_the_command_the_mentions_and_the_punctuation(text: str, expected: str):
    assert said(text, commands=["/weather", "weather"]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("call me at +86 138-1234-5678, please", "call me at +00 000-0000-0000, please"),
        ("alice@example.com 你好", "xxxxx@xxxxxxx.xxx 你好"),
        ("see https://u:pw@example.com/a?token=abc now", "see xxxxx://x:xx@xxxxxxx.xxx/x?xxxxx=xxx now"),
        ("password=hunter2 and sk-abc123def456", "xxxxxxxx=xxxxxx0 and xx-xxx000xxx000"),
        ("the-secret-of-this-bot", "xxx-xxxxxx-xx-xxxx-xxx"),
        ("[a@b.cn](mailto:a@b.cn) password: 2x", "[x@x.xx](xxxxxx:x@x.xx) password: 2x"),
        ("明天 3 点开会", "明天 3 点开会"),
    ],
)
def test_a_text_that_is_kept_lacks_what_identifies_or_opens(text: str, expected: str):
    assert said(text, keep_text=True, secrets=["the-secret-of-this-bot"]) == expected


def test_a_known_secret_stays_nowhere_not_even_as_a_command_or_an_enum():
    secret = "abcdefgh"
    scrub = scrubber(secrets=[secret], commands=[f"/{secret}"], keep=["event_key"], keep_text=True)
    event = message(json.dumps({"text": f"/{secret} x", "tag": secret}), chat_type=secret, **{secret: {secret: secret}})
    made = json.dumps(scrub.value({**event, "event_key": secret}))
    assert secret not in made
    assert scrub.value({"event_key": "vote_up"}) == {"event_key": "vote_up"}


def test_names_and_values_of_a_plugin_are_not_taken_for_enums():
    made = scrubber().value({"action": {"tag": "button", "form_value": {"type": "weekday", "Alice": 1234}}})
    assert made == {"action": {"tag": "button", "form_value": {"xxxx": "xxxxxxx", "xxxxx": 1000}}}
