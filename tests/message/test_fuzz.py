"""A hundred thousand damaged payloads: none raises, none gives an empty message, none has segments without words."""

import copy
import json
import random

from nonebot_adapter_feishu_ws.message import UnsupportedSegment, parse, render

from .goldens import MESSAGE_ID, content_of, load, people_of

SEED, COUNT = 20260301, 100_000
JUNK = [None, True, -1, 0, 1e308, 10**400, "", "\ud83d", "\x00", "@_user_1", "<at", [], {}, [[]], [None], {"tag": 5}]
JUNK += [{"tag": "text", "text": {}}, {"zh_cn": []}, {"property": {"content": ["x"]}}, [[[["x"]]]], "x" * 300, "🇩🇪" * 9]


def damage(value, rand):
    """Change one place of a JSON value, anywhere in it."""
    if rand.random() < 0.25 or not isinstance(value, (dict, list)) or not value:
        return damaged_leaf(value, rand)
    if isinstance(value, list):
        index = rand.randrange(len(value))
        action = rand.randrange(4)
        if action == 0:
            del value[index]
        elif action == 1:
            value.insert(index, copy.deepcopy(rand.choice(JUNK)))
        else:
            value[index] = damage(value[index], rand)
        return value
    key = rand.choice(list(value))
    action = rand.randrange(6)
    if action == 0:
        del value[key]
    elif action == 1:
        value[rand.choice(["tag", "text", "content", "title", "elements", "data", "", "new"])] = value.pop(key)
    elif action == 2:
        value["tag"] = rand.choice(["text", "at", "img", "md", "a", "hr", "table", "button", "code_block", "media", ""])
    else:
        value[key] = damage(value[key], rand)
    return value


def damaged_leaf(value, rand):
    action = rand.randrange(5)
    if action == 0 and isinstance(value, str) and value:
        cut = rand.randrange(len(value))
        return value[:cut] + rand.choice(["@_user_", "\n", "{x}", "\udc00", "`", "0"]) + value[cut:]
    if action == 1:
        return [value]
    if action == 2:
        return {"content": value}
    return copy.deepcopy(rand.choice(JUNK))


def damaged_text(text, rand):
    """Change the JSON's text itself."""
    if not text:
        return rand.choice(["{", "[", '"', "null", "NaN", "\ufeff{}", "1" * 5000])
    start = rand.randrange(len(text))
    action = rand.randrange(4)
    if action == 0:
        return text[:start]
    if action == 1:
        return text[:start] + rand.choice('{}[],:"\\ \x00é@_') + text[start + 1 :]
    if action == 2:
        return text[:start] + text[start : start + 20] * 2 + text[start + 20 :]
    return text[start:]


def echo(message):
    """Why a message cannot be sent again, or None."""
    try:
        outgoing = render(message)
    except UnsupportedSegment as refusal:
        return str(refusal)
    except ValueError as refusal:
        if isinstance(refusal, UnicodeError):
            raise
        return str(refusal)
    assert all(part.content.encode() for part in outgoing)
    return None


def test_a_hundred_thousand_damaged_payloads(capsys):
    rand = random.Random(SEED)
    cases = [(kind, content_of(case), people_of(case)) for kind, case in load()]
    kinds = sorted({kind for kind, _, _ in cases})
    sendable = 0
    for number in range(COUNT):
        kind, content, people = rand.choice(cases)
        if rand.random() < 0.7:
            try:
                value = json.loads(content)
            except ValueError:
                value = content
            for _ in range(rand.randint(1, 3)):
                value = damage(value, rand)
            content = json.dumps(value)
        else:
            content = damaged_text(content, rand)
        if rand.random() < 0.1:
            kind = rand.choice([*kinds, ""])
        context = f"seed {SEED}, number {number}: {kind} {content!r}"
        try:
            message = parse(kind, content, people, MESSAGE_ID)
            assert len(message) >= 1
            assert all(isinstance(str(segment), str) for segment in message)
            assert isinstance(message.extract_plain_text(), str)
            refusal = echo(message)
        except Exception as error:
            raise AssertionError(context) from error
        # An echo plugin either sends it or has a text to show.
        assert refusal is None or len(refusal) > 20, context
        sendable += refusal is None
    with capsys.disabled():
        print(f"\n{COUNT:,} damaged payloads of {len(cases)} golden ones, seed {SEED}: {sendable:,} can be sent again")
    assert 0 < sendable < COUNT
