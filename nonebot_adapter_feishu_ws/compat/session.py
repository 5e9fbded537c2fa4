"""The bridge to nonebot-plugin-session: the ids of bot, person, group and topic."""
# The plugin is not installed everywhere.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

from nonebot_plugin_session import extractor
from nonebot_plugin_session.const import SupportedPlatform
from nonebot_plugin_session.extractor import SessionExtractor, SessionExtractorTuple
from nonebot_plugin_session.session import SessionLevel

from ..bot import Bot
from ..event import Event, NoticeEvent
from ..event.message import AboutMessage

TRIED_WITH = "nonebot-plugin-session 0.3.2"


class Extractor(SessionExtractor[Bot, Event]):
    """A private chat has level 1, a group level 2; a topic counts as its group, as everything is kept by group."""

    def extract_platform(self) -> str:
        """``feishu``."""
        return SupportedPlatform.feishu

    def extract_level(self) -> SessionLevel:
        """Private chat or group; none for what happened in neither."""
        if isinstance(self.event, AboutMessage) and self.event.event.message.chat_type == "p2p":
            return SessionLevel.LEVEL1
        if _chat_id(self.event):
            return SessionLevel.LEVEL2
        return SessionLevel.LEVEL1 if self.extract_id1() else SessionLevel.LEVEL0

    def extract_id2(self) -> str | None:
        """The group."""
        return _chat_id(self.event) if self.extract_level() == SessionLevel.LEVEL2 else None


def install() -> str | None:
    """Register the extractor in front, so that a general one of another plugin does not come first."""
    held = extractor._session_extractors
    if all(each.extractor is not Extractor for each in held):
        held.insert(0, SessionExtractorTuple(Bot, Event, Extractor))
    return None


def _chat_id(event: Event) -> str | None:
    return (event.chat_id or None) if isinstance(event, (AboutMessage, NoticeEvent)) else None
