"""Callbacks: what users do on cards and with links. The platform waits for the answer."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field
from typing_extensions import override

from .base import NoticeEvent
from .generated.card import CallBackAction, CardActionEventDetail
from .generated.url import UrlPreviewEventDetail
from .log_text import escape


class CardActionEvent(NoticeEvent):
    """A user acted on a card (卡片回传交互, ``card.action.trigger``)."""

    __event__: ClassVar[str] = "card.action.trigger"

    event: CardActionEventDetail = Field(default_factory=CardActionEventDetail)

    @override
    def is_tome(self) -> bool:
        return True

    @override
    def get_event_description(self) -> str:
        # Without the token, which lets anybody change the card.
        action = self.action.model_dump(exclude_unset=True)
        return escape(f"{self.event.operator.open_id} acted on {self.message_id}@[{self.chat_id}] {action}")

    @property
    def action(self) -> CallBackAction:
        """What was done: ``tag`` of the element, ``value``, ``option``, ``input_value``, ``form_value``, ..."""
        return self.event.action

    @property
    def action_value(self) -> Any:
        """What the card's author gave to the element, mostly a dict; None if nothing."""
        return self.event.action.value

    @property
    def form_value(self) -> dict[str, Any]:
        """The entries of the form that was submitted, by name."""
        return self.event.action.form_value

    @property
    def token(self) -> str:
        """Lets the card be updated later: twice, within 30 minutes (延时更新消息卡片)."""
        return self.event.token


class UrlPreviewEvent(NoticeEvent):
    """A client asks for the preview of a link (拉取链接预览数据, ``url.preview.get``)."""

    __event__: ClassVar[str] = "url.preview.get"

    event: UrlPreviewEventDetail = Field(default_factory=UrlPreviewEventDetail)

    @override
    def get_event_description(self) -> str:
        return escape(f"{self.event.operator.open_id} sees {self.url}@[{self.chat_id}]")

    @property
    def url(self) -> str:
        """The link."""
        return self.event.context.url

    @property
    def preview_token(self) -> str:
        """Lets the preview be updated later (更新 URL 预览)."""
        return self.event.context.preview_token
