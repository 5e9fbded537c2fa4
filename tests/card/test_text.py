"""A card as text, and the answers to callbacks."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_adapter_feishu_ws.card import (
    Button,
    Card,
    CardEntity,
    CollapsiblePanel,
    Column,
    Columns,
    Header,
    Image,
    Input,
    Markdown,
    RawCard,
    Select,
    Table,
    TableColumn,
    Template,
    TextTag,
    Toast,
    card_response,
    card_text,
)
from nonebot_adapter_feishu_ws.message.card_text import _INLINE, _PARTS, _PIECES, _READERS, _SILENT, is_stub


def test_a_card_of_json_2_reads_from_top_to_bottom():
    card = Card(
        header=Header("Deploy", "today", text_tag_list=[TextTag("new")]),
        elements=[
            Markdown("**v1.2**"),
            Columns([Column([Button("Yes", value={"hidden": "no"})]), Column([Button("No", value={})])]),
            Table(
                [TableColumn("a", "Name"), TableColumn("b")],
                [{"a": "x", "b": [{"text": "S1"}, {"text": "S2"}]}, {"a": 1}],
            ),
            Input("Reason", placeholder="Why"),
            Select(["a", "b"], placeholder="Pick"),
            CollapsiblePanel("More", [Image("img_1", "a cat")]),
        ],
    )
    assert card_text(card.to_dict()).splitlines() == [
        "Deploy",
        "today",
        "new",
        "**v1.2**",
        "[Yes]",
        "[No]",
        "Name | b",
        "x | S1 S2",
        "1 |",
        "Reason",
        "Why",
        "Pick",
        "[a] [b]",
        "More",
        "[a cat]",
    ]


def test_a_card_of_json_1():
    card = {
        "header": {"title": {"tag": "plain_text", "content": "Title"}},
        "elements": [
            {"tag": "div", "text": {"tag": "lark_md", "content": "body"}, "fields": [{"text": {"content": "field"}}]},
            {"tag": "action", "actions": [{"tag": "button", "text": {"tag": "plain_text", "content": "Go"}}]},
            {"tag": "note", "elements": [{"tag": "plain_text", "content": "small"}]},
        ],
    }
    assert card_text(card) == "Title\nbody\nfield\n[Go]\nsmall"
    assert card_text({"i18n_elements": {"en_us": [{"tag": "markdown", "content": "hi"}]}}) == "hi"


def test_a_received_card():
    card = {
        "title": "Title",
        "elements": [
            [
                {"tag": "text", "text": "see "},
                {"tag": "a", "href": "https://x", "text": "this"},
                {"tag": "at", "user_name": "Li"},
            ],
            [{"tag": "button", "text": "Go", "type": "primary"}, {"tag": "img", "image_key": "img_1"}],
        ],
    }
    assert card_text(card) == "Title\nsee [this](https://x)@Li\n[Go]\n[image]"


@pytest.mark.parametrize("key", ["user_dsl", "json_card"])
def test_a_card_inside_a_string(key):
    inner = json.dumps(Card([Markdown("inside")]).to_dict())
    assert card_text({key: inner, "title": "fallback"}) == "inside"
    assert card_text({key: "{"}) == ""


TAGS = [*_READERS, *_PIECES, *_INLINE, "markdown", "div", "template", "open_url", "hologram"]
KEYS = [*_PARTS, *_SILENT, "tag", "type", "property", "rows", "name", "items", "contents", "chart_spec", "json_card"]
KEYS += ["user_id", "userID", "persons", "selected_values", "initial_index", "initialIndex", "i18nContent", "at_users"]

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["<at id=a></at>", "{"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner | st.sampled_from(TAGS), max_size=5)
    ),
    max_leaves=30,
)


@given(json_values)
def test_it_never_raises(value):
    assert isinstance(card_text(value), str)
    assert card_text(json.dumps({"json_card": value})) is not None
    if isinstance(value, dict):
        assert is_stub(value) in (True, False)


def test_it_is_bounded():
    deep: object = "bottom"
    for _ in range(900):
        deep = {"elements": [deep]}
    assert card_text(deep) == ""
    assert len(card_text({"elements": [{"tag": "markdown", "content": "x" * 50}] * 100_000})) == 40_000
    assert card_text({"elements": [{"tag": "hr"}] * 1_000_000}) == ""
    assert len(card_text("x" * 20_000, limit=100)) == 100
    assert len(card_text({"elements": [{"tag": "markdown", "content": "x" * 30_000}]})) == 30_000, (
        "a whole card of 30 KB"
    )


def test_answers_to_callbacks():
    card = Card([Markdown("done")])
    assert card_response() == {}
    assert card_response("hi") == {"toast": {"type": "info", "content": "hi"}}
    toast = Toast("好", "success", {"zh_cn": "好", "en_us": "fine"})
    assert card_response(toast, card) == {
        "toast": {"type": "success", "content": "好", "i18n": {"zh_cn": "好", "en_us": "fine"}},
        "card": {"type": "raw", "data": card.to_dict()},
    }
    template = {"type": "template", "data": {"template_id": "AAq"}}
    assert card_response(card=Template("AAq")) == card_response(card=template) == {"card": template}
    assert card_response(card=RawCard({"elements": []})) == {"card": {"type": "raw", "data": {"elements": []}}}
    assert card_response(card={"elements": []}) == {"card": {"type": "raw", "data": {"elements": []}}}
    with pytest.raises(ValueError, match="no card entity"):
        card_response(card=CardEntity("1"))
    with pytest.raises(ValueError, match="a click does nothing"):
        card_response(card=Card([Button("x")]))
