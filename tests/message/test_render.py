"""Segments -> what Feishu accepts."""

import copy
import json
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_adapter_feishu_ws import Message
from nonebot_adapter_feishu_ws import MessageSegment as S
from nonebot_adapter_feishu_ws.message import UnsupportedSegment, parse, render
from nonebot_adapter_feishu_ws.sandbox.rest.content import check_content


def rendered(*segments) -> list[tuple[str, dict]]:
    return [(out.msg_type, json.loads(out.content)) for out in render(Message(list(segments)))]


def post_lines(*segments) -> list[list[dict]]:
    [(msg_type, content)] = rendered(*segments)
    assert msg_type == "post"
    return content["zh_cn"]["content"]


def test_text_and_mentions_are_one_text():
    assert rendered(S.at("ou_1"), S.text(" hi\nthere"), S.at("all")) == [
        ("text", {"text": '<at user_id="ou_1"></at> hi\nthere<at user_id="all"></at>'})
    ]


def test_B6_a_lone_at_is_a_text():
    """The existing adapter sends it as the message type "at", which does not exist."""
    assert rendered(S.at("ou_1", "Li <Lei>")) == [("text", {"text": '<at user_id="ou_1">Li &lt;Lei&gt;</at>'})]


@pytest.mark.parametrize("text", ['<at user_id="all"></at>', "<AT id=all>", "a <at"])
def test_a_users_words_never_become_a_mention(text):
    assert post_lines(S.text(text)) == [[{"tag": "text", "text": text}]]


def test_an_id_cannot_break_out_of_its_tag():
    [(_, content)] = rendered(S.at('x"></at><at user_id="all'))
    assert content["text"].count("<at ") == 1


def test_images_and_markdown_stand_in_lines_of_their_own():
    lines = post_lines(S.text("a\nb"), S.image("img"), S.text("c"), S.markdown("**d**"), S.text("e"))
    assert lines == [
        [{"tag": "text", "text": "a"}],
        [{"tag": "text", "text": "b"}],
        [{"tag": "img", "image_key": "img"}],
        [{"tag": "text", "text": "c"}],
        [{"tag": "md", "text": "**d**"}],
        [{"tag": "text", "text": "e"}],
    ]
    lines = post_lines(S.text("a"), S.image("img"), S.image("img2"))
    assert [[element["tag"] for element in line] for line in lines] == [["text"], ["img"], ["img"]]


def test_links_and_emoji_stay_in_their_line():
    lines = post_lines(S.text("see "), S.link("docs", "https://a"), S.emotion("SMILE"), S.at("ou_1"))
    assert [element["tag"] for element in lines[0]] == ["text", "a", "emotion", "at"]


def test_empty_lines_are_kept():
    assert post_lines(S.text("a\n\nb"), S.link("l", "https://a"))[:2] == [[{"tag": "text", "text": "a"}], []]


def test_what_cannot_mix_is_sent_in_order():
    types = [
        kind
        for kind, _ in rendered(S.text("a"), S.file("f"), S.text("b"), S.image("i"), S.audio("x"), S.card({"a": 1}))
    ]
    assert types == ["text", "file", "post", "audio", "interactive"]


def test_blank_text_between_files_is_no_message():
    assert [kind for kind, _ in rendered(S.text(""), S.file("f"), S.text(""))] == ["file"]
    assert rendered(S.text(""), S.image("i"), S.text("")) == [("image", {"image_key": "i"})]


def test_only_the_keys_that_feishu_takes_are_sent():
    assert rendered(S.file("f", "name.txt")) == [("file", {"file_key": "f"})]
    assert rendered(S.audio("f", 100)) == [("audio", {"file_key": "f"})]
    assert rendered(S.media("f", "i", "n", 5)) == [("media", {"file_key": "f", "image_key": "i"})]
    assert rendered(S.image("i")) == [("image", {"image_key": "i"})]
    assert rendered(S.share_chat("oc")) == [("share_chat", {"chat_id": "oc"})]
    assert rendered(S.interactive_template("t", {"a": 1}))[0][1]["type"] == "template"
    assert rendered(S.post("T", [[{"tag": "text", "text": "x"}]]))[0][1]["zh_cn"]["title"] == "T"


@pytest.mark.parametrize("segment", [S.hongbao("x"), S.system("x", [], []), S.folder("f", "n"), S("merge_forward", {})])
def test_what_bots_cannot_send_says_so(segment):
    with pytest.raises(UnsupportedSegment, match=segment.type):
        render(Message(segment))


@pytest.mark.parametrize("segment", [S("image", {}), S.file(""), S.at("")])
def test_a_segment_without_its_key_says_which(segment):
    fixed = type(S.image("x"))("image", {}) if segment.type == "image" else segment
    with pytest.raises(UnsupportedSegment, match="without its"):
        render(Message(fixed))


@pytest.mark.parametrize("message", [Message(), Message(""), Message([S.text(""), S.text("")])])
def test_an_empty_message_says_so(message):
    with pytest.raises(ValueError, match="empty message"):
        render(message)


def test_B6_text_and_a_file_are_two_messages():
    """The existing adapter makes a rich text with the element "file", which does not exist."""
    assert rendered(S.text("here it is"), S.file("f", "a.txt")) == [
        ("text", {"text": "here it is"}),
        ("file", {"file_key": "f"}),
    ]
    assert [kind for kind, _ in rendered(S.text("a"), S.card({"elements": []}))] == ["text", "interactive"]


def test_B6_serialize_is_for_one_message_and_changes_nothing():
    """The existing adapter turns the segments of the message that it serializes into "img"."""
    message = S.text("a") + S.image("i")
    before = copy.deepcopy(message)
    assert message.serialize()[0] == "post"
    assert message == before
    with pytest.raises(ValueError, match="cannot be sent as one"):
        (S.file("f") + S.file("g")).serialize()


plain = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1, max_size=30)
ids = st.from_regex(r"ou_[a-z0-9]{4,8}", fullmatch=True)
segments = st.one_of(
    plain.map(S.text),
    ids.map(S.at),
    st.just("img_1").map(S.image),
    st.tuples(plain, st.just("https://example.com")).map(lambda pair: S.link(*pair)),
    st.sampled_from(["SMILE", "OK"]).map(S.emotion),
    plain.map(S.markdown),
    plain.map(lambda text: S.code_block(text, "PYTHON")),
    st.just("file_1").map(S.file),
    st.just("file_1").map(S.sticker),
    st.just({"elements": []}).map(S.card),
)


@given(st.lists(segments, min_size=1, max_size=8))
def test_whatever_is_rendered_is_accepted(parts):
    world = SimpleNamespace(files={"img_1", "file_1"}, chats={}, users={})
    message = Message(parts)
    before = copy.deepcopy(message)
    for out in render(message):
        check_content(world, out.msg_type, out.content)
    assert message == before


@given(st.lists(st.one_of(plain.map(S.text), ids.map(S.at)), min_size=1, max_size=8))
def test_text_and_mentions_survive_the_way_there_and_back(parts):
    message = Message(parts)
    [out] = render(message)
    fields = json.loads(out.content)
    if out.msg_type == "post":
        fields = fields["zh_cn"]
        back = parse("post", json.dumps(fields))
    else:
        text, people = fields["text"], []
        for segment in message["at"]:
            key = f"@_user_{len(people) + 1}"
            people.append(SimpleNamespace(key=key, open_id=segment.data["user_id"], name=""))
            text = text.replace(f'<at user_id="{segment.data["user_id"]}"></at>', key, 1)
        back = parse("text", json.dumps({"text": text}), people)
    assert back.extract_plain_text().strip("\n") == message.extract_plain_text().strip("\n") or "@_user_" in str(
        message
    )
    assert [s.data["user_id"] for s in back["at"]] == [s.data["user_id"] for s in message["at"]]


def test_a_raw_post_takes_what_stands_around_it():
    lines = [[{"tag": "text", "text": "x"}], [{"tag": "hr"}]]
    [(kind, content)] = rendered(S.at("ou_1"), S.text(" "), S.post("T", lines), S.text("after"), S.image("i"))
    assert kind == "post"
    assert content["zh_cn"]["title"] == "T"
    assert content["zh_cn"]["content"] == [
        [{"tag": "at", "user_id": "ou_1"}, {"tag": "text", "text": " "}],
        *lines,
        [{"tag": "text", "text": "after"}],
        [{"tag": "img", "image_key": "i"}],
    ]


def test_words_before_a_title_do_not_move_below_it():
    assert [kind for kind, _ in rendered(S.text("first"), S.post("T", [[{"tag": "text", "text": "x"}]]))] == [
        "text",
        "post",
    ]
    two = rendered(S.post("A", [[{"tag": "text", "text": "x"}]]), S.post("B", [[{"tag": "text", "text": "y"}]]))
    assert [content["zh_cn"]["title"] for _, content in two] == ["A", "B"]
    one = rendered(S.post("A", [[{"tag": "text", "text": "x"}]]), S.post("", [[{"tag": "text", "text": "y"}]]))
    assert [(content["zh_cn"]["title"], len(content["zh_cn"]["content"])) for _, content in one] == [("A", 2)]


@pytest.mark.parametrize("content", ["text", [{"tag": "text"}], [["text"]], None])
def test_a_post_of_another_shape_says_which_is_right(content):
    with pytest.raises(UnsupportedSegment, match="a list of lines"):
        render(Message(S.post("T", content)))


def test_line_breaks_around_an_image_are_no_empty_lines():
    lines = post_lines(S.image("i"), S.text("\n"), S.image("j"), S.text("\nend\n"))
    assert [[element["tag"] for element in line] for line in lines] == [["img"], ["img"], ["text"], []]


def test_somebody_whom_the_event_did_not_tell_is_sent_by_name():
    assert rendered(S.at("@_user_3", "Li"), S.text(" hi"), S.at("@_user_4")) == [("text", {"text": "@Li hi@_user_4"})]
    assert str(S.at("@_user_3", "Li") + S.at("@_user_4") + S.at("ou_1", "Wang")) == "@Li@_user_4@Wang"
