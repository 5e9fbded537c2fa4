"""A question as it is kept in the store, and its card before and after the answer. Pure."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from typing import Any, Final, Literal, Self

from ..card import Button, Card, Column, Columns, Markdown, Toast
from ..message.describe import BuiltCard
from ..net.bounded_json import as_list, as_object, as_text, read_object
from .answer import MARK, Answer, AnswerScope, Choice

CHOICE: Final = "choice"
LONGEST: Final = 14 * 86_400.0
"""Seconds for which Feishu lets a card be changed (更新应用发送的消息卡片)."""
Anyone = Literal["anyone"]


@dataclass(frozen=True, slots=True)
class Question:
    """A question that was put to people.

    Attributes:
        card: its card, without the buttons.
        choices: the buttons by key.
        until: when waiting for the answer ends, in seconds since the epoch.
        only: ids of those who may answer; None for anyone.
        keys: where an answer is remembered, by scope; empty when none is.
        message_id: the message that shows it; empty until it is sent.
    """

    card: dict[str, Any]
    choices: dict[str, Choice]
    until: float
    only: list[str] | None = None
    keys: dict[str, str] = field(default_factory=dict[str, str])
    message_id: str = ""

    def to_text(self) -> str:
        """The form that is kept in the store."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read what :meth:`to_text` returned."""
        fields = as_object(read_object(text.encode()))
        choices = {key: Choice(**as_object(each)) for key, each in as_object(fields["choices"]).items()}
        values: dict[str, Any] = {**fields, "choices": choices}
        return cls(**values)

    def may_answer(self, ids: Collection[str]) -> bool:
        """Whether a person with these ids may answer."""
        return self.only is None or not set(ids).isdisjoint(self.only)

    def digest(self, key: str) -> str:
        """The id of this question: of the same content, asked at the same place of a handler."""
        content = json.dumps([key, self.card, asdict(self)["choices"], self.only, self.keys], sort_keys=True)
        return blake2b(content.encode(), digest_size=16).hexdigest()

    def shown(self, question_id: str) -> dict[str, Any]:
        """The card with its buttons."""
        buttons = [
            Button(each.text, value={MARK: question_id, CHOICE: key}, type=each.type or ("default" if n else "primary"))
            for n, (key, each) in enumerate(self.choices.items())
        ]
        row = Columns([Column([button]) for button in buttons], flex_mode="flow", horizontal_spacing="small")
        return self._with(row.to_dict())

    def ended(self, answer: Answer) -> dict[str, Any]:
        """The card without its buttons, with who has chosen what, or why nobody has."""
        if answer.choice is not None:
            chosen, who = self.choices[answer.choice].text, f"<at id={answer.by}></at>"
            zh, en = f"{who} 选择了 **{chosen}**", f"{who} chose **{chosen}**"
        elif answer.timed_out:
            zh, en = "⏰ 已超时，无人处理", "⏰ Timed out, nobody answered"
        else:
            zh, en = "⏹️ 已取消", "⏹️ Cancelled"
        return self._with(Markdown(zh, i18n_content={"zh_cn": zh, "en_us": en}).to_dict())

    def _with(self, element: dict[str, Any]) -> dict[str, Any]:
        body = as_object(self.card.get("body"))
        return {**self.card, "body": {**body, "elements": [*as_list(body.get("elements")), element]}}


def card_of(question: str | BuiltCard | Mapping[str, Any]) -> dict[str, Any]:
    """The card of a question.

    Args:
        question: Markdown, a card that was built, or a card's JSON.

    Raises:
        ValueError: it is no card of JSON 2.0, to which buttons could be added.
    """
    if isinstance(question, str):
        return Card([Markdown(question)]).to_dict()
    card: dict[str, Any] = question.to_dict() if isinstance(question, BuiltCard) else dict(question)
    if card.get("schema") != "2.0" or not as_list(as_object(card.get("body")).get("elements")):
        raise ValueError("a question is a text, or a card of JSON 2.0 with components: buttons are added to it")
    # 更新已发送的消息卡片 wants it to be said, before and after.
    return {**card, "config": {**as_object(card.get("config")), "update_multi": True}}


def choices_of(buttons: Mapping[str, str | Choice], scope: AnswerScope, about: str) -> dict[str, Choice]:
    """The choices behind the buttons.

    Raises:
        ValueError: there are none, or one that is to be remembered while nothing says under what.
    """
    choices = {key: each if isinstance(each, Choice) else Choice(each, scope) for key, each in buttons.items()}
    if not choices:
        raise ValueError('a question needs buttons: buttons={"yes": "同意", "no": "拒绝"}')
    if not about and any(each.scope != "once" for each in choices.values()):
        raise ValueError('what is remembered needs a name: about="deploy" says to which later questions it applies')
    return choices


def people_of(only: Collection[str] | Anyone | None, asker: str) -> list[str] | None:
    """The ids of those who may answer; None for anyone.

    Raises:
        ValueError: there is nobody.
    """
    if only == "anyone":
        return None
    if isinstance(only, str):
        raise ValueError(f'only= is a list of ids, or "anyone": only=[{only!r}]')
    ids: Sequence[str] = sorted(only) if only is not None else [asker]
    if not any(ids):
        raise ValueError('nobody could answer: name them with only=["ou_…"], or allow only="anyone"')
    return list(ids)


def pressed(value: object) -> tuple[str, str]:
    """The question and the choice in the value of a button."""
    fields = as_object(value)
    return as_text(fields.get(MARK)), as_text(fields.get(CHOICE))


def toast(zh: str, en: str, kind: Literal["info", "success", "warning"] = "warning") -> Toast:
    """A note to who pressed, in their language."""
    return Toast(zh, kind, i18n={"zh_cn": zh, "en_us": en})


NOT_YOURS: Final = toast("你无权处理此卡片", "You may not answer this")
ANSWERED: Final = toast("此卡片已处理", "This has been answered already", "info")
EXPIRED: Final = toast("此卡片已失效", "This card has expired")
TAKEN: Final = toast("已提交", "Submitted", "success")
