"""Feishu cards of JSON 2.0 as typed, immutable objects. Pure.

    from nonebot_adapter_feishu_ws.card import Button, Card, Column, Columns, Header, Markdown

    card = Card(
        [Markdown("**v1.2** is ready"), Button("Approve", value={"action": "approve"}, type="primary")],
        header=Header("Deploy", template="blue"),
    )
    await matcher.send(MessageSegment.card(card))

``MessageSegment.card`` checks the card first; a mistake is a ``ValueError`` that names its path.
"""

from ..message.card_text import card_text
from .base import Component, Element, Raw
from .card import Card, CardEntity, Config, Header, RawCard, Sendable, Template, TextTag
from .check import CardError, check_card
from .containers import (
    Border,
    CollapsiblePanel,
    Column,
    Columns,
    Form,
    InteractiveContainer,
    PanelHeader,
)
from .controls import (
    Button,
    ButtonArea,
    CheckedStyle,
    Checker,
    DatePicker,
    DateTimePicker,
    Input,
    MultiSelect,
    MultiSelectPerson,
    Overflow,
    OverflowOption,
    Select,
    SelectPerson,
    TimePicker,
)
from .display import (
    Div,
    Divider,
    Image,
    ImageCombination,
    Markdown,
    Person,
    PersonList,
    Table,
    TableColumn,
    TableHeaderStyle,
)
from .parts import Confirm, Icon, Option, Text, Url
from .response import Toast, card_response

__all__ = [
    "Border",
    "Button",
    "ButtonArea",
    "Card",
    "CardEntity",
    "CardError",
    "CheckedStyle",
    "Checker",
    "CollapsiblePanel",
    "Column",
    "Columns",
    "Component",
    "Config",
    "Confirm",
    "DatePicker",
    "DateTimePicker",
    "Div",
    "Divider",
    "Element",
    "Form",
    "Header",
    "Icon",
    "Image",
    "ImageCombination",
    "Input",
    "InteractiveContainer",
    "Markdown",
    "MultiSelect",
    "MultiSelectPerson",
    "Option",
    "Overflow",
    "OverflowOption",
    "PanelHeader",
    "Person",
    "PersonList",
    "Raw",
    "RawCard",
    "Select",
    "SelectPerson",
    "Sendable",
    "Table",
    "TableColumn",
    "TableHeaderStyle",
    "Template",
    "Text",
    "TextTag",
    "TimePicker",
    "Toast",
    "Url",
    "card_response",
    "card_text",
    "check_card",
]
