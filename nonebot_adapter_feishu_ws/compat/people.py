"""The people an app may see: what bridges list as friends, users and private targets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..api.models.contact import User
    from ..bot import Bot

BATCH = 50


async def visible_users(bot: Bot) -> AsyncIterator[User]:
    """The users of the app's contact scope (获取通讯录授权范围), each once; user groups in it are left out.

    Raises:
        ActionFailed: Feishu refused.
        NetworkError: no usable answer came.
    """
    departments, alone = await _scope(bot)
    seen: set[str] = set()
    for department in await _with_children(bot, departments):
        async for user in bot.contact.list_users(department, page_size=BATCH):
            if user.open_id and user.open_id not in seen:
                seen.add(user.open_id)
                yield user
    rest = [open_id for open_id in alone if open_id not in seen]
    for start in range(0, len(rest), BATCH):
        for user in (await bot.contact.batch_users(rest[start : start + BATCH])).items:
            yield user


async def _scope(bot: Bot) -> tuple[list[str], list[str]]:
    departments: list[str] = []
    users: list[str] = []
    token: str | None = None
    while True:
        scope = await bot.contact.get_scope(page_size=100, page_token=token)
        departments += scope.department_ids
        users += scope.user_ids
        if not scope.has_more or scope.page_token in (None, "", token):
            return list(dict.fromkeys(departments)), list(dict.fromkeys(users))
        token = scope.page_token


async def _with_children(bot: Bot, departments: list[str]) -> list[str]:
    found = dict.fromkeys(departments)
    for department in departments:
        async for child in bot.contact.list_children(department, fetch_child=True, page_size=BATCH):
            if child.open_department_id:
                found[child.open_department_id] = None
    return list(found)
