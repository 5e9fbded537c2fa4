"""Random messages: what is rendered and comes back as Feishu would deliver it has the content that was sent."""

import copy
import json
import re
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_adapter_feishu_ws import Message
from nonebot_adapter_feishu_ws import MessageSegment as S
from nonebot_adapter_feishu_ws.message import parse, render
from nonebot_adapter_feishu_ws.sandbox.rest.content import check_content

AT = re.compile(r'<at user_id="([^"]*)">([^<]*)</at>')


def delivered(msg_type, content):
    """A sent message as Feishu delivers it: placeholders for mentions, a post without its locale."""
    fields = json.loads(content)
    people = []

    def placeholder(user_id):
        if user_id == "all":
            people.append(SimpleNamespace(key="@_all", open_id="", name=""))
            return "@_all"
        people.append(SimpleNamespace(key=f"@_user_{len(people) + 1}", open_id=user_id, name=""))
        return people[-1].key

    if msg_type == "text":
        fields["text"] = AT.sub(lambda match: placeholder(match[1]), fields["text"])
    elif msg_type == "post":
        fields = fields["zh_cn"]
        for line in fields["content"]:
            for element in line:
                if element["tag"] == "at":
                    element["user_id"] = placeholder(element["user_id"])
    return parse(msg_type, json.dumps(fields), people)


def essence(message):
    """What counts: neighbouring texts are one, Markdown is text, and line breaks follow from the elements."""
    parts = []
    for segment in message:
        if segment.type in ("text", "markdown"):
            text = str(segment).replace("\n", "")
            if parts and parts[-1][0] == "text":
                parts[-1] = ("text", parts[-1][1] + text)
            elif text:
                parts.append(("text", text))
        else:
            shown = {key: value for key, value in segment.data.items() if value and key != "user_name"}
            parts.append((segment.type, shown))
    return parts


# Without what is a placeholder, by accident.
words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(lambda text: "@_" not in text)
ids = st.from_regex(r"ou_[a-z0-9]{4,8}", fullmatch=True)
keys = st.from_regex(r"(img|file)_v3_[a-z0-9]{4,8}", fullmatch=True)
plain = st.one_of(words.map(S.text), ids.map(S.at), st.just(S.at("all")))
anything = st.one_of(
    plain,
    st.sampled_from(["<at", ' user_id="all"></at>', "<at user_id=all>", "\n", "\n\n", "https://example.com/a b"]).map(
        S.text
    ),
    keys.map(S.image),
    st.tuples(words, st.just("https://example.com/x?y=z")).map(lambda pair: S.link(*pair)),
    st.sampled_from(["SMILE", "OK"]).map(S.emotion),
    words.map(S.markdown),
    st.tuples(words, st.sampled_from(["", "PYTHON"])).map(lambda pair: S.code_block(*pair)),
    keys.map(S.file),
    keys.map(S.audio),
    st.tuples(keys, keys).map(lambda pair: S.media(*pair)),
    keys.map(S.sticker),
    ids.map(S.share_user),
    st.just(S.share_chat("oc_1")),
    st.just(S.card({"schema": "2.0", "body": {"elements": [{"tag": "markdown", "content": "hi"}]}})),
)


@given(st.lists(plain, min_size=1, max_size=8))
def test_text_and_mentions_come_back_to_the_letter(parts):
    message = Message(parts)
    [out] = render(message)
    assert str(delivered(out.msg_type, out.content)) == str(message)


@given(st.lists(anything, min_size=1, max_size=10), st.sampled_from([2_000, 30 * 1024]))
def test_everything_comes_back_and_nothing_is_changed(parts, limit):
    message = Message(parts)
    before = copy.deepcopy(message)
    outgoing = render(message, text_limit=limit, rich_limit=limit)
    assert message == before
    back = Message()
    for out in outgoing:
        back += delivered(out.msg_type, out.content)
    assert essence(back) == essence(message)


@given(st.lists(anything, min_size=1, max_size=10))
def test_no_words_become_a_mention(parts):
    message = Message(parts)
    sent = [out for out in render(message) if out.msg_type == "text"]
    found = [user_id for out in sent for user_id, _ in AT.findall(json.loads(out.content)["text"])]
    meant = [segment.data["user_id"] for segment in message["at"]]
    # In order, and none that was not meant; those in rich text are elements of their own.
    remaining = iter(meant)
    assert all(user_id in remaining for user_id in found)
    assert all("<at" not in AT.sub("", json.loads(out.content)["text"]).lower() for out in sent)


@given(st.lists(anything, min_size=1, max_size=10))
def test_feishu_takes_whatever_is_rendered(parts):
    everything = type("Everything", (), {"__contains__": lambda self, key: True})()
    world = SimpleNamespace(files=everything, chats=everything, users=everything)
    for out in render(Message(parts)):
        check_content(world, out.msg_type, out.content)


@given(st.lists(anything, min_size=1, max_size=6))
def test_neighbours_that_can_be_one_message_are_one(parts):
    message = Message(parts)
    inline = {"text", "at", "image", "link", "emotion", "markdown", "code_block"}
    runs = 0
    previous = False
    for segment in message:
        now = segment.type in inline
        runs += not (now and previous)
        previous = now
    assert len(render(message)) == runs


@pytest.mark.parametrize("pieces", [["<", 'at user_id="all"></at>'], ["<a", "t user_id=all>"], ["</", "at>"]])
def test_markup_in_pieces_is_seen(pieces):
    [out] = render(Message([S.text(piece) for piece in pieces]))
    assert out.msg_type == "post"
