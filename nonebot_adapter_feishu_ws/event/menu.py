"""The bot's menu."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field
from typing_extensions import override

from .base import NoticeEvent
from .generated.application import BotMenuEventDetail
from .log_text import escape


class BotMenuEvent(NoticeEvent):
    """A user clicked an entry of the bot's menu (机器人自定义菜单事件, ``application.bot.menu_v6``).

    It names no chat: an answer goes to the user.
    """

    __event__: ClassVar[str] = "application.bot.menu_v6"

    event: BotMenuEventDetail = Field(default_factory=BotMenuEventDetail)

    @override
    def is_tome(self) -> bool:
        return True

    @override
    def get_event_description(self) -> str:
        operator = self.event.operator
        return escape(f"{operator.operator_id.open_id} clicked {self.event_key}")

    @property
    def event_key(self) -> str:
        """The key of the entry, as set in the developer console."""
        return self.event.event_key
