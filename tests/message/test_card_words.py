"""Nothing on a card that a person can read is lost as text, in whichever form Feishu gives the card."""

import json
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nonebot_adapter_feishu_ws.card import card_text
from nonebot_adapter_feishu_ws.message import Message, MessageSegment, parse, render
from nonebot_adapter_feishu_ws.message.card_text import is_stub
from nonebot_adapter_feishu_ws.sandbox.rest.card_forms import client_tree

COMPONENTS = tomllib.loads((Path(__file__).parents[2] / "scripts" / "card_components.toml").read_text("utf-8"))
CLASSES = {
    name: own for room in ("display", "controls", "containers", "head") for name, own in COMPONENTS[room].items()
}
URL = "https://example.com/1"
OPEN = {"type": "open_url", "default_url": URL, "ios_url": "https://example.com/ios"}
SUNDAY = {"title": {"tag": "plain_text", "content": "Sure?"}, "text": {"tag": "plain_text", "content": "It is Sunday."}}


def words(content: str, tag: str = "plain_text") -> dict[str, Any]:
    return {"tag": tag, "content": content}


def option(label: str, value: str, **more: Any) -> dict[str, Any]:
    return {"text": words(label), "value": value, **more}


def text_fields() -> list[tuple[str, str]]:
    """Tag and field, of each component and each of its fields that holds a text."""

    def fields_of(name: str) -> dict[str, Any]:
        own = CLASSES.get(name, {})
        inherited = [fields_of(base) for base in own.get("bases", ())]
        found = {field: kind for fields in inherited for field, kind in fields.items()}
        return {**found, **own.get("fields", {}), **own.get("keywords", {})}

    found = []
    for name, own in CLASSES.items():
        for field, kind in fields_of(name).items():
            kind = kind if isinstance(kind, str) else kind[0] if isinstance(kind, list) else kind.get("type", "")
            if "tag" in own and kind.removesuffix("?") == "text":
                found.append((own["tag"], field))
    return found


# Tag and field, the component as it is sent, and what is to be read.
TABLE: list[tuple[str, dict[str, Any], list[str]]] = [
    ("markdown.content", {"tag": "markdown", "content": "**a** [b](https://x)"}, ["**a** [b](https://x)"]),
    ("markdown <at>", {"tag": "markdown", "content": "<at id=ou_li></at> hi"}, ["@Li Lei hi"]),
    (
        "markdown <person>",
        {"tag": "markdown", "content": "<person id='ou_li' show_name=true></person> hi"},
        ["@Li Lei hi"],
    ),
    (
        "markdown <local_datetime>",
        {
            "tag": "markdown",
            "content": "until <local_datetime millisecond='1700000000000' format_type='date_num' link='https://x'>"
            "</local_datetime>, `<local_datetime>`",
        },
        ["until [2023-11-14 22:13 UTC](https://x), `<local_datetime>`"],
    ),
    ("markdown.i18n_content", {"tag": "markdown", "content": "", "i18n_content": {"en_us": "hello"}}, ["hello"]),
    ("div.text", {"tag": "div", "text": words("plain")}, ["plain"]),
    ("div.fields", {"tag": "div", "fields": [{"is_short": True, "text": words("a field", "lark_md")}]}, ["a field"]),
    ("div.extra", {"tag": "div", "text": words("t"), "extra": {"tag": "button", "text": words("Go")}}, ["t", "[Go]"]),
    ("div.text.i18n", {"tag": "div", "text": {"tag": "plain_text", "i18n": {"zh_cn": "你好"}}}, ["你好"]),
    ("hr", {"tag": "hr"}, []),
    ("img", {"tag": "img", "img_key": "i", "alt": words("a cat"), "title": words("Tom")}, ["[Tom: a cat]"]),
    (
        "img_combination",
        {"tag": "img_combination", "img_list": [{"img_key": "a"}, {"img_key": "b"}]},
        ["[image] [image]"],
    ),
    ("person", {"tag": "person", "user_id": "ou_li"}, ["@Li Lei"]),
    ("person unknown", {"tag": "person", "user_id": "ou_x"}, ["@ou_x"]),
    ("person_list", {"tag": "person_list", "persons": [{"id": "ou_li"}, {"id": "ou_x"}]}, ["@Li Lei @ou_x"]),
    (
        "chart",
        {"tag": "chart", "chart_spec": {"title": {"text": "Sales", "subtext": "2026"}}},
        ["[chart: Sales]", "2026"],
    ),
    (
        "chart.title lines and legends",
        {
            "tag": "chart",
            "chart_spec": {"title": {"text": ["Sales", "2026"]}, "legends": {"title": {"text": "Region"}}},
        },
        ["[chart: Sales 2026]", "Region"],
    ),
    ("chart.axes", {"tag": "chart", "chart_spec": {"axes": [{"title": {"text": "Month"}}]}}, ["[chart]", "Month"]),
    (
        "chart.data",
        {
            "tag": "chart",
            "chart_spec": {"type": "bar", "data": [{"values": [{"x": "May", "y": 7}, {"x": "Jun", "y": 8}]}]},
        },
        ["May, 7", "Jun, 8"],
    ),
    (
        "chart.series.data",
        {
            "tag": "chart",
            "chart_spec": {"type": "common", "series": [{"type": "bar", "data": {"values": [{"x": "May", "y": 7}]}}]},
        },
        ["May, 7"],
    ),
    (
        "chart.indicator",
        {
            "tag": "chart",
            "chart_spec": {
                "type": "circularProgress",
                "indicator": {"title": {"style": {"text": "Done"}}, "content": [{"style": {"text": "80%"}}]},
            },
        },
        ["Done", "80%"],
    ),
    ("chart.data object", {"tag": "chart", "chart_spec": {"data": {"values": [{"x": "May", "y": 7}]}}}, ["May, 7"]),
    (
        "button.text",
        {"tag": "button", "text": words("Go"), "behaviors": [{"type": "callback", "value": {"x": "no"}}]},
        ["[Go]"],
    ),
    ("button.behaviors", {"tag": "button", "text": words("Go"), "behaviors": [OPEN]}, [f"[Go]({URL})"]),
    ("button.url", {"tag": "button", "text": words("Go"), "url": URL}, [f"[Go]({URL})"]),
    (
        "button.multi_url",
        {"tag": "button", "text": words("Go"), "multi_url": {"url": URL, "pc_url": URL}},
        [f"[Go]({URL})"],
    ),
    ("button of an icon", {"tag": "button", "url": URL}, [URL]),
    ("button.confirm", {"tag": "button", "text": words("Go"), "confirm": SUNDAY}, ["[Go]", "Sure?", "It is Sunday."]),
    ("input.default_value", {"tag": "input", "default_value": "because"}, ["because"]),
    (
        "input of a password",
        {"tag": "input", "input_type": "password", "default_value": "hush", "label": words("PIN")},
        ["PIN"],
    ),
    (
        "select_static.options",
        {"tag": "select_static", "options": [option("A", "1"), option("B", "2")], "initial_option": "2"},
        ["[A] [✓ B]"],
    ),
    ("select_static", {"tag": "select_static", "options": [option("A", "1")]}, ["[A]"]),
    (
        "select_static.initial_index",
        {"tag": "select_static", "options": [option("A", "1"), option("B", "2")], "initial_index": 2},
        ["[A] [✓ B]"],
    ),
    (
        "multi_select_static.selected_values",
        {"tag": "multi_select_static", "options": [option("A", "1"), option("B", "2")], "selected_values": ["1", "2"]},
        ["[✓ A] [✓ B]"],
    ),
    (
        "select_person",
        {"tag": "select_person", "options": [{"value": "ou_li"}], "initial_option": "ou_li"},
        ["[✓ @Li Lei]"],
    ),
    ("multi_select_person", {"tag": "multi_select_person", "selected_values": ["ou_li"]}, ["[✓ @Li Lei]"]),
    ("select_img", {"tag": "select_img", "options": [{"img_key": "i", "value": "1"}]}, ["[image]"]),
    (
        "select_img.options hints",
        {"tag": "select_img", "options": [{"img_key": "i", "value": "1", "disabled_tips": words("sold out")}]},
        ["[image]", "sold out"],
    ),
    ("date_picker", {"tag": "date_picker", "initial_date": "2026-01-02"}, ["2026-01-02"]),
    ("picker_time", {"tag": "picker_time", "initial_time": "09:30"}, ["09:30"]),
    ("picker_datetime", {"tag": "picker_datetime", "initial_datetime": "2026-01-02 09:30"}, ["2026-01-02 09:30"]),
    ("checker.checked", {"tag": "checker", "text": words("done"), "checked": True}, ["[x] done"]),
    (
        "checker.button_area",
        {
            "tag": "checker",
            "text": words("to do"),
            "button_area": {"buttons": [{"tag": "button", "text": words("Undo")}]},
        },
        ["[ ] to do", "[Undo]"],
    ),
    (
        "overflow",
        {"tag": "overflow", "options": [option("Docs", "d", multi_url={"url": URL}), option("Quit", "q")]},
        [f"[Docs]({URL}) [Quit]"],
    ),
    (
        "column_set",
        {"tag": "column_set", "columns": [{"tag": "column", "elements": [words("in a column", "markdown")]}]},
        ["in a column"],
    ),
    ("column.action", {"tag": "column", "elements": [], "action": {"multi_url": {"url": URL}}}, [URL]),
    ("form", {"tag": "form", "name": "f", "elements": [words("in a form", "markdown")]}, ["in a form"]),
    (
        "collapsible_panel",
        {"tag": "collapsible_panel", "header": {"title": words("More")}, "elements": [words("inside", "markdown")]},
        ["More", "inside"],
    ),
    (
        "interactive_container",
        {"tag": "interactive_container", "elements": [words("click me", "markdown")], "behaviors": [OPEN]},
        ["click me", URL],
    ),
    ("text_tag", {"tag": "text_tag", "text": words("new")}, ["new"]),
    ("audio", {"tag": "audio", "file_key": "f"}, ["[audio]"]),
    ("unknown", {"tag": "hologram", "layers": [{"caption": {"title": words("deep")}}]}, ["deep"]),
    ("note", {"tag": "note", "elements": [words("small")]}, ["small"]),
    ("action", {"tag": "action", "actions": [{"tag": "button", "text": words("Go")}]}, ["[Go]"]),
    (
        "table",
        {
            "tag": "table",
            "columns": [
                {"name": "who", "display_name": "Who", "data_type": "persons"},
                {"name": "n", "data_type": "number", "format": {"symbol": "¥"}},
                {"name": "tags", "display_name": "Tags", "data_type": "options"},
                {"name": "on", "display_name": "On", "data_type": "date"},
                {"name": "md", "display_name": "Md", "data_type": "lark_md"},
            ],
            "rows": [
                {
                    "who": "ou_li",
                    "n": 3.5,
                    "tags": [{"text": "S1"}, "S2"],
                    "on": 1_700_000_000_000,
                    "md": "[x](https://x)",
                },
                {"who": ["ou_li", "ou_x"], "tags": "S3", "md": None},
            ],
        },
        [
            "Who | n | Tags | On | Md",
            "@Li Lei | ¥3.5 | S1 S2 | 2023-11-14 22:13 UTC | [x](https://x)",
            "@Li Lei @ou_x |  | S3 |  |",
        ],
    ),
]
IDS = [name for name, _, _ in TABLE]
PEOPLE = {"at_users": {"ou_li": {"content": "Li Lei"}}, "persons": {"ou_li": {"content": "Li Lei"}}}
MENTIONS = {"@_user_1": {"user_id": "ou_li", "user_name": "Li Lei"}}


def as_sent(component: dict[str, Any]) -> dict[str, Any]:
    return {"schema": "2.0", "body": {"elements": [component]}, "mentions": MENTIONS}


def as_user_dsl(component: dict[str, Any]) -> dict[str, Any]:
    dsl = json.dumps({"schema": "2.0", "body": {"elements": [component]}})
    return {"title": None, "elements": [[{"tag": "text", "text": "old"}]], "user_dsl": dsl, "mentions": MENTIONS}


def as_tree(component: dict[str, Any]) -> dict[str, Any]:
    tree = {"schema": 2, "body": {"tag": "body", "property": {"elements": client_tree([component])}}}
    return {"json_card": json.dumps(tree), "json_attachment": json.dumps({**PEOPLE, "option_users": PEOPLE["persons"]})}


FORMS = [as_sent, as_user_dsl, as_tree]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("name", "component", "expected"), TABLE, ids=IDS)
def test_every_tag_and_field_in_every_form(name, component, expected, form):
    lines = card_text(form(component)).splitlines()
    for line in expected:
        assert line in lines or any(found.startswith(f"{line} (https://") for found in lines), lines
    assert lines or not expected
    assert not {"no", "hush"} & set(lines)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("tag", "field"), text_fields())
def test_every_text_field_of_every_component(tag, field, form):
    assert "a word" in card_text(form({"tag": tag, field: words("a word")}))


def test_the_table_has_every_tag():
    tags = {own["tag"] for own in CLASSES.values() if "tag" in own} | set(COMPONENTS["dead_tags"])
    assert tags <= {component["tag"] for _, component, _ in TABLE} | {"column"}


HEADER = {
    "title": {"content": "Title"},
    "subtitle": {"tag": "plain_text", "i18n_content": {"zh_cn": "副标题"}},
    "i18n_text_tag_list": {"en_us": [{"tag": "text_tag", "text": words("tag")}]},
}


@pytest.mark.parametrize(
    ("card", "text"),
    [
        ({"header": HEADER, "elements": []}, "Title\n副标题\ntag"),
        ({"schema": "2.0", "body": {"elements": [words("x", "markdown")]}, "card_link": {"url": URL}}, f"x\n{URL}"),
        ({"schema": "2.0", "config": {"summary": {"content": "in short"}}, "body": {"elements": []}}, "in short"),
        ({"elements": [{"tag": "markdown", "content": "[x]($u)", "href": {"u": {"url": URL}}}]}, f"[x]({URL})"),
        ({"elements": [[{"tag": "a", "href": URL, "text": URL}]]}, URL),
        ({"elements": [[{"tag": "a", "href": URL}]]}, URL),
        ({"elements": [[{"tag": "button", "text": "Go", "url": URL}]]}, f"[Go]({URL})"),
        ({"elements": [[{"tag": "select_static", "options": ["A", "B"], "placeholder": "Pick"}]]}, "Pick\n[A] [B]"),
        ({"elements": [[{"tag": "overflow", "options": ["A", "B"]}]]}, "[A] [B]"),
        (
            {"elements": [[{"tag": "date_picker", "placeholder": "When", "initial_date": "2021-1-1"}]]},
            "When\n2021-1-1",
        ),
        ({"elements": [[{"tag": "note", "elements": [{"tag": "text", "text": "small"}]}]]}, "small"),
        ({"elements": [[{"tag": "at", "user_id": "@_user_1", "user_name": ""}]]}, "@_user_1"),
        ({"elements": [[{"tag": "at", "user_id": "all"}, {"tag": "text", "text": " up"}]]}, "@all up"),
        (
            {"elements": [words("`<at id=ou_1></at>` and <at ids=ou_1,ou_2></at>", "markdown")]},
            "`<at id=ou_1></at>` and @ou_1 @ou_2",
        ),
        ({"elements": [words('<at id="all"></at><at email=a@b.c>Amy</at>', "markdown")]}, "@all@Amy"),
        ({"type": "template", "data": {"template_variable": {"a": {"b": ["x", {"c": 1}]}}}}, "b: x\nc: 1"),
        ({"json_card": "{}", "title": "kept", "elements": []}, "kept"),
        ({"user_dsl": '{"schema": "2.0"}', "title": "kept", "elements": []}, "kept"),
    ],
)
def test_cards_as_a_whole(card, text):
    assert card_text(card) == text


def tree(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"json_card": json.dumps({"schema": 1, "body": {"elements": elements}})}


def node(tag: str, **fields: Any) -> dict[str, Any]:
    return {"tag": tag, "property": fields}


SAYS = [node("text", content="see "), node("link", content="this", url={"url": URL})]
CODE = [{"contents": [{"content": "a = 1"}]}, {"contents": [{"content": "b"}, {"content": " = 2\n"}]}]
UPGRADE = "请升级至最新版本客户端，以查看内容"


@pytest.mark.parametrize(
    ("element", "text"),
    [
        (node("markdown", elements=SAYS), f"see [this]({URL})"),
        (
            node("markdown", elements=[node("heading", level=2, elements=SAYS), *SAYS]),
            f"## see [this]({URL})\nsee [this]({URL})",
        ),
        (
            node(
                "list",
                items=[
                    {"elements": SAYS},
                    {"type": "ol", "order": 2, "level": 1, "elements": [node("text", content="b")]},
                ],
            ),
            f"- see [this]({URL})\n  2. b",
        ),
        (node("list", items=[{"elements": [node("list", items=[{"elements": SAYS}])]}]), f"- - see [this]({URL})"),
        (
            node("blockquote", elements=[*SAYS, node("br"), node("text", content="more")]),
            f"> see [this]({URL})\n> more",
        ),
        (node("code_block", language="python", contents=CODE), "```python\na = 1\nb = 2\n```"),
        (
            node("markdown", elements=[node("code_span", content="x"), node("emoji", key="OK"), node("at_all")]),
            "`x`[OK]@all",
        ),
        (node("local_datetime", milliseconds="1700000000000", fallbackText="then"), "2023-11-14 22:13 UTC"),
        (node("local_datetime", fallbackText="then"), "then"),
        (node("plain_text", content="", i18nContent={"zh_cn": "你好", "en_us": "hi"}), "你好"),
        ({**node("markdown_v1"), "fallback": node("text", content="instead")}, "instead"),
        (
            {**node("hologram"), "fallback": node("fallback_text", text=node("plain_text", content="instead"))},
            "instead",
        ),
        (node("fallback_text", text={"content": UPGRADE}), ""),
        (node("number_tag", text=node("plain_text", content="42"), url={"url": URL}), f"[42]({URL})"),
        (
            node("button", text={"content": "Go"}, actions=[{"type": "open_url", "action": {"url": URL}}]),
            f"[Go]({URL})",
        ),
        (node("button", text={"content": "Go"}, disabledTips={"content": "not yet"}), "[Go]\nnot yet"),
        (
            node(
                "table",
                columns=[{"displayName": "Name", "name": "n"}],
                rows=[{"n": {"data": "[map[bold:true text:VIP Plus] map[text:New]]"}}],
            ),
            "Name\nVIP Plus New",
        ),
        (node("chart", chartSpec=json.dumps({"title": {"text": "Sales"}})), "[chart: Sales]"),
        (node("select_static", options=[{"text": {"content": "A"}, "value": "a"}], initialIndex=1), "[A]"),
        (node("person", userID="ou_x", notation={"content": "Amy"}), "Amy"),
    ],
)
def test_what_stands_only_in_the_clients_tree(element, text):
    assert card_text(tree(element)) == text


def test_a_mention_in_a_card_has_the_name_of_the_message():
    li = [SimpleNamespace(key="@_user_1", name="Li Lei", open_id="ou_li")]
    at = {"tag": "at", "user_id": "@_user_1", "user_name": ""}
    dsl = json.dumps(
        {"schema": "2.0", "body": {"elements": [words("<at id=x mention_key=@_user_1></at> hi", "markdown")]}}
    )
    attached = {"at_users": {"x": {"user_id": "7", "content": "old name", "mention_key": "@_user_1"}}}
    shown = {
        "json_card": tree(node("at", userID="x"), node("text", content=" hi"))["json_card"],
        "json_attachment": attached,
    }
    for card in ({"elements": [[at, {"tag": "text", "text": " hi"}]]}, {"user_dsl": dsl}, shown):
        [segment] = message = parse("interactive", json.dumps(card), li)
        assert str(segment) == message.extract_plain_text() == "@Li Lei hi"
        assert segment.data["mentions"] == {"@_user_1": {"user_id": "ou_li", "user_name": "Li Lei"}}


def test_a_card_that_was_read_back_as_it_was_sent_can_be_sent_again():
    card = as_sent(words("hi", "markdown"))
    del card["mentions"]
    li = [SimpleNamespace(key="@_user_1", name="Li Lei", open_id="ou_li")]
    for content in (card, {"user_dsl": json.dumps(card)}):
        [sent] = render(parse("interactive", json.dumps(content), li))
        assert json.loads(sent.content) == card
    with pytest.raises(ValueError, match="cannot be sent"):
        render(Message(MessageSegment("interactive", {"user_dsl": "{"})))


@pytest.mark.parametrize(
    ("card", "stub"),
    [
        ({"title": None, "elements": [[{"tag": "img", "image_key": "i"}, {"tag": "text", "text": UPGRADE}]]}, True),
        ({"title": "Title", "elements": [[{"tag": "text", "text": UPGRADE}]]}, True),
        ({"type": "card", "data": {"card_id": "7"}}, True),
        ({"type": "template", "data": {"template_id": "A", "template_variable": {"a": "b"}}}, True),
        ({}, True),
        ({**as_sent(words("", "markdown")), "header": {"title": words("Answer")}}, True),
        ({"title": "Answer", "elements": [[{"tag": "text", "text": ""}]]}, True),
        ({"title": "Title", "elements": [[{"tag": "img", "image_key": "i"}]]}, False),
        ({**as_sent(words("the first word", "markdown")), "config": {"streaming_mode": True}}, True),
        ({**as_sent(words("all words", "markdown")), "config": {"streaming_mode": False}}, False),
        ({"elements": [[{"tag": "text", "text": "Please upgrade to the latest version of Lark."}]]}, True),
        ({"title": "Title", "elements": []}, False),
        (as_sent(words("x", "markdown")), False),
        ({**as_user_dsl(words("x", "markdown")), "elements": [[{"tag": "text", "text": UPGRADE}]]}, False),
        (tree(node("fallback_text", text={"content": UPGRADE})), True),
    ],
)
def test_a_form_without_words_is_known(card, stub):
    assert is_stub(card) is stub


def test_the_request_to_update_the_client_is_no_text_of_a_card():
    card = {"title": "Report", "elements": [[{"tag": "img", "image_key": "i"}, {"tag": "text", "text": UPGRADE}]]}
    assert card_text(card) == "Report"


@pytest.mark.parametrize(
    "tag", [*sorted({component["tag"] for _, component, _ in TABLE}), "blockquote", "list", "heading"]
)
@pytest.mark.parametrize("key", ["text", "content", "elements", "notation", "items", "options", "fallback", "confirm"])
def test_what_is_nested_deeply_raises_nothing(tag, key):
    inner: Any = words("bottom")
    for _ in range(180):
        inner = {"tag": tag, "property": {key: [inner] if key in ("elements", "items", "options") else inner}}
    assert isinstance(card_text({"body": {"elements": [inner]}}), str)
