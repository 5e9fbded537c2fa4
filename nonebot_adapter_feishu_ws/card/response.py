"""The answer to a card callback (处理卡片回调): a toast, a new card, both or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .base import plain
from .card import CardEntity, Sendable, Template

ToastType = Literal["info", "success", "warning", "error"]


@dataclass(frozen=True)
class Toast:
    """A short note to the person who clicked.

    Attributes:
        content: its text.
        type: which icon it gets; ``info`` has none.
        i18n: the text by locale, such as ``{"zh_cn": "完成", "en_us": "Done"}``.
    """

    content: str
    type: ToastType = "info"
    i18n: Mapping[str, str] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Its JSON."""
        body: dict[str, Any] = {"type": self.type, "content": self.content}
        return body if self.i18n is None else {**body, "i18n": dict(self.i18n)}


def card_response(toast: Toast | str | None = None, card: Sendable | Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The JSON that answers a ``card.action.trigger`` callback.

    Args:
        toast: what the person sees; a ``str`` is an ``info`` toast.
        card: what replaces the card: a ``Card``, a ``Template`` or JSON.

    Raises:
        ValueError: the card breaks Feishu's limits, or is a ``CardEntity``, which no callback takes.
    """
    answer: dict[str, Any] = {}
    if toast is not None:
        answer["toast"] = (Toast(toast) if isinstance(toast, str) else toast).to_dict()
    if isinstance(card, CardEntity):
        raise ValueError("a callback takes no card entity: answer with a Card or Template, or update it with CardKit")
    if isinstance(card, Template):
        answer["card"] = card.validate().to_dict()
    elif card is not None:
        body = card.validate().to_dict() if isinstance(card, Sendable) else plain(card)
        answer["card"] = body if body.get("type") == "template" else {"type": "raw", "data": body}
    return answer
