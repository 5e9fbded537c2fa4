"""Components give exactly the documented JSON, and come back from it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_adapter_feishu_ws.card import (
    Border,
    Button,
    ButtonArea,
    Card,
    CardEntity,
    CheckedStyle,
    Checker,
    CollapsiblePanel,
    Column,
    Columns,
    Config,
    Confirm,
    DatePicker,
    DateTimePicker,
    Div,
    Divider,
    Form,
    Header,
    Icon,
    Image,
    ImageCombination,
    Input,
    InteractiveContainer,
    Markdown,
    MultiSelect,
    MultiSelectPerson,
    Option,
    Overflow,
    OverflowOption,
    PanelHeader,
    Person,
    PersonList,
    Raw,
    RawCard,
    Select,
    SelectPerson,
    Table,
    TableColumn,
    TableHeaderStyle,
    Template,
    Text,
    TextTag,
    TimePicker,
    Url,
)


def plain(text: str) -> dict:
    return {"tag": "plain_text", "content": text}


CASES = [
    (Markdown("**x**", text_size="heading"), {"tag": "markdown", "content": "**x**", "text_size": "heading"}),
    (Div("x"), {"tag": "div", "text": plain("x")}),
    (
        Div(Text("x", markdown=True, lines=2), icon=Icon("chat_outlined", color="blue"), element_id="a"),
        {
            "tag": "div",
            "element_id": "a",
            "text": {"tag": "lark_md", "content": "x", "lines": 2},
            "icon": {"tag": "standard_icon", "token": "chat_outlined", "color": "blue"},
        },
    ),
    (Divider(margin="4px 0"), {"tag": "hr", "margin": "4px 0"}),
    (Image("img_1", "a cat"), {"tag": "img", "img_key": "img_1", "alt": plain("a cat")}),
    (
        ImageCombination(["a", "b"], "double"),
        {"tag": "img_combination", "img_list": [{"img_key": "a"}, {"img_key": "b"}], "combination_mode": "double"},
    ),
    (Person("ou_1"), {"tag": "person", "user_id": "ou_1"}),
    (PersonList(["ou_1"]), {"tag": "person_list", "persons": [{"id": "ou_1"}]}),
    (
        Table(
            [TableColumn("n", "Name"), TableColumn("c", data_type="number", format={"precision": 2})],
            [{"n": "x", "c": 1.5}],
            page_size=3,
            header_style=TableHeaderStyle(bold=True),
        ),
        {
            "tag": "table",
            "columns": [
                {"name": "n", "display_name": "Name", "data_type": "text"},
                {"name": "c", "data_type": "number", "format": {"precision": 2}},
            ],
            "rows": [{"n": "x", "c": 1.5}],
            "page_size": 3,
            "header_style": {"bold": True},
        },
    ),
    (
        Button("Go", value={"k": 1}, url="https://x", type="primary", confirm=Confirm("Sure?", "Really")),
        {
            "tag": "button",
            "text": plain("Go"),
            "type": "primary",
            "confirm": {"title": plain("Sure?"), "text": plain("Really")},
            "behaviors": [
                {"type": "open_url", "default_url": "https://x"},
                {"type": "callback", "value": {"k": 1}},
            ],
        },
    ),
    (
        Button("Go", url=Url("https://x", pc_url="https://pc")),
        {
            "tag": "button",
            "text": plain("Go"),
            "behaviors": [{"type": "open_url", "default_url": "https://x", "pc_url": "https://pc"}],
        },
    ),
    (
        Button("Send", name="b", form_action_type="submit", disabled=True, disabled_tips="later"),
        {
            "tag": "button",
            "text": plain("Send"),
            "name": "b",
            "form_action_type": "submit",
            "disabled": True,
            "disabled_tips": plain("later"),
        },
    ),
    (
        Input("Reason", name="r", required=True, input_type="multiline_text", placeholder="Why"),
        {
            "tag": "input",
            "label": plain("Reason"),
            "name": "r",
            "required": True,
            "input_type": "multiline_text",
            "placeholder": plain("Why"),
        },
    ),
    (
        Select(["a", Option("B", "b")], value={"k": "v"}, initial_index=1),
        {
            "tag": "select_static",
            "options": [{"text": plain("a"), "value": "a"}, {"text": plain("B"), "value": "b"}],
            "initial_index": 1,
            "behaviors": [{"type": "callback", "value": {"k": "v"}}],
        },
    ),
    (
        MultiSelect(["a"], name="m", selected_values=["a"]),
        {
            "tag": "multi_select_static",
            "options": [{"text": plain("a"), "value": "a"}],
            "name": "m",
            "selected_values": ["a"],
        },
    ),
    (SelectPerson(["ou_1"]), {"tag": "select_person", "options": [{"value": "ou_1"}]}),
    (MultiSelectPerson(name="p"), {"tag": "multi_select_person", "name": "p"}),
    (DatePicker("2024-01-01"), {"tag": "date_picker", "initial_date": "2024-01-01"}),
    (TimePicker("11:30"), {"tag": "picker_time", "initial_time": "11:30"}),
    (DateTimePicker(placeholder="When"), {"tag": "picker_datetime", "placeholder": plain("When")}),
    (
        Checker("Done", True, checked_style=CheckedStyle(True), button_area=ButtonArea([Button("x", value={})])),
        {
            "tag": "checker",
            "text": plain("Done"),
            "checked": True,
            "checked_style": {"show_strikethrough": True},
            "button_area": {
                "buttons": [{"tag": "button", "text": plain("x"), "behaviors": [{"type": "callback", "value": {}}]}]
            },
        },
    ),
    (
        Overflow([OverflowOption("Docs", multi_url="https://x"), OverflowOption("B", "b")]),
        {
            "tag": "overflow",
            "options": [{"text": plain("Docs"), "multi_url": {"url": "https://x"}}, {"text": plain("B"), "value": "b"}],
        },
    ),
    (
        Columns([Column([Divider()], width="weighted", weight=2, action="https://x")], flex_mode="flow"),
        {
            "tag": "column_set",
            "flex_mode": "flow",
            "columns": [
                {
                    "tag": "column",
                    "elements": [{"tag": "hr"}],
                    "width": "weighted",
                    "weight": 2,
                    "action": {"multi_url": {"url": "https://x"}},
                }
            ],
        },
    ),
    (
        Form("f", [Divider()], padding="4px"),
        {"tag": "form", "name": "f", "padding": "4px", "elements": [{"tag": "hr"}]},
    ),
    (
        CollapsiblePanel(
            PanelHeader(Markdown("**More**"), icon_position="left"), [Divider()], expanded=True, border=Border("grey")
        ),
        {
            "tag": "collapsible_panel",
            "header": {"title": {"tag": "markdown", "content": "**More**"}, "icon_position": "left"},
            "elements": [{"tag": "hr"}],
            "expanded": True,
            "border": {"color": "grey"},
        },
    ),
    (
        InteractiveContainer([Markdown("x")], url="https://x", has_border=True),
        {
            "tag": "interactive_container",
            "elements": [{"tag": "markdown", "content": "x"}],
            "has_border": True,
            "behaviors": [{"type": "open_url", "default_url": "https://x"}],
        },
    ),
    (Raw({"tag": "chart", "chart_spec": {"type": "line"}}), {"tag": "chart", "chart_spec": {"type": "line"}}),
]


@pytest.mark.parametrize(("component", "expected"), CASES, ids=[case[1]["tag"] for case in CASES])
def test_a_component_gives_the_documented_json_and_comes_back(component, expected):
    assert component.to_dict() == expected
    read = Card.from_dict(Card([component]).to_dict())
    assert isinstance(read, Card)
    assert type(read.elements[0]) is type(component)
    assert read.elements[0].to_dict() == expected


def test_a_whole_card():
    card = Card(
        header=Header("Deploy", "v1.2", "blue", Icon(img_key="img_1"), [TextTag("new", "red")]),
        elements=[Divider()],
        config=Config(width_mode="fill", summary={"content": "s"}),
        card_link="https://x",
        direction="vertical",
    )
    assert card.to_dict() == {
        "schema": "2.0",
        "config": {"width_mode": "fill", "summary": {"content": "s"}},
        "card_link": {"url": "https://x"},
        "header": {
            "title": plain("Deploy"),
            "subtitle": plain("v1.2"),
            "template": "blue",
            "icon": {"tag": "custom_icon", "img_key": "img_1"},
            "text_tag_list": [{"tag": "text_tag", "text": plain("new"), "color": "red"}],
        },
        "body": {"direction": "vertical", "elements": [{"tag": "hr"}]},
    }
    assert Card.from_dict(card.to_dict()) == card


@pytest.mark.parametrize(
    ("card", "expected"),
    [
        (
            Template("AAq1", {"name": "x"}, "1.0.0"),
            {
                "type": "template",
                "data": {
                    "template_id": "AAq1",
                    "template_version_name": "1.0.0",
                    "template_variable": {"name": "x"},
                },
            },
        ),
        (Template("AAq1"), {"type": "template", "data": {"template_id": "AAq1"}}),
        (CardEntity("7371"), {"type": "card", "data": {"card_id": "7371"}}),
        (RawCard({"elements": [{"tag": "hr"}]}), {"elements": [{"tag": "hr"}]}),
        (RawCard({}), {}),
        (RawCard({"schema": "2.0", "body": {"elements": [1]}}), {"schema": "2.0", "body": {"elements": [1]}}),
        (RawCard({"schema": "2.0", "new": 1, "body": {}}), {"schema": "2.0", "new": 1, "body": {}}),
    ],
)
def test_the_other_forms(card, expected):
    assert card.to_dict() == expected
    assert Card.from_dict(expected) == card


def test_what_is_unknown_in_a_known_component_stays_raw():
    card = {"schema": "2.0", "body": {"elements": [{"tag": "hr", "new": 1}, {"tag": "hr"}]}}
    read = Card.from_dict(card)
    assert isinstance(read, Card)
    assert read.elements == (Raw({"tag": "hr", "new": 1}), Divider())
    assert read.to_dict() == card


def test_nothing_is_shared_with_what_was_given():
    value, rows, elements = {"k": [1]}, [{"a": 1}], [Divider()]
    button, table = Button("x", value=value), Table([TableColumn("a")], rows)
    card = Card(elements)
    value["k"].append(2)
    rows[0]["a"] = 2
    elements.clear()
    button.to_dict()["behaviors"][0]["value"]["k"].append(3)
    assert button.value == {"k": [1]}
    assert table.rows == ({"a": 1},)
    assert len(card.elements) == 1
    with pytest.raises(AttributeError):
        card.elements = ()


def test_a_bottomless_card_is_refused():
    card: dict = {"schema": "2.0"}
    for _ in range(200):
        card = {"body": {"elements": [card]}}
    with pytest.raises(ValueError, match="100 levels"):
        Card.from_dict(card)


texts = st.text(max_size=8)
maybe_text = st.none() | texts | st.builds(Text, texts, st.booleans(), lines=st.none() | st.integers(1, 3))
maybe_bool = st.none() | st.booleans()
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(texts, json_values, max_size=3)
icons = st.none() | st.builds(Icon, token=st.none() | texts, img_key=st.none() | texts.filter(bool))
urls = st.none() | texts | st.builds(Url, *[st.none() | texts] * 4)
confirms = st.none() | st.builds(Confirm, texts, texts)
acts = {"value": st.none() | objects, "url": urls, "confirm": confirms}
control = {**acts, "name": st.none() | texts, "disabled": maybe_bool, "element_id": st.none() | texts}
leaves = st.one_of(
    st.builds(Markdown, texts, icon=icons, margin=st.none() | texts),
    st.builds(Div, texts | st.builds(Text, texts), icon=icons),
    st.builds(Divider),
    st.builds(Image, texts, texts, title=maybe_text),
    st.builds(ImageCombination, st.lists(texts, max_size=3)),
    st.builds(Person, texts),
    st.builds(
        Table, st.lists(st.builds(TableColumn, texts, st.none() | texts), max_size=3), st.lists(objects, max_size=3)
    ),
    st.builds(Button, maybe_text, **control, icon=icons, type=st.sampled_from([None, "primary"])),
    st.builds(Input, maybe_text, **control, placeholder=maybe_text),
    st.builds(Select, st.lists(texts | st.builds(Option, texts, texts, icons), max_size=3), **control),
    st.builds(SelectPerson, st.none() | st.lists(texts, max_size=3), **control),
    st.builds(Checker, maybe_text, maybe_bool, **control),
    st.builds(Overflow, st.lists(st.builds(OverflowOption, texts, st.none() | texts, urls), max_size=3), **control),
    st.builds(Raw, objects),
)
components = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Columns, st.lists(st.builds(Column, st.lists(inner, max_size=3), action=urls), max_size=3)),
        st.builds(Form, texts, st.lists(inner, max_size=3), padding=st.none() | texts),
        st.builds(
            CollapsiblePanel, texts | st.builds(PanelHeader, maybe_text, icon=icons), st.lists(inner, max_size=3)
        ),
        st.builds(InteractiveContainer, st.lists(inner, max_size=3), **acts),
    ),
    max_leaves=10,
)
headers = st.none() | st.builds(
    Header, texts, maybe_text, icon=icons, text_tag_list=st.lists(st.builds(TextTag, texts))
)
cards = st.builds(Card, st.lists(components, max_size=4), header=headers, card_link=urls)


@given(cards)
def test_a_built_card_comes_back(card):
    body = card.to_dict()
    read = Card.from_dict(json.loads(json.dumps(body)))
    assert read.to_dict() == body
    assert isinstance(read, Card)


@given(st.one_of(objects, st.builds(lambda items: {"schema": "2.0", "body": {"elements": items}}, json_values)))
def test_any_json_comes_back(body):
    assert Card.from_dict(body).to_dict() == body
