"""Mistakes are found before sending, with their path and what to do."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonebot_adapter_feishu_ws.card import (
    Button,
    Card,
    CardError,
    CollapsiblePanel,
    Column,
    Columns,
    Config,
    DatePicker,
    Div,
    Divider,
    Form,
    Header,
    Input,
    InteractiveContainer,
    Markdown,
    MultiSelect,
    Option,
    Raw,
    RawCard,
    Select,
    Table,
    TableColumn,
    Template,
    TextTag,
    check_card,
)
from nonebot_adapter_feishu_ws.card.pictures import picture_problems
from nonebot_adapter_feishu_ws.message import MessageSegment

SUBMIT = Button("Send", name="send", form_action_type="submit")
TABLE = Table([TableColumn("a")], [{"a": 1}])


def nested(levels: int):
    inner = Divider()
    for _ in range(levels):
        inner = CollapsiblePanel("x", [inner])
    return inner


MISTAKES = [
    ([Button("x")], "elements[0]: a click does nothing"),
    ([InteractiveContainer([Divider()])], "elements[0]: a click does nothing"),
    (
        [Raw({"tag": "button", "behaviors": [{"type": "callback", "value": "x"}]})],
        "elements[0].value: must be an object",
    ),
    ([Button("x" * 101, value={"k": 1})], "elements[0].text: 101 characters"),
    ([Button("x", value={"k": 1}, type="blue")], "elements[0].type: 'blue' is unknown: use one of default, primary"),
    ([Button("x", form_action_type="submit", name="x")], "elements[0].form_action_type: only a button inside a form"),
    ([Divider(element_id="1a")], "elements[0].element_id: '1a' must begin with a letter"),
    ([Divider(element_id="a" * 21)], "at most 20"),
    ([Divider(element_id="a"), Columns([Column([Divider(element_id="a")])])], "is used at elements[0] already"),
    ([Form("f", [Input("x"), SUBMIT])], "elements[0].elements[0].name: a input in a form needs a name"),
    ([Form("f", [Input("x", name="send"), SUBMIT])], "'send' is used at elements[0].elements[0] already"),
    ([Form("f", [Input("x", name="x")])], 'elements[0]: a form needs a button with form_action_type="submit"'),
    ([Input("x", required=True)], "elements[0].required: works only inside a form"),
    (
        [Form("f", [Columns([Column([TABLE])]), SUBMIT])],
        "a table stands only at the top of a card, not inside a column",
    ),
    ([Columns([Column([Form("f", [SUBMIT])])])], "elements[0].columns[0].elements[0]: a form stands only at the top"),
    ([MultiSelect(["a"], name="m")], "elements[0]: multi_select_static works only inside a form"),
    ([Select([Option("A", "a"), Option("B", "a")])], "elements[0].options[1].value: 'a' is there twice"),
    ([DatePicker()], "elements[0]: needs a placeholder or initial_date"),
    ([Input("x", max_length=1001)], "elements[0].max_length: 1001 must be a whole number from 1 to 1000"),
    ([Columns([Column([], weight=9)])], "elements[0].columns[0].weight: 9"),
    ([Columns([Column([], background_style="blau")])], "elements[0].columns[0].background_style: 'blau' is no colour"),
    ([Raw({"tag": "column_set", "columns": [{"tag": "hr"}]})], "Columns hold only Column: wrap the hr"),
    ([Raw({"tag": "action", "actions": []})], "elements[0]: JSON 2.0 has no 'action' any more"),
    ([Raw({"content": "x"})], "elements[0]: is no component"),
    ([TABLE] * 6, "elements[5]: a card takes 5 tables"),
    ([Table([TableColumn(f"c{n}") for n in range(51)], [])], "elements[0].columns: 51 columns"),
    ([Table([TableColumn("a"), TableColumn("a")], [])], "elements[0].columns[1].name: must be there and unique"),
    ([Table([TableColumn("a")], [{"b": 1}])], "elements[0].rows[0]: no column has the name 'b'"),
    ([Table([TableColumn("a", data_type="money")], [])], "elements[0].columns[0].data_type: 'money' is unknown"),
    ([nested(6)], "more than 5 containers in each other"),
    ([Divider()] * 201, "201 components and texts, Feishu takes 200"),
]


@pytest.mark.parametrize(("elements", "problem"), MISTAKES, ids=[case[1][:50] for case in MISTAKES])
def test_a_mistake_is_named(elements, problem):
    with pytest.raises(ValueError, match="Feishu would not take this card") as caught:
        Card(elements).validate()
    assert problem in str(caught.value)


def test_the_head_and_the_configuration_are_checked():
    card = Card(
        header=Header("", template="pink", text_tag_list=[TextTag("x", "pink")] * 4), config=Config(update_multi=False)
    )
    with pytest.raises(CardError) as caught:
        card.validate()
    paths = [problem.split(":")[0] for problem in caught.value.problems]
    assert "header.template" in paths
    assert "header.text_tag_list[0].color" in paths
    assert "header.text_tag_list[3]" in paths
    assert "config.update_multi" in paths


def test_a_large_card_says_how_large():
    with pytest.raises(CardError, match="30,720"):
        Card([Markdown("字" * 11_000)]).validate()
    with pytest.raises(CardError, match="30,720"):
        Template("AAq", {"x": "y" * 31_000}).validate()
    with pytest.raises(CardError, match="30,720"):
        RawCard({"elements": ["x" * 31_000]}).validate()


def test_ten_problems_are_shown_and_all_are_kept():
    with pytest.raises(CardError, match=r"and 5 more") as caught:
        Card([Button("x")] * 15).validate()
    assert len(caught.value.problems) == 15


def test_good_cards_pass():
    form = Form(
        "f", [Columns([Column([Input("x", name="x", required=True)]), Column([SUBMIT])]), MultiSelect(["a"], name="m")]
    )
    own = Config(style={"color": {"mine": {"light_mode": "rgba(1,2,3,1)", "dark_mode": "rgba(1,2,3,1)"}}})
    Card([form, *[TABLE] * 5, nested(5)], header=Header("x", template="blue"), config=own).validate()
    Card(
        [Columns([Column([], background_style="mine")]), Columns([Column([], background_style="red-100")])], config=own
    ).validate()
    Card([Button("x", disabled=True), Div("x"), Select(["a", "b"], value={"k": 1})]).validate()


@pytest.mark.parametrize(
    "broken", [{}, {"body": 1}, {"body": {"elements": {}}}, {"body": {"elements": [None, 1, [], {}]}}]
)
def test_broken_json_is_a_value_error_too(broken):
    with pytest.raises(CardError):
        check_card({"schema": "2.0", **broken})


KEYS = [
    "elements",
    "columns",
    "rows",
    "options",
    "behaviors",
    "header",
    "template",
    "text",
    "value",
    "name",
    "icon",
    "type",
]
TAGS = ["button", "form", "column_set", "column", "table", "input", "select_static", "collapsible_panel"]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.builds(
            lambda tag, more: {"tag": tag, **more},
            st.sampled_from(TAGS),
            st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
        )
    ),
    max_leaves=30,
)


@given(st.lists(json_values, max_size=3), json_values)
def test_no_json_makes_the_check_itself_fail(elements, header):
    with suppress(CardError):
        check_card({"schema": "2.0", "header": header, "body": {"elements": elements}})


def test_a_segment_takes_a_card_and_checks_it():
    card = Card([Markdown("x")])
    assert MessageSegment.card(card).data == card.to_dict()
    assert MessageSegment.interactive(card).data == card.to_dict()
    assert MessageSegment.card(Template("AAq")).data == {"type": "template", "data": {"template_id": "AAq"}}
    assert MessageSegment.card({"elements": []}).data == {"elements": []}
    with pytest.raises(ValueError, match="a click does nothing"):
        MessageSegment.card(Card([Button("x")]))


@pytest.mark.parametrize("card", [Card([Markdown("cut: \ud83d")]), RawCard({"elements": [{"content": "\udc00"}]})])
def test_half_a_character_is_told_as_a_mistake_of_the_card(card):
    with pytest.raises(CardError, match="half of a character"):
        card.validate()


URL = "https://x/y.png"


@pytest.mark.parametrize(
    ("element", "path"),
    [
        (Markdown(f"a ![b]({URL}) c"), "elements[0].content"),
        (Markdown(f"![two\nlines]({URL})"), "elements[0].content"),
        (Markdown(f"[![badge]({URL})](https://ci)"), "elements[0].content"),
        (Markdown("x", i18n_content={"en_us": f"![b]({URL})"}), "elements[0].i18n_content.en_us"),
        (Raw({"tag": "div", "text": {"tag": "lark_md", "content": f"![b]({URL})"}}), "elements[0].text.content"),
        (Raw({"tag": "img", "img_key": URL, "alt": {"tag": "plain_text", "content": ""}}), "elements[0].img_key"),
        (
            Raw({"tag": "table", "columns": [{"name": "c", "data_type": "markdown"}], "rows": [{"c": f"![]({URL})"}]}),
            "elements[0].rows[0].c",
        ),
    ],
)
def test_a_picture_by_url_is_named_before_feishu_refuses_the_card(element, path):
    with pytest.raises(CardError, match=r"bot\.upload_pictures") as caught:
        Card([element]).validate()
    assert [f"{path}: the picture {URL!r}" in problem for problem in caught.value.problems] == [True]


def test_pictures_in_code_and_uploaded_ones_are_no_problem():
    text = f"`![a]({URL})`\n```\n![a]({URL})\n```\n![a](img_v3_1)"
    Card([Markdown(text), Markdown(text.replace("\n", "\r\n"))]).validate()


def test_a_card_of_the_first_version_is_checked_for_pictures_too():
    with pytest.raises(CardError, match="not uploaded"):
        RawCard({"elements": [{"tag": "markdown", "content": f"![a]({URL})"}]}).validate()


@pytest.mark.parametrize("tag", [[], {}, None, 1])
def test_a_tag_that_is_no_text_is_refused_by_name_and_not_by_a_type_error(tag):
    table = {"tag": "table", "columns": [{"name": "a", "data_type": tag}], "rows": [{"a": "b"}]}
    with pytest.raises(CardError):
        Card.from_dict({"schema": "2.0", "body": {"elements": [{"tag": tag, "content": "x"}, table]}}).validate()
    assert list(picture_problems({"elements": [{"tag": tag, "content": f"![a]({URL})"}, table]})) == []
