"""Where a bot can send to, for alconna's choice of a bot by target."""
# The plugin is not installed everywhere.
# pyright: basic, reportMissingImports=false

from collections.abc import AsyncIterator

from nonebot.adapters import Bot as BaseBot
from nonebot_plugin_alconna.uniseg.constraint import SupportAdapter, SupportScope
from nonebot_plugin_alconna.uniseg.target import Target, TargetFetcher

from ...bot import Bot
from ..people import visible_users


class Fetcher(TargetFetcher):
    """The bot's groups, and the people it may see."""

    @classmethod
    def get_adapter(cls) -> SupportAdapter:
        """``Feishu``."""
        return SupportAdapter.feishu

    async def fetch(self, bot: BaseBot, target: Target | None = None) -> AsyncIterator[Target]:
        """The places of a bot; only those of the target's kind, if there is one.

        Args:
            bot: the bot.
            target: ``private`` asks for people, of the department ``parent_id`` if that is given.
        """
        assert isinstance(bot, Bot)
        if target is None or not target.private:
            async for chat in bot.chat.list(page_size=100):
                if chat.chat_id:
                    yield self._target(bot, chat.chat_id)
        if target is None or target.private:
            department = target.parent_id if target else ""
            people = bot.contact.list_users(department, page_size=50) if department else visible_users(bot)
            async for user in people:
                if user.open_id:
                    yield self._target(bot, user.open_id, department, private=True)

    def _target(self, bot: Bot, place: str, department: str = "", *, private: bool = False) -> Target:
        return Target(
            place,
            department,
            private=private,
            adapter=self.get_adapter(),
            self_id=bot.self_id,
            scope=SupportScope.feishu,
        )
